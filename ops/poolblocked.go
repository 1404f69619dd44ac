package ops

import "github.com/tconv/tconv/backend/cpu"

// Blocked pools in channel blocks where nobody asks for Indices.
func (o *maxPool) Blocked(in, out []Spec, _ *cpu.Kernels) (Choice, bool) {
	return blockedPoolChoice(in, out)
}

// Blocked pools in channel blocks.
func (o *averagePool) Blocked(in, out []Spec, _ *cpu.Kernels) (Choice, bool) {
	return blockedPoolChoice(in, out)
}

func blockedPoolChoice(in, out []Spec) (Choice, bool) {
	if !allBlockable(in[:1]) || len(out) > 1 && !out[1].Omitted() {
		return Choice{}, false
	}
	c := Choice{In: make([]bool, len(in)), Out: make([]bool, len(out))}
	c.In[0], c.Out[0] = true, true
	return c, true
}

// Bind takes the kernels for channel blocks.
func (o *maxPool) Bind(b *Binding) (Step, error) {
	return bindPool(b, o, &o.poolAttrs, "maxpool", cpu.PoolGeom{})
}

// Bind takes the kernels for channel blocks.
func (o *averagePool) Bind(b *Binding) (Step, error) {
	return bindPool(b, o, &o.poolAttrs, "averagepool", cpu.PoolGeom{Mean: true, CountPad: o.countPad})
}

// bindPool completes the geometry g of a pool over channel blocks.
func bindPool(b *Binding, op Op, p *poolAttrs, name string, g cpu.PoolGeom) (Step, error) {
	if b.In[0].Layout.Planar() {
		return plainStep{op}, nil
	}
	axes, err := p.geometry(b.In[0].Shape)
	if err != nil {
		return nil, err
	}
	for i, a := range volume(axes) {
		g.In[i], g.Out[i], g.Kernel[i], g.Stride[i], g.Dilation[i] = a.in, a.out, a.kernel, a.stride, a.dilation
		g.PadBegin[i], g.PadEnd[i] = a.padBegin, a.padEnd
	}
	return &blockedPoolStep{name + " blocked " + string(b.Kernels.Tier), cpu.NewMapPool(b.Kernels, g)}, nil
}

// blockedPoolStep is a pool over channel-blocked maps.
type blockedPoolStep struct {
	name string
	pool *cpu.MapPool
}

func (s *blockedPoolStep) Kernel() string { return s.name }
func (s *blockedPoolStep) Needs() Needs   { return Needs{} }

// Run computes Y.
func (s *blockedPoolStep) Run(c *Call, in, out []*Tensor) error {
	x, y := in[0].Map(), out[0].Map()
	s.pool.Run(c.Pool(), c.Stop(), &x, &y)
	return nil
}

// Blocked reads channel blocks; Y is planar.
func (o globalPool) Blocked(in, out []Spec, _ *cpu.Kernels) (Choice, bool) {
	if !o.blocked || !allBlockable(in) {
		return Choice{}, false
	}
	return Choice{In: []bool{true}, Out: []bool{false}}, true
}

// Bind takes the kernels for floats, in channel blocks or planes.
func (o globalPool) Bind(b *Binding) (Step, error) {
	switch {
	case !b.In[0].Layout.Planar():
		return &blockedGlobalStep{b.Kernels, o.mean}, nil
	case b.In[0].DType != Float32 || !o.blocked:
		return plainStep{o}, nil
	}
	s := &planarGlobalStep{tier: b.Kernels.Tier, one: func(x []float32) float64 { return float64(b.Kernels.Max(x)) }}
	if o.mean {
		s.one = func(x []float32) float64 { return b.Kernels.Sum(x) / float64(len(x)) }
	}
	return s, nil
}

// planarGlobalStep reduces planes to one pixel.
type planarGlobalStep struct {
	tier cpu.Tier
	one  func(x []float32) float64
}

func (s *planarGlobalStep) Kernel() string { return "globalpool " + string(s.tier) }
func (s *planarGlobalStep) Needs() Needs   { return Needs{} }

// Run computes Y.
func (s *planarGlobalStep) Run(c *Call, in, out []*Tensor) error {
	reducePlanes(c, Data[float32](in[0]), Data[float32](out[0]), s.one)
	return nil
}

// blockedGlobalStep reduces channel-blocked maps to one pixel.
type blockedGlobalStep struct {
	kernels *cpu.Kernels
	mean    bool
}

func (s *blockedGlobalStep) Kernel() string { return "globalpool blocked " + string(s.kernels.Tier) }
func (s *blockedGlobalStep) Needs() Needs   { return Needs{} }

// Run computes Y.
func (s *blockedGlobalStep) Run(c *Call, in, out []*Tensor) error {
	x := in[0].Map()
	cpu.GlobalPoolMap(s.kernels, c.Pool(), c.Stop(), &x, Data[float32](out[0]), s.mean)
	return nil
}

package ops

import "github.com/tconv/tconv/backend/cpu"

// overChannels reports whether x is normalised along axis 1 alone, of several
// pixels.
func (o *softmax) overChannels(x Spec) bool {
	outer, count, _, err := o.split(x.Shape)
	return err == nil && x.Shape.Rank() > 2 && outer == x.Shape[0] && count == x.Shape[1] && x.Shape.Elements() > 0
}

// Blocked normalises over channels in blocks; the result may be planar.
func (o *softmax) Blocked(in, out []Spec, _ *cpu.Kernels) (Choice, bool) {
	if !allBlockable(in) || !o.overChannels(in[0]) {
		return Choice{}, false
	}
	return Choice{In: []bool{true}, Out: []bool{true}, PlanarOut: true}, true
}

// fewestLanes is how many neighbours the vector kernels want: along the axis, if
// that is the last, else beside it.
const fewestLanes = 16

// Bind takes the kernels where floats are normalised along long rows or over planes.
func (o *softmax) Bind(b *Binding) (Step, error) {
	x := b.In[0]
	outer, count, inner, err := o.split(x.Shape)
	if err != nil || x.DType != Float32 || x.Shape.Elements() == 0 ||
		x.Layout.Planar() && max(inner, count) < fewestLanes || x.Layout.Planar() && inner > 1 && inner < fewestLanes {
		return sharingStep{plainStep{o}, o.Share(b.In)}, nil
	}
	s := &softmaxStep{log: o.log, kernels: b.Kernels, outer: outer, count: count, inner: inner}
	if x.Layout == b.Out[0].Layout {
		s.needs.InPlace = []Pair{{0, 0}}
	}
	return s, nil
}

// softmaxStep normalises [outer, count, inner] along count, or a blocked map over
// its channels.
type softmaxStep struct {
	log                 bool
	outer, count, inner int
	kernels             *cpu.Kernels
	needs               Needs
}

func (s *softmaxStep) Kernel() string { return "softmax " + string(s.kernels.Tier) }
func (s *softmaxStep) Needs() Needs   { return s.needs }

// Run computes the output.
func (s *softmaxStep) Run(c *Call, in, out []*Tensor) error {
	x, y, log := in[0], out[0], s.log
	switch {
	case x.Layout().Planar() && s.inner == 1:
		cpu.SoftmaxRows(s.kernels, c.Pool(), c.Stop(), Data[float32](y), Data[float32](x), s.outer, log)
	case x.Layout().Planar():
		cpu.SoftmaxPlanes(s.kernels, c.Pool(), c.Stop(), Data[float32](y), Data[float32](x), s.outer, s.count, log)
	case y.Layout().Planar():
		from := x.Map()
		cpu.SoftmaxMap(s.kernels, c.Pool(), c.Stop(), &from, nil, Data[float32](y), log)
	default:
		from, to := x.Map(), y.Map()
		cpu.SoftmaxMap(s.kernels, c.Pool(), c.Stop(), &from, &to, nil, log)
	}
	return nil
}

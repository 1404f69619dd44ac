package ops

import "github.com/tconv/tconv/backend/cpu"

// ToBlocked and ToPlanar convert a value between the planar layout and channel
// blocks. The layout pass puts them where an operator meets a value in the other
// layout. Elements and shape stay the same.
//
//	X: float, [N, C, 1 to 3 spatial axes]. Y: the same.
func init() {
	for _, name := range []string{"ToBlocked", "ToPlanar"} {
		Register(Def{
			Name: name, Domain: InternalDomain, Since: 1, Inputs: []string{"X"}, Outputs: []string{"Y"}, Exact: true,
			New: func(*Node) (Op, error) { return reorder{}, nil },
		})
	}
}

// reorder copies a value into another layout.
type reorder struct{}

func (reorder) Infer(in []Spec) ([]Spec, error) {
	if err := wantType("X", in[0], Float32); err != nil {
		return nil, err
	}
	return one(in[0].DType, in[0].Shape)
}

// Run copies between the layouts that input and output have.
func (reorder) Run(c *Call, in, out []*Tensor) error {
	x, y := in[0], out[0]
	switch {
	case x.Layout().Planar() && !y.Layout().Planar():
		m := y.Map()
		m.FromPlanar(c.Pool(), Data[float32](x))
	case !x.Layout().Planar() && y.Layout().Planar():
		m := x.Map()
		m.ToPlanar(c.Pool(), Data[float32](y))
	default:
		copy(y.Bytes(), x.Bytes())
	}
	return nil
}

// Bind takes the kernels.
func (r reorder) Bind(b *Binding) (Step, error) { return reorderStep{b.Kernels}, nil }

// reorderStep copies a value into another layout. The runner clears the halo.
type reorderStep struct{ kernels *cpu.Kernels }

// Needs nothing: a reorder goes from one memory to another.
func (reorderStep) Needs() Needs { return Needs{} }

// Kernel names the reorder and its instruction set.
func (s reorderStep) Kernel() string { return "reorder " + string(s.kernels.Tier) }

// Run copies between the layouts that input and output have.
func (s reorderStep) Run(c *Call, in, out []*Tensor) error {
	x, y := in[0], out[0]
	switch {
	case x.Layout().Planar() && !y.Layout().Planar():
		m := y.Map()
		s.kernels.FromPlanar(c.Pool(), c.Stop(), &m, Data[float32](x))
	case !x.Layout().Planar() && y.Layout().Planar():
		m := x.Map()
		s.kernels.ToPlanar(c.Pool(), c.Stop(), &m, Data[float32](y))
	default:
		copyElements(c, y, x)
	}
	return nil
}

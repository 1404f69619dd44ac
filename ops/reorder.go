package ops

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

// Bind gives the operator itself: Run finds the layouts in its operands.
func (r reorder) Bind(*Binding) (Step, error) { return reorderStep{r}, nil }

type reorderStep struct{ reorder }

func (reorderStep) Needs() Needs   { return Needs{} }
func (reorderStep) Kernel() string { return "reorder" }

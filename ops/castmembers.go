package ops

// CastMembers: output = input with every tensor in it cast to the type to.
//
//	input: a sequence or an optional of tensors of any type that Cast takes.
//
// It is an internal operator: models of 16-bit floats compute in float32, and so
// do the sequences in them.
func init() {
	Register(Def{
		Name: "CastMembers", Domain: InternalDomain, Since: 1, Inputs: []string{"input"}, Outputs: []string{"output"}, Members: true,
		New: func(n *Node) (Op, error) {
			o := &castMembers{cast{castRules: castRules{saturate: true, round: "up"}, to: n.DType("to", Float32)}}
			return o, n.Err()
		},
	})
}

type castMembers struct{ cast cast }

// Infer changes the type of the elements.
func (o *castMembers) Infer(in []Spec) ([]Spec, error) {
	if in[0].Kind == KindTensor {
		return nil, unsupportedf("input is a tensor, want a sequence or an optional")
	}
	return []Spec{{Kind: in[0].Kind, Holds: in[0].Holds, DType: o.cast.to}}, nil
}

// Run casts each tensor.
func (o *castMembers) Run(c *Call, in, out []*Tensor) (err error) {
	out[0], err = o.convert(c, in[0])
	return err
}

func (o *castMembers) convert(c *Call, x *Tensor) (*Tensor, error) {
	if x.kind == KindTensor {
		want, err := o.cast.Infer([]Spec{x.Spec()})
		if err != nil {
			return nil, err
		}
		y, err := c.New(want[0].DType, want[0].Shape)
		if err != nil {
			return nil, err
		}
		return y, o.cast.Run(c, []*Tensor{x}, []*Tensor{y})
	}
	y := &Tensor{kind: x.kind, holds: x.holds, dtype: o.cast.to}
	for _, e := range x.elems {
		m, err := o.convert(c, e)
		if err != nil {
			return nil, err
		}
		y.elems = append(y.elems, m)
	}
	return y, nil
}

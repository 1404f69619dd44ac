package ops

// Identity: output = input.
//
//	input: any type, any shape; a sequence or an optional too.
//
// https://onnx.ai/onnx/operators/onnx__Identity.html (versions 1, 13, 14, 16, 19, 21, 23, 24, 25).
func init() {
	Register(Def{
		Name: "Identity", Since: 1, Inputs: []string{"input"}, Outputs: []string{"output"}, Exact: true,
		New: func(*Node) (Op, error) { return identity{}, nil },
	})
}

type identity struct{}

// Infer gives the input's type and shape.
func (identity) Infer(in []Spec) ([]Spec, error) {
	return []Spec{{Kind: in[0].Kind, DType: in[0].DType, Shape: in[0].Shape}}, nil
}

// Run copies the elements; sequences and optionals are allocated.
func (identity) Run(c *Call, in, out []*Tensor) error {
	if in[0].kind == KindTensor {
		copyElements(c, out[0], in[0])
		return nil
	}
	y, err := duplicate(c, in[0])
	out[0] = y
	return err
}

// duplicate copies a value into memory of the call.
func duplicate(c *Call, x *Tensor) (*Tensor, error) {
	if x.kind == KindTensor {
		y, err := c.New(x.dtype, x.shape)
		if err == nil {
			copyElements(c, y, x)
		}
		return y, err
	}
	y := &Tensor{kind: x.kind, dtype: x.dtype}
	for _, e := range x.elems {
		d, err := duplicate(c, e)
		if err != nil {
			return nil, err
		}
		y.elems = append(y.elems, d)
	}
	return y, nil
}

// Share makes the result a view of the input.
func (identity) Share([]Spec) Needs { return viewShare() }

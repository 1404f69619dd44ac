package ops

// Identity: output = input.
//
//	input: any type, any shape; a sequence or an optional too.
//
// https://onnx.ai/onnx/operators/onnx__Identity.html (versions 1, 13, 14, 16, 19, 21, 23, 24, 25).
func init() {
	Register(Def{
		Name: "Identity", Since: 1, Inputs: []string{"input"}, Outputs: []string{"output"}, Exact: true, Members: true,
		New: func(*Node) (Op, error) { return identity{}, nil },
	})
}

type identity struct{}

// Infer gives the input's type and shape.
func (identity) Infer(in []Spec) ([]Spec, error) {
	return []Spec{{Kind: in[0].Kind, Holds: in[0].Holds, DType: in[0].DType, Shape: in[0].Shape}}, nil
}

// Run copies the elements of a tensor; sequences and optionals share their members.
func (identity) Run(c *Call, in, out []*Tensor) error {
	if in[0].kind == KindTensor {
		copyElements(c, out[0], in[0])
		return nil
	}
	y := *in[0]
	out[0] = &y
	return nil
}

// Share makes the result a view of the input.
func (identity) Share([]Spec) Needs { return viewShare() }

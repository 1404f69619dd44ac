package ops

// Size: size = the number of elements of data.
//
//	data: any type, any shape. size: int64, a scalar.
//
// https://onnx.ai/onnx/operators/onnx__Size.html (versions 1, 13, 19, 21, 23, 24, 25).
func init() {
	Register(Def{
		Name: "Size", Since: 1, Inputs: []string{"data"}, Outputs: []string{"size"}, Exact: true,
		New: func(*Node) (Op, error) { return size{}, nil },
	})
}

type size struct{}

// Infer knows the result.
func (size) Infer(in []Spec) ([]Spec, error) {
	if err := wantAsIs("data", in[0]); err != nil {
		return nil, err
	}
	if err := in[0].Shape.Check(); err != nil {
		return nil, err
	}
	return []Spec{Of([]int64{int64(in[0].Shape.Elements())}).Spec()}, nil
}

// Run counts the elements.
func (size) Run(_ *Call, in, out []*Tensor) error {
	Data[int64](out[0])[0] = int64(in[0].Len())
	return nil
}

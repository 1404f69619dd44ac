package ops

// Expand: output = input, repeated along the axes where its extent is 1 so that it
// has the shape to which input.shape and shape broadcast.
//
//	input: T, any shape. shape: int64, rank 1. output: T.
//	T: every type of at least 8 bits, strings.
//
// https://onnx.ai/onnx/operators/onnx__Expand.html (versions 8, 13).
func init() {
	Register(Def{
		Name: "Expand", Since: 8, Inputs: []string{"input", "shape"}, Outputs: []string{"output"}, Exact: true,
		New: func(*Node) (Op, error) { return expand{}, nil },
	})
}

type expand struct{}

// Infer broadcasts the shapes.
func (expand) Infer(in []Spec) ([]Spec, error) {
	input := in[0]
	if err := wantDense("input", input); err != nil {
		return nil, err
	}
	want, known, err := intParameter("shape", in, 1)
	if err != nil {
		return nil, err
	}
	if !known {
		return unknownShape(input.DType)
	}
	if err := Shape(want).Check(); err != nil {
		return nil, err
	}
	shape, err := broadcastShape(input.Shape, want)
	if err != nil {
		return nil, err
	}
	return one(input.DType, shape)
}

// Run repeats the elements.
func (expand) Run(c *Call, in, out []*Tensor) error {
	x, y := in[0], out[0]
	return stridedCopy{shape: y.shape, dst: y.shape.Strides(), src: broadcastStrides(x.shape, y.shape)}.run(c, y, x)
}

// Share makes an expansion to the shape that is there a view.
func (o expand) Share(in []Spec) Needs {
	out, err := o.Infer(in)
	if err == nil && out[0].Shape.Ranked() && out[0].Shape.Elements() == in[0].Shape.Elements() {
		return viewShare()
	}
	return Needs{}
}

package ops

// Shape: shape = the dimensions of data from start up to, not including, end.
//
//	data: any type, any shape. shape: int64, rank 1.
//	start (0), end (the rank): a negative one counts from the end; both are
//	clamped to [0, rank]. Before version 15 the whole shape is given.
//
// https://onnx.ai/onnx/operators/onnx__Shape.html (versions 1, 13, 15, 19, 21, 23, 24, 25).
func init() {
	in, out := []string{"data"}, []string{"shape"}
	Register(
		Def{
			Name: "Shape", Since: 1, Inputs: in, Outputs: out, Exact: true,
			New: func(*Node) (Op, error) { return &shapeOf{end: MaxRank}, nil },
		},
		Def{
			Name: "Shape", Since: 15, Inputs: in, Outputs: out, Exact: true,
			New: func(n *Node) (Op, error) {
				return &shapeOf{n.Int("start", 0), n.Int("end", MaxRank)}, n.Err()
			},
		},
	)
}

type shapeOf struct {
	start, end int
}

// value is the result for data of a shape.
func (o *shapeOf) value(shape Shape) *Tensor {
	r := sliceAxis(len(shape), o.start, o.end, 1)
	return OfInts(shape[r.start:][:r.count])
}

// Infer knows the result.
func (o *shapeOf) Infer(in []Spec) ([]Spec, error) {
	if err := wantAsIs("data", in[0]); err != nil {
		return nil, err
	}
	return []Spec{o.value(in[0].Shape).Spec()}, nil
}

// Run gives the dimensions.
func (o *shapeOf) Run(c *Call, in, out []*Tensor) error {
	copyElements(c, out[0], o.value(in[0].shape))
	return nil
}

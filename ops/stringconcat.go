package ops

// StringConcat: Z = X followed by Y, element by element.
//
//	X, Y: string, shapes that broadcast as numpy's do. Z: string, the broadcast shape.
//
// https://onnx.ai/onnx/operators/onnx__StringConcat.html (version 20).
type stringConcat struct{}

func init() {
	Register(Def{
		Name: "StringConcat", Since: 20, Inputs: []string{"X", "Y"}, Outputs: []string{"Z"}, Exact: true,
		New: func(*Node) (Op, error) { return stringConcat{}, nil },
	})
}

// Infer gives the broadcast shape.
func (stringConcat) Infer(in []Spec) ([]Spec, error) {
	if err := firstError(wantType("X", in[0], String), wantType("Y", in[1], String)); err != nil {
		return nil, err
	}
	shape, err := broadcastShape(in[0].Shape, in[1].Shape)
	if err != nil {
		return nil, err
	}
	return one(String, shape)
}

// Run joins the strings.
func (stringConcat) Run(c *Call, in, out []*Tensor) error {
	shape := out[0].shape
	xs, ys := broadcastStrides(in[0].shape, shape), broadcastStrides(in[1].shape, shape)
	const costOfConcat = 50
	c.Parallel(out[0].Len(), costOfConcat, func(lo, hi int) {
		at := newOdometer(lo, shape, xs, ys)
		for ; lo < hi; lo++ {
			out[0].strings[lo] = in[0].strings[at.offset[0]] + in[1].strings[at.offset[1]]
			at.next()
		}
	})
	return nil
}

package ops

// IsNaN: Y = whether X is no number. IsInf: Y = whether X is an infinity, of the
// signs asked for. Element by element.
//
//	X: T, any shape. Y: bool, the same shape. T: float, double.
//	detect_negative, detect_positive: 0 or 1, default 1 (IsInf).
//
// https://onnx.ai/onnx/operators/onnx__IsNaN.html (versions 9, 13, 20) and
// onnx__IsInf.html (versions 10, 20).
func init() {
	Register(
		Def{
			Name: "IsNaN", Since: 9, Inputs: []string{"X"}, Outputs: []string{"Y"}, Exact: true,
			New: func(*Node) (Op, error) {
				return &predicate{single: func(x float32) bool { return x != x }, double: func(x float64) bool { return x != x }}, nil
			},
		},
		Def{
			Name: "IsInf", Since: 10, Inputs: []string{"X"}, Outputs: []string{"Y"}, Exact: true,
			New: func(n *Node) (Op, error) {
				neg, pos := n.Bool("detect_negative", true), n.Bool("detect_positive", true)
				return &predicate{single: isInfinite[float32](neg, pos), double: isInfinite[float64](neg, pos)}, nil
			},
		},
	)
}

// isInfinite tells infinities: the numbers that are their own doubles, but for 0.
func isInfinite[T Float](negative, positive bool) func(T) bool {
	return func(x T) bool { return x == x+x && (x > 0 && positive || x < 0 && negative) }
}

// predicate is an operator Y = p(X), element by element.
type predicate struct {
	single func(float32) bool
	double func(float64) bool
}

// Infer gives Y the shape of X.
func (p *predicate) Infer(in []Spec) ([]Spec, error) {
	if err := wantType("X", in[0], Float32, Float64); err != nil {
		return nil, err
	}
	return one(Bool, in[0].Shape)
}

// Run computes Y.
func (p *predicate) Run(c *Call, in, out []*Tensor) error {
	if in[0].DType() == Float64 {
		testEach(c, Data[float64](in[0]), Data[bool](out[0]), p.double)
	} else {
		testEach(c, Data[float32](in[0]), Data[bool](out[0]), p.single)
	}
	return nil
}

func testEach[T Float](c *Call, x []T, y []bool, f func(T) bool) {
	c.Parallel(len(x), 2, func(lo, hi int) {
		for i, v := range x[lo:hi] {
			y[lo+i] = f(v)
		}
	})
}

package ops

// Swish: Y = X · sigmoid(alpha · X), element by element.
//
//	X: T, any shape. Y: T, the same shape. T: float, double.
//	alpha: float, default 1 (SiLU).
//
// https://onnx.ai/onnx/operators/onnx__Swish.html (version 24).
func init() {
	Register(Def{
		Name: "Swish", Since: 24, Inputs: []string{"X"}, Outputs: []string{"Y"},
		New: func(n *Node) (Op, error) {
			alpha := float64(n.Float("alpha", 1))
			return floatOp(8, func(x float64) float64 { return x * sigmoid(alpha*x) })
		},
	})
}

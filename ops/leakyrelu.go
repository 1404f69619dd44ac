package ops

import "github.com/tconv/tconv/backend/cpu"

// LeakyRelu: Y = X where X >= 0, else alpha · X, element by element; NaN stays NaN.
//
//	X: T, any shape. Y: T, the same shape. T: float, double.
//	alpha: float, default 0.01.
//
// https://onnx.ai/onnx/operators/onnx__LeakyRelu.html (versions 6, 16).
func init() {
	Register(Def{
		Name: "LeakyRelu", Since: 6, Inputs: []string{"X"}, Outputs: []string{"Y"},
		New: func(n *Node) (Op, error) {
			alpha := n.Float("alpha", 0.01)
			op := &unary{kernels: floatRows(1, leakyRelu(alpha), leakyRelu(float64(alpha)))}
			return op.withVec(cpu.VecFunc{Kind: cpu.VecLeakyRelu, A: alpha}), nil
		},
	})
}

func leakyRelu[T Float](alpha T) func(y, x []T) {
	return func(y, x []T) {
		for i, v := range x {
			if !(v >= 0) {
				v *= alpha
			}
			y[i] = v
		}
	}
}

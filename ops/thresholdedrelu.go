package ops

import "github.com/tconv/tconv/backend/cpu"

// ThresholdedRelu: Y = X where X > alpha, else 0, element by element; NaN becomes
// 0, as in onnxruntime.
//
//	X: T, any shape. Y: T, the same shape. T: float, double.
//	alpha: float, default 1.
//
// https://onnx.ai/onnx/operators/onnx__ThresholdedRelu.html (versions 10, 22).
func init() {
	Register(Def{
		Name: "ThresholdedRelu", Since: 10, Inputs: []string{"X"}, Outputs: []string{"Y"}, Exact: true,
		New: func(n *Node) (Op, error) {
			alpha := n.Float("alpha", 1)
			op := &unary{kernels: floatRows(1, thresholdedRelu(alpha), thresholdedRelu(float64(alpha)))}
			return op.withVec(cpu.VecFunc{Kind: cpu.VecThreshold, A: alpha}), nil
		},
	})
}

func thresholdedRelu[T Float](alpha T) func(y, x []T) {
	return func(y, x []T) {
		for i, v := range x {
			if !(v > alpha) {
				v = 0
			}
			y[i] = v
		}
	}
}

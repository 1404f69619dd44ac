package ops

import "github.com/tconv/tconv/backend/cpu"

// HardSigmoid: Y = max(0, min(1, alpha · X + beta)). HardSwish: Y = X · max(0,
// min(1, X / 6 + 0.5)). Element by element; NaN stays NaN.
//
//	X: T, any shape. Y: T, the same shape. T: float, double.
//	alpha, beta: float, defaults 0.2 and 0.5; HardSwish has none.
//
// https://onnx.ai/onnx/operators/onnx__HardSigmoid.html (versions 6, 22) and
// onnx__HardSwish.html (versions 14, 22).
func init() {
	Register(Def{
		Name: "HardSigmoid", Since: 6, Inputs: []string{"X"}, Outputs: []string{"Y"},
		New: func(n *Node) (Op, error) {
			alpha, beta := n.Float("alpha", 0.2), n.Float("beta", 0.5)
			op := &unary{kernels: floatRows(1, hardSigmoid(alpha, beta), hardSigmoid(float64(alpha), float64(beta)))}
			return op.withVec(cpu.VecFunc{Kind: cpu.VecHardSigmoid, A: alpha, B: beta}), nil
		},
	})
	registerUnary("HardSwish", 14, false, floatRows(1, hardSwish[float32], hardSwish[float64]))
}

func hardSigmoid[T Float](alpha, beta T) func(y, x []T) {
	return func(y, x []T) {
		for i, v := range x {
			y[i] = unit(T(alpha*v) + beta)
		}
	}
}

func hardSwish[T Float](y, x []T) {
	for i, v := range x {
		y[i] = v * unit(T(v/6)+0.5)
	}
}

// unit moves v into [0, 1]; NaN stays NaN.
func unit[T Float](v T) T {
	if v < 0 {
		return 0
	}
	if v > 1 {
		return 1
	}
	return v
}

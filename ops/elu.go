package ops

import (
	"math"

	"github.com/tconv/tconv/backend/cpu"
)

// Elu, Selu, Celu: exponential linear units, element by element; NaN stays NaN.
//
//	Elu:  Y = X where X > 0, else alpha · (e^X - 1).           alpha default 1
//	Selu: Y = gamma · (X where X > 0, else alpha · (e^X - 1)). alpha, gamma as below
//	Celu: Y = X where X > 0, else alpha · (e^(X / alpha) - 1). alpha default 1, not 0
//
//	X: T, any shape. Y: T, the same shape. T: float, double.
//
// https://onnx.ai/onnx/operators/onnx__Elu.html (versions 6, 22), onnx__Selu.html
// (versions 6, 22) and onnx__Celu.html (version 12).
func init() {
	Register(
		Def{
			Name: "Elu", Since: 6, Inputs: []string{"X"}, Outputs: []string{"Y"},
			New: func(n *Node) (Op, error) {
				alpha := n.Float("alpha", 1)
				f := func(x float64) float64 { return elu(x, float64(alpha), 1) }
				return floatOp(8, f, cpu.VecFunc{Kind: cpu.VecElu, A: 1, B: alpha, C: 1})
			},
		},
		Def{
			Name: "Selu", Since: 6, Inputs: []string{"X"}, Outputs: []string{"Y"},
			New: func(n *Node) (Op, error) {
				alpha, gamma := float64(n.Float("alpha", 1.67326319217681884765625)), float64(n.Float("gamma", 1.05070102214813232421875))
				f := func(x float64) float64 { return gamma * elu(x, alpha, 1) }
				return floatOp(8, f, cpu.VecFunc{Kind: cpu.VecElu, A: float32(gamma), B: float32(gamma * alpha), C: 1})
			},
		},
		Def{
			Name: "Celu", Since: 12, Inputs: []string{"X"}, Outputs: []string{"Y"},
			New: func(n *Node) (Op, error) {
				alpha := float64(n.Float("alpha", 1))
				if alpha == 0 {
					n.Fail("attribute alpha is 0, want another number")
				}
				f := func(x float64) float64 { return elu(x, alpha, alpha) }
				if alpha < 0 || float32(1/alpha) > math.MaxFloat32 { // the kernel is for X / alpha below 0
					return &unary{kernels: floatUnary(8, f)}, nil
				}
				return floatOp(8, f, cpu.VecFunc{Kind: cpu.VecElu, A: 1, B: float32(alpha), C: float32(1 / alpha)})
			},
		},
	)
}

// elu is x, or alpha·(e^(x/width) - 1) for x <= 0.
func elu(x, alpha, width float64) float64 {
	if x > 0 {
		return x
	}
	return alpha * math.Expm1(x/width)
}

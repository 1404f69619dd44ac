package ops

import "math"

// Softplus, Softsign, Mish: smooth functions without attributes, element by
// element; NaN stays NaN.
//
//	Softplus: Y = ln(1 + e^X)
//	Softsign: Y = X / (1 + |X|)
//	Mish:     Y = X · tanh(ln(1 + e^X))
//
//	X: T, any shape. Y: T, the same shape. T: float, double.
//
// https://onnx.ai/onnx/operators/onnx__Softplus.html (versions 1, 22),
// onnx__Softsign.html (versions 1, 22) and onnx__Mish.html (versions 18, 22).
func init() {
	registerUnary("Softplus", 1, false, floatUnary(20, softplus))
	registerUnary("Softsign", 1, false, floatUnary(3, func(x float64) float64 { return x / (1 + math.Abs(x)) }))
	registerUnary("Mish", 18, false, floatUnary(40, func(x float64) float64 { return x * math.Tanh(softplus(x)) }))
}

// softplus never overflows: e^-|x| is at most 1.
func softplus(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }

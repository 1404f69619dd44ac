package ops

import "math"

// Sigmoid: Y = 1 / (1 + e^-X). Tanh: Y = (e^X - e^-X) / (e^X + e^-X). Element by
// element; NaN stays NaN.
//
//	X: T, any shape. Y: T, the same shape. T: float, double.
//
// https://onnx.ai/onnx/operators/onnx__Sigmoid.html (versions 6, 13) and
// onnx__Tanh.html (versions 6, 13).
func init() {
	registerUnary("Sigmoid", 6, false, floatUnary(8, sigmoid))
	registerUnary("Tanh", 6, false, floatUnary(15, math.Tanh))
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

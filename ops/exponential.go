package ops

import "math"

// Exp, Log, Sqrt, Reciprocal, Erf: Y = e^X, ln X, √X, 1 / X, erf X, element by
// element. NaN stays NaN; Log and Sqrt of a negative number are NaN.
//
//	X: T, any shape. Y: T, the same shape. T: float, double.
//
// https://onnx.ai/onnx/operators/onnx__Exp.html, onnx__Log.html, onnx__Sqrt.html,
// onnx__Reciprocal.html (versions 6, 13) and onnx__Erf.html (versions 9, 13).
func init() {
	registerUnary("Exp", 6, false, floatRows(4, expRow[float32], expRow[float64]))
	registerUnary("Log", 6, false, floatUnary(10, math.Log))
	registerUnary("Sqrt", 6, false, floatRows(2, sqrtRow[float32], sqrtRow[float64]))
	registerUnary("Reciprocal", 6, false, floatRows(1, reciprocalRow[float32], reciprocalRow[float64]))
	registerUnary("Erf", 9, false, floatUnary(15, math.Erf))
}

func expRow[T Float](y, x []T) {
	for i, v := range x {
		y[i] = T(expOf(v))
	}
}

func sqrtRow[T Float](y, x []T) {
	for i, v := range x {
		y[i] = T(math.Sqrt(float64(v)))
	}
}

func reciprocalRow[T Float](y, x []T) {
	for i, v := range x {
		y[i] = 1 / v
	}
}

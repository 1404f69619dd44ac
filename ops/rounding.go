package ops

import "math"

// Floor, Ceil, Round: the nearest whole number below, above, or nearest, where
// Round gives halves to the even neighbour. Element by element; NaN and infinities
// stay.
//
//	X: T, any shape. Y: T, the same shape. T: float, double.
//
// https://onnx.ai/onnx/operators/onnx__Floor.html, onnx__Ceil.html (versions 6, 13)
// and onnx__Round.html (versions 11, 22).
func init() {
	registerUnary("Floor", 6, true, floatRows(1, floorRow[float32], floorRow[float64]))
	registerUnary("Ceil", 6, true, floatRows(1, ceilRow[float32], ceilRow[float64]))
	registerUnary("Round", 11, true, floatRows(1, roundRow[float32], roundRow[float64]))
}

func floorRow[T Float](y, x []T) {
	for i, v := range x {
		y[i] = T(math.Floor(float64(v)))
	}
}

func ceilRow[T Float](y, x []T) {
	for i, v := range x {
		y[i] = T(math.Ceil(float64(v)))
	}
}

func roundRow[T Float](y, x []T) {
	for i, v := range x {
		y[i] = T(math.RoundToEven(float64(v)))
	}
}

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
	registerUnary("Sigmoid", 6, false, floatRows(4, sigmoidRow[float32], sigmoidRow[float64]))
	registerUnary("Tanh", 6, false, map[DType]unaryKernel{Float32: mapRows(5, tanhRow), Float64: mapUnary(15, math.Tanh)})
}

func sigmoidRow[T Float](y, x []T) {
	for i, v := range x {
		y[i] = T(1 / (1 + expOf(-v)))
	}
}

// tanhRow uses tanh x = 1 - 2 / (e^2x + 1), but near 0, where that would lose digits.
func tanhRow(y, x []float32) {
	for i, v := range x {
		if v > -0.3 && v < 0.3 {
			y[i] = float32(math.Tanh(float64(v)))
		} else {
			y[i] = float32(1 - 2/(shortExp(2*float64(v))+1))
		}
	}
}

package ops

import "math"

// Abs: Y = |X|. Neg: Y = -X. Sign: Y = -1, 0 or 1 as X is below, equal to or above
// 0. Element by element; NaN stays NaN. The least integer is its own Abs and Neg.
//
//	X: T, any shape. Y: T, the same shape.
//	T: float, double and integers; Neg: signed ones.
//
// https://onnx.ai/onnx/operators/onnx__Abs.html, onnx__Neg.html (versions 6, 13)
// and onnx__Sign.html (versions 9, 13).
func init() {
	registerUnary("Abs", 6, true, map[DType]unaryKernel{
		Float32: mapRows(1, absReals[float32]), Float64: mapRows(1, absReals[float64]),
		Int8: mapRows(1, absIntegers[int8]), Int16: mapRows(1, absIntegers[int16]),
		Int32: mapRows(1, absIntegers[int32]), Int64: mapRows(1, absIntegers[int64]),
		Uint8: mapRows(1, copyRow[uint8]), Uint16: mapRows(1, copyRow[uint16]),
		Uint32: mapRows(1, copyRow[uint32]), Uint64: mapRows(1, copyRow[uint64]),
	})
	registerUnary("Neg", 6, true, map[DType]unaryKernel{
		Float32: mapRows(1, negRow[float32]), Float64: mapRows(1, negRow[float64]),
		Int8: mapRows(1, negRow[int8]), Int16: mapRows(1, negRow[int16]),
		Int32: mapRows(1, negRow[int32]), Int64: mapRows(1, negRow[int64]),
	})
	registerUnary("Sign", 9, true, map[DType]unaryKernel{
		Float32: mapRows(1, signRow[float32]), Float64: mapRows(1, signRow[float64]),
		Int8: mapRows(1, signRow[int8]), Int16: mapRows(1, signRow[int16]),
		Int32: mapRows(1, signRow[int32]), Int64: mapRows(1, signRow[int64]),
		Uint8: mapRows(1, signRow[uint8]), Uint16: mapRows(1, signRow[uint16]),
		Uint32: mapRows(1, signRow[uint32]), Uint64: mapRows(1, signRow[uint64]),
	})
}

func copyRow[T any](y, x []T) { copy(y, x) }

func absReals[T Float](y, x []T) {
	for i, v := range x {
		y[i] = T(math.Abs(float64(v)))
	}
}

func absIntegers[T Integer](y, x []T) {
	for i, v := range x {
		if v < 0 {
			v = -v
		}
		y[i] = v
	}
}

func negRow[T Number](y, x []T) {
	for i, v := range x {
		y[i] = -v
	}
}

func signRow[T Number](y, x []T) {
	for i, v := range x {
		switch {
		case v > 0:
			y[i] = 1
		case v < 0:
			y[i] = 0
			y[i]-- // -1 is no constant of unsigned types
		default:
			y[i] = v // 0 or NaN
		}
	}
}

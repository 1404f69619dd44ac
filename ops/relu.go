package ops

import "github.com/tconv/tconv/backend/cpu"

// Relu: Y = max(0, X), element by element; NaN stays NaN, -0 becomes 0.
//
//	X: T, any shape. Y: T, the same shape.
//	T: float, double and, since version 14, signed integers.
//
// https://onnx.ai/onnx/operators/onnx__Relu.html (versions 6, 13, 14).
func init() {
	Register(Def{
		Name: "Relu", Since: 6, Inputs: []string{"X"}, Outputs: []string{"Y"}, Exact: true,
		New: func(*Node) (Op, error) {
			return (&unary{kernels: reluKernels}).withVec(cpu.VecFunc{Kind: cpu.VecRelu}), nil
		},
	})
}

var reluKernels = map[DType]unaryKernel{
	Float32: mapUnary(1, relu[float32]),
	Float64: mapUnary(1, relu[float64]),
	Int8:    mapUnary(1, relu[int8]),
	Int16:   mapUnary(1, relu[int16]),
	Int32:   mapUnary(1, relu[int32]),
	Int64:   mapUnary(1, relu[int64]),
}

// relu is x unless x <= 0, which NaN is not.
func relu[T Number](x T) T {
	if x <= 0 {
		return 0
	}
	return x
}

package ops

// Shrink: output = input + bias where input < -lambd, input - bias where input > lambd,
// else 0, element by element; NaN becomes 0.
//
//	input: T, any shape. output: T, the same shape. T: float, double and integers,
//	which are computed in double and saturate, their fraction cut off.
//	lambd: float, default 0.5. bias: float, default 0.
//
// https://onnx.ai/onnx/operators/onnx__Shrink.html (version 9).
func init() {
	Register(Def{
		Name: "Shrink", Since: 9, Inputs: []string{"input"}, Outputs: []string{"output"},
		New: func(n *Node) (Op, error) {
			s := shrink{float64(n.Float("lambd", 0.5)), float64(n.Float("bias", 0))}
			return &unary{kernels: map[DType]unaryKernel{
				Float32: shrinkRows[float32](s), Float64: shrinkRows[float64](s),
				Int8: shrinkRows[int8](s), Int16: shrinkRows[int16](s), Int32: shrinkRows[int32](s), Int64: shrinkRows[int64](s),
				Uint8: shrinkRows[uint8](s), Uint16: shrinkRows[uint16](s), Uint32: shrinkRows[uint32](s), Uint64: shrinkRows[uint64](s),
			}}, nil
		},
	})
}

type shrink struct{ lambd, bias float64 }

func shrinkRows[T Number](s shrink) unaryKernel {
	return mapUnary(2, func(x T) T {
		switch v := float64(x); {
		case v < -s.lambd:
			return saturate[T](v + s.bias)
		case v > s.lambd:
			return saturate[T](v - s.bias)
		}
		return 0
	})
}

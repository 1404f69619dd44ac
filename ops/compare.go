package ops

// Equal, Greater, Less, GreaterOrEqual, LessOrEqual: C = whether A compares so to
// B, element by element. NaN compares false with everything.
//
//	A, B: T, shapes that broadcast as numpy's do. C: bool, the broadcast shape.
//	T: float, double, integers; Equal also bool and string.
//
// https://onnx.ai/onnx/operators/onnx__Equal.html (versions 1 without its attribute
// broadcast, 7, 11, 13, 19), onnx__Greater.html, onnx__Less.html (1 likewise, 7, 9,
// 13), onnx__GreaterOrEqual.html and onnx__LessOrEqual.html (12, 16).
func init() {
	equal := map[DType]binaryKernel{
		Float32: mapPairs(2, eachPair(equals[float32])), Float64: mapPairs(2, eachPair(equals[float64])),
		Int8: mapPairs(2, eachPair(equals[int8])), Int16: mapPairs(2, eachPair(equals[int16])),
		Int32: mapPairs(2, eachPair(equals[int32])), Int64: mapPairs(2, eachPair(equals[int64])),
		Uint8: mapPairs(2, eachPair(equals[uint8])), Uint16: mapPairs(2, eachPair(equals[uint16])),
		Uint32: mapPairs(2, eachPair(equals[uint32])), Uint64: mapPairs(2, eachPair(equals[uint64])),
		Bool: mapPairs(2, eachPair(equals[bool])), String: equalStrings,
	}
	registerBinary("Equal", 1, true, Bool, equal)
	registerBinary("Less", 1, true, Bool, orderings(false, false))
	registerBinary("LessOrEqual", 12, true, Bool, orderings(false, true))
	registerBinary("Greater", 1, true, Bool, orderings(true, false))
	registerBinary("GreaterOrEqual", 12, true, Bool, orderings(true, true))
}

func equals[T comparable](a, b T) bool { return a == b }

// equalStrings is the kernel of Equal for strings.
func equalStrings(c *Call, a, b, z *Tensor) error {
	w := newRowWalk(z.Shape(), a.Shape(), b.Shape())
	runRowsOf(c, 10, eachPair(equals[string]), w, a.Strings(), b.Strings(), Data[bool](z))
	return nil
}

// orderings makes the kernels of one comparison: greater or less, or equal.
func orderings(greater, orEqual bool) map[DType]binaryKernel {
	return map[DType]binaryKernel{
		Float32: mapPairs(2, ordering[float32](greater, orEqual)), Float64: mapPairs(2, ordering[float64](greater, orEqual)),
		Int8: mapPairs(2, ordering[int8](greater, orEqual)), Int16: mapPairs(2, ordering[int16](greater, orEqual)),
		Int32: mapPairs(2, ordering[int32](greater, orEqual)), Int64: mapPairs(2, ordering[int64](greater, orEqual)),
		Uint8: mapPairs(2, ordering[uint8](greater, orEqual)), Uint16: mapPairs(2, ordering[uint16](greater, orEqual)),
		Uint32: mapPairs(2, ordering[uint32](greater, orEqual)), Uint64: mapPairs(2, ordering[uint64](greater, orEqual)),
	}
}

func ordering[T Number](greater, orEqual bool) binaryRow[T, T, bool] {
	switch {
	case greater && orEqual:
		return eachPair(func(a, b T) bool { return a >= b })
	case greater:
		return eachPair(func(a, b T) bool { return a > b })
	case orEqual:
		return eachPair(func(a, b T) bool { return a <= b })
	}
	return eachPair(func(a, b T) bool { return a < b })
}

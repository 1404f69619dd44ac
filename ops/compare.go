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
		Float32: mapPairs(1, equalRow[float32]), Float64: mapPairs(1, equalRow[float64]),
		Int8: mapPairs(1, equalRow[int8]), Int16: mapPairs(1, equalRow[int16]),
		Int32: mapPairs(1, equalRow[int32]), Int64: mapPairs(1, equalRow[int64]),
		Uint8: mapPairs(1, equalRow[uint8]), Uint16: mapPairs(1, equalRow[uint16]),
		Uint32: mapPairs(1, equalRow[uint32]), Uint64: mapPairs(1, equalRow[uint64]),
		Bool: mapPairs(1, equalRow[bool]), String: equalStrings,
	}
	registerBinary("Equal", 1, true, Bool, equal)
	registerBinary("Less", 1, true, Bool, orderings(false, false))
	registerBinary("LessOrEqual", 12, true, Bool, orderings(false, true))
	registerBinary("Greater", 1, true, Bool, orderings(true, false))
	registerBinary("GreaterOrEqual", 12, true, Bool, orderings(true, true))
}

func equals[T comparable](a, b T) bool { return a == b }

// The rows are written out, as those of arithmetic are: a call per element would take
// four times as long as the comparison.

func equalRow[T comparable](z []bool, a, b []T) {
	switch {
	case len(a) == len(z) && len(b) == len(z):
		for i, x := range a {
			z[i] = x == b[i]
		}
	case len(a) == len(z):
		y := b[0]
		for i, x := range a {
			z[i] = x == y
		}
	case len(b) == len(z):
		x := a[0]
		for i, y := range b {
			z[i] = x == y
		}
	default:
		fill(z, a[0] == b[0])
	}
}

// equalStrings is the kernel of Equal for strings.
func equalStrings(c *Call, a, b, z *Tensor) error {
	w := newRowWalk(z.Shape(), a.Shape(), b.Shape())
	runRowsOf(c, 10, eachPair(equals[string]), w, a.Strings(), b.Strings(), Data[bool](z))
	return nil
}

// orderings makes the kernels of one comparison: greater or less, or equal.
func orderings(greater, orEqual bool) map[DType]binaryKernel {
	return map[DType]binaryKernel{
		Float32: mapPairs(1, ordering[float32](greater, orEqual)), Float64: mapPairs(1, ordering[float64](greater, orEqual)),
		Int8: mapPairs(1, ordering[int8](greater, orEqual)), Int16: mapPairs(1, ordering[int16](greater, orEqual)),
		Int32: mapPairs(1, ordering[int32](greater, orEqual)), Int64: mapPairs(1, ordering[int64](greater, orEqual)),
		Uint8: mapPairs(1, ordering[uint8](greater, orEqual)), Uint16: mapPairs(1, ordering[uint16](greater, orEqual)),
		Uint32: mapPairs(1, ordering[uint32](greater, orEqual)), Uint64: mapPairs(1, ordering[uint64](greater, orEqual)),
	}
}

func ordering[T Number](greater, orEqual bool) binaryRow[T, T, bool] {
	row := lessRow[T]
	if orEqual {
		row = lessOrEqualRow[T]
	}
	if greater {
		return func(z []bool, a, b []T) { row(z, b, a) }
	}
	return row
}

func lessRow[T Number](z []bool, a, b []T) {
	switch {
	case len(a) == len(z) && len(b) == len(z):
		for i, x := range a {
			z[i] = x < b[i]
		}
	case len(a) == len(z):
		y := b[0]
		for i, x := range a {
			z[i] = x < y
		}
	case len(b) == len(z):
		x := a[0]
		for i, y := range b {
			z[i] = x < y
		}
	default:
		fill(z, a[0] < b[0])
	}
}

func lessOrEqualRow[T Number](z []bool, a, b []T) {
	switch {
	case len(a) == len(z) && len(b) == len(z):
		for i, x := range a {
			z[i] = x <= b[i]
		}
	case len(a) == len(z):
		y := b[0]
		for i, x := range a {
			z[i] = x <= y
		}
	case len(b) == len(z):
		x := a[0]
		for i, y := range b {
			z[i] = x <= y
		}
	default:
		fill(z, a[0] <= b[0])
	}
}

package ops

import "errors"

// Add, Sub, Mul, Div: C = A + B, A - B, A · B, A / B, element by element.
//
//	A, B: T, shapes that broadcast as numpy's do. C: T, the broadcast shape.
//	T: float, double and integers. Integers wrap around; Div truncates towards
//	zero, the least integer divided by -1 is itself, and a divisor of 0 is an error.
//
// https://onnx.ai/onnx/operators/onnx__Add.html and onnx__Sub, onnx__Mul,
// onnx__Div (versions 6, 7, 13, 14).
func init() {
	registerBinary("Add", 6, false, Undefined, addKernels)
	registerBinary("Sub", 6, false, Undefined, subKernels)
	registerBinary("Mul", 6, false, Undefined, mulKernels)
	registerBinary("Div", 6, false, Undefined, divKernels)
}

var addKernels = map[DType]binaryKernel{
	Float32: mapPairs(1, addRow[float32]), Float64: mapPairs(1, addRow[float64]),
	Int8: mapPairs(1, addRow[int8]), Int16: mapPairs(1, addRow[int16]),
	Int32: mapPairs(1, addRow[int32]), Int64: mapPairs(1, addRow[int64]),
	Uint8: mapPairs(1, addRow[uint8]), Uint16: mapPairs(1, addRow[uint16]),
	Uint32: mapPairs(1, addRow[uint32]), Uint64: mapPairs(1, addRow[uint64]),
}

var subKernels = map[DType]binaryKernel{
	Float32: mapPairs(1, subRow[float32]), Float64: mapPairs(1, subRow[float64]),
	Int8: mapPairs(1, subRow[int8]), Int16: mapPairs(1, subRow[int16]),
	Int32: mapPairs(1, subRow[int32]), Int64: mapPairs(1, subRow[int64]),
	Uint8: mapPairs(1, subRow[uint8]), Uint16: mapPairs(1, subRow[uint16]),
	Uint32: mapPairs(1, subRow[uint32]), Uint64: mapPairs(1, subRow[uint64]),
}

var mulKernels = map[DType]binaryKernel{
	Float32: mapPairs(1, mulRow[float32]), Float64: mapPairs(1, mulRow[float64]),
	Int8: mapPairs(1, mulRow[int8]), Int16: mapPairs(1, mulRow[int16]),
	Int32: mapPairs(1, mulRow[int32]), Int64: mapPairs(1, mulRow[int64]),
	Uint8: mapPairs(1, mulRow[uint8]), Uint16: mapPairs(1, mulRow[uint16]),
	Uint32: mapPairs(1, mulRow[uint32]), Uint64: mapPairs(1, mulRow[uint64]),
}

var divKernels = map[DType]binaryKernel{
	Float32: mapPairs(1, divRow[float32]), Float64: mapPairs(1, divRow[float64]),
	Int8: integerDivision(3, divRow[int8]), Int16: integerDivision(3, divRow[int16]),
	Int32: integerDivision(3, divRow[int32]), Int64: integerDivision(6, divRow[int64]),
	Uint8: integerDivision(3, divRow[uint8]), Uint16: integerDivision(3, divRow[uint16]),
	Uint32: integerDivision(3, divRow[uint32]), Uint64: integerDivision(6, divRow[uint64]),
}

var errDivideByZero = errors.New("B has an element 0, want integer divisors other than 0")

// integerDivision makes the kernel of a row function that must not meet a divisor
// of 0.
func integerDivision[T Integer](cost int, row binaryRow[T, T, T]) binaryKernel {
	return func(c *Call, a, b, z *Tensor) error {
		if z.Len() == 0 {
			return nil
		}
		for _, y := range Data[T](b) {
			if y == 0 {
				return errDivideByZero
			}
		}
		runRows(c, cost, row, a, b, z)
		return nil
	}
}

// The rows are written out, not made from scalar functions: a call per element
// would take three times as long as the addition itself.

func addRow[T Number](z, a, b []T) {
	switch {
	case len(a) == len(z) && len(b) == len(z):
		for i, x := range a {
			z[i] = x + b[i]
		}
	case len(a) == len(z):
		y := b[0]
		for i, x := range a {
			z[i] = x + y
		}
	case len(b) == len(z):
		x := a[0]
		for i, y := range b {
			z[i] = x + y
		}
	default:
		fill(z, a[0]+b[0])
	}
}

func subRow[T Number](z, a, b []T) {
	switch {
	case len(a) == len(z) && len(b) == len(z):
		for i, x := range a {
			z[i] = x - b[i]
		}
	case len(a) == len(z):
		y := b[0]
		for i, x := range a {
			z[i] = x - y
		}
	case len(b) == len(z):
		x := a[0]
		for i, y := range b {
			z[i] = x - y
		}
	default:
		fill(z, a[0]-b[0])
	}
}

func mulRow[T Number](z, a, b []T) {
	switch {
	case len(a) == len(z) && len(b) == len(z):
		for i, x := range a {
			z[i] = x * b[i]
		}
	case len(a) == len(z):
		y := b[0]
		for i, x := range a {
			z[i] = x * y
		}
	case len(b) == len(z):
		x := a[0]
		for i, y := range b {
			z[i] = x * y
		}
	default:
		fill(z, a[0]*b[0])
	}
}

func divRow[T Number](z, a, b []T) {
	switch {
	case len(a) == len(z) && len(b) == len(z):
		for i, x := range a {
			z[i] = x / b[i]
		}
	case len(a) == len(z):
		y := b[0]
		for i, x := range a {
			z[i] = x / y
		}
	case len(b) == len(z):
		x := a[0]
		for i, y := range b {
			z[i] = x / y
		}
	default:
		fill(z, a[0]/b[0])
	}
}

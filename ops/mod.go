package ops

import "math"

// Mod: C = the remainder of A / B, element by element.
//
//	fmod 0: integers; the sign is that of B, as in Python.
//	fmod 1: float, double, integers; the sign is that of A, as in C.
//
//	A, B: T, shapes that broadcast as numpy's do. C: T, the broadcast shape.
//
// An integer divisor of 0 is an error; a real one gives NaN.
//
// https://onnx.ai/onnx/operators/onnx__Mod.html (versions 10, 13).
func init() {
	Register(Def{
		Name: "Mod", Since: 10, Inputs: []string{"A", "B"}, Outputs: []string{"C"},
		New: func(n *Node) (Op, error) {
			op := &binary{names: [2]string{"A", "B"}, kernels: modKernels}
			if n.Bool("fmod", false) {
				op.kernels = fmodKernels
			}
			return op, nil
		},
	})
}

var modKernels = map[DType]binaryKernel{
	Int8: divisions(floorMod[int8]), Int16: divisions(floorMod[int16]), Int32: divisions(floorMod[int32]), Int64: divisions(floorMod[int64]),
	Uint8: divisions(floorMod[uint8]), Uint16: divisions(floorMod[uint16]), Uint32: divisions(floorMod[uint32]), Uint64: divisions(floorMod[uint64]),
}

var fmodKernels = map[DType]binaryKernel{
	Float32: mapPairs(20, eachPair(realMod[float32])), Float64: mapPairs(20, eachPair(realMod[float64])),
	Int8: divisions(truncMod[int8]), Int16: divisions(truncMod[int16]), Int32: divisions(truncMod[int32]), Int64: divisions(truncMod[int64]),
	Uint8: divisions(truncMod[uint8]), Uint16: divisions(truncMod[uint16]), Uint32: divisions(truncMod[uint32]), Uint64: divisions(truncMod[uint64]),
}

// divisions makes the kernel of a function that must not meet a divisor of 0.
func divisions[T Integer](f func(a, b T) T) binaryKernel { return integerDivision(6, eachPair(f)) }

func realMod[T Float](a, b T) T { return T(math.Mod(float64(a), float64(b))) }

func truncMod[T Integer](a, b T) T { return a % b }

func floorMod[T Integer](a, b T) T {
	r := a % b
	if r != 0 && (r < 0) != (b < 0) {
		r += b
	}
	return r
}

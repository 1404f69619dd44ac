package ops

import (
	"errors"
	"fmt"
	"math"
	"sync/atomic"
)

// Pow: Z = X to the power of Y, element by element.
//
//	X: T, Y: T1, shapes that broadcast as numpy's do. Z: T, the broadcast shape.
//	T: float, double, int32, int64. T1: float, double and integers; until version
//	12 the type of X.
//
// Integers to the power of integers are exact and wrap around; a negative exponent
// gives the reciprocal cut to an integer, and 0 to a negative exponent is an error.
// An integer to the power of a real is cut to an integer, which must hold it.
//
// https://onnx.ai/onnx/operators/onnx__Pow.html (versions 1, 7, 12, 13, 15).
type powOp struct {
	sameType bool // before version 12
}

func init() {
	Register(Def{
		Name: "Pow", Since: 1, Inputs: []string{"X", "Y"}, Outputs: []string{"Z"},
		New: func(n *Node) (Op, error) {
			op := &powOp{sameType: n.Opset < 12}
			if n.Opset < 7 {
				return newOldBroadcast(n, op)
			}
			return op, nil
		},
	})
}

var powKernels = map[DType]map[DType]binaryKernel{
	Float32: powReals[float32](), Float64: powReals[float64](),
	Int32: powIntegers[int32](), Int64: powIntegers[int64](),
}

// Infer gives Z the type of X and the broadcast shape.
func (o *powOp) Infer(in []Spec) ([]Spec, error) {
	x, y := in[0], in[1]
	exponents := powKernels[x.DType]
	if exponents == nil {
		return nil, wantType("X", x, sortedTypes(powKernels)...)
	}
	if o.sameType {
		if err := wantSameType("X", x, "Y", y); err != nil {
			return nil, err
		}
	}
	if exponents[y.DType] == nil {
		return nil, wantType("Y", y, sortedTypes(exponents)...)
	}
	shape, err := broadcastShape(x.Shape, y.Shape)
	if err != nil {
		return nil, err
	}
	return one(x.DType, shape)
}

// Run computes Z.
func (o *powOp) Run(c *Call, in, out []*Tensor) error {
	return powKernels[in[0].DType()][in[1].DType()](c, in[0], in[1], out[0])
}

// Share lets Z take the memory of an input that has its type and shape.
func (o *powOp) Share(in []Spec) Needs {
	shape, err := broadcastShape(in[0].Shape, in[1].Shape)
	if err != nil {
		return Needs{}
	}
	if in[1].DType != in[0].DType {
		in = in[:1]
	}
	return shareSameShape(shape, in...)
}

// powReals makes the kernels of a real base, by the type of the exponent.
func powReals[T Float]() map[DType]binaryKernel {
	return map[DType]binaryKernel{
		Float32: powReal[T, float32], Float64: powReal[T, float64],
		Int8: powReal[T, int8], Int16: powReal[T, int16], Int32: powReal[T, int32], Int64: powReal[T, int64],
		Uint8: powReal[T, uint8], Uint16: powReal[T, uint16], Uint32: powReal[T, uint32], Uint64: powReal[T, uint64],
	}
}

// powReal computes in double. Squares, the power that networks use most, are a
// multiplication: correctly rounded, as the general way is not always.
func powReal[T Float, E Number](c *Call, x, y, z *Tensor) error {
	runRows(c, 30, func(z, x []T, y []E) {
		if len(y) == 1 && len(x) == len(z) && y[0] == 2 {
			for i, v := range x {
				z[i] = v * v
			}
			return
		}
		powEach(z, x, y)
	}, x, y, z)
	return nil
}

func powEach[T Float, E Number](z, x []T, y []E) {
	eachPair(func(a T, b E) T { return T(math.Pow(float64(a), float64(b))) })(z, x, y)
}

// powIntegers makes the kernels of an integer base, by the type of the exponent.
func powIntegers[T int32 | int64]() map[DType]binaryKernel {
	return map[DType]binaryKernel{
		Float32: powToReal[T, float32], Float64: powToReal[T, float64],
		Int8: powInteger[T, int8], Int16: powInteger[T, int16], Int32: powInteger[T, int32], Int64: powInteger[T, int64],
		Uint8: powInteger[T, uint8], Uint16: powInteger[T, uint16], Uint32: powInteger[T, uint32], Uint64: powInteger[T, uint64],
	}
}

// powInteger raises integers to integers.
func powInteger[T int32 | int64, E Integer](c *Call, x, y, z *Tensor) error {
	var infinite atomic.Bool
	runRows(c, 20, eachPair(func(a T, e E) T {
		if a == 0 && e < 0 {
			infinite.Store(true)
		}
		return integerPower(a, e)
	}), x, y, z)
	if infinite.Load() {
		return errors.New("an element 0 of X has a negative exponent, want 0 or more")
	}
	return nil
}

// integerPower squares and multiplies.
func integerPower[T int32 | int64, E Integer](base T, e E) T {
	if e < 0 {
		switch {
		case base == 1 || base == -1 && e%2 == 0:
			return 1
		case base == -1:
			return -1
		}
		return 0
	}
	result := T(1)
	for n := uint64(e); n > 0; n >>= 1 {
		if n&1 == 1 {
			result *= base
		}
		base *= base
	}
	return result
}

// powToReal raises integers to reals.
func powToReal[T int32 | int64, E Float](c *Call, x, y, z *Tensor) error {
	lo, hi := -0x1p31-1, 0x1p31 // the open range of an int32
	if x.DType() == Int64 {
		lo, hi = -0x1p63-2048, 0x1p63
	}
	var outside atomic.Bool
	runRows(c, 40, eachPair(func(a T, b E) T {
		p := math.Pow(float64(a), float64(b))
		if !(p > lo && p < hi) {
			outside.Store(true)
			return 0
		}
		return T(p)
	}), x, y, z)
	if outside.Load() {
		return fmt.Errorf("a power of X is not in the range of tensor(%v), the type of X", x.DType())
	}
	return nil
}

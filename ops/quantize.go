package ops

import "math"

// This file holds the arithmetic that the operators on quantised values share.
// A quantised value q stands for (q - zero point)·scale.

// integerLimits are the least and the largest value of the integer types that
// tensors are quantised to.
var integerLimits = map[DType][2]int32{
	Int8: {math.MinInt8, math.MaxInt8}, Uint8: {0, math.MaxUint8},
	Int16: {math.MinInt16, math.MaxInt16}, Uint16: {0, math.MaxUint16},
	Int4: {-8, 7}, Uint4: {0, 15}, Int2: {-2, 1}, Uint2: {0, 3},
}

// IntegerRange gives the least and the largest value of an integer type that tensors
// are quantised to; 0 and 0 of others.
func IntegerRange(d DType) (least, most int32) { return integerLimits[d][0], integerLimits[d][1] }

// quantizer rounds reals to integers of one type around a zero point:
// q = saturate(round(v) + zero), ties to even; NaN gives the least q.
type quantizer struct {
	least, most float32 // of the type, less the zero point
	zero        int32
}

// newQuantizer makes a quantizer to a type of integerLimits.
func newQuantizer(to DType, zero int32) quantizer {
	lim := integerLimits[to]
	return quantizer{float32(lim[0] - zero), float32(lim[1] - zero), zero}
}

// round gives q for v, a real in units of the scale.
func (q quantizer) round(v float32) int32 {
	if !(v > q.least) {
		v = q.least
	}
	if v > q.most {
		v = q.most
	}
	return roundEven(v) + q.zero
}

// roundEven gives the whole number nearest to v, ties to even, for |v| < 2²².
func roundEven(v float32) int32 {
	const magic = 0x1.8p23 // a sum with it has no bits left for a fraction
	return int32(math.Float32bits(v+magic)) - int32(magicBits)
}

// magicBits is 0x1.8p23 as bits.
const magicBits = 0x4B400000

// byteInt is the storage of values that are quantised to 8 bits.
type byteInt interface{ int8 | uint8 }

// isByteInt reports whether a type is quantised to 8 bits.
func isByteInt(d DType) bool { return d == Int8 || d == Uint8 }

// zeroPoint reads element i of a zero point of 8 bits; 0 when it is not given, and
// the only element where there is one for all.
func zeroPoint(t *Tensor, i int) int32 {
	if t == nil {
		return 0
	}
	if t.Len() == 1 {
		i = 0
	}
	if t.dtype == Int8 {
		return int32(Data[int8](t)[i])
	}
	return int32(Data[uint8](t)[i])
}

// scalarReal reads the only element of a scale.
func scalarReal(t *Tensor) float32 { return scaleReals(t, 1)[0] }

package ops

import (
	"math"

	"github.com/x448/float16"
)

// castTypes holds how each element type enters and leaves a cast.
var castTypes = [...]*castType{
	Float32:        {loadReals[float32], storeReals[float32]},
	Float64:        {loadReals[float64], storeReals[float64]},
	Float16:        {loadHalf, storeHalf},
	BFloat16:       {loadBF16, storeBF16},
	Int8:           {loadSigned[int8], storeNarrow[int8]},
	Int16:          {loadSigned[int16], storeNarrow[int16]},
	Int32:          {loadSigned[int32], storeNarrow[int32]},
	Int64:          {loadSigned[int64], storeWide[int64]},
	Uint8:          {loadSigned[uint8], storeNarrow[uint8]},
	Uint16:         {loadSigned[uint16], storeNarrow[uint16]},
	Uint32:         {loadSigned[uint32], storeWide[uint32]},
	Uint64:         {loadUint64, storeUint64},
	Bool:           {loadBool, storeBool},
	String:         {nil, storeStrings},
	Float8E4M3FN:   {loadMini(&float8E4M3FN), storeMini(&float8E4M3FN)},
	Float8E4M3FNUZ: {loadMini(&float8E4M3FNUZ), storeMini(&float8E4M3FNUZ)},
	Float8E5M2:     {loadMini(&float8E5M2), storeMini(&float8E5M2)},
	Float8E5M2FNUZ: {loadMini(&float8E5M2FNUZ), storeMini(&float8E5M2FNUZ)},
	Float8E8M0:     {loadE8M0, storeE8M0},
	Float4E2M1:     {loadFloat4, storeFloat4},
	Int4:           {loadPackedInts(true), storePackedInts},
	Uint4:          {loadPackedInts(false), storePackedInts},
	Int2:           {loadPackedInts(true), storePackedInts},
	Uint2:          {loadPackedInts(false), storePackedInts},
}

func loadReals[T Float](x *Tensor, at int, v *castValues) {
	v.form = castReal
	for i, f := range Data[T](x)[at : at+v.n] {
		v.reals[i] = float64(f)
	}
}

func loadHalf(x *Tensor, at int, v *castValues) {
	v.form = castReal
	for i, f := range Data[float16.Float16](x)[at : at+v.n] {
		v.reals[i] = float64(f.Float32())
	}
}

func loadBF16(x *Tensor, at int, v *castValues) {
	v.form = castReal
	for i, f := range Data[BF16](x)[at : at+v.n] {
		v.reals[i] = float64(f.Float())
	}
}

// loadSigned is for every integer type whose values an int64 holds.
func loadSigned[T Integer](x *Tensor, at int, v *castValues) {
	v.form = castSigned
	for i, k := range Data[T](x)[at : at+v.n] {
		v.ints[i] = int64(k)
	}
}

func loadUint64(x *Tensor, at int, v *castValues) {
	v.form = castUnsigned
	for i, k := range Data[uint64](x)[at : at+v.n] {
		v.ints[i] = int64(k)
	}
}

func loadBool(x *Tensor, at int, v *castValues) {
	v.form = castSigned
	for i, b := range units[uint8](x)[at : at+v.n] {
		v.ints[i] = 0
		if b != 0 {
			v.ints[i] = 1
		}
	}
}

// loadPackedInts reads integers of 4 or 2 bits.
func loadPackedInts(signed bool) func(x *Tensor, at int, v *castValues) {
	return func(x *Tensor, at int, v *castValues) {
		v.form = castSigned
		bits := x.dtype.Bits()
		for i := range v.n {
			k := int64(packedElement(x, at+i))
			if signed {
				k = k << (64 - bits) >> (64 - bits)
			}
			v.ints[i] = k
		}
	}
}

// packedElement gives the bits of one element of less than a byte.
func packedElement(x *Tensor, i int) byte {
	bits := x.dtype.Bits()
	return x.Bytes()[i*bits/8] >> (i * bits % 8) & (1<<bits - 1)
}

// real gives value i as the float64 nearest to it.
func (v *castValues) real(i int) float64 {
	switch v.form {
	case castSigned:
		return float64(v.ints[i])
	case castUnsigned:
		return float64(uint64(v.ints[i]))
	}
	return v.reals[i]
}

// single gives value i as the float32 nearest to it.
func (v *castValues) single(i int) float32 { return nearest[float32](v, i) }

// nearest gives value i as the float nearest to it, rounded once.
func nearest[T Float](v *castValues, i int) T {
	switch v.form {
	case castSigned:
		return T(v.ints[i])
	case castUnsigned:
		return T(uint64(v.ints[i]))
	}
	return T(v.reals[i])
}

func storeReals[T Float](y *Tensor, at int, v *castValues, _ castRules) {
	ys := Data[T](y)[at : at+v.n]
	if v.form == castReal {
		for i := range ys {
			ys[i] = T(v.reals[i])
		}
		return
	}
	for i := range ys {
		ys[i] = nearest[T](v, i)
	}
}

func storeHalf(y *Tensor, at int, v *castValues, _ castRules) {
	ys := Data[float16.Float16](y)[at : at+v.n]
	for i := range ys {
		ys[i] = float16.Fromfloat32(v.single(i))
	}
}

func storeBF16(y *Tensor, at int, v *castValues, _ castRules) {
	ys := Data[BF16](y)[at : at+v.n]
	for i := range ys {
		ys[i] = ToBF16(v.single(i))
	}
}

// storeNarrow writes integers of up to 32 bits, all but uint32.
func storeNarrow[T Integer](y *Tensor, at int, v *castValues, _ castRules) {
	ys := Data[T](y)[at : at+v.n]
	if v.form != castReal {
		for i := range ys {
			ys[i] = T(v.ints[i])
		}
		return
	}
	for i := range ys {
		ys[i] = T(truncate32(v.reals[i]))
	}
}

// storeWide writes int64 and uint32.
func storeWide[T Integer](y *Tensor, at int, v *castValues, _ castRules) {
	ys := Data[T](y)[at : at+v.n]
	if v.form != castReal {
		for i := range ys {
			ys[i] = T(v.ints[i])
		}
		return
	}
	for i := range ys {
		ys[i] = T(truncate64(v.reals[i]))
	}
}

func storeUint64(y *Tensor, at int, v *castValues, _ castRules) {
	ys := Data[uint64](y)[at : at+v.n]
	for i := range ys {
		if v.form == castReal {
			ys[i] = truncateUnsigned(v.reals[i])
		} else {
			ys[i] = uint64(v.ints[i])
		}
	}
}

func storeBool(y *Tensor, at int, v *castValues, _ castRules) {
	ys := Data[bool](y)[at : at+v.n]
	for i := range ys {
		if v.form == castReal {
			ys[i] = v.reals[i] != 0
		} else {
			ys[i] = v.ints[i] != 0
		}
	}
}

// storePackedInts writes integers of 4 or 2 bits.
func storePackedInts(y *Tensor, at int, v *castValues, _ castRules) {
	storePacked(y, at, v, func(i int) byte {
		if v.form == castReal {
			return byte(truncate32(math.Round(v.reals[i])))
		}
		return byte(v.ints[i])
	})
}

// storePacked writes v.n elements of less than a byte; at is the first of a byte.
func storePacked(y *Tensor, at int, v *castValues, elem func(i int) byte) {
	bits := y.dtype.Bits()
	ys := y.Bytes()[at*bits/8 : (at+v.n)*bits/8+min(1, (at+v.n)*bits%8)]
	clear(ys)
	for i := range v.n {
		ys[i*bits/8] |= elem(i) & (1<<bits - 1) << (i * bits % 8)
	}
}

// truncate32 drops the fraction; what is no int32 then gives the least one.
func truncate32(f float64) int32 {
	if f > math.MinInt32-1 && f < math.MaxInt32+1 {
		return int32(f)
	}
	return math.MinInt32
}

// truncate64 drops the fraction; what is no int64 then gives the least one.
func truncate64(f float64) int64 {
	if f >= -1<<63 && f < 1<<63 {
		return int64(f)
	}
	return math.MinInt64
}

// truncateUnsigned drops the fraction; negative values are those of an int64, NaN
// gives 2⁶³ and what is too large 0.
func truncateUnsigned(f float64) uint64 {
	switch {
	case f >= 1<<64:
		return 0
	case f >= 1<<63:
		return uint64(f)
	}
	return uint64(truncate64(f))
}

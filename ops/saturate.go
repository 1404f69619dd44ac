package ops

import (
	"math"

	"github.com/x448/float16"
)

// saturate converts a real to an element type: integers take the nearest value
// that they hold and 0 for NaN, their fraction is cut off.
func saturate[T Number](v float64) T {
	var zero T
	switch any(zero).(type) {
	case float32, float64:
		return T(v)
	case int8:
		return T(int8(within(v, math.MinInt8, math.MaxInt8)))
	case int16:
		return T(int16(within(v, math.MinInt16, math.MaxInt16)))
	case int32:
		return T(int32(within(v, math.MinInt32, math.MaxInt32)))
	case uint8:
		return T(uint8(within(v, 0, math.MaxUint8)))
	case uint16:
		return T(uint16(within(v, 0, math.MaxUint16)))
	case uint32:
		return T(uint32(within(v, 0, math.MaxUint32)))
	case uint64:
		if v >= 1<<64 {
			return any(uint64(math.MaxUint64)).(T)
		}
		return T(uint64(within(v, 0, 1<<64)))
	}
	if v >= 1<<63 {
		return any(int64(math.MaxInt64)).(T)
	}
	return T(int64(within(v, -1<<63, 1<<63)))
}

// within moves v into [lo, hi]; NaN becomes 0.
func within(v, lo, hi float64) float64 {
	if v != v {
		return 0
	}
	return max(lo, min(v, hi))
}

// elementOf is a scalar tensor of type d that holds v, saturated; types that are no
// numbers in Go get their zero.
func elementOf(d DType, v float64) *Tensor {
	t := NewTensor(d, Scalar())
	switch d {
	case Float32:
		Data[float32](t)[0] = float32(v)
	case Float64:
		Data[float64](t)[0] = v
	case Int8:
		Data[int8](t)[0] = saturate[int8](v)
	case Int16:
		Data[int16](t)[0] = saturate[int16](v)
	case Int32:
		Data[int32](t)[0] = saturate[int32](v)
	case Int64:
		Data[int64](t)[0] = saturate[int64](v)
	case Uint8:
		Data[uint8](t)[0] = saturate[uint8](v)
	case Uint16:
		Data[uint16](t)[0] = saturate[uint16](v)
	case Uint32:
		Data[uint32](t)[0] = saturate[uint32](v)
	case Uint64:
		Data[uint64](t)[0] = saturate[uint64](v)
	case Float16:
		Data[float16.Float16](t)[0] = float16.Fromfloat32(float32(v))
	case BFloat16:
		Data[BF16](t)[0] = ToBF16(float32(v))
	}
	return t
}

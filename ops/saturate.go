package ops

import "math"

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

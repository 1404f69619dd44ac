package main

import (
	"math"

	"github.com/x448/float16"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/ops"
)

// maxFillElements bounds the elements of an input that is made from a few characters.
const maxFillElements = 1<<31 - 1

// elementCount multiplies a shape; it must be within the bound.
func elementCount(shape []int) (int, error) {
	n := 1
	for _, d := range shape {
		if d < 0 {
			return 0, inputf("shape %v is not known", shape)
		}
		if d > 0 && n > maxFillElements/d {
			return 0, kindf(tconv.ErrLimit, "shape %v has too many elements, want at most %d", shape, maxFillElements)
		}
		n *= d
	}
	return n, nil
}

// generate makes a tensor of numbers that next gives one after the other. A number that the type cannot hold is an error.
func generate(dtype tconv.DType, shape []int, next func() float64) (*tconv.Tensor, error) {
	n, err := elementCount(shape)
	if err != nil {
		return nil, err
	}
	switch dtype {
	case tconv.Float32:
		return wrapNew(n, shape, func() (float32, error) { return float32(next()), nil })
	case tconv.Float64:
		return wrapNew(n, shape, func() (float64, error) { return next(), nil })
	case tconv.Float16:
		return wrapNew(n, shape, func() (float16.Float16, error) { return float16.Fromfloat32(float32(next())), nil })
	case tconv.BFloat16:
		return wrapNew(n, shape, func() (ops.BF16, error) { return ops.ToBF16(float32(next())), nil })
	case tconv.Bool:
		return wrapNew(n, shape, func() (bool, error) { v := next(); return v != 0, fits(v, 0, 1) })
	}
	return generateIntegers(dtype, n, shape, next)
}

// generateIntegers is generate for integers.
func generateIntegers(dtype tconv.DType, n int, shape []int, next func() float64) (*tconv.Tensor, error) {
	switch dtype {
	case tconv.Int8:
		return wrapNew(n, shape, integer[int8](next, math.MinInt8, math.MaxInt8))
	case tconv.Int16:
		return wrapNew(n, shape, integer[int16](next, math.MinInt16, math.MaxInt16))
	case tconv.Int32:
		return wrapNew(n, shape, integer[int32](next, math.MinInt32, math.MaxInt32))
	case tconv.Int64:
		return wrapNew(n, shape, integer[int64](next, -1<<53, 1<<53))
	case tconv.Uint8:
		return wrapNew(n, shape, integer[uint8](next, 0, math.MaxUint8))
	case tconv.Uint16:
		return wrapNew(n, shape, integer[uint16](next, 0, math.MaxUint16))
	case tconv.Uint32:
		return wrapNew(n, shape, integer[uint32](next, 0, math.MaxUint32))
	case tconv.Uint64:
		return wrapNew(n, shape, integer[uint64](next, 0, 1<<53))
	}
	return nil, withHint(inputf("cannot make numbers of type %v", dtype), "give the input as a file")
}

// integer turns the numbers that next gives into integers of T.
func integer[T ops.Integer](next func() float64, low, high float64) func() (T, error) {
	return func() (T, error) {
		v := next()
		if err := fits(v, low, high); err != nil {
			return 0, err
		}
		return T(v), nil
	}
}

// fits wants a whole number of a range.
func fits(v, low, high float64) error {
	if !(v >= low && v <= high) || v != math.Trunc(v) {
		return inputf("%v, want a whole number of %.0f to %.0f", v, low, high)
	}
	return nil
}

// wrapNew makes a tensor of n elements.
func wrapNew[T tconv.Element](n int, shape []int, next func() (T, error)) (*tconv.Tensor, error) {
	data := make([]T, n)
	for i := range data {
		v, err := next()
		if err != nil {
			return nil, err
		}
		data[i] = v
	}
	return tconv.Wrap(data, shape...)
}

// castPicture gives the numbers of a picture another type. In an integer type a picture has its bytes, 0 to 255.
func castPicture(t *tconv.Tensor, dtype tconv.DType) (*tconv.Tensor, error) {
	values, err := t.Float64s()
	if err != nil {
		return nil, err
	}
	scale := 1.0
	if dtype.IsInteger() {
		scale = 255
	}
	i := -1
	return generate(dtype, t.Shape(), func() float64 {
		i++
		if scale == 1 {
			return values[i]
		}
		return math.Round(values[i] * scale)
	})
}

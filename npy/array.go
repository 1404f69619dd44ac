package npy

import (
	"math"
	"reflect"
)

// Array is one array as a .npy file holds it.
type Array struct {
	DType string // canonical NumPy name: "<f4", "|b1", "<f2", "<i8", "|u1", "<U5", ...
	Shape []int  // empty for a scalar
	Data  []byte // the elements, little-endian, in C order (last dimension fastest)
}

// Len gives the number of elements that the shape of a valid array asks for; 1 for a scalar.
func (a *Array) Len() int {
	n := 1
	for _, d := range a.Shape {
		n *= d
	}
	return n
}

// check finds the array's type and makes sure that type, shape and data agree.
func (a *Array) check() (dtype, error) {
	t, err := canonical(a.DType)
	if err != nil {
		return dtype{}, err
	}
	size, err := volume(a.Shape, t.size, math.MaxInt)
	if err != nil {
		return dtype{}, err
	}
	if size != int64(len(a.Data)) {
		return dtype{}, formatf("shape %v of %s needs %d bytes, the array has %d", a.Shape, t.name, size, len(a.Data))
	}
	return t, a.checkBools(t)
}

// checkBools refuses truth values other than 0 and 1: as a Go bool they would have no meaning.
func (a *Array) checkBools(t dtype) error {
	if t.kind != reflect.Bool {
		return nil
	}
	for i, b := range a.Data {
		if b > 1 {
			return formatf("bool element %d is byte %d, want 0 or 1", i, b)
		}
	}
	return nil
}

// maxRank is NumPy's own bound on the number of dimensions.
const maxRank = 64

// volume gives the bytes of an array: the product of its dimensions times the element size, at most limit.
// Dimensions next to a zero count as well, so that no product of any of them can overflow later.
func volume(shape []int, elemSize int, limit int64) (int64, error) {
	if len(shape) > maxRank {
		return 0, limitf("%d dimensions, want at most %d", len(shape), maxRank)
	}
	size, empty := int64(elemSize), false
	for _, d := range shape {
		if d < 0 {
			return 0, formatf("shape %v has a negative dimension", shape)
		}
		if d == 0 {
			empty = true
			continue
		}
		if int64(d) > limit/size {
			return 0, limitf("shape %v of %d-byte elements needs more than %d bytes", shape, elemSize, limit)
		}
		size *= int64(d)
	}
	if empty {
		return 0, nil
	}
	if size > limit {
		return 0, limitf("an element of %d bytes, want at most %d", size, limit)
	}
	return size, nil
}

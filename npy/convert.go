package npy

import (
	"encoding/binary"
	"reflect"
	"slices"
	"unsafe"
)

// Element is what the elements of a numeric Array can be in Go.
type Element interface {
	~bool | ~int8 | ~uint8 | ~int16 | ~uint16 | ~int32 | ~uint32 | ~int64 | ~uint64 |
		~float32 | ~float64 | ~complex64 | ~complex128
}

// New makes an array of data, whose length must be the product of the shape. On little-endian machines the
// array shares data's memory.
func New[T Element](data []T, shape ...int) (*Array, error) {
	return newArray(nameOf[T](), data, shape)
}

// NewFloat16 makes a half-precision array ("<f2") of its bits; otherwise as New.
func NewFloat16[T ~uint16](bits []T, shape ...int) (*Array, error) {
	return newArray("<f2", bits, shape)
}

// As gives the elements of an array, which must be of T's kind; "<f2" gives its bits as any 16-bit unsigned
// type. The slice shares the array's memory where the machine allows (little-endian, aligned), else it is a copy.
func As[T Element](a *Array) ([]T, error) {
	t, err := a.check()
	if err != nil {
		return nil, err
	}
	if kind := reflect.TypeFor[T]().Kind(); kind != t.kind {
		return nil, formatf("the array holds %s, want %s (%s)", t.name, nameOf[T](), reflect.TypeFor[T]())
	}
	return fromBytes[T](a.Data, t), nil
}

// newArray makes a checked array of a named type.
func newArray[T Element](name string, data []T, shape []int) (*Array, error) {
	t, err := canonical(name)
	if err != nil {
		return nil, err
	}
	a := &Array{DType: name, Shape: slices.Clone(shape), Data: toBytes(data, t)}
	if _, err := a.check(); err != nil {
		return nil, err
	}
	return a, nil
}

// nameOf gives the canonical type name of a Go element type.
func nameOf[T Element]() string {
	kind := reflect.TypeFor[T]().Kind()
	for code, t := range dtypes {
		if t.kind == kind && code != "f2" {
			return t.name
		}
	}
	panic("BUG: an Element without a type: " + kind.String())
}

// hostSwaps tells whether this machine's integers are big-endian, so that file bytes need a swap.
var hostSwaps = binary.NativeEndian.Uint16([]byte{1, 0}) != 1

// toBytes views elements as little-endian bytes.
func toBytes[T Element](data []T, t dtype) []byte {
	if len(data) == 0 {
		return []byte{}
	}
	b := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(data))), len(data)*t.size)
	if hostSwaps && t.unit > 1 {
		b = slices.Clone(b)
		swapBytes(b, t.unit)
	}
	return b
}

// fromBytes views little-endian bytes as elements, or copies them where that cannot be.
func fromBytes[T Element](b []byte, t dtype) []T {
	n := len(b) / t.size
	if n == 0 {
		return []T{}
	}
	var zero T
	if swaps := hostSwaps && t.unit > 1; !swaps && uintptr(unsafe.Pointer(unsafe.SliceData(b)))%unsafe.Alignof(zero) == 0 {
		return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), n)
	}
	out := make([]T, n)
	raw := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(out))), len(b))
	copy(raw, b)
	if hostSwaps && t.unit > 1 {
		swapBytes(raw, t.unit)
	}
	return out
}

// swapBytes reverses the bytes of every unit in place.
func swapBytes(b []byte, unit int) {
	for ; len(b) >= unit; b = b[unit:] {
		slices.Reverse(b[:unit])
	}
}

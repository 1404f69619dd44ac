package ops

import (
	"fmt"
	"unsafe"
)

// Kind says what a value is.
type Kind uint8

// The kinds of values that ONNX has. The zero value is a tensor.
const (
	KindTensor Kind = iota
	KindSequence
	KindOptional
)

// String gives the ONNX word for the kind.
func (k Kind) String() string {
	return [...]string{"tensor", "sequence", "optional"}[k]
}

// Tensor is one value: a dense tensor in row-major order, or a sequence or an
// optional of such. The elements of types of 8 bits or more lie one after the
// other in the machine's byte order; 4-bit and 2-bit types are packed, the first
// element in the low bits; strings are Go strings.
//
// A Tensor does not own its memory: whoever made it says how long it lives.
type Tensor struct {
	kind     Kind
	holds    Kind // of an optional: what it may hold
	dtype    DType
	shape    Shape
	layout   Layout
	mem      []byte    // read through Bytes
	deferred *Deferred // or nil; instead of mem
	strings  []string
	elems    []*Tensor
}

// dataAlignment is the alignment of memory that [NewTensor] allocates, in bytes:
// one cache line, one AVX-512 register.
const dataAlignment = 64

// NewTensor allocates a tensor of zeros (empty strings) on the Go heap. The
// shape must be known and checked.
func NewTensor(dtype DType, shape Shape) *Tensor {
	t := &Tensor{dtype: dtype, shape: shape}
	if dtype == String {
		t.strings = make([]string, shape.Elements())
		return t
	}
	t.mem = alignedBytes(ByteSize(dtype, shape))
	return t
}

// alignedBytes allocates n zero bytes that start at a multiple of dataAlignment.
func alignedBytes(n int) []byte {
	if n == 0 {
		return nil
	}
	b := make([]byte, n+dataAlignment-1)
	off := int(-uintptr(unsafe.Pointer(&b[0])) & (dataAlignment - 1))
	return b[off : off+n : off+n]
}

// ByteSize is the number of bytes that the elements of a dense tensor take;
// 0 for strings.
func ByteSize(dtype DType, shape Shape) int {
	n, bits := shape.Elements(), dtype.Bits()
	if bits >= 8 {
		return n * (bits / 8)
	}
	return (n*bits + 7) / 8
}

// FromBytes wraps elements that lie in data, in the machine's byte order. Their
// number must be what the shape says. The data is not copied.
func FromBytes(dtype DType, shape Shape, data []byte) (*Tensor, error) {
	if err := shape.Check(); err != nil {
		return nil, err
	}
	if !dtype.Valid() || dtype == String {
		return nil, fmt.Errorf("elements of type %v cannot be given as bytes", dtype)
	}
	if want := ByteSize(dtype, shape); len(data) != want {
		return nil, fmt.Errorf("%d bytes for tensor(%v) of shape %v, want %d", len(data), dtype, shape, want)
	}
	return &Tensor{dtype: dtype, shape: shape, mem: data}, nil
}

// Of wraps data as a tensor of the given dimensions, without a copy. It panics
// when their product is not len(data); use [FromBytes] for what comes from outside.
func Of[T Element](data []T, dims ...int) *Tensor {
	shape := append(Shape{}, dims...)
	if shape.Elements() != len(data) {
		panic(fmt.Sprintf("BUG: %d elements for shape %v", len(data), shape))
	}
	return &Tensor{dtype: DTypeOf[T](), shape: shape, mem: bytesOf(data)}
}

// OfStrings wraps strings as a tensor of the given dimensions, without a copy.
func OfStrings(data []string, dims ...int) *Tensor {
	shape := append(Shape{}, dims...)
	if shape.Elements() != len(data) {
		panic(fmt.Sprintf("BUG: %d strings for shape %v", len(data), shape))
	}
	return &Tensor{dtype: String, shape: shape, strings: data}
}

// OfInts wraps 64-bit integers as a tensor of rank 1: the form of shapes, axes
// and pads that operators take as inputs.
func OfInts(values []int) *Tensor {
	d := make([]int64, len(values))
	for i, v := range values {
		d[i] = int64(v)
	}
	return Of(d, len(d))
}

// NewSequence makes a sequence of tensors of one element type; dtype names it
// also when the sequence is empty.
func NewSequence(dtype DType, elems []*Tensor) *Tensor {
	return &Tensor{kind: KindSequence, dtype: dtype, elems: elems}
}

// NewOptional makes an optional that holds elem, or nothing when elem is nil: of a
// tensor then, with elements of type dtype.
func NewOptional(dtype DType, elem *Tensor) *Tensor {
	t := NewNone(dtype, KindTensor)
	if elem != nil {
		t.elems, t.holds = []*Tensor{elem}, elem.kind
	}
	return t
}

// NewNone makes an optional that holds nothing and could hold a tensor or a
// sequence with elements of type dtype.
func NewNone(dtype DType, holds Kind) *Tensor {
	return &Tensor{kind: KindOptional, dtype: dtype, holds: holds}
}

// Kind says whether the value is a tensor, a sequence or an optional.
func (t *Tensor) Kind() Kind { return t.kind }

// DType is the type of the elements.
func (t *Tensor) DType() DType { return t.dtype }

// Shape is the extent of each axis; nil for a sequence or an optional. The
// caller must not change it.
func (t *Tensor) Shape() Shape { return t.shape }

// Len is the number of elements of a tensor.
func (t *Tensor) Len() int { return t.shape.Elements() }

// Bytes is the memory of the elements, not a copy; nil for strings.
func (t *Tensor) Bytes() []byte {
	if t.deferred != nil {
		return t.deferred.bytes()
	}
	return t.mem
}

// ByteLen is the length of Bytes, which are not wanted for that.
func (t *Tensor) ByteLen() int {
	if t.deferred != nil {
		return t.deferred.size
	}
	return len(t.mem)
}

// Strings is the memory of a tensor of strings, not a copy.
func (t *Tensor) Strings() []string { return t.strings }

// Elems are the members of a sequence or an optional. Values may share members:
// nobody changes them.
func (t *Tensor) Elems() []*Tensor { return t.elems }

// Spec describes the value as known: its type, its shape and itself.
func (t *Tensor) Spec() Spec {
	if t == nil {
		return Spec{}
	}
	return Spec{Kind: t.kind, Holds: t.holds, DType: t.dtype, Shape: t.shape, Const: t, Layout: t.layout}
}

// Assign makes t another value: it shares from's memory afterwards. The runner
// uses it to hand over what a step produced.
func (t *Tensor) Assign(from *Tensor) { *t = *from }

// View gives a tensor of another shape, with as many elements, over t's memory.
func (t *Tensor) View(shape Shape) *Tensor {
	v := *t
	v.shape = shape
	return &v
}

// Clone copies the value and its memory.
func (t *Tensor) Clone() *Tensor {
	c := *t
	c.shape = t.shape.Clone()
	c.strings = append([]string(nil), t.strings...)
	if data := t.Bytes(); data != nil {
		c.mem, c.deferred = alignedBytes(len(data)), nil
		copy(c.mem, data)
	}
	c.elems = nil
	for _, e := range t.elems {
		c.elems = append(c.elems, e.Clone())
	}
	return &c
}

// String describes the value, without its elements: tensor(float)[1, 3, 8, 8].
func (t *Tensor) String() string { return t.Spec().String() }

// Data gives the elements of t, not a copy. It panics when T does not store
// t's element type: operators check types in Infer.
func Data[T Element](t *Tensor) []T {
	if want := DTypeOf[T](); t.dtype != want {
		panic(fmt.Sprintf("BUG: elements of %v read as %v", t, want))
	}
	return units[T](t)
}

// units reinterprets the memory of t as values of T, whatever its element type.
func units[T any](t *Tensor) []T {
	data := t.Bytes()
	if len(data) == 0 {
		return nil
	}
	var zero T
	return unsafe.Slice((*T)(unsafe.Pointer(&data[0])), len(data)/int(unsafe.Sizeof(zero)))
}

// bytesOf is the memory of a slice.
func bytesOf[T Element](s []T) []byte {
	if len(s) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&s[0])), len(s)*int(unsafe.Sizeof(s[0])))
}

// Ints gives the elements of an int64 or int32 tensor as ints: the form in which
// operators take shapes, axes, pads and indices. A value that an int cannot hold
// is clamped (ONNX uses INT64 limits to mean "to the end").
func (t *Tensor) Ints() []int {
	switch t.dtype {
	case Int64:
		src := Data[int64](t)
		out := make([]int, len(src))
		for i, v := range src {
			out[i] = clampInt(v)
		}
		return out
	case Int32:
		src := Data[int32](t)
		out := make([]int, len(src))
		for i, v := range src {
			out[i] = int(v)
		}
		return out
	}
	panic(fmt.Sprintf("BUG: integers wanted of %v", t))
}

// clampInt gives v, or the nearest int on machines whose int has 32 bits.
func clampInt(v int64) int {
	const maxInt = int64(^uint(0) >> 1)
	return int(max(min(v, maxInt), -maxInt-1))
}

package tconv

import (
	"fmt"

	"github.com/x448/float16"

	"github.com/tconv/tconv/onnx"
	"github.com/tconv/tconv/ops"
)

// DType is the type of the elements of a tensor; its values are those of ONNX.
type DType = ops.DType

// The element types.
const (
	Float32  = ops.Float32
	Float64  = ops.Float64
	Float16  = ops.Float16
	BFloat16 = ops.BFloat16
	Int8     = ops.Int8
	Int16    = ops.Int16
	Int32    = ops.Int32
	Int64    = ops.Int64
	Uint8    = ops.Uint8
	Uint16   = ops.Uint16
	Uint32   = ops.Uint32
	Uint64   = ops.Uint64
	Bool     = ops.Bool
	String   = ops.String
)

// Element is every Go type that stores elements of a tensor. float16.Float16 is
// that of github.com/x448/float16; ops.BF16 is bfloat16.
type Element interface {
	ops.Element
}

// Tensors are the inputs or outputs of a run, by name.
type Tensors map[string]*Tensor

// Tensor is a dense array of any rank and element type, row-major. The zero
// Tensor is empty: an output that receives memory of its own.
//
// A Tensor made by [Wrap] uses the caller's memory; one that a run returned owns
// its own. A Tensor may be read by several goroutines, and must not be written
// while a run reads it.
type Tensor struct{ value ops.Tensor }

// Wrap makes a tensor of data, without a copy, with the given dimensions.
func Wrap[T Element](data []T, shape ...int) (*Tensor, error) {
	if err := checkLen(len(data), shape); err != nil {
		return nil, err
	}
	return &Tensor{*ops.Of(data, shape...)}, nil
}

// WrapStrings makes a tensor of strings, without a copy.
func WrapStrings(data []string, shape ...int) (*Tensor, error) {
	if err := checkLen(len(data), shape); err != nil {
		return nil, err
	}
	return &Tensor{*ops.OfStrings(data, shape...)}, nil
}

// checkLen holds the number of elements against a shape.
func checkLen(n int, shape []int) error {
	s := ops.Shape(shape)
	if err := s.Check(); err != nil {
		return fmt.Errorf("%w: %w", ErrInput, err)
	}
	if s.Elements() != n {
		return fmt.Errorf("%w: %d elements for shape %v, want %d", ErrInput, n, s, s.Elements())
	}
	return nil
}

// FromBytes makes a tensor of elements in the machine's byte order, without a copy.
func FromBytes(dtype DType, data []byte, shape ...int) (*Tensor, error) {
	t, err := ops.FromBytes(dtype, append(ops.Shape{}, shape...), data)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInput, err)
	}
	return &Tensor{*t}, nil
}

// Data gives the elements of t, without a copy. T must be the Go type that stores
// t's element type: float32 for float, int64 for int64, bool for bool.
func Data[T Element](t *Tensor) ([]T, error) {
	if want := ops.DTypeOf[T](); t.value.DType() != want || t.value.Kind() != ops.KindTensor {
		return nil, fmt.Errorf("%w: the tensor is %v, want tensor(%v)", ErrInput, t, want)
	}
	return ops.Data[T](&t.value), nil
}

// DType is the type of the elements.
func (t *Tensor) DType() DType { return t.value.DType() }

// Kind says what a value is; its zero value is a tensor.
type Kind = ops.Kind

// The kinds of values.
const (
	KindTensor   = ops.KindTensor
	KindSequence = ops.KindSequence
	KindOptional = ops.KindOptional
)

// Kind says whether the value is a tensor, a sequence or an optional.
func (t *Tensor) Kind() Kind { return t.value.Kind() }

// Shape gives a copy of the dimensions; empty for a scalar.
func (t *Tensor) Shape() []int { return t.value.Shape().Clone() }

// Len is the number of elements.
func (t *Tensor) Len() int {
	if t.value.Kind() != ops.KindTensor || t.value.DType() == ops.Undefined {
		return 0
	}
	return t.value.Len()
}

// Bytes gives the memory of the elements in the machine's byte order, without a
// copy; nil for strings.
func (t *Tensor) Bytes() []byte { return t.value.Bytes() }

// Strings gives the elements of a tensor of strings, without a copy.
func (t *Tensor) Strings() []string { return t.value.Strings() }

// Elems gives the members of a sequence, or of an optional; nil for a tensor.
func (t *Tensor) Elems() []*Tensor {
	var out []*Tensor
	for _, e := range t.value.Elems() {
		out = append(out, &Tensor{*e})
	}
	return out
}

// Clone copies the tensor and its memory.
func (t *Tensor) Clone() *Tensor { return &Tensor{*t.value.Clone()} }

// String describes the tensor without its elements: tensor(float)[1, 3, 8, 8].
func (t *Tensor) String() string { return t.value.String() }

// Float64s gives a copy of the elements as float64: of any number type, and of
// bool as 0 and 1. It is for looking at values, not for speed.
func (t *Tensor) Float64s() ([]float64, error) {
	switch t.value.DType() {
	case Float32:
		return floats[float32](t), nil
	case Float64:
		return floats[float64](t), nil
	case Int8:
		return floats[int8](t), nil
	case Int16:
		return floats[int16](t), nil
	case Int32:
		return floats[int32](t), nil
	case Int64:
		return floats[int64](t), nil
	case Uint8:
		return floats[uint8](t), nil
	case Uint16:
		return floats[uint16](t), nil
	case Uint32:
		return floats[uint32](t), nil
	case Uint64:
		return floats[uint64](t), nil
	case Float16:
		return convert(ops.Data[float16.Float16](&t.value), func(v float16.Float16) float64 { return float64(v.Float32()) }), nil
	case BFloat16:
		return convert(ops.Data[ops.BF16](&t.value), func(v ops.BF16) float64 { return float64(v.Float()) }), nil
	case Bool:
		return convert(ops.Data[bool](&t.value), func(v bool) float64 {
			if v {
				return 1
			}
			return 0
		}), nil
	}
	return nil, fmt.Errorf("%w: %v has no numbers", ErrInput, t)
}

func floats[T ops.Number](t *Tensor) []float64 {
	return convert(ops.Data[T](&t.value), func(v T) float64 { return float64(v) })
}

func convert[T any](src []T, f func(T) float64) []float64 {
	out := make([]float64, len(src))
	for i, v := range src {
		out[i] = f(v)
	}
	return out
}

// UnmarshalTensor reads a TensorProto: the input_0.pb of ONNX test data. It gives
// the tensor and the name that stands in it. Elements may stay in data.
func UnmarshalTensor(data []byte) (*Tensor, string, error) {
	p, err := onnx.UnmarshalTensor(data)
	if err != nil {
		return nil, "", fmt.Errorf("%w: %w", ErrInput, err)
	}
	t, err := tensorFromProto(p)
	if err != nil {
		return nil, p.Name, fmt.Errorf("%w: tensor %q: %w", ErrInput, p.Name, err)
	}
	return t, p.Name, nil
}

// MarshalTensor writes a tensor as a TensorProto with raw data.
func MarshalTensor(t *Tensor, name string) ([]byte, error) {
	if t.value.Kind() != ops.KindTensor {
		return nil, fmt.Errorf("%w: %v is no tensor", ErrInput, t)
	}
	return onnx.MarshalTensor(protoFromTensor(t, name)), nil
}

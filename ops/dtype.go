package ops

import (
	"fmt"

	"github.com/x448/float16"
)

// DType is the element type of a tensor. Its values are those of ONNX
// TensorProto.DataType.
type DType uint8

// The element types of ONNX. Undefined is the type of an omitted optional input.
const (
	Undefined      DType = 0
	Float32        DType = 1
	Uint8          DType = 2
	Int8           DType = 3
	Uint16         DType = 4
	Int16          DType = 5
	Int32          DType = 6
	Int64          DType = 7
	String         DType = 8
	Bool           DType = 9
	Float16        DType = 10
	Float64        DType = 11
	Uint32         DType = 12
	Uint64         DType = 13
	Complex64      DType = 14
	Complex128     DType = 15
	BFloat16       DType = 16
	Float8E4M3FN   DType = 17
	Float8E4M3FNUZ DType = 18
	Float8E5M2     DType = 19
	Float8E5M2FNUZ DType = 20
	Uint4          DType = 21
	Int4           DType = 22
	Float4E2M1     DType = 23
	Float8E8M0     DType = 24
	Uint2          DType = 25
	Int2           DType = 26
)

// BF16 is the storage of one bfloat16: the upper half of a float32.
type BF16 uint16

// dtypeInfo is what is fixed about an element type.
type dtypeInfo struct {
	name string // as ONNX writes it in tensor(...)
	bits int    // of one element; 0 for strings
}

var dtypes = [...]dtypeInfo{
	Undefined: {"undefined", 0},
	Float32:   {"float", 32}, Float64: {"double", 64}, Float16: {"float16", 16}, BFloat16: {"bfloat16", 16},
	Uint8: {"uint8", 8}, Uint16: {"uint16", 16}, Uint32: {"uint32", 32}, Uint64: {"uint64", 64},
	Int8: {"int8", 8}, Int16: {"int16", 16}, Int32: {"int32", 32}, Int64: {"int64", 64},
	String: {"string", 0}, Bool: {"bool", 8},
	Complex64: {"complex64", 64}, Complex128: {"complex128", 128},
	Float8E4M3FN: {"float8e4m3fn", 8}, Float8E4M3FNUZ: {"float8e4m3fnuz", 8},
	Float8E5M2: {"float8e5m2", 8}, Float8E5M2FNUZ: {"float8e5m2fnuz", 8}, Float8E8M0: {"float8e8m0", 8},
	Uint4: {"uint4", 4}, Int4: {"int4", 4}, Float4E2M1: {"float4e2m1", 4},
	Uint2: {"uint2", 2}, Int2: {"int2", 2},
}

// String gives the type's ONNX name: "float", "int64", "bool".
func (d DType) String() string {
	if int(d) < len(dtypes) {
		return dtypes[d].name
	}
	return fmt.Sprintf("dtype(%d)", uint8(d))
}

// Valid reports whether d is an element type that ONNX defines.
func (d DType) Valid() bool { return d != Undefined && int(d) < len(dtypes) }

// Bits is the size of one element in bits; 0 for strings.
func (d DType) Bits() int {
	if int(d) < len(dtypes) {
		return dtypes[d].bits
	}
	return 0
}

// Size is the size of one element in bytes; 0 for strings and for types that
// pack several elements into a byte.
func (d DType) Size() int { return d.Bits() / 8 }

// IsFloat reports whether d is float, double, float16 or bfloat16.
func (d DType) IsFloat() bool {
	return d == Float32 || d == Float64 || d == Float16 || d == BFloat16
}

// IsInteger reports whether d is a signed or unsigned integer of 8 bits or more.
func (d DType) IsInteger() bool { return d.IsSigned() || d.IsUnsigned() }

// IsSigned reports whether d is a signed integer of 8 bits or more.
func (d DType) IsSigned() bool {
	return d == Int8 || d == Int16 || d == Int32 || d == Int64
}

// IsUnsigned reports whether d is an unsigned integer of 8 bits or more.
func (d DType) IsUnsigned() bool {
	return d == Uint8 || d == Uint16 || d == Uint32 || d == Uint64
}

// Integer is every Go integer type that stores an ONNX element.
type Integer interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64
}

// Float is every Go floating-point type that stores and computes an ONNX element.
type Float interface{ float32 | float64 }

// Number is every element type that Go can compute with.
type Number interface{ Integer | Float }

// Element is every Go type that stores one ONNX element.
type Element interface {
	Number | bool | float16.Float16 | BF16 | complex64 | complex128
}

// DTypeOf gives the element type that T stores.
func DTypeOf[T Element]() DType {
	var zero T
	switch any(zero).(type) {
	case float32:
		return Float32
	case float64:
		return Float64
	case int8:
		return Int8
	case int16:
		return Int16
	case int32:
		return Int32
	case int64:
		return Int64
	case uint8:
		return Uint8
	case uint16:
		return Uint16
	case uint32:
		return Uint32
	case uint64:
		return Uint64
	case bool:
		return Bool
	case float16.Float16:
		return Float16
	case BF16:
		return BFloat16
	case complex64:
		return Complex64
	case complex128:
		return Complex128
	}
	panic("BUG: element type without a DType")
}

package onnx

import "google.golang.org/protobuf/encoding/protowire"

// Type is a TypeProto: the type of a value.
//
//	Kind                          ElemType  Shape  Elem        KeyType
//	TypeTensor, TypeSparseTensor  yes       yes
//	TypeSequence, TypeOptional                     of element
//	TypeMap                                        of value    yes
//	TypeOpaque
type Type struct {
	Kind       TypeKind
	ElemType   DataType
	Shape      *Shape // nil if the rank is unknown
	Elem       *Type
	KeyType    DataType
	Denotation string
}

// TypeKind tells what a value is; the numbers are the field numbers in TypeProto.
type TypeKind uint8

// The kinds of values of ONNX.
const (
	TypeUndefined    TypeKind = 0
	TypeTensor       TypeKind = 1
	TypeSequence     TypeKind = 4
	TypeMap          TypeKind = 5
	TypeOpaque       TypeKind = 7
	TypeSparseTensor TypeKind = 8
	TypeOptional     TypeKind = 9
)

// String is the word for a value of this kind.
func (k TypeKind) String() string {
	switch k {
	case TypeTensor:
		return "tensor"
	case TypeSequence:
		return "sequence"
	case TypeMap:
		return "map"
	case TypeOpaque:
		return "opaque"
	case TypeSparseTensor:
		return "sparse tensor"
	case TypeOptional:
		return "optional"
	default:
		return "undefined"
	}
}

const typeDenotation = 6

var typeSchema = schema{
	TypeTensor:       {"tensor_type", blob},
	TypeSequence:     {"sequence_type", blob},
	TypeMap:          {"map_type", blob},
	typeDenotation:   {"denotation", blob},
	TypeOpaque:       {"opaque_type", blob},
	TypeSparseTensor: {"sparse_tensor_type", blob},
	TypeOptional:     {"optional_type", blob},
}

func (*Type) schema() *schema { return &typeSchema }

// set stores one field. The kinds exclude each other: the last one wins, and what another kind said is dropped.
func (t *Type) set(f field) error {
	if f.number == typeDenotation {
		return f.setString(&t.Denotation)
	}
	if kind := TypeKind(f.number); t.Kind != kind {
		*t = Type{Kind: kind, Denotation: t.Denotation}
	}
	m, err := f.message()
	if err != nil {
		return err
	}
	switch t.Kind {
	case TypeTensor, TypeSparseTensor:
		return decode(m, (*tensorType)(t))
	case TypeSequence, TypeOptional:
		return decode(m, (*elemType)(t))
	case TypeMap:
		return decode(m, (*mapType)(t))
	}
	return nil
}

func (t *Type) encode(e *encoder) {
	n := protowire.Number(t.Kind)
	switch t.Kind {
	case TypeTensor, TypeSparseTensor:
		e.message(n, (*tensorType)(t))
	case TypeSequence, TypeOptional:
		e.message(n, (*elemType)(t))
	case TypeMap:
		e.message(n, (*mapType)(t))
	case TypeOpaque:
		e.bytes(n, nil)
	}
	e.string(typeDenotation, t.Denotation)
}

// tensorType reads and writes the TypeProto.Tensor or TypeProto.SparseTensor that is part of a Type.
type tensorType Type

const (
	tensorTypeElemType = 1
	tensorTypeShape    = 2
)

var tensorTypeSchema = schema{
	tensorTypeElemType: {"elem_type", varint},
	tensorTypeShape:    {"shape", blob},
}

func (*tensorType) schema() *schema { return &tensorTypeSchema }

func (t *tensorType) set(f field) error {
	if f.number == tensorTypeElemType {
		return setInt32(f, &t.ElemType)
	}
	return mergeMessage(f, &t.Shape)
}

func (t *tensorType) encode(e *encoder) {
	e.int64(tensorTypeElemType, int64(t.ElemType))
	optional(e, tensorTypeShape, t.Shape)
}

// elemType reads and writes the TypeProto.Sequence or TypeProto.Optional that is part of a Type.
type elemType Type

const elemTypeElemType = 1

var elemTypeSchema = schema{
	elemTypeElemType: {"elem_type", blob},
}

func (*elemType) schema() *schema { return &elemTypeSchema }

func (t *elemType) set(f field) error {
	return mergeMessage(f, &t.Elem)
}

func (t *elemType) encode(e *encoder) {
	optional(e, elemTypeElemType, t.Elem)
}

// mapType reads and writes the TypeProto.Map that is part of a Type.
type mapType Type

const (
	mapTypeKeyType   = 1
	mapTypeValueType = 2
)

var mapTypeSchema = schema{
	mapTypeKeyType:   {"key_type", varint},
	mapTypeValueType: {"value_type", blob},
}

func (*mapType) schema() *schema { return &mapTypeSchema }

func (t *mapType) set(f field) error {
	if f.number == mapTypeKeyType {
		return setInt32(f, &t.KeyType)
	}
	return mergeMessage(f, &t.Elem)
}

func (t *mapType) encode(e *encoder) {
	e.int64(mapTypeKeyType, int64(t.KeyType))
	optional(e, mapTypeValueType, t.Elem)
}

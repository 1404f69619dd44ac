package onnx

import "strconv"

// AttributeType tells which field of an Attribute holds its value; the numbers are those of AttributeProto.AttributeType.
type AttributeType int32

// The attribute types of ONNX.
const (
	AttributeUndefined     AttributeType = 0
	AttributeFloat         AttributeType = 1
	AttributeInt           AttributeType = 2
	AttributeString        AttributeType = 3
	AttributeTensor        AttributeType = 4
	AttributeGraph         AttributeType = 5
	AttributeFloats        AttributeType = 6
	AttributeInts          AttributeType = 7
	AttributeStrings       AttributeType = 8
	AttributeTensors       AttributeType = 9
	AttributeGraphs        AttributeType = 10
	AttributeSparseTensor  AttributeType = 11
	AttributeSparseTensors AttributeType = 12
	AttributeTypeProto     AttributeType = 13
	AttributeTypeProtos    AttributeType = 14
)

var attributeTypeNames = [...]string{
	AttributeUndefined:     "UNDEFINED",
	AttributeFloat:         "FLOAT",
	AttributeInt:           "INT",
	AttributeString:        "STRING",
	AttributeTensor:        "TENSOR",
	AttributeGraph:         "GRAPH",
	AttributeFloats:        "FLOATS",
	AttributeInts:          "INTS",
	AttributeStrings:       "STRINGS",
	AttributeTensors:       "TENSORS",
	AttributeGraphs:        "GRAPHS",
	AttributeSparseTensor:  "SPARSE_TENSOR",
	AttributeSparseTensors: "SPARSE_TENSORS",
	AttributeTypeProto:     "TYPE_PROTO",
	AttributeTypeProtos:    "TYPE_PROTOS",
}

// String is the name in ONNX.
func (t AttributeType) String() string {
	if t >= 0 && int(t) < len(attributeTypeNames) {
		return attributeTypeNames[t]
	}
	return "AttributeType(" + strconv.Itoa(int(t)) + ")"
}

// Attribute is an AttributeProto: a named constant of a node. Only the field that Type names is set. A file of before
// October 2017 has no Type; it then follows from the field that is set.
type Attribute struct {
	Name          string
	RefAttrName   string // inside a function: the attribute of the calling node that gives the value
	Type          AttributeType
	F             float32
	I             int64
	S             []byte
	T             *Tensor
	G             *Graph
	SparseTensor  *SparseTensor
	TP            *Type
	Floats        []float32
	Ints          []int64
	Strings       [][]byte
	Tensors       []*Tensor
	Graphs        []*Graph
	SparseTensors []*SparseTensor
	TypeProtos    []*Type
}

const (
	attributeName          = 1
	attributeF             = 2
	attributeI             = 3
	attributeS             = 4
	attributeT             = 5
	attributeG             = 6
	attributeFloats        = 7
	attributeInts          = 8
	attributeStrings       = 9
	attributeTensors       = 10
	attributeGraphs        = 11
	attributeTP            = 14
	attributeTypeProtos    = 15
	attributeType          = 20
	attributeRefAttrName   = 21
	attributeSparseTensor  = 22
	attributeSparseTensors = 23
)

var attributeSchema = schema{
	attributeName:          {"name", blob},
	attributeF:             {"f", fixed32},
	attributeI:             {"i", varint},
	attributeS:             {"s", blob},
	attributeT:             {"t", blob},
	attributeG:             {"g", blob},
	attributeFloats:        {"floats", fixed32s},
	attributeInts:          {"ints", varints},
	attributeStrings:       {"strings", blobs},
	attributeTensors:       {"tensors", blobs},
	attributeGraphs:        {"graphs", blobs},
	attributeTP:            {"tp", blob},
	attributeTypeProtos:    {"type_protos", blobs},
	attributeType:          {"type", varint},
	attributeRefAttrName:   {"ref_attr_name", blob},
	attributeSparseTensor:  {"sparse_tensor", blob},
	attributeSparseTensors: {"sparse_tensors", blobs},
}

// attributeValueTypes gives the type that each field with a value stands for.
var attributeValueTypes = [...]AttributeType{
	attributeF:             AttributeFloat,
	attributeI:             AttributeInt,
	attributeS:             AttributeString,
	attributeT:             AttributeTensor,
	attributeG:             AttributeGraph,
	attributeFloats:        AttributeFloats,
	attributeInts:          AttributeInts,
	attributeStrings:       AttributeStrings,
	attributeTensors:       AttributeTensors,
	attributeGraphs:        AttributeGraphs,
	attributeTP:            AttributeTypeProto,
	attributeTypeProtos:    AttributeTypeProtos,
	attributeSparseTensor:  AttributeSparseTensor,
	attributeSparseTensors: AttributeSparseTensors,
}

func (*Attribute) schema() *schema { return &attributeSchema }

func (a *Attribute) set(f field) error {
	switch f.number {
	case attributeName:
		return f.setString(&a.Name)
	case attributeRefAttrName:
		return f.setString(&a.RefAttrName)
	case attributeType:
		var t AttributeType
		if err := setInt32(f, &t); err != nil {
			return err
		}
		return a.setType(f, t)
	}
	if err := a.setType(f, attributeValueTypes[f.number]); err != nil {
		return err
	}
	return a.setValue(f)
}

// setType stores the type that a field tells. The type field and the field with the value must agree, in whichever order
// they come.
func (a *Attribute) setType(f field, t AttributeType) error {
	if t == AttributeUndefined {
		return nil
	}
	if a.Type != AttributeUndefined && a.Type != t {
		return f.fail(malformed("the attribute has a value or type of %v and one of %v, want only one", a.Type, t))
	}
	a.Type = t
	return nil
}

func (a *Attribute) setValue(f field) error {
	switch f.number {
	case attributeF:
		return f.setFloat(&a.F)
	case attributeI:
		return f.setInt64(&a.I)
	case attributeS:
		return f.setBytes(&a.S)
	case attributeT:
		return mergeMessage(f, &a.T)
	case attributeG:
		return mergeMessage(f, &a.G)
	case attributeSparseTensor:
		return mergeMessage(f, &a.SparseTensor)
	case attributeTP:
		return mergeMessage(f, &a.TP)
	case attributeFloats:
		return f.appendFloats(&a.Floats)
	case attributeInts:
		return f.appendInt64s(&a.Ints)
	case attributeStrings:
		return f.appendBytes(&a.Strings)
	case attributeTensors:
		return appendMessage(f, &a.Tensors)
	case attributeGraphs:
		return appendMessage(f, &a.Graphs)
	case attributeSparseTensors:
		return appendMessage(f, &a.SparseTensors)
	case attributeTypeProtos:
		return appendMessage(f, &a.TypeProtos)
	}
	return nil
}

func (a *Attribute) encode(e *encoder) {
	e.string(attributeName, a.Name)
	if a.RefAttrName == "" {
		a.encodeValue(e)
		a.encodeList(e)
	}
	e.nonzero(attributeType, int64(a.Type))
	e.string(attributeRefAttrName, a.RefAttrName)
}

// encodeValue writes the value of a type that is no list, also if it is zero or empty.
func (a *Attribute) encodeValue(e *encoder) {
	switch a.Type {
	case AttributeFloat:
		e.float(attributeF, a.F)
	case AttributeInt:
		e.int64(attributeI, a.I)
	case AttributeString:
		e.bytes(attributeS, a.S)
	case AttributeTensor:
		optional(e, attributeT, a.T)
	case AttributeGraph:
		optional(e, attributeG, a.G)
	case AttributeSparseTensor:
		optional(e, attributeSparseTensor, a.SparseTensor)
	case AttributeTypeProto:
		optional(e, attributeTP, a.TP)
	}
}

// encodeList writes the value of a list type.
func (a *Attribute) encodeList(e *encoder) {
	switch a.Type {
	case AttributeFloats:
		e.floats(attributeFloats, a.Floats)
	case AttributeInts:
		e.int64s(attributeInts, a.Ints)
	case AttributeStrings:
		e.bytes(attributeStrings, a.Strings...)
	case AttributeTensors:
		messages(e, attributeTensors, a.Tensors)
	case AttributeGraphs:
		messages(e, attributeGraphs, a.Graphs)
	case AttributeSparseTensors:
		messages(e, attributeSparseTensors, a.SparseTensors)
	case AttributeTypeProtos:
		messages(e, attributeTypeProtos, a.TypeProtos)
	}
}

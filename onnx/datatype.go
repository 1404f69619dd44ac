package onnx

import "strconv"

// DataType is the type of the elements of a tensor; the numbers are those of TensorProto.DataType.
type DataType int32

// The data types of ONNX 1.22.
const (
	Undefined      DataType = 0
	Float          DataType = 1
	Uint8          DataType = 2
	Int8           DataType = 3
	Uint16         DataType = 4
	Int16          DataType = 5
	Int32          DataType = 6
	Int64          DataType = 7
	String         DataType = 8
	Bool           DataType = 9
	Float16        DataType = 10
	Double         DataType = 11
	Uint32         DataType = 12
	Uint64         DataType = 13
	Complex64      DataType = 14
	Complex128     DataType = 15
	BFloat16       DataType = 16
	Float8E4M3FN   DataType = 17
	Float8E4M3FNUZ DataType = 18
	Float8E5M2     DataType = 19
	Float8E5M2FNUZ DataType = 20
	Uint4          DataType = 21
	Int4           DataType = 22
	Float4E2M1     DataType = 23
	Float8E8M0     DataType = 24
	Uint2          DataType = 25
	Int2           DataType = 26
)

// dataTypes gives the ONNX name of each data type, the bits that one element takes in dense storage, and the typed field
// of TensorProto that may hold its elements.
var dataTypes = [...]struct {
	name string
	bits int
	data typedField
}{
	Undefined:      {"UNDEFINED", 0, noData},
	Float:          {"FLOAT", 32, floatData},
	Uint8:          {"UINT8", 8, int32Data},
	Int8:           {"INT8", 8, int32Data},
	Uint16:         {"UINT16", 16, int32Data},
	Int16:          {"INT16", 16, int32Data},
	Int32:          {"INT32", 32, int32Data},
	Int64:          {"INT64", 64, int64Data},
	String:         {"STRING", 0, stringData},
	Bool:           {"BOOL", 8, int32Data},
	Float16:        {"FLOAT16", 16, int32Data},
	Double:         {"DOUBLE", 64, doubleData},
	Uint32:         {"UINT32", 32, uint64Data},
	Uint64:         {"UINT64", 64, uint64Data},
	Complex64:      {"COMPLEX64", 64, floatData},
	Complex128:     {"COMPLEX128", 128, doubleData},
	BFloat16:       {"BFLOAT16", 16, int32Data},
	Float8E4M3FN:   {"FLOAT8E4M3FN", 8, int32Data},
	Float8E4M3FNUZ: {"FLOAT8E4M3FNUZ", 8, int32Data},
	Float8E5M2:     {"FLOAT8E5M2", 8, int32Data},
	Float8E5M2FNUZ: {"FLOAT8E5M2FNUZ", 8, int32Data},
	Uint4:          {"UINT4", 4, int32Data},
	Int4:           {"INT4", 4, int32Data},
	Float4E2M1:     {"FLOAT4E2M1", 4, int32Data},
	Float8E8M0:     {"FLOAT8E8M0", 8, int32Data},
	Uint2:          {"UINT2", 2, int32Data},
	Int2:           {"INT2", 2, int32Data},
}

// typedField is a field of TensorProto that holds elements of certain types.
type typedField uint8

const (
	noData typedField = iota
	floatData
	int32Data
	int64Data
	stringData
	doubleData
	uint64Data
)

// Valid tells whether t is a data type that this package knows, other than Undefined.
func (t DataType) Valid() bool {
	return t > Undefined && int(t) < len(dataTypes)
}

// String is the name in ONNX, such as FLOAT or FLOAT8E4M3FN.
func (t DataType) String() string {
	if t >= 0 && int(t) < len(dataTypes) {
		return dataTypes[t].name
	}
	return "DataType(" + strconv.Itoa(int(t)) + ")"
}

// Bits is what one element takes in dense storage: 4 or 2 for the packed types, 0 for String and unknown types.
func (t DataType) Bits() int {
	if !t.Valid() {
		return 0
	}
	return dataTypes[t].bits
}

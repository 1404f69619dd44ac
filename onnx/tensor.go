package onnx

import "google.golang.org/protobuf/encoding/protowire"

// Tensor is a TensorProto: a constant. Its elements are in RawData, in one of the typed fields, or in a file that
// External describes; [Tensor.Bytes], [Tensor.Strings] and [ExternalData.Bytes] give them in one form.
type Tensor struct {
	Name         string
	Dims         []int64 // empty for a scalar
	DataType     DataType
	DataLocation DataLocation
	RawData      []byte  // aliases the bytes given to Unmarshal; nil if the field is absent
	RawOffset    int64   // where RawData starts in the bytes given to Unmarshal; -1 if the field is absent
	Left         *Extent // where RawData is that UnmarshalFile left in the file, or nil
	FloatData    []float32
	Int32Data    []int32
	Int64Data    []int64
	StringData   [][]byte
	DoubleData   []float64
	Uint64Data   []uint64
	External     []StringEntry // keys location, offset, length, checksum
	Segment      *Segment
	DocString    string
}

// DataLocation tells where the elements of a tensor are.
type DataLocation int32

// The data locations of ONNX.
const (
	LocationDefault  DataLocation = 0 // in the message itself
	LocationExternal DataLocation = 1 // in a file
)

// Segment is a TensorProto.Segment: the tensor holds only elements Begin to End of a larger one. No exporter is known to
// write it; [Tensor.Bytes] refuses it.
type Segment struct {
	Begin, End int64
}

const (
	tensorDims         = 1
	tensorDataType     = 2
	tensorSegment      = 3
	tensorFloatData    = 4
	tensorInt32Data    = 5
	tensorStringData   = 6
	tensorInt64Data    = 7
	tensorName         = 8
	tensorRawData      = 9
	tensorDoubleData   = 10
	tensorUint64Data   = 11
	tensorDocString    = 12
	tensorExternal     = 13
	tensorDataLocation = 14
)

var tensorSchema = schema{
	tensorDims:         {"dims", varints},
	tensorDataType:     {"data_type", varint},
	tensorSegment:      {"segment", blob},
	tensorFloatData:    {"float_data", fixed32s},
	tensorInt32Data:    {"int32_data", varints},
	tensorStringData:   {"string_data", blobs},
	tensorInt64Data:    {"int64_data", varints},
	tensorName:         {"name", blob},
	tensorRawData:      {"raw_data", blob},
	tensorDoubleData:   {"double_data", fixed64s},
	tensorUint64Data:   {"uint64_data", varints},
	tensorDocString:    {"doc_string", blob},
	tensorExternal:     {"external_data", blobs},
	tensorDataLocation: {"data_location", varint},
}

func (*Tensor) schema() *schema { return &tensorSchema }

func (t *Tensor) begin() {
	if t.RawData == nil {
		t.RawOffset = -1
	}
}

func (t *Tensor) set(f field) error {
	switch f.number {
	case tensorDims:
		return f.appendInt64s(&t.Dims)
	case tensorDataType:
		return setInt32(f, &t.DataType)
	case tensorSegment:
		return mergeMessage(f, &t.Segment)
	case tensorName:
		return f.setString(&t.Name)
	case tensorDocString:
		return f.setString(&t.DocString)
	case tensorExternal:
		return appendValue(f, &t.External)
	case tensorDataLocation:
		return setInt32(f, &t.DataLocation)
	default:
		return t.setData(f)
	}
}

func (t *Tensor) setData(f field) error {
	switch f.number {
	case tensorFloatData:
		return f.appendFloats(&t.FloatData)
	case tensorInt32Data:
		return f.appendInt32s(&t.Int32Data)
	case tensorStringData:
		return f.appendBytes(&t.StringData)
	case tensorInt64Data:
		return f.appendInt64s(&t.Int64Data)
	case tensorRawData:
		t.RawData = f.b[:len(f.b):len(f.b)]
		t.RawOffset = int64(f.offset)
	case tensorDoubleData:
		return f.appendDoubles(&t.DoubleData)
	case tensorUint64Data:
		return f.appendUint64s(&t.Uint64Data)
	}
	return nil
}

func (t *Tensor) encode(e *encoder) {
	e.int64s(tensorDims, t.Dims)
	e.int64(tensorDataType, int64(t.DataType))
	optional(e, tensorSegment, t.Segment)
	packed(e, tensorFloatData, t.FloatData, appendFloat)
	packed(e, tensorInt32Data, t.Int32Data, appendInt32)
	e.bytes(tensorStringData, t.StringData...)
	packed(e, tensorInt64Data, t.Int64Data, appendInt64)
	e.string(tensorName, t.Name)
	if t.RawData != nil {
		e.bytes(tensorRawData, t.RawData)
	}
	packed(e, tensorDoubleData, t.DoubleData, appendDouble)
	packed(e, tensorUint64Data, t.Uint64Data, protowire.AppendVarint)
	e.string(tensorDocString, t.DocString)
	values(e, tensorExternal, t.External)
	e.nonzero(tensorDataLocation, int64(t.DataLocation))
}

const (
	segmentBegin = 1
	segmentEnd   = 2
)

var segmentSchema = schema{
	segmentBegin: {"begin", varint},
	segmentEnd:   {"end", varint},
}

func (*Segment) schema() *schema { return &segmentSchema }

func (s *Segment) set(f field) error {
	switch f.number {
	case segmentBegin:
		return f.setInt64(&s.Begin)
	case segmentEnd:
		return f.setInt64(&s.End)
	}
	return nil
}

func (s *Segment) encode(e *encoder) {
	e.int64(segmentBegin, s.Begin)
	e.int64(segmentEnd, s.End)
}

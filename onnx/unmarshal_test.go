package onnx

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestUnmarshalBytes reads a model that is spelled out byte by byte.
func TestUnmarshalBytes(t *testing.T) {
	b := []byte{
		0x08, 0x08, // ir_version: 8
		0x42, 0x02, 0x10, 0x0d, // opset_import { version: 13 }
		0x3a, 0x1f, // graph {
		0x0a, 0x0c, // node {
		0x0a, 0x01, 'x', 0x12, 0x01, 'y', // input: "x" output: "y"
		0x22, 0x04, 'R', 'e', 'l', 'u', // op_type: "Relu" }
		0x5a, 0x0c, 0x0a, 0x01, 'x', // input { name: "x"
		0x12, 0x07, 0x0a, 0x05, 0x08, 0x01, // type { tensor_type { elem_type: 1
		0x12, 0x01, 0x00, // the shape is cut short on purpose: a field number of 0
		0x62, 0x01, 0x00, // not reached
	}
	_, err := Unmarshal(b)
	var parse *ParseError
	require.ErrorAs(t, err, &parse)
	require.Equal(t, "graph.input[0].type.tensor_type.shape", parse.Path)
	require.Equal(t, 35, parse.Offset)
	require.ErrorIs(t, err, ErrMalformed)

	b = append(b[:22], 0x62, 0x03, 0x0a, 0x01, 'y') // output { name: "y" } in place of the input
	b[7] = 19
	m, err := Unmarshal(b)
	require.NoError(t, err)
	require.Equal(t, &Model{
		IRVersion:    8,
		OpsetImports: []OperatorSetID{{Version: 13}},
		Graph: &Graph{
			Nodes:   []*Node{{OpType: "Relu", Inputs: []string{"x"}, Outputs: []string{"y"}}},
			Outputs: []*ValueInfo{{Name: "y"}},
		},
	}, m)
}

func TestUnmarshalArchitectures(t *testing.T) {
	for name, b := range architectures(t) {
		m, err := Unmarshal(b)
		require.NoError(t, err, name)
		require.NotEmpty(t, m.Graph.Nodes, name)
		for _, tensor := range m.Graph.Initializers {
			_, err := tensor.Bytes()
			require.NoError(t, err, name)
			if tensor.RawData != nil {
				at := tensor.RawOffset
				require.Equal(t, b[at:at+int64(len(tensor.RawData))], tensor.RawData, name)
			}
		}
	}
}

// TestPrefixes cuts models after every byte: what is left is an error, or a model with less in it.
func TestPrefixes(t *testing.T) {
	models := map[string][]byte{"small": Marshal(smallModel())}
	for name, b := range architectures(t) {
		if len(b) < 10_000 {
			models[name] = b
		}
	}
	for name, b := range models {
		_, err := Unmarshal(b)
		require.NoError(t, err, name)
		for n := range b {
			m, err := Unmarshal(b[:n])
			if err == nil {
				require.NotNil(t, m.Graph, "%s cut to %d bytes", name, n)
				continue
			}
			var parse *ParseError
			require.ErrorAs(t, err, &parse, "%s cut to %d bytes", name, n)
			require.LessOrEqual(t, parse.Offset, n)
			require.ErrorIs(t, err, ErrMalformed)
		}
	}
}

func TestAliasing(t *testing.T) {
	b := wire{}.string(tensorName, "w").bytes(tensorRawData, []byte{1, 2, 3, 4}).varint(tensorDataType, 1)
	tensor, err := UnmarshalTensor(b)
	require.NoError(t, err)
	require.Equal(t, int64(5), tensor.RawOffset)
	require.Same(t, &b[5], &tensor.RawData[0], "raw_data must alias the input")
	require.Equal(t, 4, cap(tensor.RawData), "appending must not overwrite the input")
	b[2] = 'v'
	require.Equal(t, "w", tensor.Name, "names must be copied")

	tensor, err = UnmarshalTensor(nil)
	require.NoError(t, err)
	require.Equal(t, int64(-1), tensor.RawOffset)
}

func TestProtobufRules(t *testing.T) {
	graph := func(b wire) []byte { return wire{}.bytes(modelGraph, b) }
	tests := []struct {
		name string
		b    []byte
		want *Model
	}{
		{"the last scalar wins",
			append(wire{}.varint(modelIRVersion, 3).varint(modelIRVersion, 4).string(modelDomain, "a").string(modelDomain, "b"),
				graph(nil)...),
			&Model{IRVersion: 4, Domain: "b", Graph: &Graph{}}},
		{"a message given twice is merged",
			append(graph(wire{}.string(graphName, "a").bytes(graphNode, wire{}.string(nodeName, "n1"))),
				graph(wire{}.string(graphName, "b").bytes(graphNode, wire{}.string(nodeName, "n2")))...),
			&Model{Graph: &Graph{Name: "b", Nodes: []*Node{{Name: "n1"}, {Name: "n2"}}}}},
		{"unknown fields of every wire type are skipped",
			append(wire{}.varint(100, -1).fixed32(101, 1).string(102, "x").string(modelTrainingInfo, "\xff\xff"), graph(wire{}.varint(3, 1))...),
			&Model{Graph: &Graph{}}},
		{"a 64-bit unknown field is skipped",
			append([]byte{0xa9, 0x06, 1, 2, 3, 4, 5, 6, 7, 8}, graph(nil)...),
			&Model{Graph: &Graph{}}},
		{"negative integers take ten bytes",
			append(wire{}.varint(modelIRVersion, math.MinInt64), graph(nil)...),
			&Model{IRVersion: math.MinInt64, Graph: &Graph{}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Unmarshal(test.b)
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
}

// modelTrainingInfo is a field of ModelProto that is not read.
const modelTrainingInfo = 20

func TestPackedAndUnpacked(t *testing.T) {
	tests := []struct {
		name string
		b    wire
		want Tensor
	}{
		{"dims unpacked", wire{}.varint(tensorDims, 2).varint(tensorDims, 300), Tensor{Dims: []int64{2, 300}}},
		{"dims packed", wire{}.bytes(tensorDims, []byte{2, 0xac, 0x02}), Tensor{Dims: []int64{2, 300}}},
		{"dims both", wire{}.varint(tensorDims, 1).bytes(tensorDims, []byte{2, 3}).varint(tensorDims, 4),
			Tensor{Dims: []int64{1, 2, 3, 4}}},
		{"packed but empty", wire{}.bytes(tensorDims, nil).bytes(tensorFloatData, nil), Tensor{}},
		{"float unpacked", wire{}.fixed32(tensorFloatData, 1).fixed32(tensorFloatData, 2), Tensor{FloatData: []float32{1, 2}}},
		{"float packed", wire{}.bytes(tensorFloatData, []byte{0, 0, 128, 63, 0, 0, 0, 64}), Tensor{FloatData: []float32{1, 2}}},
		{"double packed", wire{}.bytes(tensorDoubleData, []byte{0, 0, 0, 0, 0, 0, 240, 63}), Tensor{DoubleData: []float64{1}}},
		{"double unpacked", append(wire{}, 0x51, 0, 0, 0, 0, 0, 0, 240, 63), Tensor{DoubleData: []float64{1}}},
		{"int32 sign-extended", wire{}.varint(tensorInt32Data, -1), Tensor{Int32Data: []int32{-1}}},
		{"int32 of five bytes", wire{}.bytes(tensorInt32Data, []byte{0xff, 0xff, 0xff, 0xff, 0x0f}), Tensor{Int32Data: []int32{-1}}},
		{"uint64", wire{}.varint(tensorUint64Data, -1), Tensor{Uint64Data: []uint64{math.MaxUint64}}},
		{"int64", wire{}.bytes(tensorInt64Data, []byte{5, 6}), Tensor{Int64Data: []int64{5, 6}}},
		{"segment", wire{}.bytes(tensorSegment, wire{}.varint(segmentBegin, 1).varint(segmentEnd, 2)), Tensor{Segment: &Segment{1, 2}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := UnmarshalTensor(test.b)
			require.NoError(t, err)
			test.want.RawOffset = -1
			require.Equal(t, &test.want, got)
		})
	}
}

func TestAttributeType(t *testing.T) {
	attribute := func(b wire) (*Attribute, error) {
		m, err := Unmarshal(wire{}.bytes(modelGraph, wire{}.bytes(graphNode, wire{}.bytes(nodeAttribute, b))))
		if err != nil {
			return nil, err
		}
		return m.Graph.Nodes[0].Attributes[0], nil
	}
	valid := []struct {
		name string
		b    wire
		want AttributeType
	}{
		{"float", wire{}.fixed32(attributeF, 1), AttributeFloat},
		{"int of 0", wire{}.varint(attributeI, 0), AttributeInt},
		{"empty string", wire{}.string(attributeS, ""), AttributeString},
		{"tensor", wire{}.bytes(attributeT, nil), AttributeTensor},
		{"graph", wire{}.bytes(attributeG, nil), AttributeGraph},
		{"sparse tensor", wire{}.bytes(attributeSparseTensor, nil), AttributeSparseTensor},
		{"type", wire{}.bytes(attributeTP, nil), AttributeTypeProto},
		{"floats", wire{}.fixed32(attributeFloats, 1), AttributeFloats},
		{"ints", wire{}.varint(attributeInts, 1), AttributeInts},
		{"strings", wire{}.string(attributeStrings, "x"), AttributeStrings},
		{"tensors", wire{}.bytes(attributeTensors, nil), AttributeTensors},
		{"graphs", wire{}.bytes(attributeGraphs, nil), AttributeGraphs},
		{"sparse tensors", wire{}.bytes(attributeSparseTensors, nil), AttributeSparseTensors},
		{"types", wire{}.bytes(attributeTypeProtos, nil), AttributeTypeProtos},
		{"type without value", wire{}.varint(attributeType, 7), AttributeInts},
		{"type first", wire{}.varint(attributeType, 2).varint(attributeI, 5), AttributeInt},
		{"type last", wire{}.varint(attributeI, 5).varint(attributeType, 2), AttributeInt},
		{"type 0 is none", wire{}.varint(attributeI, 5).varint(attributeType, 0), AttributeInt},
		{"nothing", wire{}.string(attributeName, "a"), AttributeUndefined},
	}
	for _, test := range valid {
		t.Run(test.name, func(t *testing.T) {
			a, err := attribute(test.b)
			require.NoError(t, err)
			require.Equal(t, test.want, a.Type)
		})
	}
	invalid := map[string]wire{
		"type and value disagree": wire{}.varint(attributeType, 1).varint(attributeI, 5),
		"value and type disagree": wire{}.varint(attributeI, 5).varint(attributeType, 7),
		"two values":              wire{}.varint(attributeI, 5).fixed32(attributeF, 1),
	}
	for name, b := range invalid {
		t.Run(name, func(t *testing.T) {
			_, err := attribute(b)
			require.ErrorIs(t, err, ErrMalformed)
			require.ErrorContains(t, err, "graph.node[0].attribute[0].")
			require.ErrorContains(t, err, "want only one")
		})
	}
}

func TestTypeLastKindWins(t *testing.T) {
	tensor := wire{}.bytes(1, wire{}.varint(tensorTypeElemType, 1).bytes(tensorTypeShape, nil))
	sequence := wire{}.bytes(4, wire{}.bytes(elemTypeElemType, tensor))
	elem := &Type{Kind: TypeTensor, ElemType: Float, Shape: &Shape{}}

	got, err := UnmarshalType(append(tensor, sequence...))
	require.NoError(t, err)
	require.Equal(t, &Type{Kind: TypeSequence, Elem: elem}, got)

	got, err = UnmarshalType(append(sequence, tensor...))
	require.NoError(t, err)
	require.Equal(t, elem, got)

	mapType := wire{}.bytes(5, wire{}.varint(mapTypeKeyType, 7).bytes(mapTypeValueType, tensor))
	got, err = UnmarshalType(mapType)
	require.NoError(t, err)
	require.Equal(t, &Type{Kind: TypeMap, KeyType: Int64, Elem: elem}, got)
}

func TestMalformed(t *testing.T) {
	deep := wire{}
	for range MaxDepth {
		deep = wire{}.bytes(4, wire{}.bytes(elemTypeElemType, deep))
	}
	inGraph := func(b []byte) []byte { return wire{}.varint(modelIRVersion, 8).bytes(modelGraph, b) }
	tests := []struct {
		name   string
		b      []byte
		kind   error
		path   string
		offset int
		text   string
	}{
		{"no graph", wire{}.varint(modelIRVersion, 8), ErrMalformed, "", 0, "the model has no graph"},
		{"tag cut off", inGraph([]byte{0x8a}), ErrMalformed, "graph", 4, "the bytes end inside a field tag"},
		{"tag too long", inGraph([]byte{255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1}), ErrMalformed, "graph", 4,
			"invalid field tag: variable length integer overflow"},
		{"field number 0", inGraph([]byte{0x02, 0}), ErrMalformed, "graph", 4, "invalid field tag"},
		{"field number too large", inGraph([]byte{0x80, 0x80, 0x80, 0x80, 0x10, 1}), ErrMalformed, "graph", 4, "want at most 536870911"},
		{"varint cut off", inGraph([]byte{0x18, 0x80}), ErrMalformed, "graph", 4, "the bytes end inside a varint"},
		{"length cut off", inGraph([]byte{0x12, 0x80}), ErrMalformed, "graph.name", 4, "the bytes end inside a length-delimited value"},
		{"length past the end", inGraph([]byte{0x12, 0x05, 'a', 'b'}), ErrMalformed, "graph.name", 4,
			"length is 5, but only 2 bytes are left"},
		{"length of 2^63", inGraph([]byte{0x12, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01}), ErrMalformed, "graph.name", 4,
			"length is 9223372036854775808, but only 0 bytes are left"},
		{"group", inGraph([]byte{0x0b, 0x0c}), ErrMalformed, "graph.node[0]", 4, "group (wire type 3)"},
		{"end of group", inGraph([]byte{0x1c}), ErrMalformed, "graph", 4, "group (wire type 4)"},
		{"wire type 6", inGraph([]byte{0x1e}), ErrMalformed, "graph", 4, "wire type 6"},
		{"number instead of string", inGraph(wire{}.varint(graphName, 1)), ErrMalformed, "graph.name", 6,
			"found a varint, want a length-delimited value"},
		{"string instead of number", wire{}.string(modelIRVersion, "8"), ErrMalformed, "ir_version", 2,
			"found a length-delimited value, want a varint"},
		{"second node", inGraph(wire{}.bytes(graphNode, nil).bytes(graphNode, wire{}.string(nodeName, "n").varint(nodeInput, 1))),
			ErrMalformed, "graph.node[1].input[0]", 13, "found a varint"},
		{"data_type of 33 bits", inGraph(wire{}.bytes(graphInitializer, wire{}.varint(tensorDataType, 1<<32+1))), ErrMalformed,
			"graph.initializer[0].data_type", 12, "value 4294967297 does not fit in 32 bits"},
		{"packed floats of 3 bytes", inGraph(wire{}.bytes(graphInitializer, wire{}.string(tensorFloatData, "abc"))), ErrMalformed,
			"graph.initializer[0].float_data", 8, "take 3 bytes, want a multiple of 4"},
		{"packed doubles of 9 bytes", inGraph(wire{}.bytes(graphInitializer, wire{}.string(tensorDoubleData, "123456789"))), ErrMalformed,
			"graph.initializer[0].double_data", 8, "take 9 bytes, want a multiple of 8"},
		{"packed varint cut off", inGraph(wire{}.bytes(graphInitializer, wire{}.bytes(tensorDims, []byte{1, 0x80}))), ErrMalformed,
			"graph.initializer[0].dims", 9, "the bytes end inside a varint"},
		{"packed int32 too large", inGraph(wire{}.bytes(graphInitializer,
			wire{}.bytes(tensorInt32Data, []byte{1, 0xff, 0xff, 0xff, 0xff, 0x7f}))), ErrMalformed,
			"graph.initializer[0].int32_data", 9, "does not fit in 32 bits"},
		{"too deep", inGraph(wire{}.bytes(graphInput, wire{}.bytes(valueInfoType, deep))), ErrLimit, "graph.input[0].type" +
			strings.Repeat(".sequence_type.elem_type", (MaxDepth-4)/2) + ".sequence_type", 0, "messages nest deeper than 100"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Unmarshal(test.b)
			var parse *ParseError
			require.ErrorAs(t, err, &parse)
			require.ErrorIs(t, err, test.kind)
			require.Equal(t, test.path, parse.Path)
			if test.offset != 0 {
				require.Equal(t, test.offset, parse.Offset)
			}
			require.ErrorContains(t, err, test.text)
		})
	}
}

func TestNodeLimit(t *testing.T) {
	node := wire{}.bytes(graphNode, wire{}.string(99, strings.Repeat("x", 100)))
	half := wire{}.repeat(MaxNodes/2, node)
	m, err := Unmarshal(wire{}.bytes(modelGraph, half).bytes(modelFunctions, wire{}.bytes(functionNode, nil)))
	require.NoError(t, err)
	require.Len(t, m.Graph.Nodes, MaxNodes/2)

	_, err = Unmarshal(wire{}.bytes(modelGraph, half).bytes(modelGraph, half).bytes(modelFunctions, wire{}.bytes(functionNode, nil)))
	require.ErrorIs(t, err, ErrLimit)
	require.ErrorContains(t, err, "functions[0].node[0]")
	require.ErrorContains(t, err, "more than 1000000 nodes")
}

func TestNotONNX(t *testing.T) {
	tests := map[string]string{
		"":                      "empty: the file has 0 bytes",
		"<!DOCTYPE html><html>": "a web page (HTML)",
		"\n  <HTML><body>":      "a web page (HTML)",
		"version https://git-lfs.github.com/spec/v1": "a git-lfs pointer",
		"PK\x03\x04data.pkl":                         "a zip archive",
		"\x1f\x8b\x08\x00":                           "gzip data",
		"\x80\x02}q\x00":                             "a Python pickle",
		"\x89HDF\r\n\x1a\n":                          "an HDF5 file",
		"\x1c\x00\x00\x00TFL3\x00":                   "a TensorFlow Lite model",
		"\x1c\x00\x00\x00ORTM\x00":                   "a model in onnxruntime's own ORT format",
		"{\"model\": 1}":                             "JSON text",
		"<?xml version=\"1.0\"?>":                    "XML text",
		"<ir_version: 8>":                            "ONNX's text form",
		"ir_version: 8\ngraph {":                     "protobuf's text form",
		"404: Not Found, try again":                  `text that starts with "404: Not Found`,
		"\xef\xbb\xbf<html>":                         "a web page (HTML)",
	}
	for b, want := range tests {
		t.Run(want, func(t *testing.T) {
			_, err := Unmarshal([]byte(b))
			require.ErrorIs(t, err, ErrMalformed)
			require.ErrorContains(t, err, "not an ONNX protobuf: it is "+want)
		})
	}
}

func TestSequenceAndOptional(t *testing.T) {
	tensor := wire{}.varint(tensorDataType, 1)
	s, err := UnmarshalSequence(wire{}.string(sequenceName, "s").varint(sequenceElemType, 1).
		bytes(sequenceTensors, tensor).bytes(sequenceTensors, tensor))
	require.NoError(t, err)
	want := &Tensor{DataType: Float, RawOffset: -1}
	require.Equal(t, &Sequence{Name: "s", ElemType: ElemTensor, Tensors: []*Tensor{want, want}}, s)

	o, err := UnmarshalOptional(wire{}.bytes(optionalSequence, wire{}.varint(sequenceElemType, 4).
		bytes(sequenceMaps, wire{}.varint(mapKeyType, 8).string(mapStringKeys, "k"))))
	require.NoError(t, err)
	require.Equal(t, &Optional{ElemType: ElemSequence, Sequence: &Sequence{
		ElemType: ElemMap, Maps: []*Map{{KeyType: String, StringKeys: [][]byte{[]byte("k")}}},
	}}, o)

	_, err = UnmarshalSequence(wire{}.varint(sequenceElemType, 3).bytes(sequenceTensors, tensor))
	require.ErrorContains(t, err, "found elements of SEQUENCE and of TENSOR, want only one kind")
	_, err = UnmarshalOptional(wire{}.bytes(optionalTensor, nil).bytes(optionalMap, nil))
	require.ErrorContains(t, err, "found elements of TENSOR and of MAP, want only one kind")
}

func TestErrorText(t *testing.T) {
	inner := malformed("found 1, want 2")
	require.Equal(t, "onnx: byte 7: found 1, want 2", (&ParseError{Offset: 7, Err: inner}).Error())
	require.Equal(t, "onnx: graph.name (byte 7): found 1, want 2", (&ParseError{7, "graph.name", inner}).Error())
	long := &TensorError{strings.Repeat("n", 300), inner}
	require.Equal(t, `onnx: tensor "`+strings.Repeat("n", 256)+`"... (300 bytes): found 1, want 2`, long.Error())
	require.True(t, errors.Is(long, ErrMalformed))
	require.Equal(t, "FLOAT8E8M0", Float8E8M0.String())
	require.Equal(t, "DataType(27)", DataType(27).String())
	require.Equal(t, "DataType(-1)", DataType(-1).String())
	require.Equal(t, "SPARSE_TENSORS", AttributeSparseTensors.String())
	require.Equal(t, "AttributeType(15)", AttributeType(15).String())
	require.Equal(t, "OPTIONAL", ElemOptional.String())
	require.Equal(t, "DataType(6)", ElemKind(6).String())
	require.Equal(t, "sparse tensor", TypeSparseTensor.String())
	require.Equal(t, []string{"3", "n", "?"}, []string{
		Dimension{Kind: DimValue, Value: 3}.String(), Dimension{Kind: DimParam, Param: "n"}.String(), Dimension{}.String(),
	})
}

package onnx

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"
)

// wire builds a message by hand, one field per call.
type wire []byte

func (w wire) varint(n protowire.Number, v int64) wire {
	return protowire.AppendVarint(protowire.AppendTag(w, n, protowire.VarintType), uint64(v))
}

func (w wire) fixed32(n protowire.Number, v float32) wire {
	return protowire.AppendFixed32(protowire.AppendTag(w, n, protowire.Fixed32Type), math.Float32bits(v))
}

func (w wire) bytes(n protowire.Number, b []byte) wire {
	return protowire.AppendBytes(protowire.AppendTag(w, n, protowire.BytesType), b)
}

func (w wire) string(n protowire.Number, s string) wire { return w.bytes(n, []byte(s)) }

// repeat appends the same bytes n times.
func (w wire) repeat(n int, b []byte) wire {
	w = append(make(wire, 0, len(w)+n*len(b)), w...)
	for range n {
		w = append(w, b...)
	}
	return w
}

// smallModel uses every message and nearly every field.
func smallModel() *Model {
	weights := &Tensor{
		Name: "W", Dims: []int64{2, 1}, DataType: Float, RawData: []byte{0, 0, 128, 63, 0, 0, 0, 64}, DocString: "weights",
	}
	sparse := &SparseTensor{
		Values:  &Tensor{Name: "S", Dims: []int64{1}, DataType: Double, DoubleData: []float64{0.5}, RawOffset: -1},
		Indices: &Tensor{Dims: []int64{1}, DataType: Int64, Int64Data: []int64{2}, RawOffset: -1},
		Dims:    []int64{3},
	}
	body := &Graph{
		Name:    "body",
		Nodes:   []*Node{{OpType: "Identity", Inputs: []string{"x"}, Outputs: []string{"y"}}},
		Outputs: []*ValueInfo{{Name: "y"}},
	}
	conv := &Node{
		Name: "conv1", OpType: "Conv", Inputs: []string{"x", "W", ""}, Outputs: []string{"y"}, DocString: "doc",
		Attributes: []*Attribute{
			{Name: "f", Type: AttributeFloat, F: 0.25},
			{Name: "i", Type: AttributeInt, I: -1},
			{Name: "s", Type: AttributeString, S: []byte("SAME_UPPER")},
			{Name: "t", Type: AttributeTensor, T: &Tensor{DataType: Int32, Int32Data: []int32{-3}, RawOffset: -1}},
			{Name: "g", Type: AttributeGraph, G: body},
			{Name: "sp", Type: AttributeSparseTensor, SparseTensor: sparse},
			{Name: "tp", Type: AttributeTypeProto, TP: &Type{Kind: TypeOpaque}},
			{Name: "fs", Type: AttributeFloats, Floats: []float32{1, -2}},
			{Name: "is", Type: AttributeInts, Ints: []int64{3, 3}},
			{Name: "ss", Type: AttributeStrings, Strings: [][]byte{[]byte("a"), {}}},
			{Name: "ref", Type: AttributeInt, RefAttrName: "outer"},
		},
	}
	return &Model{
		IRVersion: 8, ProducerName: "test", ProducerVersion: "1", Domain: "d", ModelVersion: 2, DocString: "doc",
		OpsetImports: []OperatorSetID{{Version: 17}, {Domain: "local", Version: 1}},
		Metadata:     []StringEntry{{Key: "k", Value: "v"}},
		Graph: &Graph{
			Name: "g", Nodes: []*Node{conv}, Initializers: []*Tensor{weights}, SparseInitializers: []*SparseTensor{sparse},
			Inputs: []*ValueInfo{{Name: "x", Type: &Type{Kind: TypeTensor, ElemType: Float, Shape: &Shape{Dims: []Dimension{
				{Kind: DimParam, Param: "batch", Denotation: "DATA_BATCH"}, {Kind: DimValue, Value: 3}, {},
			}}}}},
			Outputs: []*ValueInfo{{Name: "y", Type: &Type{Kind: TypeOptional, Elem: &Type{Kind: TypeTensor, ElemType: Float}}}},
		},
		Functions: []*Function{{
			Name: "F", Domain: "local", Inputs: []string{"a"}, Outputs: []string{"b"}, Attributes: []string{"outer"},
			Nodes:        []*Node{{OpType: "Relu", Inputs: []string{"a"}, Outputs: []string{"b"}}},
			OpsetImports: []OperatorSetID{{Version: 17}},
		}},
	}
}

// architectures are the models of the repository; none in a copy of this package alone.
func architectures(t testing.TB) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob("../testdata/architectures/*.onnx")
	require.NoError(t, err)
	models := make(map[string][]byte)
	for _, path := range paths {
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		models[filepath.Base(path)] = b
	}
	return models
}

package onnx

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// sameModel compares what was written with what was read: nil and empty slices are written alike, NaN equals itself, and
// RawOffset is the reader's.
var sameModel = cmp.Options{cmpopts.EquateEmpty(), cmpopts.EquateNaNs(), cmpopts.IgnoreFields(Tensor{}, "RawOffset")}

func TestRoundTripSmall(t *testing.T) {
	want := smallModel()
	b := Marshal(want)
	got, err := Unmarshal(b)
	require.NoError(t, err)
	w := got.Graph.Initializers[0]
	require.Equal(t, w.RawData, b[w.RawOffset:w.RawOffset+int64(len(w.RawData))])
	want.Graph.Initializers[0].RawOffset = w.RawOffset
	require.Equal(t, want, got)
	require.Equal(t, b, Marshal(got))
}

func TestRoundTripArchitectures(t *testing.T) {
	for name, b := range architectures(t) {
		want, err := Unmarshal(b)
		require.NoError(t, err, name)
		written := Marshal(want)
		got, err := Unmarshal(written)
		require.NoError(t, err, name)
		require.True(t, bytes.Equal(written, Marshal(got)), name)
		require.Equal(t, len(want.Graph.Nodes), len(got.Graph.Nodes), name)
	}
}

func TestRoundTripRandom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkRoundTrip(t, randomModel(t), Marshal, Unmarshal)
		checkRoundTrip(t, randomTensor(t), MarshalTensor, UnmarshalTensor)
		checkRoundTrip(t, randomSparse(t), MarshalSparseTensor, UnmarshalSparseTensor)
		checkRoundTrip(t, randomType(t, 3), MarshalType, UnmarshalType)
		checkRoundTrip(t, randomSequence(t, 3), MarshalSequence, UnmarshalSequence)
		checkRoundTrip(t, randomOptional(t, 3), MarshalOptional, UnmarshalOptional)
		checkRoundTrip(t, randomMap(t, 3), MarshalMap, UnmarshalMap)
	})
}

func checkRoundTrip[T any](t *rapid.T, want *T, marshal func(*T) []byte, unmarshal func([]byte) (*T, error)) {
	b := marshal(want)
	got, err := unmarshal(b)
	if err != nil {
		t.Fatalf("reading what was written: %v", err)
	}
	if diff := cmp.Diff(want, got, sameModel); diff != "" {
		t.Fatalf("want -, got +:\n%s", diff)
	}
	if again := marshal(got); string(again) != string(b) {
		t.Fatalf("written again: got %x, want %x", again, b)
	}
}

var (
	text   = rapid.StringN(0, 4, -1)
	blobOf = rapid.SliceOfN(rapid.Byte(), 0, 5)
)

// list draws up to three elements.
func list[T any](t *rapid.T, draw func(*rapid.T) T) []T {
	l := make([]T, rapid.IntRange(0, 3).Draw(t, "length"))
	for i := range l {
		l[i] = draw(t)
	}
	return l
}

func slice[T any](t *rapid.T, elem *rapid.Generator[T]) []T {
	return rapid.SliceOfN(elem, 0, 4).Draw(t, "slice")
}

// maybe draws nil half of the time.
func maybe[T any](t *rapid.T, draw func(*rapid.T) *T) *T {
	if rapid.Bool().Draw(t, "absent") {
		return nil
	}
	return draw(t)
}

func draw[T any](t *rapid.T, g *rapid.Generator[T]) T { return g.Draw(t, "value") }

func randomModel(t *rapid.T) *Model {
	return &Model{
		IRVersion: draw(t, rapid.Int64()), ProducerName: draw(t, text), ProducerVersion: draw(t, text), Domain: draw(t, text),
		ModelVersion: draw(t, rapid.Int64()), DocString: draw(t, text), Graph: randomGraph(t, 2),
		OpsetImports: list(t, randomOpset), Metadata: list(t, randomEntry), Functions: list(t, randomFunction),
	}
}

func randomOpset(t *rapid.T) OperatorSetID {
	return OperatorSetID{Domain: draw(t, text), Version: draw(t, rapid.Int64())}
}

func randomEntry(t *rapid.T) StringEntry {
	return StringEntry{Key: draw(t, text), Value: draw(t, text)}
}

func randomFunction(t *rapid.T) *Function {
	return &Function{
		Name: draw(t, text), Domain: draw(t, text), Overload: draw(t, text), DocString: draw(t, text),
		Inputs: slice(t, text), Outputs: slice(t, text), Attributes: slice(t, text),
		AttributeDefaults: list(t, func(t *rapid.T) *Attribute { return randomAttribute(t, 1) }),
		Nodes:             list(t, func(t *rapid.T) *Node { return randomNode(t, 1) }),
		OpsetImports:      list(t, randomOpset),
		ValueInfo:         list(t, randomValueInfo),
	}
}

func randomGraph(t *rapid.T, depth int) *Graph {
	return &Graph{
		Name: draw(t, text), DocString: draw(t, text), Metadata: list(t, randomEntry),
		Nodes:        list(t, func(t *rapid.T) *Node { return randomNode(t, depth-1) }),
		Initializers: list(t, randomTensor), SparseInitializers: list(t, randomSparse),
		Inputs: list(t, randomValueInfo), Outputs: list(t, randomValueInfo), ValueInfo: list(t, randomValueInfo),
	}
}

func randomNode(t *rapid.T, depth int) *Node {
	return &Node{
		Name: draw(t, text), OpType: draw(t, text), Domain: draw(t, text), Overload: draw(t, text), DocString: draw(t, text),
		Inputs: slice(t, text), Outputs: slice(t, text),
		Attributes: list(t, func(t *rapid.T) *Attribute { return randomAttribute(t, depth) }),
	}
}

func randomAttribute(t *rapid.T, depth int) *Attribute {
	a := &Attribute{Name: draw(t, text), Type: AttributeType(draw(t, rapid.IntRange(0, 14)))}
	if a.Type == AttributeInts && draw(t, rapid.Bool()) {
		a.RefAttrName = "outer"
		return a
	}
	switch a.Type {
	case AttributeFloat:
		a.F = draw(t, rapid.Float32())
	case AttributeInt:
		a.I = draw(t, rapid.Int64())
	case AttributeString:
		a.S = draw(t, blobOf)
	case AttributeTensor:
		a.T = randomTensor(t)
	case AttributeGraph:
		a.G = maybe(t, func(t *rapid.T) *Graph { return randomGraph(t, depth-1) })
	case AttributeSparseTensor:
		a.SparseTensor = randomSparse(t)
	case AttributeTypeProto:
		a.TP = randomType(t, 2)
	case AttributeFloats:
		a.Floats = slice(t, rapid.Float32())
	case AttributeInts:
		a.Ints = slice(t, rapid.Int64())
	case AttributeStrings:
		a.Strings = slice(t, blobOf)
	case AttributeTensors:
		a.Tensors = list(t, randomTensor)
	case AttributeGraphs:
		if depth > 0 {
			a.Graphs = list(t, func(t *rapid.T) *Graph { return randomGraph(t, depth-1) })
		}
	case AttributeSparseTensors:
		a.SparseTensors = list(t, randomSparse)
	case AttributeTypeProtos:
		a.TypeProtos = list(t, func(t *rapid.T) *Type { return randomType(t, 2) })
	}
	return a
}

func randomTensor(t *rapid.T) *Tensor {
	x := &Tensor{
		Name: draw(t, text), Dims: slice(t, rapid.Int64()), DataType: DataType(draw(t, rapid.Int32())), DocString: draw(t, text),
		DataLocation: DataLocation(draw(t, rapid.Int32Range(0, 1))), External: list(t, randomEntry),
	}
	if draw(t, rapid.Bool()) {
		x.RawData = draw(t, blobOf)
		return x
	}
	x.FloatData, x.DoubleData = slice(t, rapid.Float32()), slice(t, rapid.Float64())
	x.Int32Data, x.Int64Data, x.Uint64Data = slice(t, rapid.Int32()), slice(t, rapid.Int64()), slice(t, rapid.Uint64())
	x.StringData = slice(t, blobOf)
	x.Segment = maybe(t, func(t *rapid.T) *Segment { return &Segment{draw(t, rapid.Int64()), draw(t, rapid.Int64())} })
	return x
}

func randomSparse(t *rapid.T) *SparseTensor {
	return &SparseTensor{Values: maybe(t, randomTensor), Indices: maybe(t, randomTensor), Dims: slice(t, rapid.Int64())}
}

func randomValueInfo(t *rapid.T) *ValueInfo {
	return &ValueInfo{
		Name: draw(t, text), DocString: draw(t, text),
		Type: maybe(t, func(t *rapid.T) *Type { return randomType(t, 2) }),
	}
}

func randomType(t *rapid.T, depth int) *Type {
	x := &Type{Denotation: draw(t, text)}
	x.Kind = draw(t, rapid.SampledFrom([]TypeKind{
		TypeUndefined, TypeTensor, TypeSequence, TypeMap, TypeOpaque, TypeSparseTensor, TypeOptional,
	}))
	elem := func(t *rapid.T) *Type { return randomType(t, depth-1) }
	switch x.Kind {
	case TypeTensor, TypeSparseTensor:
		x.ElemType = DataType(draw(t, rapid.Int32()))
		x.Shape = maybe(t, func(t *rapid.T) *Shape { return &Shape{Dims: list(t, randomDimension)} })
	case TypeMap:
		x.KeyType = DataType(draw(t, rapid.Int32()))
		fallthrough
	case TypeSequence, TypeOptional:
		if depth > 0 {
			x.Elem = maybe(t, elem)
		}
	}
	return x
}

func randomDimension(t *rapid.T) Dimension {
	d := Dimension{Kind: DimensionKind(draw(t, rapid.IntRange(0, 2))), Denotation: draw(t, text)}
	switch d.Kind {
	case DimValue:
		d.Value = draw(t, rapid.Int64())
	case DimParam:
		d.Param = draw(t, text)
	}
	return d
}

func randomSequence(t *rapid.T, depth int) *Sequence {
	s := &Sequence{Name: draw(t, text), ElemType: ElemKind(draw(t, rapid.IntRange(0, 5)))}
	if depth == 0 {
		return s
	}
	switch s.ElemType {
	case ElemTensor:
		s.Tensors = list(t, randomTensor)
	case ElemSparseTensor:
		s.SparseTensors = list(t, randomSparse)
	case ElemSequence:
		s.Sequences = list(t, func(t *rapid.T) *Sequence { return randomSequence(t, depth-1) })
	case ElemMap:
		s.Maps = list(t, func(t *rapid.T) *Map { return randomMap(t, depth-1) })
	case ElemOptional:
		s.Optionals = list(t, func(t *rapid.T) *Optional { return randomOptional(t, depth-1) })
	}
	return s
}

func randomOptional(t *rapid.T, depth int) *Optional {
	o := &Optional{Name: draw(t, text), ElemType: ElemKind(draw(t, rapid.IntRange(0, 5)))}
	if depth == 0 {
		return o
	}
	switch o.ElemType {
	case ElemTensor:
		o.Tensor = maybe(t, randomTensor)
	case ElemSparseTensor:
		o.SparseTensor = maybe(t, randomSparse)
	case ElemSequence:
		o.Sequence = randomSequence(t, depth-1)
	case ElemMap:
		o.Map = randomMap(t, depth-1)
	case ElemOptional:
		o.Optional = randomOptional(t, depth-1)
	}
	return o
}

func randomMap(t *rapid.T, depth int) *Map {
	m := &Map{Name: draw(t, text), KeyType: DataType(draw(t, rapid.Int32())), Keys: slice(t, rapid.Int64()), StringKeys: slice(t, blobOf)}
	if depth > 0 {
		m.Values = randomSequence(t, depth-1)
	}
	return m
}

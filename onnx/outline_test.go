package onnx

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// largeModel is a model of more than 1 MiB, most of which is raw_data of initializers.
func largeModel() []byte {
	raw := func(n int, seed uint64) []byte {
		rng, b := rand.New(rand.NewPCG(seed, 0)), make([]byte, n)
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		return b
	}
	tensor := func(name string, dt DataType, data []byte, dims ...int64) *Tensor {
		return &Tensor{Name: name, DataType: dt, Dims: dims, RawData: data}
	}
	m := &Model{IRVersion: 8, ProducerName: "test", OpsetImports: []OperatorSetID{{Version: 17}}, Graph: &Graph{
		Name: "g",
		Initializers: []*Tensor{
			tensor("floats", Float, raw(1<<20, 1), 1<<18),
			tensor("small", Float, raw(400, 2), 100),
			tensor("bytes", Uint8, raw(leastLeft, 3), leastLeft),
			tensor("bools", Bool, make([]byte, leastLeft), leastLeft),
			tensor("almost", Float, raw(leastLeft-4, 4), leastLeft/4-1),
			{Name: "typed", DataType: Float, Dims: []int64{2}, FloatData: []float32{1, 2}},
			tensor("half", Float16, raw(leastLeft+2, 5), leastLeft/2+1),
		},
		Nodes: []*Node{{OpType: "Relu", Inputs: []string{"floats"}, Outputs: []string{"y"}}},
	}}
	return Marshal(m)
}

// fill reads what was left in the file.
func fill(t *testing.T, m *Model, file []byte) (left int) {
	t.Helper()
	if m == nil || m.Graph == nil {
		return 0
	}
	for _, x := range m.Graph.Initializers {
		if x.Left != nil {
			require.Nil(t, x.RawData)
			x.RawData = file[x.Left.Offset:][:x.Left.Size]
			x.Left = nil
			left++
		}
	}
	return left
}

// sameFile compares what two ways of reading gave, apart from offsets.
func sameFile(t *testing.T, want, got *Model) {
	t.Helper()
	require.Equal(t, want == nil, got == nil)
	if want != nil {
		require.True(t, bytes.Equal(Marshal(want), Marshal(got)))
	}
}

func TestUnmarshalFile(t *testing.T) {
	file := largeModel()
	want, err := Unmarshal(file)
	require.NoError(t, err)
	got, err := UnmarshalFile(bytes.NewReader(file), int64(len(file)))
	require.NoError(t, err)
	var left []string
	for _, x := range got.Graph.Initializers {
		if x.Left != nil {
			left = append(left, x.Name)
			_, err := x.Bytes()
			require.ErrorIs(t, err, ErrMalformed)
		}
	}
	require.Equal(t, []string{"floats", "bytes", "half"}, left)
	fill(t, got, file)
	sameFile(t, want, got)
}

// Whatever the bytes are, both ways of reading give the same model or the same error.
func TestUnmarshalFileOfUnusualModels(t *testing.T) {
	file := largeModel()
	raw := bytes.Repeat([]byte{7}, 1<<20)
	floats := wire{}.varint(tensorDims, 1<<18).varint(tensorDataType, int64(Float)).bytes(tensorRawData, raw)
	graph := func(b wire) []byte { return wire{}.bytes(modelGraph, b) }
	cases := map[string][]byte{
		"raw_data twice":          graph(wire{}.bytes(graphInitializer, floats.bytes(tensorRawData, raw[:4]))),
		"raw_data twice, large":   graph(wire{}.bytes(graphInitializer, floats.bytes(tensorRawData, raw))),
		"raw_data of a wrong way": graph(wire{}.bytes(graphInitializer, floats.varint(tensorRawData, 5))),
		"type after the data":     graph(wire{}.bytes(graphInitializer, floats.varint(tensorDataType, int64(Bool)))),
		"string":                  graph(wire{}.bytes(graphInitializer, floats.varint(tensorDataType, int64(String)))),
		"another size":            graph(wire{}.bytes(graphInitializer, floats.varint(tensorDims, 2))),
		"a negative dimension":    graph(wire{}.bytes(graphInitializer, floats.varint(tensorDims, -5))),
		"external too":            graph(wire{}.bytes(graphInitializer, floats.varint(tensorDataLocation, 1))),
		"a segment too":           graph(wire{}.bytes(graphInitializer, floats.bytes(tensorSegment, nil))),
		"float_data too":          graph(wire{}.bytes(graphInitializer, floats.bytes(tensorFloatData, []byte{0, 0, 0, 0}))),
		"two graphs":              append(graph(wire{}.bytes(graphInitializer, floats)), graph(wire{}.bytes(graphInitializer, floats))...),
		"no graph":                wire{}.bytes(99, raw),
		"a group":                 append(graph(wire{}.bytes(graphInitializer, floats)), 0x0b, 0x0c),
		"zeros":                   make([]byte, 1<<20),
		"mostly text":             graph(wire{}.bytes(graphDocString, raw).bytes(graphInitializer, floats)),
	}
	for _, n := range []int{0, 1, 2, 10, 1 << 19, len(file) - 1} {
		cases["cut at "+string(rune('0'+n%10))+string(rune('a'+len(cases)))] = file[:n]
	}
	rng := rand.New(rand.NewPCG(5, 6))
	for i := range 300 {
		mutant := bytes.Clone(file)
		for range 1 + rng.IntN(3) {
			at := rng.IntN(200) // headers are in front and behind the large data
			if rng.IntN(2) == 0 {
				at = len(file) - 1 - rng.IntN(leastLeft*3)
			}
			mutant[at] = byte(rng.Uint32())
		}
		cases["mutant "+string(rune('0'+i%10))+string(rune(0x4e00+i))] = mutant
	}
	for name, data := range cases {
		want, wantErr := Unmarshal(data)
		got, err := UnmarshalFile(bytes.NewReader(data), int64(len(data)))
		if wantErr != nil {
			require.Error(t, err, name)
			require.Equal(t, wantErr.Error(), err.Error(), name)
			continue
		}
		require.NoError(t, err, name)
		fill(t, got, data)
		sameFile(t, want, got)
	}
}

// shortReader is a file that ends, or fails, early.
type shortReader struct {
	io.ReaderAt
	end int64
	err error
}

func (r shortReader) ReadAt(dst []byte, off int64) (int, error) {
	if off+int64(len(dst)) > r.end {
		return 0, r.err
	}
	return r.ReaderAt.ReadAt(dst, off)
}

func TestUnmarshalFileThatCannotBeRead(t *testing.T) {
	file, fault := largeModel(), errors.New("fault")
	for end := int64(0); end < int64(len(file)); end += 9001 {
		_, err := UnmarshalFile(shortReader{bytes.NewReader(file), end, fault}, int64(len(file)))
		require.ErrorIs(t, err, fault)
	}
	_, err := UnmarshalFile(bytes.NewReader(file), int64(len(file))+5)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

// A file is not copied: what is read of it is little.
func TestUnmarshalFileAllocates(t *testing.T) {
	file := largeModel()
	used := allocatedBy(func() {
		_, err := UnmarshalFile(bytes.NewReader(file), int64(len(file)))
		require.NoError(t, err)
	})
	require.Less(t, used, uint64(len(file)))
}

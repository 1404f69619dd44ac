package onnx

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

// FuzzParse reads any bytes as every root message, and looks at all that came out. Errors must be typed; nothing may
// panic, or take longer than a second.
func FuzzParse(f *testing.F) {
	f.Add(Marshal(smallModel()))
	f.Add(chain(3))
	f.Add([]byte{})
	f.Add([]byte("version https://git-lfs.github.com/spec/v1"))
	f.Add(MarshalTensor(&Tensor{Dims: []int64{3}, DataType: Int4, Int32Data: []int32{0x21, 3}}))
	f.Add(MarshalSequence(&Sequence{Tensors: []*Tensor{{DataType: Bool, RawData: []byte{1}}}}))
	for _, b := range architectures(f) {
		if len(b) < 10_000 {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		dog := time.AfterFunc(time.Second, func() { panic(fmt.Sprintf("%d bytes take more than a second: %x", len(b), b)) })
		defer dog.Stop()
		parseAll(t, b)
	})
}

func parseAll(t *testing.T, b []byte) {
	m, err := Unmarshal(b)
	checkParsed(t, err)
	if err == nil {
		readTensors(t, m.Graph)
		if _, err := Unmarshal(Marshal(m)); err != nil {
			t.Fatalf("reading what was written: %v", err)
		}
	}
	tensor, err := UnmarshalTensor(b)
	checkParsed(t, err)
	if err == nil {
		readTensor(t, tensor)
	}
	sparse, err := UnmarshalSparseTensor(b)
	checkParsed(t, err)
	if err == nil {
		_, err := sparse.Dense(nil, 1<<16)
		checkContents(t, err)
	}
	_, err = UnmarshalSequence(b)
	checkParsed(t, err)
	_, err = UnmarshalOptional(b)
	checkParsed(t, err)
	_, err = UnmarshalMap(b)
	checkParsed(t, err)
	_, err = UnmarshalType(b)
	checkParsed(t, err)
}

func checkParsed(t *testing.T, err error) {
	var parse *ParseError
	if err != nil && !errors.As(err, &parse) {
		t.Fatalf("got %T (%v), want a ParseError", err, err)
	}
}

func checkContents(t *testing.T, err error) {
	var tensor *TensorError
	if err != nil && !errors.As(err, &tensor) {
		t.Fatalf("got %T (%v), want a TensorError", err, err)
	}
}

func readTensor(t *testing.T, x *Tensor) {
	_, err := x.Bytes()
	checkContents(t, err)
	_, err = x.Strings()
	checkContents(t, err)
}

func readTensors(t *testing.T, g *Graph) {
	for _, x := range g.Initializers {
		readTensor(t, x)
	}
	for _, x := range g.SparseInitializers {
		_, err := x.Dense(nil, 1<<16)
		checkContents(t, err)
	}
	for _, n := range g.Nodes {
		for _, a := range n.Attributes {
			if a.T != nil {
				readTensor(t, a.T)
			}
			if a.G != nil {
				readTensors(t, a.G)
			}
		}
	}
}

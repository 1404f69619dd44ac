package onnx

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"
)

// hostileModels are small bytes that ask for much memory.
func hostileModels() map[string][]byte {
	graph := func(b wire) []byte { return wire{}.bytes(modelGraph, b) }
	in := func(n protowire.Number, b []byte) []byte { return graph(wire{}.bytes(n, b)) }
	attribute := func(b wire) []byte { return in(graphNode, wire{}.bytes(nodeAttribute, b)) }
	const many = 1 << 21
	models := map[string][]byte{
		"int64 of one byte":       in(graphInitializer, wire{}.bytes(tensorInt64Data, make([]byte, 2*many))),
		"int32 of one byte":       in(graphInitializer, wire{}.bytes(tensorInt32Data, make([]byte, 4*many))),
		"dims of one byte":        in(graphInitializer, wire{}.bytes(tensorDims, make([]byte, 2*many))),
		"unpacked ints":           attribute(wire{}.repeat(many, wire{}.varint(attributeInts, 0))),
		"long names":              graph(wire{}.repeat(1<<12, wire{}.string(graphName, strings.Repeat("x", maxSharedText+1)))),
		"names that fill a chunk": graph(wire{}.repeat(1<<13, wire{}.string(graphName, strings.Repeat("x", maxSharedText)))),
		"graphs to merge": wire{}.repeat(1<<16,
			graph(wire{}.bytes(graphNode, nil).bytes(graphInitializer, nil))),
		"types that replace each other": in(graphInput, wire{}.bytes(valueInfoType, wire{}.repeat(1<<18,
			wire{}.bytes(1, wire{}.bytes(tensorTypeShape, wire{}.bytes(shapeDim, nil))).bytes(4, wire{}.bytes(1, nil))))),
		"many small packed lists": in(graphInitializer, wire{}.repeat(many, wire{}.bytes(tensorDims, []byte{1}))),
		"fully nested": func() []byte {
			b := wire{}
			for range MaxDepth/3 - 1 {
				b = wire{}.bytes(graphNode, wire{}.bytes(nodeAttribute, wire{}.bytes(attributeG, b.repeat(2, wire{}.bytes(graphNode, nil)))))
			}
			return graph(b)
		}(),
	}
	for n, f := range graphSchema {
		if f.kind == blobs {
			models["graph: empty "+f.name] = graph(wire{}.repeat(many, wire{}.bytes(protowire.Number(n), nil)))
		}
	}
	for n, f := range attributeSchema {
		if f.kind == blobs {
			models["attribute: empty "+f.name] = attribute(wire{}.repeat(many, wire{}.bytes(protowire.Number(n), nil)))
		}
	}
	for n, f := range nodeSchema {
		if f.kind == blobs {
			models["node: empty "+f.name] = in(graphNode, wire{}.repeat(many, wire{}.bytes(protowire.Number(n), nil)))
			models["nodes with one empty "+f.name] = graph(wire{}.repeat(many/4, wire{}.bytes(graphNode, wire{}.bytes(protowire.Number(n), nil))))
		}
	}
	return models
}

// allocatedBy is the memory that f allocates, kept or not.
func allocatedBy(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestMemoryBound(t *testing.T) {
	models := architectures(t)
	for name, b := range hostileModels() {
		models[name] = b
	}
	for name, b := range models {
		t.Run(name, func(t *testing.T) {
			var err error
			got := allocatedBy(func() { _, err = Unmarshal(b) })
			if err != nil {
				require.ErrorIs(t, err, ErrLimit)
				require.ErrorContains(t, err, "decoding takes more memory than allowed: want at most ")
			}
			want := uint64(budgetPerByte*len(b) + budgetFixed)
			require.LessOrEqual(t, got, want, "%d bytes given: %v", len(b), err)
		})
	}
}

// TestMemoryOfManyNodes parses a large model of the smallest useful nodes: it must fit the budget.
func TestMemoryOfManyNodes(t *testing.T) {
	const n = 100_000
	m, err := Unmarshal(chain(n))
	require.NoError(t, err)
	require.Len(t, m.Graph.Nodes, n)
}

// chain is a model of n Relu nodes, one after the other.
func chain(n int) []byte {
	g := &Graph{Nodes: make([]*Node, n)}
	for i := range g.Nodes {
		g.Nodes[i] = &Node{OpType: "Relu", Inputs: []string{fmt.Sprint("v", i)}, Outputs: []string{fmt.Sprint("v", i+1)}}
	}
	return Marshal(&Model{Graph: g})
}

// BenchmarkUnmarshal shows that time grows linearly with the number of nodes.
func BenchmarkUnmarshal(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		model := chain(n)
		b.Run(fmt.Sprintf("nodes=%d", n), func(b *testing.B) {
			b.SetBytes(int64(len(model)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Unmarshal(model); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

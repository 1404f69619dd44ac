package tconv_test

import (
	"context"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/onnx"
)

// graphAttr makes an attribute of what was built.
func graphAttr(name string, b *modelBuilder) *onnx.Attribute {
	return &onnx.Attribute{Name: name, Type: onnx.AttributeGraph, G: b.model.Graph}
}

// truth is a bool of rank 0.
func truth(v bool) *tconv.Tensor {
	t, err := tconv.Wrap([]bool{v})
	if err != nil {
		panic(err)
	}
	return t
}

// loopModel is a Loop that doubles x and gathers it, trips times at most; go on is
// what its condition stays.
func loopModel(t testing.TB, trips int64, goOn bool) *modelBuilder {
	body := newModel().input("i", tconv.Int64).input("c", tconv.Bool).input("v", tconv.Float32, 4).constant(t, "go", truth(goOn)).
		node("on", "Identity", "go").node("w", "Add", "v v").node("scan", "Relu", "w").output("on", "w", "scan")
	return newModel().input("x", tconv.Float32, 4).constant(t, "m", scalar(trips)).constant(t, "first", truth(true)).
		node("y all", "Loop", "m first x", graphAttr("body", body)).output("y", "all")
}

// flowModels are small models with graphs in nodes, sequences and optionals.
func flowModels(t testing.TB) map[string]*modelBuilder {
	branch := func(op string) *modelBuilder { return newModel().node("r", op, "x").output("r") }
	nested := newModel().node("r", "If", "c", graphAttr("then_branch", branch("Abs")), graphAttr("else_branch", branch("Tanh"))).output("r")
	nested.model.Graph.Nodes[0].Outputs = []string{"q"}
	nested.model.Graph.Outputs[0].Name = "q"
	scanBody := newModel().input("s", tconv.Float32, 3).input("e", tconv.Float32, 3).node("n", "Add", "s e").node("o", "Neg", "n").output("n", "o")
	x := func() *modelBuilder { return newModel().input("x", tconv.Float32, 2, 3) }
	return map[string]*modelBuilder{
		"Loop":      loopModel(t, 3, true),
		"Loop once": loopModel(t, 9, false),
		"If":        x().input("c", tconv.Bool).node("y", "If", "c", graphAttr("then_branch", branch("Relu")), graphAttr("else_branch", branch("Neg"))).output("y"),
		"If in If":  x().input("c", tconv.Bool).node("y", "If", "c", graphAttr("then_branch", nested), graphAttr("else_branch", branch("Neg"))).output("y"),
		"Scan": newModel().input("x", tconv.Float32, 2, 3).input("s0", tconv.Float32, 3).
			node("y z", "Scan", "s0 x", graphAttr("body", scanBody), intAttr("num_scan_inputs", 1)).output("y", "z"),
		"sequence": x().constant(t, "at", scalar(1)).node("s", "SequenceConstruct", "x x").node("u", "SequenceInsert", "s x at").
			node("e", "SequenceErase", "u at").node("n", "SequenceLength", "e").node("y", "SequenceAt", "e at").
			node("z", "ConcatFromSequence", "u", intAttr("axis", 0)).output("y", "z", "n"),
		"split to sequence": x().constant(t, "at", scalar(-1)).node("s", "SplitToSequence", "x", intAttr("axis", 1)).
			node("y", "SequenceAt", "s at").output("y", "s"),
		"SequenceMap": x().node("s", "SequenceConstruct", "x x").
			node("m", "SequenceMap", "s", graphAttr("body", newModel().input("e", tconv.Float32, 2, 3).node("r", "Relu", "e").output("r"))).
			node("y", "ConcatFromSequence", "m", intAttr("axis", 0)).output("y"),
		"optional": x().node("o", "Optional", "x").node("h", "OptionalHasElement", "o").node("y", "OptionalGetElement", "o").output("y", "h"),
		"NonZero": x().node("i", "NonZero", "x").node("t", "Transpose", "i", intsAttr("perm", 1, 0)).node("g", "GatherND", "x t").
			node("n", "Shape", "g").node("y", "Relu", "g").output("y", "n"),
		"data-dependent Reshape": x().input("to", tconv.Int64, 2).node("r", "Reshape", "x to").node("y", "Add", "r r").node("z", "Transpose", "y").output("z"),
	}
}

// TestEndlessLoops runs loops that never end of themselves, with and without
// results that pile up: the context or the memory limit ends them.
func TestEndlessLoops(t *testing.T) {
	quiet := newModel().input("i", tconv.Int64).input("c", tconv.Bool).input("v", tconv.Float32, 4).
		node("on", "Identity", "c").node("w", "Neg", "v").output("on", "w")
	for name, b := range map[string]*modelBuilder{
		"that gathers":       loopModel(t, math.MaxInt64, true),
		"without a count":    newModel().input("x", tconv.Float32, 4).constant(t, "first", truth(true)).node("y", "Loop", "_ first x", graphAttr("body", quiet)).output("y"),
		"with a large count": newModel().input("x", tconv.Float32, 4).constant(t, "m", scalar(math.MaxInt64)).node("y", "Loop", "m _ x", graphAttr("body", quiet)).output("y"),
	} {
		for _, reference := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				opts := append(hostileOptions(), tconv.WithMemoryLimit(16<<20))
				if reference {
					opts = append(opts, tconv.WithReference())
				}
				m := b.load(t, opts...)
				in := tconv.Tensors{"x": wave(4)}
				ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
				defer cancel()
				start := time.Now()
				_, err := m.Run(ctx, in)
				require.Error(t, err)
				require.Empty(t, fault(err))
				require.Less(t, time.Since(start), 300*time.Millisecond+2*cancelLatency)
				ctx, cancel = context.WithTimeout(context.Background(), 20*time.Millisecond)
				defer cancel()
				_, err = m.Run(ctx, in)
				require.Error(t, err, "and again")
			})
		}
	}
}

// TestLoopsOfConstants: a loop over constants must not keep the loader busy, nor
// must loops in loops.
func TestLoopsOfConstants(t *testing.T) {
	// loop is the body of a loop in which another one runs, down to a negation.
	var loop func(depth string, trips ...int64) *modelBuilder
	loop = func(depth string, trips ...int64) *modelBuilder {
		b := newModel().input("i"+depth, tconv.Int64).input("c"+depth, tconv.Bool).input("v"+depth, tconv.Float32, 4).
			node("on"+depth, "Identity", "c"+depth)
		if len(trips) == 0 {
			b.node("w"+depth, "Neg", "v"+depth)
		} else {
			b.constant(t, "m"+depth, scalar(trips[0])).
				node("w"+depth, "Loop", "m"+depth+" c"+depth+" v"+depth, graphAttr("body", loop(depth+"_", trips[1:]...)))
		}
		return b.output("on"+depth, "w"+depth)
	}
	for name, body := range map[string]*modelBuilder{
		"one": loop("_"), "two": loop("_", 1<<20), "three": loop("_", 1<<20, 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			data := newModel().constant(t, "x", wave(4)).constant(t, "m", scalar(1<<40)).constant(t, "c", truth(true)).
				node("y", "Loop", "m c x", graphAttr("body", body)).output("y").bytes()
			require.Empty(t, guarded(time.Second, func() error {
				m, err := tconv.Load(data, hostileOptions()...)
				require.NoError(t, err)
				defer m.Close()
				_, err = runLimited(m, nil)
				require.ErrorIs(t, err, tconv.ErrCanceled)
				return err
			}))
		})
	}
}

// TestDeepGraphs nests If nodes far deeper than any exporter does.
func TestDeepGraphs(t *testing.T) {
	for _, depth := range []int{10, 30, 32, 33, 48, 400} {
		b := newModel().node("leaf", "Relu", "x").output("leaf")
		for i := range depth {
			name := "r" + string(rune('a'+i%26)) + string(rune('a'+i/26))
			other := newModel().node(name+"o", "Neg", "x").output(name + "o")
			b = newModel().node(name, "If", "c", graphAttr("then_branch", b), graphAttr("else_branch", other)).output(name)
		}
		b.input("x", tconv.Float32, 2, 3).input("c", tconv.Bool)
		var got tconv.Tensors
		text := guarded(time.Second, func() error {
			m, err := tconv.Load(b.bytes(), hostileOptions()...)
			if err != nil {
				return err
			}
			defer m.Close()
			got, err = runLimited(m, tconv.Tensors{"x": wave(2, 3), "c": truth(true)})
			return err
		})
		require.Empty(t, text, "depth %d", depth)
		if depth <= 30 {
			require.NotNil(t, got, "depth %d", depth)
		}
	}
}

// subgraphs are the graphs in nodes of g, at any depth.
func subgraphs(g *onnx.Graph) []*onnx.Graph {
	var out []*onnx.Graph
	for _, n := range g.Nodes {
		for _, a := range n.Attributes {
			if a.G != nil {
				out = append(append(out, a.G), subgraphs(a.G)...)
			}
		}
	}
	return slices.Clip(out)
}

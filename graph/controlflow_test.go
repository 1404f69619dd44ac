package graph

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv/onnx"
	"github.com/tconv/tconv/ops"
)

// body gives what was built as an attribute of a node.
func (b *builder) body(name string) *onnx.Attribute {
	return &onnx.Attribute{Name: name, Type: onnx.AttributeGraph, G: b.model.Graph}
}

// sub begins a sub-graph.
func sub() *builder { return newBuilder() }

func boolScalar(v bool) *ops.Tensor { return ops.Of([]bool{v}) }

func int64Scalar(v int64) *ops.Tensor { return ops.Of([]int64{v}) }

// both runs f with fast and with plain operators.
func both(t *testing.T, f func(t *testing.T, opt RunOptions)) {
	t.Run("fast", func(t *testing.T) { f(t, RunOptions{}) })
	t.Run("reference", func(t *testing.T) { f(t, RunOptions{Reference: true}) })
}

func floatsOf(t *ops.Tensor) []float32 { return ops.Data[float32](t) }

// branches is y = x + w if cond else x - w, where w is a constant around the node.
func branches() *builder {
	return newBuilder().input("cond", ops.Bool).input("x", ops.Float32, -1).constant("w", ops.Of([]float32{1, 2}, 2)).
		node("y", "If", "cond",
			sub().node("sum", "Add", "x w").output("sum").body("then_branch"),
			sub().node("difference", "Sub", "x w").output("difference").body("else_branch"))
}

func TestIf(t *testing.T) {
	both(t, func(t *testing.T, opt RunOptions) {
		b := branches().node("z", "Add", "y y").output("z", "y")
		x := ops.Of([]float32{10, 20}, 2)
		out := b.run(t, opt, boolScalar(true), x)
		require.Equal(t, []float32{22, 44}, floatsOf(out[0]))
		require.Equal(t, []float32{11, 22}, floatsOf(out[1]))
		out = b.run(t, opt, boolScalar(false), x)
		require.Equal(t, []float32{18, 36}, floatsOf(out[0]))

		m := b.loaded(t, opt)
		p, err := m.Plan([]ops.Spec{boolScalar(true).Spec(), x.Spec()})
		require.NoError(t, err)
		for _, s := range p.Steps {
			require.False(t, s.Dynamic, "branches of one shape are part of the static plan")
		}
		for _, bad := range []*ops.Tensor{ops.Of([]bool{true, false}, 2), ops.Of([]bool{}, 0)} {
			b.model.Graph.Inputs[0] = &onnx.ValueInfo{Name: "cond"}
			err := b.loaded(t, opt).Run(context.Background(), []*ops.Tensor{bad, x}, zeros(2))
			require.ErrorContains(t, err, "want a bool of one element")
			require.ErrorContains(t, err, `node "make_y" (If-1)`)
		}
	})
}

// TestIfOfDifferentShapes has branches of different ranks: what follows is
// inferred when it runs, and a branch that fits no shape fails only when taken.
func TestIfOfDifferentShapes(t *testing.T) {
	both(t, func(t *testing.T, opt RunOptions) {
		b := newBuilder().input("cond", ops.Bool).input("x", ops.Float32, -1, -1).constant("axes", ops.OfInts([]int{0})).
			node("y", "If", "cond",
				sub().node("squeezed", "Squeeze", "x axes").output("squeezed").body("then_branch"),
				sub().node("same", "Identity", "x").output("same").body("else_branch")).
			node("z", "Neg", "y").output("z")
		out := b.run(t, opt, boolScalar(true), ramp(1, 3))
		require.Equal(t, ops.Shape{3}, out[0].Shape())
		out = b.run(t, opt, boolScalar(false), ramp(2, 3))
		require.Equal(t, ops.Shape{2, 3}, out[0].Shape())
		require.Equal(t, []float32{8, 1, -6, 4, -3, 7}, floatsOf(out[0]))
		err := b.loaded(t, opt).Run(context.Background(), []*ops.Tensor{boolScalar(true), ramp(2, 3)}, zeros(1))
		require.ErrorContains(t, err, `node "make_y" (If-1): then_branch`)
		require.ErrorIs(t, err, ErrInput)
	})
}

// TestIfOfConstantCondition puts the branch in place of the node.
func TestIfOfConstantCondition(t *testing.T) {
	b := branches().constant("yes", boolScalar(true)).output("y")
	b.model.Graph.Nodes[0].Inputs[0] = "yes"
	m := b.loaded(t, RunOptions{})
	require.Equal(t, "in  cond: tensor(bool)[]\nin  x: tensor(float)[?]\ny = Add-6(x, w)\nout y\n", m.Graph().String())

	// The condition is known once shapes are: exporters write squeeze so.
	b = newBuilder().input("x", ops.Float32, -1, 3).constant("one", int64Scalar(1)).constant("axes", ops.OfInts([]int{0})).constant("at", int64Scalar(0)).
		node("shape", "Shape", "x").node("rows", "Gather", "shape at").node("single", "Equal", "rows one").
		node("y", "If", "single",
			sub().node("squeezed", "Squeeze", "x axes").output("squeezed").body("then_branch"),
			sub().node("same", "Identity", "x").output("same").body("else_branch")).
		node("z", "Neg", "y").output("z")
	m = b.loaded(t, RunOptions{})
	for rows, want := range map[int]ops.Shape{1: {3}, 2: {2, 3}} {
		p, err := m.Plan([]ops.Spec{ramp(rows, 3).Spec()})
		require.NoError(t, err)
		for _, s := range p.Steps {
			require.False(t, s.Dynamic)
			require.NotEqual(t, "If", s.Node.Op)
		}
		out := zeros(1)
		require.NoError(t, m.Run(context.Background(), []*ops.Tensor{ramp(rows, 3)}, out))
		require.Equal(t, want, out[0].Shape())
	}
}

// counting is a loop that adds the trip number to its state and collects it:
// s = v + 0 + 1 + ..., all = every s; it goes on while s < bound.
func counting(inputs string) *builder {
	return newBuilder().input("m", ops.Int64).input("c", ops.Bool).input("v", ops.Float32, -1).input("bound", ops.Float32).
		node("s all", "Loop", inputs,
			sub().input("t", ops.Int64).input("going", ops.Bool).input("old", ops.Float32, -1).
				node("number", "Cast", "t", testInt("to", int64(ops.Float32))).node("new", "Add", "old number").
				node("largest", "ReduceMax", "new", testInt("keepdims", 0)).node("again", "Less", "largest bound").
				node("copy", "Identity", "new").output("again", "new", "copy").body("body")).output("s", "all")
}

func TestLoop(t *testing.T) {
	both(t, func(t *testing.T, opt RunOptions) {
		cases := []struct {
			name, inputs string
			m            int64
			c            bool
			bound        float32
			s            []float32
			all          []float32
		}{
			{"counted", "m c v", 3, true, 1e9, []float32{4, 5}, []float32{1, 2, 2, 3, 4, 5}},
			{"condition", "_ c v", 0, true, 5, []float32{4, 5}, []float32{1, 2, 2, 3, 4, 5}},
			{"condition false at first", "m c v", 9, false, 1e9, []float32{1, 2}, []float32{}},
			{"no condition", "m _ v", 2, false, 1e9, []float32{2, 3}, []float32{1, 2, 2, 3}},
			{"no trips", "m c v", 0, true, 1e9, []float32{1, 2}, []float32{}},
			{"fewer than none", "m c v", -7, true, 1e9, []float32{1, 2}, []float32{}},
		}
		for _, test := range cases {
			t.Run(test.name, func(t *testing.T) {
				out := counting(test.inputs).run(t, opt, int64Scalar(test.m), boolScalar(test.c), ops.Of([]float32{1, 2}, 2), ops.Of([]float32{test.bound}))
				require.Equal(t, test.s, floatsOf(out[0]))
				require.Equal(t, ops.Shape{len(test.all) / 2, 2}, out[1].Shape())
				require.Equal(t, test.all, append([]float32{}, floatsOf(out[1])...))
			})
		}
	})
}

// TestSubgraphHidesNames has a loop state and a constant of the body that are named
// as values around the loop: within the body the inner ones count.
func TestSubgraphHidesNames(t *testing.T) {
	both(t, func(t *testing.T, opt RunOptions) {
		b := newBuilder().input("x", ops.Float32, 2).input("m", ops.Int64).constant("one", ops.Of([]float32{1})).
			node("w", "Neg", "x").
			node("y", "Loop", "m _ w", sub().input("t", ops.Int64).input("going", ops.Bool).input("w", ops.Float32, 2).
				constant("one", ops.Of([]float32{10})).node("new", "Add", "w one").node("still", "Identity", "going").
				output("still", "new").body("body")).
			node("sum", "Add", "y w").node("z", "Add", "sum one").output("y", "z")
		out := b.run(t, opt, ops.Of([]float32{1, 2}, 2), int64Scalar(3))
		require.Equal(t, []float32{29, 28}, floatsOf(out[0]))
		require.Equal(t, []float32{29, 27}, floatsOf(out[1]))
	})
}

// TestLoopWithoutInputs takes trips until the body ends the loop.
func TestLoopWithoutInputs(t *testing.T) {
	b := newBuilder().constant("last", int64Scalar(4)).
		node("all", "Loop", "", sub().input("t", ops.Int64, 1).input("going", ops.Bool).
			node("again", "Less", "t last").node("square", "Mul", "t t").output("again", "square").body("body")).output("all")
	out := b.run(t, RunOptions{})
	require.Equal(t, ops.Shape{5, 1}, out[0].Shape(), "the body declares the trip with one axis")
	require.Equal(t, []int64{0, 1, 4, 9, 16}, ops.Data[int64](out[0]))
}

// TestLoopOfKnownTrips is part of the static plan, its scan output too.
func TestLoopOfKnownTrips(t *testing.T) {
	b := newBuilder().input("x", ops.Float32, 1, 2, 4, 4).constant("m", int64Scalar(3)).constant("w", ramp(2, 2, 3, 3)).
		node("y all", "Loop", "m _ x",
			sub().input("t", ops.Int64).input("going", ops.Bool).input("old", ops.Float32, 1, 2, 4, 4).
				node("conv", "Conv", "old w", testInts("pads", 1, 1, 1, 1)).node("relu", "Relu", "conv").node("new", "Sigmoid", "relu").
				node("copy", "Identity", "new").node("still", "Identity", "going").
				output("still", "new", "copy").body("body")).
		node("z", "Relu", "all").output("y", "z")
	want := b.run(t, RunOptions{Reference: true}, ramp(1, 2, 4, 4))
	m := b.loaded(t, RunOptions{})
	p, err := m.Plan([]ops.Spec{ramp(1, 2, 4, 4).Spec()})
	require.NoError(t, err)
	for _, s := range p.Steps {
		require.False(t, s.Dynamic, s.Node.Name)
	}
	s := m.NewSession()
	defer s.Close()
	for range 3 {
		out := zeros(2)
		require.NoError(t, s.Run(context.Background(), []*ops.Tensor{ramp(1, 2, 4, 4)}, out))
		require.Equal(t, ops.Shape{3, 1, 2, 4, 4}, out[1].Shape())
		for i := range want {
			require.InDeltaSlice(t, floatsOf(want[i]), floatsOf(out[i]), 1e-5)
		}
		require.Equal(t, floatsOf(out[0]), floatsOf(out[1])[64:], "the last of all is the state")
	}
}

// TestLoopOfGrowingState concatenates its state with itself.
func TestLoopOfGrowingState(t *testing.T) {
	both(t, func(t *testing.T, opt RunOptions) {
		b := newBuilder().input("x", ops.Float32, -1).input("m", ops.Int64).
			node("y", "Loop", "m _ x", sub().input("t", ops.Int64).input("going", ops.Bool).input("old", ops.Float32, -1).
				node("new", "Concat", "old old", testInt("axis", 0)).output("going", "new").body("body")).
			node("n", "Shape", "y").node("z", "Relu", "y").output("n", "z")
		m := b.loaded(t, opt)
		base := m.budget.used.Load()
		for range 2 {
			out := zeros(2)
			require.NoError(t, m.Run(context.Background(), []*ops.Tensor{ops.Of([]float32{1, -2, 3}, 3), int64Scalar(12)}, out))
			require.Equal(t, []int64{3 << 12}, ops.Data[int64](out[0]))
			require.Equal(t, float32(3), floatsOf(out[1])[3<<12-1])
		}
		require.NoError(t, m.Close())
		require.Equal(t, base, m.budget.used.Load())
	})
}

// TestNestedFlow has an If in a Loop in an If, whose bodies read values of all
// graphs around them; the loop swaps its states, so that no buffer is written
// while it is read.
func TestNestedFlow(t *testing.T) {
	both(t, func(t *testing.T, opt RunOptions) {
		inner := sub().node("added", "Add", "a step").output("added").body("then_branch")
		other := sub().node("doubled", "Mul", "a two").output("doubled").body("else_branch")
		loop := sub().input("t", ops.Int64).input("going", ops.Bool).input("a", ops.Float32).input("b", ops.Float32).
			node("parity", "Mod", "t modulus").node("even", "Equal", "parity nought").
			node("changed", "If", "even", inner, other).
			output("going", "b", "changed", "changed").body("body")
		b := newBuilder().input("cond", ops.Bool).input("m", ops.Int64).input("x", ops.Float32).
			constant("two", ops.Of([]float32{2})).constant("modulus", int64Scalar(2)).constant("nought", int64Scalar(0)).
			node("step", "Add", "x two").
			node("p q all", "If", "cond",
				sub().node("p1 q1 all1", "Loop", "m _ x step", loop).output("p1", "q1", "all1").body("then_branch"),
				sub().node("p2", "Identity", "x").node("q2", "Identity", "x").constant("all2", ops.Of([]float32{}, 0)).output("p2", "q2", "all2").body("else_branch")).
			output("p", "q", "all")
		m := b.loaded(t, opt)
		for range 2 {
			out := zeros(3)
			require.NoError(t, m.Run(context.Background(), []*ops.Tensor{boolScalar(true), int64Scalar(5), ops.Of([]float32{1})}, out))
			p, q, step := float32(1), float32(3), float32(3)
			var all []float32
			for trip := range 5 {
				changed := p * 2
				if trip%2 == 0 {
					changed = p + step
				}
				p, q = q, changed
				all = append(all, changed)
			}
			require.Equal(t, []float32{p}, floatsOf(out[0]))
			require.Equal(t, []float32{q}, floatsOf(out[1]))
			require.Equal(t, all, floatsOf(out[2]))
		}
		out := zeros(3)
		require.NoError(t, m.Run(context.Background(), []*ops.Tensor{boolScalar(false), int64Scalar(5), ops.Of([]float32{1})}, out))
		require.Equal(t, []float32{1}, floatsOf(out[0]))
		require.Equal(t, ops.Shape{0}, out[2].Shape())
	})
}

// TestLoopOfSequence collects tensors of different lengths.
func TestLoopOfSequence(t *testing.T) {
	both(t, func(t *testing.T, opt RunOptions) {
		b := newBuilder().input("m", ops.Int64).input("x", ops.Float32, 4).constant("one", int64Scalar(1)).constant("axes", ops.OfInts([]int{0})).
			constant("start", ops.OfInts([]int{0})).
			node("none", "SequenceEmpty", "").
			node("all", "Loop", "m _ none",
				sub().input("t", ops.Int64).input("going", ops.Bool).input("old", ops.Float32).
					node("next", "Add", "t one").node("end", "Unsqueeze", "next axes").node("part", "Slice", "x start end").
					node("new", "SequenceInsert", "old part").output("going", "new").body("body")).
			node("whole", "ConcatFromSequence", "all", testInt("axis", 0)).node("n", "SequenceLength", "all").
			node("second", "SequenceAt", "all one").output("whole", "n", "second", "all")
		m := b.loaded(t, opt)
		base := m.budget.used.Load()
		out := zeros(4)
		require.NoError(t, m.Run(context.Background(), []*ops.Tensor{int64Scalar(3), ops.Of([]float32{5, 6, 7, 8}, 4)}, out))
		require.Equal(t, []float32{5, 5, 6, 5, 6, 7}, floatsOf(out[0]))
		require.Equal(t, []int64{3}, ops.Data[int64](out[1]))
		require.Equal(t, []float32{5, 6}, floatsOf(out[2]))
		require.Len(t, out[3].Elems(), 3)
		floatsOf(out[3].Elems()[1])[0] = 99
		require.Equal(t, []float32{5, 6}, floatsOf(out[2]), "outputs share no memory")
		require.NoError(t, m.Close())
		require.Equal(t, base, m.budget.used.Load())
	})
}

// TestScanAxes cuts along axis 1 backwards and stacks along axis 1.
func TestScanAxes(t *testing.T) {
	both(t, func(t *testing.T, opt RunOptions) {
		b := newBuilder().input("s", ops.Float32, 2).input("x", ops.Float32, 2, -1).
			node("last sums", "Scan", "s x",
				sub().input("old", ops.Float32, 2).input("column", ops.Float32, 2).
					node("new", "Add", "old column").node("copy", "Identity", "new").output("new", "copy").body("body"),
				testInt("num_scan_inputs", 1), testInts("scan_input_axes", 1), testInts("scan_input_directions", 1),
				testInts("scan_output_axes", -1), testInts("scan_output_directions", 1)).
			output("last", "sums")
		x := ops.Of([]float32{1, 2, 3, 10, 20, 30}, 2, 3)
		m := b.loaded(t, opt)
		p, err := m.Plan([]ops.Spec{ramp(2).Spec(), x.Spec()})
		require.NoError(t, err)
		require.False(t, p.Steps[0].Dynamic)
		out := b.run(t, opt, ops.Of([]float32{100, 200}, 2), x)
		require.Equal(t, []float32{106, 260}, floatsOf(out[0]))
		require.Equal(t, []float32{106, 105, 103, 260, 250, 230}, floatsOf(out[1]))

		out = b.run(t, opt, ops.Of([]float32{100, 200}, 2), ops.Of([]float32{}, 2, 0))
		require.Equal(t, []float32{100, 200}, floatsOf(out[0]))
		require.Equal(t, ops.Shape{2, 0}, out[1].Shape())
	})
}

// TestScanOfBatch runs version 8: sequences of different lengths.
func TestScanOfBatch(t *testing.T) {
	both(t, func(t *testing.T, opt RunOptions) {
		b := newBuilder().input("lens", ops.Int64, 2).input("s", ops.Float32, 2, 1).input("x", ops.Float32, 2, 3, 1).
			node("last sums", "Scan", "lens s x",
				sub().input("old", ops.Float32, 1).input("item", ops.Float32, 1).
					node("new", "Add", "old item").node("copy", "Identity", "new").output("new", "copy").body("body"),
				testInt("num_scan_inputs", 1), testInts("directions", 0)).
			output("last", "sums")
		b.model.OpsetImports[0].Version = 8
		out := b.run(t, opt, ops.Of([]int64{3, 2}, 2), ops.Of([]float32{0, 100}, 2, 1), ops.Of([]float32{1, 2, 3, 10, 20, 30}, 2, 3, 1))
		require.Equal(t, []float32{6, 130}, floatsOf(out[0]))
		require.Equal(t, []float32{1, 3, 6, 110, 130, 0}, floatsOf(out[1]))
	})
}

func TestSequenceMap(t *testing.T) {
	both(t, func(t *testing.T, opt RunOptions) {
		b := newBuilder().input("a", ops.Float32, 2).input("b", ops.Float32, 3).constant("k", ops.Of([]float32{10})).
			node("seq", "SequenceConstruct", "a b").
			node("out shapes", "SequenceMap", "seq k",
				sub().input("item", ops.Float32, -1).input("factor", ops.Float32).
					node("scaled", "Mul", "item factor").node("shape", "Shape", "scaled").output("scaled", "shape").body("body")).
			output("out", "shapes")
		out := b.run(t, opt, ops.Of([]float32{1, 2}, 2), ops.Of([]float32{3, 4, 5}, 3))
		require.Equal(t, []float32{10, 20}, floatsOf(out[0].Elems()[0]))
		require.Equal(t, []float32{30, 40, 50}, floatsOf(out[0].Elems()[1]))
		require.Equal(t, []int64{3}, ops.Data[int64](out[1].Elems()[1]))
	})
}

// TestFunctionsAndFlow calls a function in a branch, and a function that holds an
// If whose branches read the function's values; names repeat everywhere.
func TestFunctionsAndFlow(t *testing.T) {
	both(t, func(t *testing.T, opt RunOptions) {
		call := func(b *builder) *builder {
			b.model.Graph.Nodes[len(b.model.Graph.Nodes)-1].Domain = "local"
			return b
		}
		inner := call(sub().node("h", "Shifted", "x cond")).output("h").body("then_branch")
		b := newBuilder().input("cond", ops.Bool).input("x", ops.Float32, 2)
		b.node("y", "If", "cond", inner, sub().node("r", "Neg", "x").output("r").body("else_branch"))
		call(b.node("z", "Shifted", "y cond")).output("y", "z")
		b.model.OpsetImports = append(b.model.OpsetImports, onnx.OperatorSetID{Domain: "local", Version: 1})
		f := &onnx.Function{
			Name: "Shifted", Domain: "local", Inputs: []string{"x", "flag"}, Outputs: []string{"y"},
			OpsetImports: []onnx.OperatorSetID{{Version: 17}},
		}
		shift := sub().node("s", "Add", "x h").output("s").body("then_branch")
		keep := sub().node("s", "Sub", "x h").output("s").body("else_branch")
		f.Nodes = []*onnx.Node{
			{Name: "half", OpType: "Abs", Inputs: []string{"x"}, Outputs: []string{"h"}},
			{Name: "choose", OpType: "If", Inputs: []string{"flag"}, Outputs: []string{"y"}, Attributes: []*onnx.Attribute{shift, keep}},
		}
		b.model.Functions = []*onnx.Function{f}
		out := b.run(t, opt, boolScalar(true), ops.Of([]float32{-1, 3}, 2))
		require.Equal(t, []float32{0, 6}, floatsOf(out[0]))
		require.Equal(t, []float32{0, 12}, floatsOf(out[1]))
		out = b.run(t, opt, boolScalar(false), ops.Of([]float32{-1, 3}, 2))
		require.Equal(t, []float32{1, -3}, floatsOf(out[0]))
		require.Equal(t, []float32{0, -6}, floatsOf(out[1]))
	})
}

// endless is a loop that nothing ends.
func endless(body *builder) *builder {
	return newBuilder().input("x", ops.Float32, 4).node("y", "Loop", "_ _ x", body.body("body")).output("y")
}

func endlessBody() *builder {
	return sub().input("t", ops.Int64).input("going", ops.Bool).input("old", ops.Float32, 4).node("new", "Neg", "old").output("going", "new")
}

// TestLoopIsCanceled ends an endless loop, and runs on afterwards.
func TestLoopIsCanceled(t *testing.T) {
	both(t, func(t *testing.T, opt RunOptions) {
		opt.Limits.LoopTrips = math.MaxInt
		m := endless(endlessBody()).loaded(t, opt)
		base := m.budget.used.Load()
		for range 3 {
			ctx, cancel := context.WithCancel(context.Background())
			var ended time.Time
			time.AfterFunc(20*time.Millisecond, func() { ended = time.Now(); cancel() })
			err := m.Run(ctx, []*ops.Tensor{ramp(4)}, zeros(1))
			late := time.Since(ended)
			require.ErrorIs(t, err, ErrCanceled)
			require.ErrorIs(t, err, context.Canceled)
			t.Logf("ended %v after the cancellation", late)
			require.Less(t, late, 200*time.Millisecond)
		}
		require.NoError(t, m.Close())
		require.Equal(t, base, m.budget.used.Load())
	})
}

func TestLoopTripsAreLimited(t *testing.T) {
	both(t, func(t *testing.T, opt RunOptions) {
		opt.Limits.LoopTrips = 100
		err := endless(endlessBody()).loaded(t, opt).Run(context.Background(), []*ops.Tensor{ramp(4)}, zeros(1))
		require.ErrorIs(t, err, ErrLimit)
		require.ErrorContains(t, err, "the loops of the model have taken 100 trips")

		// Loops in loops count together: 11 + 11·9 trips are 110.
		nested := sub().input("t", ops.Int64).input("going", ops.Bool).input("old", ops.Float32, 4).
			node("new", "Loop", "nine _ old", sub().input("t2", ops.Int64).input("going2", ops.Bool).input("old2", ops.Float32, 4).
				node("new2", "Neg", "old2").output("going2", "new2").body("body")).output("going", "new")
		for trips, fails := range map[int64]bool{10: false, 11: true} {
			b := newBuilder().input("x", ops.Float32, 4).constant("nine", int64Scalar(9)).constant("m", int64Scalar(trips)).
				node("y", "Loop", "m _ x", nested.body("body")).output("y")
			err := b.loaded(t, opt).Run(context.Background(), []*ops.Tensor{ramp(4)}, zeros(1))
			require.Equal(t, fails, err != nil, "%d trips: %v", trips, err)
		}
	})
}

// TestLoopMemoryIsLimited collects until the memory limit ends it.
func TestLoopMemoryIsLimited(t *testing.T) {
	both(t, func(t *testing.T, opt RunOptions) {
		opt.Limits.MemoryBytes = 8 << 20
		for name, body := range map[string]*builder{
			"scan output": sub().input("t", ops.Int64).input("going", ops.Bool).input("old", ops.Float32, 4).
				node("new", "Neg", "old").node("copy", "Identity", "new").output("going", "new", "copy"),
			"growing state": sub().input("t", ops.Int64).input("going", ops.Bool).input("old", ops.Float32, -1).
				node("new", "Concat", "old old", testInt("axis", 0)).output("going", "new"),
		} {
			b := newBuilder().input("x", ops.Float32, 4)
			if name == "scan output" {
				b.node("y z", "Loop", "_ _ x", body.body("body")).output("z")
			} else {
				b.node("y", "Loop", "_ _ x", body.body("body")).output("y")
			}
			m := b.loaded(t, opt)
			base := m.budget.used.Load()
			require.ErrorIs(t, m.Run(context.Background(), []*ops.Tensor{ramp(4)}, zeros(1)), ErrLimit, name)
			require.NoError(t, m.Close())
			require.Equal(t, base, m.budget.used.Load(), name)
		}
		b := newBuilder().input("x", ops.Float32, 4).node("none", "SequenceEmpty", "").
			node("y", "Loop", "_ _ none", sub().input("t", ops.Int64).input("going", ops.Bool).input("old", ops.Float32).
				node("new", "SequenceInsert", "old x").output("going", "new").body("body")).output("y")
		require.ErrorIs(t, b.loaded(t, opt).Run(context.Background(), []*ops.Tensor{ramp(4)}, zeros(1)), ErrLimit)
	})
}

// TestFlowInParallel runs sessions of one model at once.
func TestFlowInParallel(t *testing.T) {
	m := counting("m c v").loaded(t, RunOptions{})
	var group sync.WaitGroup
	for g := range 4 {
		group.Go(func() {
			for i := range 20 {
				n := (g + i) % 7
				out := zeros(2)
				if err := m.Run(context.Background(), []*ops.Tensor{int64Scalar(int64(n)), boolScalar(true), ops.Of([]float32{1, 2}, 2), ops.Of([]float32{1e9})}, out); err != nil {
					t.Error(err)
					return
				}
				if got, want := floatsOf(out[0])[0], float32(1+n*(n-1)/2); got != want {
					t.Errorf("%d trips give %v, want %v", n, got, want)
				}
			}
		})
	}
	group.Wait()
}

// TestFlowFaults are models that break the rules.
func TestFlowFaults(t *testing.T) {
	good := func() *builder { return sub().node("a", "Neg", "x").output("a") }
	ifNode := func(attrs ...*onnx.Attribute) *builder {
		return newBuilder().input("cond", ops.Bool).input("x", ops.Float32, 2).node("y", "If", "cond", attrs...).output("y")
	}
	loop := func(body *builder) *builder {
		return newBuilder().input("x", ops.Float32, 2).node("y", "Loop", "_ _ x", body.body("body")).output("y")
	}
	loopBody := func() *builder {
		return sub().input("t", ops.Int64).input("going", ops.Bool).input("old", ops.Float32, 2)
	}
	deep := good()
	for i := range maxSubgraphDepth {
		deep = sub().node(fmt.Sprintf("d%d", i), "If", "cond", deep.body("then_branch"), deep.body("else_branch")).output(fmt.Sprintf("d%d", i))
		deep.model.Graph.Nodes[0].Attributes[1] = good().body("else_branch")
	}
	cases := []struct {
		name  string
		model *builder
		want  string
	}{
		{"a branch is missing", ifNode(good().body("then_branch")), "attribute else_branch is missing"},
		{"a branch is no graph", ifNode(good().body("then_branch"), testInt("else_branch", 1)), "attribute else_branch is of type int, want graph"},
		{"a graph is missing", ifNode(good().body("then_branch"), &onnx.Attribute{Name: "else_branch", Type: onnx.AttributeGraph}), "an attribute holds no graph"},
		{"a branch has inputs", ifNode(good().body("then_branch"), good().input("i", ops.Float32).body("else_branch")), "else_branch has 1 inputs, want none"},
		{"outputs differ", ifNode(good().body("then_branch"), good().node("b", "Neg", "x").output("b").body("else_branch")), "else_branch has 2 outputs, the node 1"},
		{"no outputs", ifNode(good().body("then_branch"), sub().body("else_branch")), "the graph has no outputs"},
		{"a name from nowhere", ifNode(good().body("then_branch"), sub().node("a", "Neg", "nowhere").output("a").body("else_branch")), `"nowhere" is made by no node`},
		{"its own output", ifNode(good().body("then_branch"), sub().node("a", "Neg", "y").output("a").body("else_branch")), "the graph has a cycle"},
		{"a hidden name", ifNode(good().body("then_branch"), sub().node("x", "Neg", "cond").output("x").body("else_branch")), "has the name of a value of the graph around it"},
		{"a branch with a cycle", ifNode(good().body("then_branch"), sub().node("a", "Neg", "b").node("b", "Neg", "a").output("a").body("else_branch")), "the graph has a cycle"},
		{"too deep", ifNode(deep.body("then_branch"), good().body("else_branch")), "more than 32 deep"},
		{"unknown operator", ifNode(good().body("then_branch"), sub().node("a", "NoSuchOp", "x").output("a").body("else_branch")), "NoSuchOp-17"},
		{"two inputs", newBuilder().input("cond", ops.Bool).input("x", ops.Float32, 2).
			node("y", "If", "cond x", good().body("then_branch"), good().body("else_branch")).output("y"), "2 inputs, want 1"},
		{"a body without state", loop(sub().input("t", ops.Int64).input("going", ops.Bool).output("going")), "the body has 2 inputs, want 3"},
		{"a body without results", loop(loopBody().output("going")), "the body has 1 outputs, want at least 2"},
		{"an initializer as input", loop(loopBody().constant("t", int64Scalar(1)).output("going", "old")), `input "t" of a sub-graph is an initializer too`},
		{"too many outputs", newBuilder().input("x", ops.Float32, 2).node("y z", "Loop", "_ _ x", loopBody().output("going", "old").body("body")).output("y"), "2 outputs, the body gives 1"},
		{"scan inputs", newBuilder().input("x", ops.Float32, 2).node("y", "Scan", "x", sub().input("a", ops.Float32).output("a").body("body"), testInt("num_scan_inputs", 2)).output("y"), "num_scan_inputs is 2, want 1 to 1"},
		{"scan directions", newBuilder().input("x", ops.Float32, 2).node("y", "Scan", "x", sub().input("a", ops.Float32).output("a").body("body"), testInt("num_scan_inputs", 1), testInts("scan_input_directions", 2)).output("y"), "scan_input_directions[0] is 2"},
		{"scan axes", newBuilder().input("x", ops.Float32, 2).node("y", "Scan", "x", sub().input("a", ops.Float32).output("a").body("body"), testInt("num_scan_inputs", 1), testInts("scan_output_axes", 0, 0)).output("y"), "scan_output_axes has 2 numbers, want 1"},
		{"no body", newBuilder().input("x", ops.Float32, 2).node("y", "SequenceMap", "x").output("y"), "attribute body is missing"},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			_, err := Import(test.model.model, ImportOptions{})
			require.ErrorContains(t, err, test.want)
			if !errors.Is(err, ErrUnsupported) {
				require.ErrorIs(t, err, ErrInvalidModel)
			}
		})
	}
}

// TestFlowFaultsOfRuns are values that a body must not give.
func TestFlowFaultsOfRuns(t *testing.T) {
	body := func() *builder {
		return sub().input("t", ops.Int64).input("going", ops.Bool).input("old", ops.Float32)
	}
	run := func(b *builder, want string) {
		t.Helper()
		m := b.loaded(t, RunOptions{})
		require.ErrorContains(t, m.Run(context.Background(), []*ops.Tensor{ramp(2)}, zeros(1)), want)
	}
	loop := func(b *builder) *builder {
		return newBuilder().input("x", ops.Float32, 2).constant("m", int64Scalar(3)).node("y z", "Loop", "m _ x", b.body("body")).output("z")
	}
	_, err := NewModel(loop(body().output("old", "old", "old")).graph(t), RunOptions{})
	require.ErrorContains(t, err, "the condition that the body gives is tensor(float)[2], want a bool of one element")
	require.ErrorIs(t, err, ErrInvalidModel)
	run(loop(body().node("new", "Concat", "old old", testInt("axis", 0)).output("going", "new", "new")), "scan output 0 of trip 1: it is tensor(float)[8], before it was tensor(float)[4]")
	run(loop(body().node("new", "SequenceConstruct", "old").output("going", "old", "new")), "it is a sequence, want a tensor")
}

// TestHalfBodies computes bodies of 16-bit models in float32.
func TestHalfBodies(t *testing.T) {
	b := newBuilder().input("x", ops.Float16, 2).constant("m", int64Scalar(3)).
		node("y", "Loop", "m _ x", sub().input("t", ops.Int64).input("going", ops.Bool).input("old", ops.Float16, 2).
			node("one", "Cast", "t", testInt("to", int64(ops.Float16))).node("new", "Add", "old one").output("going", "new").body("body")).
		node("z", "Cast", "y", testInt("to", int64(ops.Float32))).output("z")
	x, err := ops.FromBytes(ops.Float16, ops.Shape{2}, []byte{0, 0x3c, 0, 0x40}) // 1, 2
	require.NoError(t, err)
	out := b.run(t, RunOptions{}, x)
	require.Equal(t, []float32{4, 5}, floatsOf(out[0]))
}

// TestHalfSequences computes with the members of 16-bit sequences in float32.
func TestHalfSequences(t *testing.T) {
	half := &onnx.Type{Kind: onnx.TypeTensor, ElemType: onnx.DataType(ops.Float16)}
	b := newBuilder().constant("at", int64Scalar(0)).constant("w", ops.Of([]float32{1.5})).
		node("x", "SequenceAt", "seq at").node("y", "Add", "x w").node("none", "SequenceEmpty", "", testInt("dtype", int64(ops.Float16))).
		node("out", "SequenceInsert", "none y").output("out")
	b.model.Graph.Inputs = []*onnx.ValueInfo{{Name: "seq", Type: &onnx.Type{Kind: onnx.TypeSequence, Elem: half}}}
	b.model.Graph.Outputs[0].Type = b.model.Graph.Inputs[0].Type
	x, err := ops.FromBytes(ops.Float16, ops.Shape{2}, []byte{0, 0x3c, 0, 0x40}) // 1, 2
	require.NoError(t, err)
	out := b.run(t, RunOptions{}, ops.NewSequence(ops.Float16, []*ops.Tensor{x}))
	require.Equal(t, "sequence(tensor(float16))", out[0].String())
	require.Equal(t, []byte{0, 0x41, 0x00, 0x43}, out[0].Elems()[0].Bytes(), "2.5 and 3.5")
}

// TestTensorsOnly gives a sequence to operators that take tensors.
func TestTensorsOnly(t *testing.T) {
	b := newBuilder().input("x", ops.Float32, 2).node("s", "SequenceConstruct", "x").node("y", "Abs", "s").output("y")
	_, err := NewModel(b.graph(t), RunOptions{})
	require.ErrorContains(t, err, `node "make_y" (Abs-6): input 0 is a sequence, want a tensor`)
	require.ErrorIs(t, err, ErrInvalidModel)
}

// TestOmittedAtTheEnd leaves out inputs that are not there anyway.
func TestOmittedAtTheEnd(t *testing.T) {
	out := newBuilder().input("x", ops.Float32, 2).node("y", "Sum", "x x _ _").output("y").run(t, RunOptions{}, ops.Of([]float32{1, 2}, 2))
	require.Equal(t, []float32{2, 4}, floatsOf(out[0]))
}

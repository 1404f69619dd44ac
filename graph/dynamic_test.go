package graph

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv/ops"
)

// dynamicModel has a part whose shapes only the data tells, between static parts:
// r is a ramp of sum(n) elements; the rest of the model is known before.
func dynamicModel(attrs ...int64) *builder {
	b := newBuilder().input("n", ops.Int64, -1).input("x", ops.Float32, 1, 2, 4, 4).constant("w", ramp(2, 2, 3, 3)).
		constant("to", ops.OfInts([]int{-1, 2})).constant("axis", ops.OfInts([]int{0})).
		node("c", "Conv", "x w", testInts("pads", 1, 1, 1, 1)).node("a", "Relu", "c")
	if len(attrs) > 0 {
		b.custom("r", "Ramp", "n", testInt("scratch", attrs[0]))
	} else {
		b.custom("r", "Ramp", "n")
	}
	return b.node("s", "Sigmoid", "r").node("p", "Reshape", "s to").node("q", "Add", "p p").
		node("count", "Shape", "q").node("m", "ReduceMax", "r", testInt("keepdims", 0)).
		node("y", "Mul", "a m").output("y", "q", "count")
}

func dynamicInputs(n ...int) []*ops.Tensor { return []*ops.Tensor{ops.OfInts(n), ramp(1, 2, 4, 4)} }

func TestDynamicShapes(t *testing.T) {
	for _, reference := range []bool{false, true} {
		m := dynamicModel().loaded(t, RunOptions{Reference: reference})
		base := m.budget.used.Load()
		s := m.NewSession()
		var arena int64
		for i, n := range [][]int{{4, 2}, {6, 6}, {0, 8}, {2, 0}, {7, 93}} {
			out := zeros(3)
			require.NoError(t, s.Run(context.Background(), dynamicInputs(n...), out))
			total := 0
			largest := 0
			for _, v := range n {
				total, largest = total+v, max(largest, v)
			}
			require.Equal(t, ops.Shape{total / 2, 2}, out[1].Shape())
			require.Equal(t, []int64{int64(total / 2), 2}, ops.Data[int64](out[2]))
			require.Equal(t, float32(1), ops.Data[float32](out[1])[0], "2·sigmoid(0)")
			conv := newBuilder().input("x", ops.Float32, 1, 2, 4, 4).constant("w", ramp(2, 2, 3, 3)).
				node("c", "Conv", "x w", testInts("pads", 1, 1, 1, 1)).node("y", "Relu", "c").output("y").
				run(t, RunOptions{Reference: true}, ramp(1, 2, 4, 4))[0]
			for k, v := range ops.Data[float32](conv) {
				require.Equal(t, v*float32(largest-1), ops.Data[float32](out[0])[k])
			}
			if i == 0 {
				arena = m.budget.used.Load() - base
			}
			require.Equal(t, arena, m.budget.used.Load()-base, "bytes of dynamic values after the run")
		}
		s.Close()
		require.NoError(t, m.Close())
		require.Equal(t, base, m.budget.used.Load())
	}
}

// TestDynamicOutputsGiven writes data-dependent outputs into tensors of the caller.
func TestDynamicOutputsGiven(t *testing.T) {
	m := dynamicModel().loaded(t, RunOptions{})
	out := zeros(3)
	require.NoError(t, m.Run(context.Background(), dynamicInputs(3, 3), out))
	again := []*ops.Tensor{out[0].Clone(), ops.NewTensor(ops.Float32, ops.Shape{3, 2}), out[2].Clone()}
	require.NoError(t, m.Run(context.Background(), dynamicInputs(3, 3), again))
	require.Equal(t, out[1].Bytes(), again[1].Bytes())
	err := m.Run(context.Background(), dynamicInputs(4), again)
	require.ErrorIs(t, err, ErrInput)
	require.ErrorContains(t, err, `output "q"`)
}

// TestDynamicFailures gives a model less and less memory: each run either works or
// ends with ErrLimit, and nothing stays counted, so that the session goes on.
func TestDynamicFailures(t *testing.T) {
	const scratch = 1 << 16
	full := dynamicModel(scratch).loaded(t, RunOptions{})
	want := zeros(3)
	require.NoError(t, full.Run(context.Background(), dynamicInputs(1000), want))

	failed, worked := 0, 0
	m := dynamicModel(scratch).loaded(t, RunOptions{})
	s := m.NewSession()
	defer s.Close()
	require.NoError(t, s.Run(context.Background(), dynamicInputs(2), zeros(3)))
	rest := m.budget.used.Load()
	for room := int64(0); room < 2*scratch; room += 500 {
		m.budget.limit = rest + room
		out := zeros(3)
		err := s.Run(context.Background(), dynamicInputs(1000), out)
		require.Equal(t, rest, m.budget.used.Load(), "bytes counted after a run with room for %d", room)
		if err != nil {
			require.ErrorIs(t, err, ErrLimit)
			failed++
			continue
		}
		worked++
		for i := range want {
			require.Equal(t, want[i].Bytes(), out[i].Bytes())
		}
	}
	require.Positive(t, failed)
	require.Positive(t, worked)
}

// TestDynamicErrorsGiveBack counts memory after an operator failed that had
// allocated outputs.
func TestDynamicErrorsGiveBack(t *testing.T) {
	m := newBuilder().input("n", ops.Int64, 1).custom("a b", "Ramp", "n", testInt("fails", 1)).output("a", "b").loaded(t, RunOptions{})
	base := m.budget.used.Load()
	for range 3 {
		require.ErrorContains(t, m.Run(context.Background(), []*ops.Tensor{ops.OfInts([]int{50})}, zeros(2)), "injected error")
		require.Equal(t, base, m.budget.used.Load())
	}
}

// TestDynamicSecondOutput drops the first of two outputs while the second is read.
func TestDynamicSecondOutput(t *testing.T) {
	m := newBuilder().input("n", ops.Int64, 1).custom("a b", "Ramp", "n").
		node("p", "Relu", "a").node("q", "Sigmoid", "b").node("r", "Add", "q q").output("r").loaded(t, RunOptions{})
	base := m.budget.used.Load()
	out := zeros(1)
	require.NoError(t, m.Run(context.Background(), []*ops.Tensor{ops.OfInts([]int{50})}, out))
	require.Equal(t, ops.Shape{100}, out[0].Shape())
	require.Equal(t, base, m.budget.used.Load())
}

// TestDynamicStaticStep reads a value of a dynamic step whose shape is known all
// the same, by a static step.
func TestDynamicStaticStep(t *testing.T) {
	m := newBuilder().input("n", ops.Int64, 1).input("x", ops.Float32, 4).custom("a", "Ramp", "n").
		node("m", "ReduceSum", "a", testInt("keepdims", 0)).node("y", "Add", "x m").node("z", "Relu", "y").output("z").loaded(t, RunOptions{})
	base := m.budget.used.Load()
	for n, sum := range []float32{0, 0, 1, 3, 6} {
		out := zeros(1)
		require.NoError(t, m.Run(context.Background(), []*ops.Tensor{ops.OfInts([]int{n}), ops.Of([]float32{-1, 0, 1, -9}, 4)}, out))
		require.Equal(t, []float32{max(0, sum-1), sum, sum + 1, max(0, sum-9)}, ops.Data[float32](out[0]))
	}
	require.NoError(t, m.Close())
	require.Equal(t, base, m.budget.used.Load())
}

// TestScratchIsGivenBack runs a step of known shapes that allocates for itself.
func TestScratchIsGivenBack(t *testing.T) {
	m := newBuilder().input("a", ops.Float32, 8, 8).input("b", ops.Float32, 8, 8).
		node("y", "Einsum", "a b", testString("equation", "ki,kj->ij")).output("y").loaded(t, RunOptions{})
	s := m.NewSession()
	defer s.Close()
	var rest int64
	for i := range 3 {
		require.NoError(t, s.Run(context.Background(), []*ops.Tensor{ramp(8, 8), ramp(8, 8)}, zeros(1)))
		if i == 0 {
			rest = m.budget.used.Load()
		}
		require.Equal(t, rest, m.budget.used.Load())
	}
}

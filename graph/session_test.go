package graph

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv/ops"
)

// zeros makes n empty tensors, which receive memory of their own.
func zeros(n int) []*ops.Tensor {
	out := make([]*ops.Tensor, n)
	for i := range out {
		out[i] = new(ops.Tensor)
	}
	return out
}

// convChain is a model of n convolutions of c channels, whose height and width
// the caller gives.
func convChain(n, c int) *builder {
	b := newBuilder().input("x0", ops.Float32, 1, c, -1, -1)
	b.model.Graph.Inputs[0].Type.Shape.Dims[3].Param = "w"
	for i := range n {
		w := ramp(c, c, 3, 3)
		for k, v := range ops.Data[float32](w) {
			ops.Data[float32](w)[k] = v / float32(8*c)
		}
		b.constant(fmt.Sprint("k", i), w).
			node(fmt.Sprint("c", i), "Conv", fmt.Sprintf("x%d k%d", i, i), testInts("pads", 1, 1, 1, 1)).
			node(fmt.Sprint("x", i+1), "Relu", fmt.Sprint("c", i))
	}
	return b.output(fmt.Sprint("x", n))
}

// withinLimit waits until the condition holds, for a while.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(what)
		}
	}
}

func TestPanicBecomesInternalError(t *testing.T) {
	t.Run("constructor", func(t *testing.T) {
		_, err := newBuilder().input("x", ops.Float32, 4).custom("y", "Fault", "x", testString("at", "new")).output("y").importError()
		require.ErrorIs(t, err, ErrInternal)
		require.ErrorContains(t, err, `"make_y"`)
		require.ErrorContains(t, err, "injected at new")
	})
	t.Run("shape rule", func(t *testing.T) {
		g := newBuilder().input("x", ops.Float32, 4).custom("y", "Fault", "x", testString("at", "infer")).output("y").graph(t)
		err := g.Infer(Limits{})
		require.ErrorIs(t, err, ErrInternal)
		require.ErrorContains(t, err, `"make_y"`)
	})
	for _, at := range []string{"run", "worker"} {
		t.Run(at, func(t *testing.T) {
			before := runtime.NumGoroutine()
			m := newBuilder().input("x", ops.Float32, 4).node("r", "Relu", "x").
				custom("y", "Fault", "r", testString("at", at)).output("y").loaded(t, RunOptions{Threads: 4})
			s := m.NewSession()
			for range 3 { // the session stays usable
				err := s.Run(context.Background(), []*ops.Tensor{ramp(4)}, zeros(1))
				require.ErrorIs(t, err, ErrInternal)
				var node *NodeError
				require.ErrorAs(t, err, &node)
				require.Equal(t, "make_y", node.Node)
				require.ErrorContains(t, err, "injected at "+at)
			}
			s.Close()
			require.NoError(t, m.Close())
			eventually(t, "goroutines are left", func() bool { return runtime.NumGoroutine() <= before })
		})
	}
	t.Run("while a constant is folded", func(t *testing.T) {
		g := newBuilder().constant("c", ramp(4)).custom("y", "Fault", "c", testString("at", "run")).output("y").graph(t)
		err := g.Infer(Limits{})
		require.ErrorIs(t, err, ErrInternal)
		require.ErrorContains(t, err, `"make_y"`)
	})
}

func TestErrorOfARunIsTyped(t *testing.T) {
	m := newBuilder().input("x", ops.Float32, 4).custom("y", "Fault", "x", testString("at", "error")).output("y").loaded(t, RunOptions{})
	err := m.Run(context.Background(), []*ops.Tensor{ramp(4)}, zeros(1))
	require.ErrorIs(t, err, ErrInput)
	require.ErrorContains(t, err, "injected error")
}

// TestLateCancellation ends the context of a run in its last step, on one processor,
// so that the cancellation is noticed while the next run of the session goes on: it
// must not reach that one.
func TestLateCancellation(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	ctx, cancel := context.WithCancel(context.Background())
	var then func()
	m := newBuilder().input("x", ops.Float32, 16).node("r", "Relu", "x").node("y", "Sigmoid", "r").output("y").
		loaded(t, RunOptions{Threads: 1, Observe: func(e Event) {
			if e.Node.Op == "Relu" {
				then()
			}
		}})
	s := m.NewSession()
	defer s.Close()
	then = func() { cancel() }
	if err := s.Run(ctx, []*ops.Tensor{ramp(16)}, zeros(1)); err != nil {
		require.ErrorIs(t, err, ErrCanceled)
	}
	then = func() { time.Sleep(time.Millisecond) }
	require.NoError(t, s.Run(context.Background(), []*ops.Tensor{ramp(16)}, zeros(1)))
}

func TestCloseWaitsForRuns(t *testing.T) {
	m := convChain(6, 16).loaded(t, RunOptions{Threads: 2})
	var wg sync.WaitGroup
	var running sync.WaitGroup
	results := make(chan error, 8)
	for range 8 {
		running.Add(1)
		wg.Go(func() {
			s := m.NewSession()
			defer s.Close()
			running.Done()
			for {
				err := s.Run(context.Background(), []*ops.Tensor{ramp(1, 16, 40, 40)}, zeros(1))
				if err != nil {
					results <- err
					return
				}
			}
		})
	}
	running.Wait()
	time.Sleep(20 * time.Millisecond)
	require.NoError(t, m.Close())
	require.Equal(t, int64(m.Graph().ConstBytes()), m.budget.used.Load(), "bytes of arenas after Close")
	require.Zero(t, m.packed.Bytes())
	require.NoError(t, m.Close(), "closing twice")
	wg.Wait()
	close(results)
	for err := range results {
		require.ErrorIs(t, err, ErrClosed)
	}
	s := m.NewSession()
	require.ErrorIs(t, s.Run(context.Background(), []*ops.Tensor{ramp(1, 16, 40, 40)}, zeros(1)), ErrClosed)
	s.Close()
	s.Close()
}

func TestSessionCloseGivesMemoryBack(t *testing.T) {
	m := convChain(3, 8).loaded(t, RunOptions{Limits: Limits{Sessions: 1, Plans: 1}})
	base := m.budget.used.Load()
	run := func(s *Session, size int) {
		require.NoError(t, s.Run(context.Background(), []*ops.Tensor{ramp(1, 8, size, size)}, zeros(1)))
	}
	a, b := m.NewSession(), m.NewSession()
	run(a, 20)
	one := m.budget.used.Load() - base
	require.Positive(t, one)
	run(b, 20)
	require.Equal(t, 2*one, m.budget.used.Load()-base)
	a.Close()
	b.Close()
	require.Equal(t, one, m.budget.used.Load()-base, "one idle frame is kept")
	run(a, 9) // a closed session opens again; the plan for 20x20 is evicted with its frame
	require.Less(t, m.budget.used.Load()-base, one)
	a.Close()
}

// TestPlansAreEvicted interleaves more shapes than plans are kept, from several
// goroutines, and holds every result against that of a model of its own.
func TestPlansAreEvicted(t *testing.T) {
	sizes := []int{3, 5, 8, 11, 16}
	want := map[int][]byte{}
	for _, size := range sizes {
		want[size] = convChain(3, 8).run(t, RunOptions{}, ramp(1, 8, size, size))[0].Bytes()
	}
	m := convChain(3, 8).loaded(t, RunOptions{Threads: 2, Limits: Limits{Plans: 2, Sessions: 1}})
	var wg sync.WaitGroup
	for worker := range 6 {
		wg.Go(func() {
			s := m.NewSession()
			defer s.Close()
			for i := range 30 {
				size := sizes[(i*7+worker*3)%len(sizes)]
				out := zeros(1)
				run := s.Run
				if i%3 == 0 {
					run = m.Run
				}
				if err := run(context.Background(), []*ops.Tensor{ramp(1, 8, size, size)}, out); err != nil {
					t.Errorf("size %d: %v", size, err)
					return
				}
				if !slices.Equal(want[size], out[0].Bytes()) {
					t.Errorf("size %d: other bits", size)
				}
			}
		})
	}
	wg.Wait()
	require.LessOrEqual(t, len(m.entries), 2)
}

func TestMemoryLimit(t *testing.T) {
	chain := convChain(3, 8)
	m := chain.loaded(t, RunOptions{})
	p, err := m.Plan([]ops.Spec{ramp(1, 8, 64, 64).Spec()})
	require.NoError(t, err)
	need := p.needBytes(m.packed)

	t.Run("too small", func(t *testing.T) {
		m := chain.loaded(t, RunOptions{Limits: Limits{MemoryBytes: need - 1}})
		base := m.budget.used.Load()
		err := m.Run(context.Background(), []*ops.Tensor{ramp(1, 8, 64, 64)}, zeros(1))
		require.ErrorIs(t, err, ErrLimit)
		require.ErrorContains(t, err, "the model needs "+formatBytes(need))
		require.Zero(t, m.packed.Bytes(), "what was packed for the plan that failed is gone")
		require.NoError(t, m.Run(context.Background(), []*ops.Tensor{ramp(1, 8, 8, 8)}, zeros(1)), "smaller inputs run")
		require.NoError(t, m.Close())
		require.Equal(t, base, m.budget.used.Load())
	})
	t.Run("just enough", func(t *testing.T) {
		m := chain.loaded(t, RunOptions{Limits: Limits{MemoryBytes: need}})
		for _, size := range []int{64, 32, 64, 16, 63, 64} { // idle frames of other sizes make room
			require.NoError(t, m.Run(context.Background(), []*ops.Tensor{ramp(1, 8, size, size)}, zeros(1)), "size %d", size)
		}
	})
	t.Run("several frames", func(t *testing.T) {
		m := chain.loaded(t, RunOptions{Limits: Limits{MemoryBytes: need + p.ArenaBytes/2}})
		a, b := m.NewSession(), m.NewSession()
		x := []*ops.Tensor{ramp(1, 8, 64, 64)}
		require.NoError(t, a.Run(context.Background(), x, zeros(1)))
		require.ErrorIs(t, b.Run(context.Background(), x, zeros(1)), ErrLimit)
		require.NoError(t, a.Run(context.Background(), x, zeros(1)))
		a.Close()
		require.NoError(t, b.Run(context.Background(), x, zeros(1)))
		b.Close()
	})
}

// TestIdleFrameKeepsNothing asserts that a session at rest does not keep the
// caller's inputs and outputs alive.
func TestIdleFrameKeepsNothing(t *testing.T) {
	m := newBuilder().input("x", ops.Float32, 4, 4).constant("to", ops.OfInts([]int{16})).
		node("v", "Reshape", "x to").node("y", "Relu", "v").node("z", "Relu", "x").output("y", "z").loaded(t, RunOptions{})
	s := m.NewSession()
	defer s.Close()
	freed := make(chan string, 3)
	func() {
		x, out := ramp(4, 4), zeros(2)
		require.NoError(t, s.Run(context.Background(), []*ops.Tensor{x}, out))
		for name, mem := range map[string]*ops.Tensor{"input": x, "output 0": out[0], "output 1": out[1]} {
			runtime.AddCleanup(&mem.Bytes()[0], func(name string) { freed <- name }, name)
		}
	}()
	for range 3 {
		eventually(t, "memory of the caller is kept", func() bool { runtime.GC(); return len(freed) > 0 })
		<-freed
	}
}

func TestOutputsDoNotOverlap(t *testing.T) {
	m := newBuilder().input("x", ops.Float32, 8).node("y", "Relu", "x").node("z", "Sigmoid", "x").output("y", "z").loaded(t, RunOptions{})
	buffer := make([]float32, 32)
	at := func(from int) *ops.Tensor { return ops.Of(buffer[from:from+8], 8) }
	run := func(in, y, z *ops.Tensor) error {
		return m.Run(context.Background(), []*ops.Tensor{in}, []*ops.Tensor{y, z})
	}
	require.NoError(t, run(at(0), at(8), at(16)))
	require.ErrorContains(t, run(at(0), at(0), at(16)), "output 0 shares memory with input 0")
	require.ErrorContains(t, run(at(0), at(8), at(15)), "output 1 shares memory with output 0")
	require.ErrorIs(t, run(at(8), at(1), at(24)), ErrInput)
}

// TestOutputsAreTheCallers writes into the inputs and outputs of a run: the next
// one must not notice.
func TestOutputsAreTheCallers(t *testing.T) {
	b := newBuilder().input("x", ops.Float32, 2, 8).constant("c", ramp(2, 8)).constant("to", ops.OfInts([]int{16})).
		node("a", "Relu", "x").node("same", "Identity", "x").node("view", "Reshape", "a to").
		node("sum", "Add", "a c").node("copy", "Identity", "c").node("part", "Reshape", "sum to")
	b.output("a", "same", "view", "sum", "copy", "part", "x", "c", "sum")
	m := b.loaded(t, RunOptions{})
	s := m.NewSession()
	defer s.Close()
	n := len(m.Graph().Outputs)
	first := zeros(n)
	x := ramp(2, 8)
	require.NoError(t, s.Run(context.Background(), []*ops.Tensor{x}, first))
	want := make([]*ops.Tensor, n)
	for i, o := range first {
		want[i] = o.Clone()
	}
	for i, o := range first {
		clear(o.Bytes())
		for k := range first {
			if k > i {
				require.Equal(t, want[k].Bytes(), first[k].Bytes(), "output %d shares memory with output %d", k, i)
			}
		}
		require.Equal(t, ramp(2, 8).Bytes(), x.Bytes(), "output %d shares memory with the input", i)
	}
	second := zeros(n)
	require.NoError(t, s.Run(context.Background(), []*ops.Tensor{x}, second))
	for i := range want {
		require.Equal(t, want[i].Bytes(), second[i].Bytes(), "output %d of a second run", i)
	}
}

// TestStrings moves strings through values inside a plan.
func TestStrings(t *testing.T) {
	b := newBuilder().input("x", ops.String, 2, 2).constant("to", ops.OfInts([]int{4})).
		node("a", "Identity", "x").node("b", "Concat", "x a", testInt("axis", 0)).node("c", "Transpose", "b", testInts("perm", 1, 0)).
		node("d", "Reshape", "x to").node("e", "Concat", "d d", testInt("axis", 0)).output("c", "e")
	for _, reference := range []bool{false, true} {
		out := b.run(t, RunOptions{Reference: reference}, ops.OfStrings([]string{"p", "q", "r", "s"}, 2, 2))
		require.Equal(t, []string{"p", "r", "p", "r", "q", "s", "q", "s"}, out[0].Strings())
		require.Equal(t, []string{"p", "q", "r", "s", "p", "q", "r", "s"}, out[1].Strings())
	}
}

func TestObserver(t *testing.T) {
	var names []string
	var last Event
	m := newBuilder().input("x", ops.Float32, 2, 8).constant("to", ops.OfInts([]int{16})).
		node("a", "Relu", "x").node("v", "Reshape", "a to").node("y", "Sigmoid", "v").output("y").
		loaded(t, RunOptions{Observe: func(e Event) {
			names = append(names, e.Node.Name)
			last = e
			require.Len(t, e.Outputs, 1)
			require.NotEmpty(t, e.Outputs[0].Bytes())
		}})
	require.NoError(t, m.Run(context.Background(), []*ops.Tensor{ramp(2, 8)}, zeros(1)))
	require.Equal(t, []string{"make_a", "make_y"}, names, "a view is no step that runs")
	require.Equal(t, last.Steps-1, last.Step)
	require.False(t, last.Start.IsZero())
}

func TestCanceledBeforeRun(t *testing.T) {
	m := newBuilder().input("x", ops.Float32, 2).node("y", "Relu", "x").output("y").loaded(t, RunOptions{})
	cause := errors.New("no longer wanted")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(cause)
	err := m.Run(ctx, []*ops.Tensor{ramp(2)}, zeros(1))
	require.ErrorIs(t, err, ErrCanceled)
	require.ErrorIs(t, err, cause)
}

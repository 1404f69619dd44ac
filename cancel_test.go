package tconv_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv"
)

// cancelLatency is how long a run may go on after its context ended. The promise
// is 10 ms; a machine that does other things at the same time gets more.
const cancelLatency = 50 * time.Millisecond

// TestCancel cancels runs at random times: they end at once, with an error that
// says so, and the next run of the session gives the same bits as ever. Afterwards
// no goroutine is left. TCONV_CANCELS sets how many there are.
func TestCancel(t *testing.T) {
	before := runtime.NumGoroutine()
	m := convChain(t, 32, 64, 192).load(t)
	s := m.NewSession()
	in := tconv.Tensors{"x0": wave(1, 64, 192, 192)}
	out, err := s.Run(context.Background(), in)
	require.NoError(t, err)
	want := digest(out)
	start := time.Now()
	require.NoError(t, s.RunInto(context.Background(), in, out))
	took := time.Since(start)

	rng := rand.New(rand.NewPCG(1, 2))
	var late []time.Duration
	for range envInt("TCONV_CANCELS", 24) {
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan time.Time, 1)
		timer := time.AfterFunc(time.Duration(rng.Int64N(int64(took)*9/10)), func() {
			ended <- time.Now()
			cancel()
		})
		err := s.RunInto(ctx, in, out)
		back := time.Now()
		timer.Stop()
		cancel()
		if err == nil {
			continue
		}
		require.ErrorIs(t, err, tconv.ErrCanceled)
		require.ErrorIs(t, err, context.Canceled)
		late = append(late, back.Sub(<-ended))
		if len(late)%8 == 1 {
			require.NoError(t, s.RunInto(context.Background(), in, out))
			require.Equal(t, want, digest(out))
		}
	}
	require.NoError(t, s.RunInto(context.Background(), in, out))
	require.Equal(t, want, digest(out))
	slices.Sort(late)
	require.NotEmpty(t, late)
	t.Logf("a run takes %v; %d canceled: p50 %v, p99 %v", took, len(late), late[len(late)/2], late[len(late)*99/100])
	// One in ten may be late: other programs take the processor away as well.
	require.Less(t, late[len(late)*9/10], cancelLatency)
	require.Less(t, late[len(late)-1], time.Second)

	s.Close()
	require.NoError(t, m.Close())
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines are left, before there were %d", runtime.NumGoroutine(), before)
}

func TestTimeout(t *testing.T) {
	m := convChain(t, 32, 64, 192).load(t)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := m.Run(ctx, tconv.Tensors{"x0": wave(1, 64, 192, 192)})
	require.ErrorIs(t, err, tconv.ErrCanceled)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Less(t, time.Since(start), 5*time.Millisecond+2*cancelLatency)
}

// TestCancelInsideOperators cancels a node of each heavy operator while it works.
// Its time must not grow with the tensor.
func TestCancelInsideOperators(t *testing.T) {
	big := []int{1, 8, 1024, 512} // 16 MiB
	x := func() *modelBuilder { return newModel().input("x", tconv.Float32, big...) }
	image := func(c, size int) *modelBuilder { return newModel().input("x", tconv.Float32, 1, c, size, size) }
	cases := []struct {
		name  string
		model *modelBuilder
		opts  []tconv.Option
	}{
		{name: "Conv", model: image(64, 256).constant(t, "w", wave(64, 64, 5, 5)).node("y", "Conv", "x w", intsAttr("pads", 2, 2, 2, 2))},
		{name: "Conv reference", model: image(16, 128).constant(t, "w", wave(16, 16, 5, 5)).node("y", "Conv", "x w"),
			opts: []tconv.Option{tconv.WithReference()}},
		{name: "depthwise Conv", model: image(32, 512).constant(t, "w", wave(32, 1, 7, 7)).node("y", "Conv", "x w", intAttr("group", 32))},
		{name: "ConvTranspose", model: image(64, 128).constant(t, "w", wave(64, 32, 4, 4)).node("y", "ConvTranspose", "x w", intsAttr("strides", 2, 2))},
		{name: "ConvTranspose reference", model: image(16, 64).constant(t, "w", wave(16, 16, 5, 5)).node("y", "ConvTranspose", "x w"),
			opts: []tconv.Option{tconv.WithReference()}},
		{name: "MatMul", model: newModel().input("x", tconv.Float32, 1024, 1024).constant(t, "w", wave(1024, 2048)).node("y", "MatMul", "x w")},
		{name: "MatMul reference", model: newModel().input("x", tconv.Float32, 512, 512).constant(t, "w", wave(512, 512)).node("y", "MatMul", "x w"),
			opts: []tconv.Option{tconv.WithReference()}},
		{name: "Gemm reference", model: newModel().input("x", tconv.Float32, 512, 512).constant(t, "w", wave(512, 512)).node("y", "Gemm", "x w"),
			opts: []tconv.Option{tconv.WithReference()}},
		{name: "Einsum", model: newModel().input("x", tconv.Float32, 512, 256).constant(t, "w", wave(256, 512)).node("y", "Einsum", "x w", textAttr("equation", "ij,jk->ik"))},
		{name: "MaxPool", model: x().node("y", "MaxPool", "x", intsAttr("kernel_shape", 7, 7))},
		{name: "AveragePool", model: x().node("y", "AveragePool", "x", intsAttr("kernel_shape", 7, 7))},
		{name: "LpPool", model: x().node("y", "LpPool", "x", intsAttr("kernel_shape", 7, 7))},
		{name: "GlobalAveragePool", model: x().node("y", "GlobalAveragePool", "x")},
		{name: "LRN", model: x().node("y", "LRN", "x", intAttr("size", 5))},
		{name: "Resize cubic", model: image(8, 256).constant(t, "s", vector(1, 8, 1024, 1024)).node("y", "Resize", "x _ _ s", textAttr("mode", "cubic"))},
		{name: "Resize linear", model: image(8, 256).constant(t, "s", vector(1, 8, 1024, 1024)).node("y", "Resize", "x _ _ s", textAttr("mode", "linear"))},
		{name: "Resize antialias", model: image(8, 1024).constant(t, "s", vector(1, 8, 100, 100)).node("y", "Resize", "x _ _ s", textAttr("mode", "linear"), intAttr("antialias", 1))},
		{name: "Resize nearest", model: image(8, 256).constant(t, "s", vector(1, 8, 1024, 1024)).node("y", "Resize", "x _ _ s")},
		{name: "Softmax", model: x().node("y", "Softmax", "x", intAttr("axis", 1))},
		{name: "LogSoftmax", model: x().node("y", "LogSoftmax", "x")},
		{name: "InstanceNormalization", model: x().constant(t, "s", wave(8)).node("y", "InstanceNormalization", "x s s")},
		{name: "LayerNormalization", model: x().constant(t, "s", wave(512)).node("y", "LayerNormalization", "x s")},
		{name: "BatchNormalization", model: x().constant(t, "s", wave(8)).node("y", "BatchNormalization", "x s s s s")},
		{name: "ReduceLogSumExp", model: x().constant(t, "a", vector(1)).node("y", "ReduceLogSumExp", "x a")},
		{name: "ReduceSum of all", model: x().node("y", "ReduceSum", "x")},
		{name: "ArgMax", model: x().node("y", "ArgMax", "x", intAttr("axis", 1))},
		{name: "TopK", model: x().constant(t, "k", vector(100)).node("y i", "TopK", "x k")},
		{name: "CumSum", model: x().constant(t, "a", vector(2)).node("y", "CumSum", "x a")},
		{name: "Transpose", model: x().node("y", "Transpose", "x", intsAttr("perm", 0, 3, 2, 1))},
		{name: "Sigmoid", model: x().node("y", "Sigmoid", "x")},
		{name: "Tanh", model: x().node("y", "Tanh", "x")},
		{name: "Erf", model: x().node("y", "Erf", "x")},
		{name: "Pow", model: x().node("y", "Pow", "x x")},
		{name: "Gelu", model: x().node("y", "Gelu", "x")},
		{name: "Add of a column", model: x().constant(t, "c", wave(1024, 1)).node("y", "Add", "x c")},
		{name: "Concat", model: x().node("y", "Concat", "x x x x", intAttr("axis", 3))},
		{name: "Pad", model: x().constant(t, "p", vector(0, 0, 9, 9, 0, 0, 9, 9)).node("y", "Pad", "x p", textAttr("mode", "reflect"))},
		{name: "Tile", model: x().constant(t, "r", vector(1, 2, 2, 2)).node("y", "Tile", "x r")},
		{name: "Slice", model: x().constant(t, "s", vector(-1)).constant(t, "e", vector(-100000)).constant(t, "a", vector(3)).node("y", "Slice", "x s e a s")},
		{name: "Cast to text", model: newModel().input("x", tconv.Float32, 1<<19).node("y", "Cast", "x", intAttr("to", 8))},
		{name: "Cast", model: x().node("y", "Cast", "x", intAttr("to", 10))},
		{name: "NonZero", model: x().node("y", "NonZero", "x")},
		{name: "Unique", model: newModel().input("x", tconv.Float32, 1<<19).node("y", "Unique", "x")},
		{name: "DepthToSpace", model: x().node("y", "DepthToSpace", "x", intAttr("blocksize", 2))},
		{name: "Where", model: x().node("c", "Greater", "x x").node("y", "Where", "c x x")},
		{name: "Gather", model: x().constant(t, "i", vector(7, 6, 5, 4, 3, 2, 1, 0)).node("y", "Gather", "x i", intAttr("axis", 1))},
		{name: "OneHot", model: newModel().input("x", tconv.Int64, 1<<12).constant(t, "d", vector(2000)).constant(t, "v", vector(0, 1)).node("y", "OneHot", "x d v")},
		{name: "NonMaxSuppression", model: newModel().input("x", tconv.Float32, 1, 4000, 4).constant(t, "s", wave(1, 1, 4000)).constant(t, "k", vector(4000)).
			node("y", "NonMaxSuppression", "x s k")},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := c.model.output("y").load(t, append(c.opts, tconv.WithThreads(1))...)
			in := tconv.Tensors{}
			for _, v := range m.Inputs() {
				in[v.Name] = wave(v.Shape...)
				if v.DType == tconv.Int64 {
					in[v.Name] = vector(make([]int64, elements(v.Shape))...)
				}
			}
			s := m.NewSession()
			defer s.Close()
			out, err := s.Run(context.Background(), in)
			require.NoError(t, err)
			start := time.Now()
			require.NoError(t, s.RunInto(context.Background(), in, out))
			took := time.Since(start)
			late := time.Hour
			for range 3 { // the best of three: other programs take the processor away as well
				late = min(late, cancelAfter(t, s, in, out, took/4))
			}
			t.Logf("takes %v, ends %v after it was canceled", took, late)
			require.Less(t, late, cancelLatency)
		})
	}
}

// cancelAfter gives how long after its deadline a run ends.
func cancelAfter(t *testing.T, s *tconv.Session, in, out tconv.Tensors, deadline time.Duration) time.Duration {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	start := time.Now()
	err := s.RunInto(ctx, in, out)
	late := time.Since(start) - deadline
	if err != nil {
		require.ErrorIs(t, err, tconv.ErrCanceled)
	}
	return late
}

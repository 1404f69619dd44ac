package tconv_test

import (
	"context"
	"maps"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/onnx"
)

// TestRunIntoAllocates measures the steady state of a session: nothing that grows
// with tensors, and few small things.
func TestRunIntoAllocates(t *testing.T) {
	const path = "testdata/architectures/unet_dynamic_sizes.onnx"
	perRun := func(size int) (count float64, bytes uint64) {
		m, err := tconv.Open(path, tconv.WithThreads(2))
		require.NoError(t, err)
		defer m.Close()
		s := m.NewSession()
		defer s.Close()
		in := dynamicFeed(t, m, size, size)
		out, err := s.Run(context.Background(), in)
		require.NoError(t, err)
		run := func() {
			if err := s.RunInto(context.Background(), in, out); err != nil {
				t.Fatal(err)
			}
		}
		count = testing.AllocsPerRun(20, run)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range 20 {
			run()
		}
		runtime.ReadMemStats(&after)
		plan, err := m.Plan(map[string][]int{m.Inputs()[0].Name: {1, m.Inputs()[0].Shape[1], size, size}})
		require.NoError(t, err)
		require.LessOrEqual(t, count, float64(10+8*len(plan.Steps)))
		return count, (after.TotalAlloc - before.TotalAlloc) / 20
	}
	smallCount, smallBytes := perRun(16)
	largeCount, largeBytes := perRun(128)
	t.Logf("16x16: %v allocations, %d bytes; 128x128: %v allocations, %d bytes", smallCount, smallBytes, largeCount, largeBytes)
	require.Less(t, largeBytes, smallBytes+16<<10, "bytes that grow with tensors")
	require.LessOrEqual(t, largeCount, 2*smallCount+20)
}

// TestRunIntoAllocatesLittlePerStep runs the steps that decoder networks are made of,
// on channel blocks: each allocates one small thing at most.
func TestRunIntoAllocatesLittlePerStep(t *testing.T) {
	pads := intsAttr("pads", 1, 1, 1, 1)
	twice := []*onnx.Attribute{intsAttr("kernel_shape", 2, 2), intsAttr("strides", 2, 2)}
	for _, size := range []int{32, 64} {
		for _, threads := range []int{1, 2} {
			m := newModel().input("x", tconv.Float32, 1, 3, size, size).
				constant(t, "w0", wave(32, 3, 3, 3)).constant(t, "w1", wave(32, 32, 3, 3)).constant(t, "w2", wave(64, 32, 3, 3)).
				constant(t, "u", wave(64, 32, 2, 2)).constant(t, "w3", wave(32, 64, 3, 3)).constant(t, "w4", wave(2, 32, 1, 1)).
				node("a", "Conv", "x w0", pads).node("b", "Relu", "a").node("c", "Conv", "b w1", pads).
				node("p", "MaxPool", "c", twice...).node("d", "Conv", "p w2", pads).node("e", "Relu", "d").
				node("up", "ConvTranspose", "e u", twice...).node("cat", "Concat", "c up", intAttr("axis", 1)).
				node("f", "Conv", "cat w3", pads).node("g", "Relu", "f").node("y", "Conv", "g w4").output("y").
				load(t, tconv.WithThreads(threads))
			s := m.NewSession()
			defer s.Close()
			in := tconv.Tensors{"x": wave(1, 3, size, size)}
			out, err := s.Run(context.Background(), in)
			require.NoError(t, err)
			plan, err := m.Plan(map[string][]int{"x": {1, 3, size, size}})
			require.NoError(t, err)
			count := testing.AllocsPerRun(20, func() {
				if err := s.RunInto(context.Background(), in, out); err != nil {
					t.Fatal(err)
				}
			})
			t.Logf("%d pixels, %d threads: %v allocations in %d steps", size, threads, count, len(plan.Steps))
			require.LessOrEqual(t, count, float64(4+len(plan.Steps)), "beside the run's own 4")
		}
	}
}

func TestRunIntoOutputs(t *testing.T) {
	b := newModel().input("x", tconv.Float32, 2, 3).node("y", "Relu", "x").node("z", "Sigmoid", "x").output("y", "z")
	m := b.load(t)
	s := m.NewSession()
	defer s.Close()
	ctx, in := context.Background(), tconv.Tensors{"x": wave(2, 3)}
	want, err := s.Run(ctx, in)
	require.NoError(t, err)

	t.Run("given", func(t *testing.T) {
		y := wave(2, 3)
		data, err := tconv.Data[float32](y)
		require.NoError(t, err)
		require.NoError(t, s.RunInto(ctx, in, tconv.Tensors{"y": y, "z": wave(2, 3)}))
		expected, _ := tconv.Data[float32](want["y"])
		require.Equal(t, expected, data, "in the caller's memory")
	})
	t.Run("zero Tensors", func(t *testing.T) {
		out := tconv.Tensors{"y": new(tconv.Tensor), "z": {}}
		require.NoError(t, s.RunInto(ctx, in, out))
		require.Equal(t, digest(want), digest(out))
		y := out["y"].Bytes()
		require.NoError(t, s.RunInto(ctx, in, out))
		require.Same(t, &y[0], &out["y"].Bytes()[0], "the second run uses the memory again")
	})
	t.Run("a subset", func(t *testing.T) {
		out := tconv.Tensors{"z": {}}
		require.NoError(t, s.RunInto(ctx, in, out))
		require.Equal(t, want["z"].Bytes(), out["z"].Bytes())
		require.NoError(t, s.RunInto(ctx, in, nil))
		require.NoError(t, s.RunInto(ctx, in, tconv.Tensors{"y": nil, "z": {}}), "nil is left out")
	})
	wrong := map[string]struct {
		in, out tconv.Tensors
		text    string
	}{
		"shape of an output":  {in, tconv.Tensors{"y": wave(3, 2)}, `output "y" is tensor(float)[3, 2], want tensor(float)[2, 3]`},
		"type of an output":   {in, tconv.Tensors{"y": vector(1, 2, 3, 4, 5, 6)}, `output "y" is tensor(int64)[6]`},
		"unknown output":      {in, tconv.Tensors{"w": {}}, `no output "w"`},
		"unknown input":       {tconv.Tensors{"x": wave(2, 3), "w": wave(1)}, nil, `no input "w"`},
		"missing input":       {tconv.Tensors{}, nil, `input "x" is missing`},
		"nil input":           {tconv.Tensors{"x": nil}, nil, `input "x" is missing`},
		"zero input":          {tconv.Tensors{"x": {}}, nil, `input "x" is missing`},
		"shape of an input":   {tconv.Tensors{"x": wave(3, 2)}, nil, `input "x" is tensor(float)[3, 2], want`},
		"rank of an input":    {tconv.Tensors{"x": wave(6)}, nil, `input "x" is tensor(float)[6]`},
		"type of an input":    {tconv.Tensors{"x": vector(1)}, nil, `input "x" is tensor(int64)[1]`},
		"output over input":   {in, tconv.Tensors{"y": in["x"]}, "shares memory"},
		"output over another": {in, func() tconv.Tensors { y := wave(2, 3); c := *y; return tconv.Tensors{"y": y, "z": &c} }(), "shares memory"},
	}
	for _, name := range slices.Sorted(maps.Keys(wrong)) {
		t.Run(name, func(t *testing.T) {
			c := wrong[name]
			err := s.RunInto(ctx, c.in, c.out)
			require.ErrorIs(t, err, tconv.ErrInput)
			require.ErrorContains(t, err, c.text)
			require.Empty(t, fault(err))
			out, err := s.Run(ctx, in)
			require.NoError(t, err, "the session goes on")
			require.Equal(t, digest(want), digest(out))
		})
	}
}

// TestInputsAndOutputsAreApart writes into outputs, and into inputs, after a run.
func TestInputsAndOutputsAreApart(t *testing.T) {
	b := newModel().input("x", tconv.Float32, 4).constant(t, "c", wave(4)).node("y", "Identity", "x").node("z", "Identity", "c").output("y", "z", "x", "c")
	m := b.load(t)
	s := m.NewSession()
	defer s.Close()
	in := tconv.Tensors{"x": wave(4)}
	first, err := s.Run(context.Background(), in)
	require.NoError(t, err)
	want := digest(first)
	for _, o := range first {
		clear(o.Bytes())
	}
	require.Equal(t, wave(4).Bytes(), in["x"].Bytes())
	second, err := s.Run(context.Background(), in)
	require.NoError(t, err)
	require.Equal(t, want, digest(second))
	clear(in["x"].Bytes())
	require.Equal(t, want, digest(second))
}

// TestModelKeepsBytesUnchanged: weights alias the caller's bytes, which must not be
// written.
func TestModelKeepsBytesUnchanged(t *testing.T) {
	b := newModel().input("x", tconv.Float32, 1, 4, 6, 6).constant(t, "w", wave(4, 4, 3, 3)).constant(t, "s", wave(4)).constant(t, "c", wave(1, 4, 1, 1)).
		node("a", "Conv", "x w", intsAttr("pads", 1, 1, 1, 1)).node("b", "BatchNormalization", "a s s s s").
		node("d", "Add", "b c").node("e", "Neg", "c").node("y", "Mul", "d e").output("y", "c")
	data := b.bytes()
	before := slices.Clone(data)
	m, err := tconv.Load(data)
	require.NoError(t, err)
	out, err := m.Run(context.Background(), tconv.Tensors{"x": wave(1, 4, 6, 6)})
	require.NoError(t, err)
	clear(out["c"].Bytes())
	require.NoError(t, m.Close())
	require.Equal(t, before, data)
}

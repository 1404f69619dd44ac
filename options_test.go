package tconv_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/onnx"
)

// openModel is a model with a named open dimension, one without a name, and a
// known one.
func openModel() *modelBuilder {
	b := newModel().input("x", tconv.Float32, 1, 2, 3).node("r", "Relu", "x").node("s", "Sigmoid", "r").node("y", "Add", "r s").output("y")
	dims := b.model.Graph.Inputs[0].Type.Shape.Dims
	dims[0] = onnx.Dimension{Kind: onnx.DimParam, Param: "batch"}
	dims[1] = onnx.Dimension{Kind: onnx.DimUnknown}
	return b
}

func TestWrongOptions(t *testing.T) {
	data := openModel().bytes()
	for name, c := range map[string]struct {
		option tconv.Option
		kind   error
		text   string
	}{
		"threads 0":         {tconv.WithThreads(0), tconv.ErrInput, "0 threads, want 1 to 1024"},
		"threads -1":        {tconv.WithThreads(-1), tconv.ErrInput, "-1 threads"},
		"threads 5000":      {tconv.WithThreads(5000), tconv.ErrInput, "5000 threads"},
		"dim below 0":       {tconv.WithDim("batch", -1), tconv.ErrInput, `dimension "batch" is -1`},
		"dim unknown":       {tconv.WithDim("height", 3), tconv.ErrInput, `no input has a dimension named "height"`},
		"dim not open":      {tconv.WithDim("3", 3), tconv.ErrInput, `no input has a dimension named "3"`},
		"shape below 0":     {tconv.WithShape("x", 1, -2, 3), tconv.ErrInput, "-2"},
		"shape too large":   {tconv.WithShape("x", math.MaxInt, math.MaxInt, 3), tconv.ErrInput, "x"},
		"shape of nobody":   {tconv.WithShape("z", 1, 2, 3), tconv.ErrInput, `no input "z"`},
		"shape of an input": {tconv.WithShape("x", 1, 2, 4), tconv.ErrInput, "[1, 2, 4]"},
		"rank":              {tconv.WithShape("x", 1, 2), tconv.ErrInput, "[1, 2]"},
		"memory limit 0":    {tconv.WithMemoryLimit(0), tconv.ErrInput, "memory limit 0"},
		"memory limit -5":   {tconv.WithMemoryLimit(-5), tconv.ErrInput, "memory limit -5"},
		"limits":            {tconv.WithLimits(tconv.Limits{Plans: -1}), tconv.ErrInput, "below 0"},
		"precision":         {tconv.WithPrecision("sloppy"), tconv.ErrUnsupported, `precision "sloppy"`},
		"keep: nothing":     {tconv.WithKeep("nothing*"), tconv.ErrInput, `no value matches "nothing*"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := tconv.Load(data, c.option)
			require.ErrorIs(t, err, c.kind)
			require.ErrorContains(t, err, c.text)
			require.Empty(t, fault(err))
			path := filepath.Join(t.TempDir(), "m.onnx")
			require.NoError(t, os.WriteFile(path, data, 0o644))
			_, err = tconv.Open(path, c.option)
			require.ErrorIs(t, err, c.kind)
			_, err = tconv.OpenFS(os.DirFS(filepath.Dir(path)), "m.onnx", c.option)
			require.ErrorIs(t, err, c.kind)
		})
	}
}

func TestWithDimAndShape(t *testing.T) {
	m := openModel().load(t, tconv.WithDim("batch", 4))
	require.Equal(t, []int{4, -1, 3}, m.Inputs()[0].Shape)
	require.Equal(t, []string{"4", "?", "3"}, m.Inputs()[0].Dims)
	_, err := m.Run(context.Background(), tconv.Tensors{"x": wave(4, 7, 3)})
	require.NoError(t, err)
	_, err = m.Run(context.Background(), tconv.Tensors{"x": wave(5, 7, 3)})
	var shape *tconv.ShapeError
	require.ErrorAs(t, err, &shape)
	require.Equal(t, "x", shape.Tensor)

	m = openModel().load(t, tconv.WithShape("x", 2, 5, 3))
	require.Equal(t, []int{2, 5, 3}, m.Inputs()[0].Shape)
	plan, err := m.Plan(nil)
	require.NoError(t, err)
	require.Positive(t, plan.OutputBytes)
	out, err := m.Run(context.Background(), tconv.Tensors{"x": wave(2, 5, 3)})
	require.NoError(t, err)
	require.Equal(t, []int{2, 5, 3}, out["y"].Shape())
	m = openModel().load(t, tconv.WithDim("batch", 0))
	out, err = m.Run(context.Background(), tconv.Tensors{"x": wave(0, 2, 3)})
	require.NoError(t, err)
	require.Equal(t, []int{0, 2, 3}, out["y"].Shape())
}

func TestWithThreads(t *testing.T) {
	require.Equal(t, 3, openModel().load(t, tconv.WithThreads(3)).Threads())
}

func TestKernelVariable(t *testing.T) {
	t.Setenv("TCONV_KERNEL", "mmx")
	_, err := tconv.Load(openModel().bytes())
	require.ErrorIs(t, err, tconv.ErrUnsupported)
	require.ErrorContains(t, err, `"mmx"`)
	require.ErrorContains(t, err, "want one of")
	t.Setenv("TCONV_KERNEL", "generic")
	require.NoError(t, loadOnly(openModel().bytes()))
}

// TestWithKeep keeps every value of a network, by name, on the fast path and on
// the reference path.
func TestWithKeep(t *testing.T) {
	const path = "testdata/architectures/unet_deconv.onnx"
	g := readGolden(t, "testdata/architectures/unet_deconv.npz")
	names := map[string]bool{}
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	p, err := onnx.Unmarshal(data)
	require.NoError(t, err)
	for _, n := range p.Graph.Nodes {
		for _, out := range n.Outputs {
			names[out] = true
		}
	}
	var outs []tconv.Tensors
	for _, opts := range [][]tconv.Option{nil, {tconv.WithReference()}} {
		for name := range names {
			opts = append(opts, tconv.WithKeep(name))
		}
		m, err := tconv.Open(path, opts...)
		require.NoError(t, err)
		defer m.Close()
		require.Len(t, m.Outputs(), len(names))
		outs = append(outs, g.check(t, m, architectureTolerance))
	}
	require.Len(t, outs[0], len(names))
	for name, want := range outs[1] {
		require.Zero(t, excess(t, outs[0][name], want, architectureTolerance), name)
	}

	m, err := tconv.Open(path, tconv.WithKeep("*"))
	require.NoError(t, err)
	defer m.Close()
	require.NotEmpty(t, m.Outputs())
}

func TestWithProgressAndObserver(t *testing.T) {
	var steps []string
	var events []tconv.Event
	m, err := tconv.Open("testdata/architectures/unet_deconv.onnx",
		tconv.WithProgress(func(done, total int) { steps = append(steps, fmt.Sprint(done, "/", total)) }),
		tconv.WithObserver(func(e tconv.Event) { events = append(events, e) }))
	require.NoError(t, err)
	defer m.Close()
	g := readGolden(t, "testdata/architectures/unet_deconv.npz")
	_, err = m.Run(context.Background(), g.in)
	require.NoError(t, err)
	require.Len(t, steps, len(events))
	last := events[len(events)-1]
	require.Equal(t, fmt.Sprint(last.Steps, "/", last.Steps), steps[len(steps)-1], "progress ends at the total")
	seen := map[int]bool{}
	var macs int64
	for i, e := range events {
		require.False(t, seen[e.Step], "a step is told once")
		seen[e.Step] = true
		require.Less(t, e.Step, e.Steps)
		require.NotEmpty(t, e.Node)
		require.NotEmpty(t, e.Op)
		require.NotEmpty(t, e.Kernel)
		require.False(t, e.Start.IsZero())
		require.GreaterOrEqual(t, e.Elapsed, events[0].Elapsed*0)
		if i > 0 {
			require.False(t, e.Start.Before(events[i-1].Start))
		}
		macs += e.MACs
	}
	plan, err := m.Plan(map[string][]int{m.Inputs()[0].Name: g.in[m.Inputs()[0].Name].Shape()})
	require.NoError(t, err)
	require.Equal(t, plan.MACs, macs)
}

// TestPanicOfObserver: a callback of the caller panics; the run fails, the session
// goes on.
func TestPanicOfObserver(t *testing.T) {
	bad := true
	m := openModel().load(t, tconv.WithObserver(func(tconv.Event) {
		if bad {
			panic("not mine")
		}
	}))
	s := m.NewSession()
	defer s.Close()
	in := tconv.Tensors{"x": wave(1, 2, 3)}
	func() {
		defer func() { _ = recover() }()
		_, err := s.Run(context.Background(), in)
		require.Error(t, err)
	}()
	bad = false
	_, err := s.Run(context.Background(), in)
	require.NoError(t, err)
}

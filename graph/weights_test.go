package graph

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv/backend/cpu"
	"github.com/tconv/tconv/onnx"
	"github.com/tconv/tconv/ops"
)

// weightyFile is a model in a file that tests change, and how often it was opened and
// closed.
type weightyFile struct {
	data           []byte
	opened, closed int
	fault          error
}

func (f *weightyFile) open() (File, error) {
	if f.fault != nil {
		return nil, f.fault
	}
	f.opened++
	return &openWeighty{bytes.NewReader(f.data), f}, nil
}

type openWeighty struct {
	*bytes.Reader
	file *weightyFile
}

func (f *openWeighty) Close() error { f.file.closed++; return nil }

func (f *openWeighty) Stat() (fs.FileInfo, error) {
	return fs.Stat(fstest.MapFS{"m": {Data: f.file.data}}, "m")
}

// weightyBuilder is a convolution and a BatchNormalization with more than 4 MiB of
// weights over maps of open size, and a constant of 256 KiB that an addition reads in
// every run.
func weightyBuilder() *builder {
	return newBuilder().input("x", ops.Float32, 1, 128, -1, -1).constant("w", ramp(1024, 128, 3, 3)).
		constant("c", ramp(64, 1024, 1, 1)).constant("p", ramp(1024)).constant("v", positive(1024)).
		node("y", "Conv", "x w", testInts("pads", 1, 1, 1, 1)).node("b", "BatchNormalization", "y p p p v").
		node("z", "Add", "b c").output("z")
}

// positive is a ramp without what a variance cannot be.
func positive(n int) *ops.Tensor {
	t := ramp(n)
	for i, v := range ops.Data[float32](t) {
		ops.Data[float32](t)[i] = v*v + 1
	}
	return t
}

// weightyModel is that model, read from a file.
func weightyModel(t *testing.T, settle bool) (*Model, *weightyFile) {
	t.Helper()
	file := &weightyFile{data: weightyBuilder().bytes()}
	source := NewSource(file.open)
	m, err := source.Unmarshal()
	require.NoError(t, err)
	g, err := Import(m, ImportOptions{Source: source})
	require.NoError(t, err)
	model, err := NewModel(g, RunOptions{Kernels: cpu.KernelsFor(cpu.Detect()), Threads: 2, Source: source})
	require.NoError(t, err)
	t.Cleanup(func() { model.Close() })
	if settle {
		require.NoError(t, source.Settle())
	}
	return model, file
}

func runWeighty(m *Model, size int) (*ops.Tensor, error) {
	out := []*ops.Tensor{new(ops.Tensor)}
	err := m.Run(context.Background(), []*ops.Tensor{ramp(1, 128, size, size)}, out)
	return out[0], err
}

func TestWeightsAreReadAndDropped(t *testing.T) {
	m, file := weightyModel(t, true)
	constant := func(node, input int) *ops.Deferred {
		d := m.Graph().Const(m.Graph().Nodes[node].Inputs[input]).Deferred()
		require.NotNil(t, d)
		return d
	}
	w, c := constant(0, 1), constant(1, 1)
	require.False(t, w.Loaded(), "nobody wanted them yet")

	first, err := runWeighty(m, 4)
	require.NoError(t, err)
	require.False(t, w.Loaded(), "packed, so they are dropped")
	require.True(t, c.Loaded(), "the addition goes on reading its constant")
	opened := file.opened

	_, err = runWeighty(m, 5)
	require.NoError(t, err)
	require.Equal(t, opened+1, file.opened, "a new shape needs the weights again")
	again, err := runWeighty(m, 4)
	require.NoError(t, err)
	require.Equal(t, first.Bytes(), again.Bytes())
	require.Equal(t, opened+1, file.opened, "a known shape does not")
	require.Equal(t, file.opened, file.closed)

	want := weightyBuilder().run(t, RunOptions{Kernels: cpu.KernelsFor(cpu.Detect()), Threads: 2}, ramp(1, 128, 4, 4))
	require.Equal(t, want[0].Bytes(), first.Bytes(), "the same from memory")
}

func TestReferenceKeepsWeights(t *testing.T) {
	file := &weightyFile{data: weightyBuilder().bytes()}
	source := NewSource(file.open)
	m, err := source.Unmarshal()
	require.NoError(t, err)
	g, err := Import(m, ImportOptions{Source: source})
	require.NoError(t, err)
	model, err := NewModel(g, RunOptions{Reference: true, Source: source})
	require.NoError(t, err)
	defer model.Close()
	got, err := runWeighty(model, 3)
	require.NoError(t, err)
	want := weightyBuilder().run(t, RunOptions{Reference: true}, ramp(1, 128, 3, 3))
	require.Equal(t, want[0].Bytes(), got.Bytes())
}

func TestWeightsOfAChangedFile(t *testing.T) {
	// at is a byte of the weights: of w, most of the file.
	change := func(f *weightyFile) { f.data = slices.Clone(f.data); f.data[len(f.data)/2] ^= 1 }
	cut := func(f *weightyFile) { f.data = f.data[:len(f.data)/2] }
	gone := func(f *weightyFile) { f.fault = fs.ErrNotExist }
	for name, test := range map[string]struct {
		harm func(*weightyFile)
		want error
	}{"changed": {change, ErrInvalidModel}, "cut": {cut, ErrInvalidModel}, "gone": {gone, fs.ErrNotExist}} {
		t.Run(name, func(t *testing.T) {
			m, file := weightyModel(t, true)
			whole := file.data
			want, err := runWeighty(m, 4)
			require.NoError(t, err)
			test.harm(file)
			_, err = runWeighty(m, 5)
			require.ErrorIs(t, err, test.want)
			if test.want == ErrInvalidModel {
				require.ErrorContains(t, err, "changed in the model's file since it was opened")
			}
			got, err := runWeighty(m, 4)
			require.NoError(t, err, "what is packed still runs")
			require.Equal(t, want.Bytes(), got.Bytes())
			file.data, file.fault = whole, nil
			_, err = runWeighty(m, 5)
			require.NoError(t, err, "the file is as it was")
			require.Equal(t, file.opened, file.closed)
		})
		t.Run(name+" before the first run", func(t *testing.T) {
			m, file := weightyModel(t, true)
			test.harm(file)
			_, err := runWeighty(m, 4)
			require.ErrorIs(t, err, test.want)
		})
	}
}

func TestWeightsThatCannotBeRead(t *testing.T) {
	fault := errors.New("no more")
	file := &weightyFile{data: weightyBuilder().bytes()}
	source := NewSource(file.open)
	_, err := NewSource(func() (File, error) { return nil, fault }).Unmarshal()
	require.ErrorIs(t, err, fault)
	m, err := source.Unmarshal()
	require.NoError(t, err)
	require.NotNil(t, m.Graph.Initializers[0].Left)
	_, err = m.Graph.Initializers[0].Bytes()
	require.ErrorIs(t, err, onnx.ErrMalformed, "whoever does not know of Left gets an error, not zeros")
	file.fault = fault
	g, err := Import(m, ImportOptions{Source: source})
	require.NoError(t, err, "importing wants no weights")
	require.ErrorIs(t, source.Settle(), fault)
	model, err := NewModel(g, RunOptions{Kernels: cpu.KernelsFor(cpu.Detect()), Source: source})
	require.NoError(t, err, "nor do the passes")
	defer model.Close()
	_, err = runWeighty(model, 3)
	require.ErrorIs(t, err, fault)
}

package graph

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv/backend/cpu"
	"github.com/tconv/tconv/onnx"
	"github.com/tconv/tconv/ops"
)

// weightyModel is a convolution with more than 4 MiB of weights over maps of open
// size, and a constant of 256 KiB that an addition reads in every run.
func weightyModel(t *testing.T, reload func(data []byte) ([]byte, error)) *Model {
	t.Helper()
	data := newBuilder().input("x", ops.Float32, 1, 128, -1, -1).constant("w", ramp(1024, 128, 3, 3)).
		constant("c", ramp(64, 1024, 1, 1)).
		node("y", "Conv", "x w", testInts("pads", 1, 1, 1, 1)).node("z", "Add", "y c").output("z").bytes()
	m, err := onnx.Unmarshal(data)
	require.NoError(t, err)
	g, err := Import(m, ImportOptions{})
	require.NoError(t, err)
	original := slices.Clone(data)
	model, err := NewModel(g, RunOptions{
		Kernels: cpu.KernelsFor(cpu.Detect()), Threads: 2,
		Source: Source{Data: data, Reload: func() ([]byte, error) { return reload(slices.Clone(original)) }},
	})
	require.NoError(t, err)
	t.Cleanup(func() { model.Close() })
	return model
}

func runWeighty(m *Model, size int) (*ops.Tensor, error) {
	out := []*ops.Tensor{new(ops.Tensor)}
	err := m.Run(context.Background(), []*ops.Tensor{ramp(1, 128, size, size)}, out)
	return out[0], err
}

func TestWeightsAreReleasedAndReadAgain(t *testing.T) {
	reloads := 0
	m := weightyModel(t, func(data []byte) ([]byte, error) { reloads++; return data, nil })
	w := m.Graph().Const(m.Graph().Nodes[0].Inputs[1])
	require.NotEmpty(t, w.Bytes())

	first, err := runWeighty(m, 4)
	require.NoError(t, err)
	require.Empty(t, w.Bytes(), "packed, so the file's bytes are released")
	require.Zero(t, reloads)
	c := m.Graph().Const(m.Graph().Nodes[1].Inputs[1])
	require.NotEmpty(t, c.Bytes(), "the addition goes on reading its constant")

	_, err = runWeighty(m, 5)
	require.NoError(t, err)
	require.Equal(t, 1, reloads, "a new shape needs the weights again")
	again, err := runWeighty(m, 4)
	require.NoError(t, err)
	require.Equal(t, first.Bytes(), again.Bytes())
	require.Equal(t, 1, reloads, "a known shape does not")
}

func TestWeightsOfAChangedFile(t *testing.T) {
	m := weightyModel(t, func(data []byte) ([]byte, error) {
		data[len(data)/2] ^= 1
		return data, nil
	})
	_, err := runWeighty(m, 4)
	require.NoError(t, err)
	_, err = runWeighty(m, 5)
	require.ErrorIs(t, err, ErrInvalidModel)
	require.ErrorContains(t, err, "changed since it was opened")
	_, err = runWeighty(m, 4)
	require.NoError(t, err, "what is packed still runs")
}

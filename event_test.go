package tconv_test

import (
	"bytes"
	"context"
	"fmt"
	"runtime/pprof"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/models"
)

// coinsInput is an input of unet_coins.
func coinsInput(t *testing.T, h, w int) tconv.Tensors {
	t.Helper()
	data := make([]float32, h*w)
	for i := range data {
		data[i] = float32(i*7919%256) / 256
	}
	x, err := tconv.Wrap(data, 1, 1, h, w)
	require.NoError(t, err)
	return tconv.Tensors{"input": x}
}

// observeCoins runs unet_coins and gives a copy of every value that its steps make, by name.
func observeCoins(t *testing.T, opts ...tconv.Option) tconv.Tensors {
	t.Helper()
	values := tconv.Tensors{}
	see := func(e tconv.Event) {
		for i, name := range e.Outputs {
			values[name] = e.Output(i).Clone()
		}
	}
	m, err := tconv.OpenFS(models.FS, "unet_coins/unet_coins.onnx", append(opts, tconv.WithObserver(see))...)
	require.NoError(t, err)
	defer m.Close()
	_, err = m.Run(context.Background(), coinsInput(t, 16, 24))
	require.NoError(t, err)
	return values
}

// What an observer sees of the fast path, whose values lie in channel blocks, is what it sees of the reference path
// under the same names.
func TestEventOutputs(t *testing.T) {
	fast, ref := observeCoins(t), observeCoins(t, tconv.WithReference())
	compared := 0
	for name, got := range fast {
		want := ref[name]
		if want == nil {
			continue
		}
		compared++
		require.Equal(t, want.Shape(), got.Shape(), name)
		a, err := tconv.Data[float32](got)
		require.NoError(t, err)
		b, err := tconv.Data[float32](want)
		require.NoError(t, err)
		require.InDeltaSlice(t, b, a, 1e-4, name)
	}
	require.Greater(t, compared, 5)
}

// While a step runs, its goroutine carries the name of the node, as the list of goroutines shows.
func TestProfileLabels(t *testing.T) {
	seen, steps := 0, 0
	see := func(e tconv.Event) {
		steps++
		if strings.Contains(ownGoroutine(t), fmt.Sprintf("%q:%q", "node", e.Node)) {
			seen++
		}
	}
	m, err := tconv.OpenFS(models.FS, "unet_coins/unet_coins.onnx", tconv.WithProfileLabels(), tconv.WithThreads(2), tconv.WithObserver(see))
	require.NoError(t, err)
	defer m.Close()
	_, err = m.Run(context.Background(), coinsInput(t, 16, 24))
	require.NoError(t, err)
	require.Equal(t, steps, seen)
	require.NotContains(t, ownGoroutine(t), "labels:", "after the run")
}

// ownGoroutine gives what the list of goroutines says of the running one. Workers keep their last label while they wait.
func ownGoroutine(t *testing.T) string {
	t.Helper()
	var list bytes.Buffer
	require.NoError(t, pprof.Lookup("goroutine").WriteTo(&list, 1))
	for part := range strings.SplitSeq(list.String(), "\n\n") {
		if strings.Contains(part, "ownGoroutine") {
			return part
		}
	}
	return ""
}

// A shape that the network cannot take is the caller's fault, however it was given: the model is sound.
func TestShapesOfTheCaller(t *testing.T) {
	m, err := tconv.OpenFS(models.FS, "unet_coins/unet_coins.onnx")
	require.NoError(t, err)
	defer m.Close()
	_, runErr := m.Run(context.Background(), coinsInput(t, 18, 24))
	_, planErr := m.Plan(map[string][]int{"input": {1, 1, 18, 24}})
	_, openErr := tconv.OpenFS(models.FS, "unet_coins/unet_coins.onnx", tconv.WithShape("input", 1, 1, 18, 24))
	for name, err := range map[string]error{"Run": runErr, "Plan": planErr, "WithShape": openErr} {
		require.ErrorIs(t, err, tconv.ErrInput, name)
		require.NotErrorIs(t, err, tconv.ErrInvalidModel, name)
		var node *tconv.NodeError
		require.ErrorAs(t, err, &node, name)
	}
}

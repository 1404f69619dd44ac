package conformance

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv"
)

func tensor[T tconv.Element](t *testing.T, data []T, shape ...int) *tconv.Tensor {
	x, err := tconv.Wrap(data, shape...)
	require.NoError(t, err)
	return x
}

func TestCompare(t *testing.T) {
	nan := float32(math.NaN())
	want := tensor(t, []float32{1, 1000, nan, float32(math.Inf(1))}, 4)
	require.NoError(t, Compare(tensor(t, []float32{1.0005, 1000.9, nan, float32(math.Inf(1))}, 4), want))
	require.ErrorContains(t, Compare(tensor(t, []float32{1.002, 1000, nan, float32(math.Inf(1))}, 4), want), "element 0 is")
	require.ErrorContains(t, Compare(tensor(t, []float32{1, 1000, 0, float32(math.Inf(1))}, 4), want), "element 2 is 0, want NaN")
	require.ErrorContains(t, Compare(tensor(t, []float32{1, 1000, nan, 3e38}, 4), want), "element 3 is")
	require.ErrorContains(t, Compare(tensor(t, []float32{1, 1000, nan, 0}, 2, 2), want), "want tensor(float)[4]")
	require.ErrorContains(t, Compare(tensor(t, []int64{1}, 1), tensor(t, []int64{2}, 1)), "element 0 is 1, want 2")
	require.ErrorContains(t, Compare(tensor(t, []int64{1}, 1), tensor(t, []int32{1}, 1)), "want tensor(int32)[1]")
}

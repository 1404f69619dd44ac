package ops

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSize(t *testing.T) {
	for _, c := range []struct {
		dims []int
		want int64
	}{{[]int{2, 3, 4}, 24}, {[]int{}, 1}, {[]int{5, 0}, 0}} {
		got := opCase{op: "Size", inputs: []*Tensor{counted(String, c.dims...)}}.mustRun(t)[0]
		require.Equal(t, Scalar(), got.Shape())
		require.Equal(t, c.want, Data[int64](got)[0])
	}
	opCase{op: "Size", inputs: []*Tensor{NewSequence(Float32, nil)}}.mustFail(t, "data is a sequence, want a tensor")
}

package ops

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestIdentity(t *testing.T) {
	for d := Float32; d <= Int2; d++ {
		for _, dims := range [][]int{{3, 5}, {}, {0, 2}} {
			x := counted(d, dims...)
			got := opCase{op: "Identity", inputs: []*Tensor{x}}.mustRun(t)[0]
			require.Equal(t, x.String(), got.String())
			require.Equal(t, x.Bytes(), got.Bytes(), d)
			require.Equal(t, x.Strings(), got.Strings(), d)
		}
	}
}

func TestIdentityOfSequences(t *testing.T) {
	x := NewSequence(Int8, []*Tensor{Of([]int8{1, 2}, 2), Of([]int8{3})})
	got := opCase{op: "Identity", inputs: []*Tensor{x}}.mustRun(t)[0]
	require.Equal(t, KindSequence, got.Kind())
	require.Equal(t, []int8{1, 2}, Data[int8](got.Elems()[0]))
	require.Equal(t, []int8{3}, Data[int8](got.Elems()[1]))
	require.Same(t, x.Elems()[0], got.Elems()[0], "members are shared")

	nothing := opCase{op: "Identity", inputs: []*Tensor{NewOptional(Float32, nil)}}.mustRun(t)[0]
	require.Equal(t, KindOptional, nothing.Kind())
	require.Empty(t, nothing.Elems())
}

package ops

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestVariadic(t *testing.T) {
	in := []*Tensor{Of([]float32{1, 5, 3}, 3), Of([]float32{2}, 1, 1), Of([]float32{6, 0}, 2, 1)}
	for op, want := range map[string][]float32{
		"Min": {1, 2, 2, 0, 0, 0}, "Max": {6, 6, 6, 2, 5, 3}, "Sum": {9, 13, 11, 3, 7, 5},
		"Mean": {3, 13. / 3, 11. / 3, 1, 7. / 3, 5. / 3},
	} {
		out := opCase{op: op, inputs: in}.mustRun(t)
		require.Equal(t, Shape{2, 3}, out[0].Shape())
		require.InDeltaSlice(t, want, Data[float32](out[0]), 1e-6, op)
		alone := opCase{op: op, inputs: in[:1]}.mustRun(t)
		require.Equal(t, in[0].Bytes(), alone[0].Bytes(), op)
		nan := Data[float32](opCase{op: op, inputs: []*Tensor{in[1], Of([]float32{nan32}, 1, 1)}}.mustRun(t)[0])
		require.True(t, math.IsNaN(float64(nan[0])), "%s propagates NaN", op)
	}
	checkPairs(t, "Max", same[int8], func(a, b int8) int8 { return max(a, b) })
	checkPairs(t, "Min", same[uint64], func(a, b uint64) uint64 { return min(a, b) })
	checkPairs(t, "Sum", same[int32], func(a, b int32) int32 { return a + b })
	checkPairs(t, "Mean", same[float64], func(a, b float64) float64 { return (a + b) / 2 })
}

func TestVariadicErrors(t *testing.T) {
	f := Of([]float32{1, 2}, 2)
	opCase{op: "Max", inputs: nil}.mustFail(t, "no inputs")
	opCase{op: "Max", inputs: []*Tensor{f, nil, f}}.mustFail(t, "input 1 is missing")
	opCase{op: "Max", inputs: []*Tensor{f, Of([]int8{1}, 1)}}.mustFail(t, "data_0 is tensor(float) and data_1 is tensor(int8)")
	opCase{op: "Mean", inputs: []*Tensor{Of([]int8{1}, 1)}}.mustFail(t, "data_0 is tensor(int8), want one of")
	opCase{op: "Sum", inputs: []*Tensor{f, f, Of([]float32{1, 2, 3}, 3)}}.mustFail(t, "do not broadcast")
	v := &variadic{kernels: addKernels}
	require.Equal(t, []Pair{{0, 0}, {0, 1}}, v.Share([]Spec{f.Spec(), f.Spec()}).InPlace)
	require.Empty(t, v.Share([]Spec{f.Spec(), f.Spec(), f.Spec()}).InPlace, "a third input may be the first one")
}

package ops

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSign(t *testing.T) {
	ints := Of([]int8{-128, -1, 0, 5}, 4)
	for op, want := range map[string][]int8{"Abs": {-128, 1, 0, 5}, "Neg": {-128, 1, 0, -5}, "Sign": {-1, -1, 0, 1}} {
		require.Equal(t, want, Data[int8](opCase{op: op, inputs: []*Tensor{ints}}.mustRun(t)[0]), op)
	}
	reals := Of([]float32{-2, 0, 3, -inf32}, 4)
	for op, want := range map[string][]float32{"Abs": {2, 0, 3, inf32}, "Neg": {2, 0, -3, inf32}, "Sign": {-1, 0, 1, -1}} {
		got := Data[float32](opCase{op: op, inputs: []*Tensor{reals}}.mustRun(t)[0])
		for i := range want {
			require.Equal(t, want[i], got[i]+0, op)
		}
		nan := Data[float64](opCase{op: op, inputs: []*Tensor{Of([]float64{nan64()}, 1)}}.mustRun(t)[0])
		require.True(t, math.IsNaN(nan[0]), "%s keeps NaN", op)
	}
	wide := Of([]uint64{0, math.MaxUint64}, 2)
	require.Equal(t, []uint64{0, 1}, Data[uint64](opCase{op: "Sign", inputs: []*Tensor{wide}}.mustRun(t)[0]))
	require.Equal(t, []uint64{0, math.MaxUint64}, Data[uint64](opCase{op: "Abs", inputs: []*Tensor{wide}}.mustRun(t)[0]))
	opCase{op: "Neg", inputs: []*Tensor{wide}}.mustFail(t, "X is tensor(uint64), want one of")
	empty := opCase{op: "Abs", inputs: []*Tensor{NewTensor(Int16, Shape{0})}}.mustRun(t)
	require.Equal(t, Shape{0}, empty[0].Shape())
}

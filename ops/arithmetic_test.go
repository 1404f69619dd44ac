package ops

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestArithmetic(t *testing.T) {
	a, b := Of([]float32{1, 2, 3, 4, 5, 6}, 2, 3), Of([]float32{10, 20, 40}, 3)
	want := map[string][]float32{
		"Add": {11, 22, 43, 14, 25, 46}, "Sub": {-9, -18, -37, -6, -15, -34},
		"Mul": {10, 40, 120, 40, 100, 240}, "Div": {0.1, 0.1, 0.075, 0.4, 0.25, 0.15},
	}
	for op, w := range want {
		out := opCase{op: op, inputs: []*Tensor{a, b}}.mustRun(t)
		require.Equal(t, w, Data[float32](out[0]), op)
	}
}

func TestArithmeticRandom(t *testing.T) {
	checkArithmetic[float32](t)
	checkArithmetic[float64](t)
	checkArithmetic[int8](t)
	checkArithmetic[int16](t)
	checkArithmetic[int32](t)
	checkArithmetic[int64](t)
	checkArithmetic[uint8](t)
	checkArithmetic[uint16](t)
	checkArithmetic[uint32](t)
	checkArithmetic[uint64](t)
}

func checkArithmetic[T Number](t *testing.T) {
	t.Helper()
	checkPairs(t, "Add", same[T], func(a, b T) T { return a + b })
	checkPairs(t, "Sub", same[T], func(a, b T) T { return a - b })
	checkPairs(t, "Mul", same[T], func(a, b T) T { return a * b })
	checkPairs(t, "Div", nonZero[T], func(a, b T) T { return a / b })
}

func TestDivIntegers(t *testing.T) {
	out := opCase{op: "Div", inputs: []*Tensor{Of([]int32{-7, 7, math.MinInt32, 6}, 4), Of([]int32{2, -2, -1, 3}, 4)}}.mustRun(t)
	require.Equal(t, []int32{-3, -3, math.MinInt32, 2}, Data[int32](out[0]), "truncated; the least integer by -1 is itself")

	opCase{op: "Div", inputs: []*Tensor{Of([]int64{1, 2}, 2), Of([]int64{1, 0}, 2)}}.mustFail(t, "B has an element 0")
	opCase{op: "Div", inputs: []*Tensor{Of([]int64{}, 0), Of([]int64{0}, 1)}}.mustRun(t)
	inf := opCase{op: "Div", inputs: []*Tensor{Of([]float32{1, -1}, 2), Of([]float32{0}, 1)}}.mustRun(t)
	require.Equal(t, []float32{inf32, -inf32}, Data[float32](inf[0]))
}

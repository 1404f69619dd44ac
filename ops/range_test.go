package ops

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/x448/float16"
)

func TestRange(t *testing.T) {
	ints := func(start, limit, delta int64) []int64 {
		in := []*Tensor{Of([]int64{start}), Of([]int64{limit}), Of([]int64{delta})}
		return append([]int64{}, Data[int64](opCase{op: "Range", inputs: in}.mustRun(t)[0])...)
	}
	require.Equal(t, []int64{3, 5, 7}, ints(3, 9, 2))
	require.Equal(t, []int64{3, 5, 7, 9}, ints(3, 10, 2))
	require.Equal(t, []int64{10, 4, -2}, ints(10, -4, -6))
	require.Equal(t, []int64{}, ints(3, 3, 1))
	require.Equal(t, []int64{}, ints(5, 3, 1))
	require.Equal(t, []int64{}, ints(3, 5, -1))
	require.Equal(t, []int64{math.MinInt64, -1, math.MaxInt64 - 1}, ints(math.MinInt64, math.MaxInt64, math.MaxInt64))
	require.Equal(t, []int64{math.MaxInt64, -1}, ints(math.MaxInt64, math.MinInt64, math.MinInt64))

	f := opCase{op: "Range", inputs: []*Tensor{Of([]float32{1}), Of([]float32{0}), Of([]float32{-0.25})}}.mustRun(t)[0]
	require.Equal(t, []float32{1, 0.75, 0.5, 0.25}, Data[float32](f))
	d := opCase{op: "Range", inputs: []*Tensor{Of([]float64{0}), Of([]float64{0.35}), Of([]float64{0.1})}}.mustRun(t)[0]
	step := 0.1
	require.Equal(t, []float64{0, step, step + step, step + step + step}, Data[float64](d), "added up, as onnxruntime 1.30")
	one := float16.Fromfloat32(1)
	h := opCase{op: "Range", inputs: []*Tensor{Of([]float16.Float16{0}), Of([]float16.Float16{float16.Fromfloat32(2.5)}), Of([]float16.Float16{one})}}.mustRun(t)[0]
	require.Equal(t, []float16.Float16{0, one, float16.Fromfloat32(2)}, Data[float16.Float16](h))
}

func TestRangeErrors(t *testing.T) {
	f := func(a, b, c float32) []*Tensor {
		return []*Tensor{Of([]float32{a}), Of([]float32{b}), Of([]float32{c})}
	}
	i := func(a, b, c int64) []*Tensor { return []*Tensor{Of([]int64{a}), Of([]int64{b}), Of([]int64{c})} }
	opCase{op: "Range", inputs: f(0, 1, 0)}.mustFail(t, "delta is 0")
	opCase{op: "Range", inputs: i(0, 1, 0)}.mustFail(t, "delta is 0")
	opCase{op: "Range", inputs: f(0, 1, float32(math.NaN()))}.mustFail(t, "limit exceeded")
	opCase{op: "Range", inputs: f(0, float32(math.Inf(1)), 1)}.mustFail(t, "limit exceeded")
	opCase{op: "Range", inputs: i(math.MinInt64, math.MaxInt64, 1)}.mustFail(t, "limit exceeded")
	opCase{op: "Range", inputs: []*Tensor{Of([]int64{1}), Of([]int64{1}), Of([]int32{1})}}.mustFail(t, "want one type")
	opCase{op: "Range", inputs: []*Tensor{Of([]int64{1}), Of([]int64{1, 2}, 2), Of([]int64{1})}}.mustFail(t, "limit has shape [2], want a scalar")
	opCase{op: "Range", inputs: []*Tensor{Of([]int8{1}), Of([]int8{1}), Of([]int8{1})}}.mustFail(t, "start is tensor(int8)")
}

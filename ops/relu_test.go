package ops

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRelu(t *testing.T) {
	nan := float32(math.NaN())
	inf := float32(math.Inf(1))
	out := opCase{op: "Relu", inputs: []*Tensor{Of([]float32{-2, 0, 3, nan, inf, -inf}, 2, 3)}}.mustRun(t)
	got := Data[float32](out[0])
	require.Equal(t, []float32{0, 0, 3}, got[:3])
	require.True(t, math.IsNaN(float64(got[3])), "NaN stays NaN")
	require.Equal(t, []float32{inf, 0}, got[4:])

	ints := opCase{op: "Relu", inputs: []*Tensor{Of([]int8{-128, 0, 127}, 3)}}.mustRun(t)
	require.Equal(t, []int8{0, 0, 127}, Data[int8](ints[0]))

	empty := opCase{op: "Relu", inputs: []*Tensor{Of([]float32{}, 0, 3)}}.mustRun(t)
	require.Equal(t, Shape{0, 3}, empty[0].Shape())
}

func TestReluErrors(t *testing.T) {
	opCase{op: "Relu", inputs: []*Tensor{Of([]bool{true}, 1)}}.mustFail(t, "X is tensor(bool), want one of")
	opCase{op: "Relu", inputs: []*Tensor{nil}}.mustFail(t, "input X is missing")
	opCase{op: "Relu", attrs: []Attr{IntAttr("alpha", 1)}, inputs: []*Tensor{Of([]float32{1}, 1)}}.mustFail(t, "attribute alpha=1 is not known to Relu")
}

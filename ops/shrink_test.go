package ops

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestShrink(t *testing.T) {
	run := func(x *Tensor, lambd, bias float32) *Tensor {
		return opCase{op: "Shrink", attrs: []Attr{FloatAttr("lambd", lambd), FloatAttr("bias", bias)}, inputs: []*Tensor{x}}.mustRun(t)[0]
	}
	require.Equal(t, []float32{-1.5, 0, 0, 0, 1.5, 0}, Data[float32](run(Of([]float32{-2, -1, 0, 1, 2, float32(math.NaN())}, 6), 1, 0.5)), "onnxruntime 1.30")
	require.Equal(t, []int32{0, 0, 0, 0, 0}, Data[int32](run(Of([]int32{-2, -1, 0, 1, 2}, 5), 0.5, 1.5)), "-0.5, 0.5 cut off")
	require.Equal(t, []uint8{0, 0, 0, 247}, Data[uint8](run(Of([]uint8{0, 1, 2, 250}, 4), 1.5, 3)), "2 - 3 saturates")
	require.Equal(t, []int8{-128, 5, 127}, Data[int8](run(Of([]int8{-127, 2, 127}, 3), 1.5, -3)))
	require.Equal(t, []float64{0, -1, 1}, Data[float64](opCase{op: "Shrink", inputs: []*Tensor{Of([]float64{0.5, -1, 1}, 3)}}.mustRun(t)[0]), "lambd is 0.5, bias 0")
	require.Equal(t, Shape{0, 2}, run(zeros(0, 2), 1, 0).shape)
	checkReal(t, opCase{op: "Shrink", attrs: []Attr{FloatAttr("bias", 0.25)}}, same[float64], func(x float64) float64 {
		if math.Abs(x) > 0.5 {
			return x - math.Copysign(0.25, x)
		}
		return 0
	})
	opCase{op: "Shrink", inputs: []*Tensor{Of([]bool{true}, 1)}}.mustFail(t, "X is tensor(bool)")
}

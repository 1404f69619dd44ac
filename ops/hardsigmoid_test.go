package ops

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHardSigmoid(t *testing.T) {
	x := Of([]float32{-3, -1, 0, 1, 3, inf32, -inf32}, 7)
	out := opCase{op: "HardSigmoid", attrs: []Attr{FloatAttr("alpha", 0.25)}, inputs: []*Tensor{x}}.mustRun(t)
	require.Equal(t, []float32{0, 0.25, 0.5, 0.75, 1, 1, 0}, Data[float32](out[0]))
	checkReal(t, opCase{op: "HardSigmoid"}, func(x float64) float64 { return float64(int(x)) }, func(x float64) float64 {
		return max(0, min(1, float64(float32(0.2))*x+0.5))
	})
	out = opCase{op: "HardSwish", inputs: []*Tensor{Of([]float32{-4, -3, 0, 3, 6, inf32}, 6)}}.mustRun(t)
	require.Equal(t, []float32{0, 0, 0, 3, 6, inf32}, Data[float32](out[0]))
	checkReal(t, opCase{op: "HardSwish"}, func(x float64) float64 { return float64(int(x)) }, func(x float64) float64 {
		return x * max(0, min(1, x/6+0.5))
	})
	for _, op := range []string{"HardSigmoid", "HardSwish"} {
		nan := Data[float32](opCase{op: op, inputs: []*Tensor{Of([]float32{nan32}, 1)}}.mustRun(t)[0])
		require.NotEqual(t, nan[0], nan[0], "%s keeps NaN", op)
	}
}

func TestThresholdedRelu(t *testing.T) {
	x := Of([]float32{-2, 1, 2, 3, nan32}, 5)
	out := opCase{op: "ThresholdedRelu", attrs: []Attr{FloatAttr("alpha", 2)}, inputs: []*Tensor{x}}.mustRun(t)
	require.Equal(t, []float32{0, 0, 0, 3, 0}, Data[float32](out[0]))
	checkReal(t, opCase{op: "ThresholdedRelu"}, same[float64], func(x float64) float64 {
		if x > 1 {
			return x
		}
		return 0
	})
}

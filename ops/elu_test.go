package ops

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestElu(t *testing.T) {
	x := Of([]float32{-1, 0, 2, -inf32}, 4)
	e := float32(math.Exp(-1) - 1)
	out := opCase{op: "Elu", attrs: []Attr{FloatAttr("alpha", 2)}, inputs: []*Tensor{x}}.mustRun(t)
	require.Equal(t, []float32{2 * e, 0, 2, -2}, Data[float32](out[0]))
	out = opCase{op: "Selu", attrs: []Attr{FloatAttr("alpha", 2), FloatAttr("gamma", 3)}, inputs: []*Tensor{x}}.mustRun(t)
	require.InDeltaSlice(t, []float32{6 * e, 0, 6, -6}, Data[float32](out[0]), 1e-6)
	out = opCase{op: "Celu", attrs: []Attr{FloatAttr("alpha", 0.5)}, inputs: []*Tensor{x}}.mustRun(t)
	require.InDeltaSlice(t, []float64{0.5 * (math.Exp(-2) - 1), 0, 2, -0.5}, floats(out[0]), 1e-7)

	checkReal(t, opCase{op: "Elu"}, same[float64], func(x float64) float64 { return math.Max(x, 0) + math.Expm1(math.Min(x, 0)) })
	checkReal(t, opCase{op: "Selu"}, same[float64], func(x float64) float64 {
		return 1.05070102214813232421875 * (math.Max(x, 0) + 1.67326319217681884765625*math.Expm1(math.Min(x, 0)))
	})
	checkReal(t, opCase{op: "Celu"}, same[float64], func(x float64) float64 { return math.Max(x, 0) + math.Expm1(math.Min(x, 0)) })
	opCase{op: "Celu", attrs: []Attr{FloatAttr("alpha", 0)}, inputs: []*Tensor{x}}.mustFail(t, "attribute alpha is 0")
}

// Celu of a negative or tiny alpha grows where the vector kernel does not follow.
func TestCeluAlphas(t *testing.T) {
	for _, alpha := range []float32{-1, -1e30, 1e-40, 3} {
		x := Of([]float32{-2, -0.5, 0, 1, 1e-39}, 5)
		out := Data[float32](opCase{op: "Celu", attrs: []Attr{FloatAttr("alpha", alpha)}, inputs: []*Tensor{x}}.mustRun(t)[0])
		require.InDelta(t, float64(alpha)*math.Expm1(-2/float64(alpha)), out[0], 1e-6, "alpha %v", alpha)
	}
}

package ops

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestExponential(t *testing.T) {
	checkReal(t, opCase{op: "Exp"}, func(x float64) float64 { return math.Mod(x, 80) }, math.Exp)
	checkReal(t, opCase{op: "Log"}, math.Abs, math.Log)
	checkReal(t, opCase{op: "Sqrt"}, math.Abs, math.Sqrt)
	checkReal(t, opCase{op: "Reciprocal"}, same[float64], func(x float64) float64 { return 1 / x })
	checkReal(t, opCase{op: "Erf"}, same[float64], math.Erf)
	special := opCase{op: "Log", inputs: []*Tensor{Of([]float32{-1, 0, inf32}, 3)}}.mustRun(t)
	got := Data[float32](special[0])
	require.True(t, math.IsNaN(float64(got[0])))
	require.Equal(t, []float32{-inf32, inf32}, got[1:])
	special = opCase{op: "Erf", inputs: []*Tensor{Of([]float32{0, inf32, -inf32, 1}, 4)}}.mustRun(t)
	require.Equal(t, []float32{0, 1, -1, 0.8427008}, Data[float32](special[0]))
}

func TestTrigonometry(t *testing.T) {
	inside := func(x float64) float64 { return math.Mod(x, 1) }
	moderate := func(x float64) float64 { return math.Mod(x, 20) }
	for name, c := range map[string]struct{ in, want func(float64) float64 }{
		"Sin": {moderate, math.Sin}, "Cos": {moderate, math.Cos}, "Tan": {moderate, math.Tan},
		"Asin": {inside, math.Asin}, "Acos": {inside, math.Acos}, "Atan": {same[float64], math.Atan},
		"Sinh": {moderate, math.Sinh}, "Cosh": {moderate, math.Cosh},
		"Asinh": {same[float64], math.Asinh}, "Acosh": {func(x float64) float64 { return 1 + math.Abs(x) }, math.Acosh}, "Atanh": {inside, math.Atanh},
	} {
		checkReal(t, opCase{op: name}, c.in, c.want)
	}
}

package ops

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSoftplus(t *testing.T) {
	out := opCase{op: "Softplus", inputs: []*Tensor{Of([]float32{0, 200, -200, inf32, -inf32}, 5)}}.mustRun(t)
	require.Equal(t, []float32{math.Ln2, 200, 0, inf32, 0}, Data[float32](out[0]))
	// ln(1 + e^x) = x + ln(1 + e^-x)
	softplus := func(x float64) float64 {
		if x > 0 {
			return x + math.Log1p(math.Exp(-x))
		}
		return math.Log1p(math.Exp(x))
	}
	checkReal(t, opCase{op: "Softplus"}, same[float64], softplus)
	checkReal(t, opCase{op: "Softsign"}, same[float64], func(x float64) float64 { return x / (1 + math.Abs(x)) })
	// tanh(ln(u)) = (u² - 1) / (u² + 1) with u = 1 + e^x, for moderate x
	checkReal(t, opCase{op: "Mish"}, func(x float64) float64 { return math.Mod(x, 10) }, func(x float64) float64 {
		e := math.Exp(x)
		return x * (e*e + 2*e) / (e*e + 2*e + 2)
	})
}

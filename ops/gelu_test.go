package ops

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGelu(t *testing.T) {
	// Φ(1) = 0.8413447460685429
	out := opCase{op: "Gelu", inputs: []*Tensor{Of([]float64{0, 1, -1}, 3)}}.mustRun(t)
	require.InDeltaSlice(t, []float64{0, 0.8413447460685429, -0.15865525393145707}, Data[float64](out[0]), 1e-15)
	moderate := func(x float64) float64 { return math.Mod(x, 4) }
	checkReal(t, opCase{op: "Gelu"}, func(x float64) float64 { return math.Abs(moderate(x)) }, func(x float64) float64 {
		return x / 2 * (1 + math.Erf(x/math.Sqrt2))
	})
	tanh := opCase{op: "Gelu", attrs: []Attr{StringAttr("approximate", "tanh")}}
	checkReal(t, tanh, func(x float64) float64 { return math.Abs(moderate(x)) }, func(x float64) float64 {
		return x / 2 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*math.Pow(x, 3))))
	})
	opCase{op: "Gelu", attrs: []Attr{StringAttr("approximate", "fast")}, inputs: out}.mustFail(t, `attribute approximate is "fast"`)
}

func TestSwish(t *testing.T) {
	checkReal(t, opCase{op: "Swish", attrs: []Attr{FloatAttr("alpha", 0.5)}}, same[float64], func(x float64) float64 {
		return x / (1 + math.Exp(-x/2))
	})
	opCase{op: "Swish", opset: 23, inputs: []*Tensor{Of([]float32{1}, 1)}}.mustFail(t, "version 23 is not implemented, want 24")
}

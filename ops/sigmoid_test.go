package ops

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func nan64() float64 { return math.NaN() }

// spreadFloats gives n floats around 0 of sizes between 0.01 and 100.
func spreadFloats(rng *rand.Rand, n int) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = float32(rng.NormFloat64() * math.Pow(10, 4*rng.Float64()-2))
	}
	return out
}

// checkReal holds an operator on float and double against its formula, which is
// given in double: relative error 2^-23 in float and 2^-44 in double. in maps the
// random arguments into the domain.
func checkReal(t *testing.T, c opCase, in, want func(float64) float64) {
	t.Helper()
	rng := rand.New(rand.NewPCG(7, 8))
	x := spreadFloats(rng, 500)
	d := make([]float64, len(x))
	for i := range x {
		x[i] = float32(in(float64(x[i])))
		d[i] = float64(x[i])
	}
	c.inputs = []*Tensor{Of(x, 5, 4, 25)}
	single := Data[float32](c.mustRun(t)[0])
	c.inputs = []*Tensor{Of(d, 5, 4, 25)}
	double := Data[float64](c.mustRun(t)[0])
	for i, v := range d {
		w := want(v)
		require.InDelta(t, w, double[i], math.Ldexp(math.Abs(w), -44)+1e-300, "%s(%v) in double", c.op, v)
		require.InDelta(t, w, float64(single[i]), math.Ldexp(math.Abs(w), -23)+1e-45, "%s(%v) in float", c.op, v)
	}

	c.inputs = []*Tensor{Of([]float32{}, 2, 0)}
	require.Equal(t, Shape{2, 0}, c.mustRun(t)[0].Shape())
	c.inputs = []*Tensor{OfStrings([]string{"x"}, 1)}
	c.mustFail(t, "is tensor(string), want one of")
}

func TestSigmoid(t *testing.T) {
	out := opCase{op: "Sigmoid", inputs: []*Tensor{Of([]float32{0, inf32, -inf32, -200, nan32}, 5)}}.mustRun(t)
	got := Data[float32](out[0])
	require.Equal(t, []float32{0.5, 1, 0, 0}, got[:4])
	require.True(t, math.IsNaN(float64(got[4])))
	checkReal(t, opCase{op: "Sigmoid"}, same[float64], func(x float64) float64 {
		if x >= 0 {
			return 1 / (1 + math.Exp(-x))
		}
		return math.Exp(x) / (1 + math.Exp(x))
	})
}

func TestTanh(t *testing.T) {
	out := opCase{op: "Tanh", inputs: []*Tensor{Of([]float32{0, inf32, -inf32, nan32}, 4)}}.mustRun(t)
	got := Data[float32](out[0])
	require.Equal(t, []float32{0, 1, -1}, got[:3])
	require.True(t, math.IsNaN(float64(got[3])))
	checkReal(t, opCase{op: "Tanh"}, same[float64], func(x float64) float64 {
		e := math.Expm1(2 * math.Abs(x)) // accurate near 0 too
		if math.IsInf(e, 1) {
			return math.Copysign(1, x)
		}
		return math.Copysign(e/(e+2), x)
	})
}

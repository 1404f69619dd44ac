package ops

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLeakyRelu(t *testing.T) {
	x := []float32{-2, 0, 3, inf32, -inf32}
	out := opCase{op: "LeakyRelu", attrs: []Attr{FloatAttr("alpha", 0.5)}, inputs: []*Tensor{Of(x, 5)}}.mustRun(t)
	require.Equal(t, []float32{-1, 0, 3, inf32, -inf32}, Data[float32](out[0]))
	out = opCase{op: "LeakyRelu", inputs: []*Tensor{Of([]float64{-1, nan64()}, 2)}}.mustRun(t)
	require.Equal(t, -float64(float32(0.01)), Data[float64](out[0])[0], "the default is the float 0.01")
	require.NotEqual(t, Data[float64](out[0])[1], Data[float64](out[0])[1], "NaN stays NaN")
	opCase{op: "LeakyRelu", inputs: []*Tensor{Of([]int32{1}, 1)}}.mustFail(t, "X is tensor(int32), want one of")
}

func TestPRelu(t *testing.T) {
	x := Of([]float32{-1, 2, -3, -4, 5, -6}, 1, 3, 2)
	out := opCase{op: "PRelu", inputs: []*Tensor{x, Of([]float32{2, 3, 0}, 3, 1)}}.mustRun(t)
	require.Equal(t, []float32{-2, 2, -9, -12, 5, 0}, append([]float32{}, Data[float32](out[0])...))
	out = opCase{op: "PRelu", inputs: []*Tensor{x, Of([]float32{0.5}, 1)}}.mustRun(t)
	require.Equal(t, []float32{-0.5, 2, -1.5, -2, 5, -3}, Data[float32](out[0]))
}

func TestPReluRandom(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, p := range broadcastPairs {
		if shape, err := broadcastShape(p.a, p.b); err != nil || !shape.Equal(p.a) {
			continue
		}
		x, s := smallInts[int32](rng, p.a.Elements()), smallInts[int32](rng, p.b.Elements())
		out := opCase{op: "PRelu", inputs: []*Tensor{Of(x, p.a...), Of(s, p.b...)}}.mustRun(t)
		want := naiveBroadcast(p.a, x, p.a, s, p.b, func(x, s int32) int32 {
			if x < 0 {
				return s * x
			}
			return x
		})
		require.Equal(t, want, append([]int32{}, Data[int32](out[0])...), "%v and %v", p.a, p.b)
	}
}

func TestPReluErrors(t *testing.T) {
	x := Of([]float32{1, 2}, 2)
	opCase{op: "PRelu", inputs: []*Tensor{x, Of([]float32{1, 2, 3}, 3)}}.mustFail(t, "slope has shape [3], want one that broadcasts to X's [2]")
	opCase{op: "PRelu", inputs: []*Tensor{x, Of([]float32{1, 2}, 2, 1)}}.mustFail(t, "slope has shape [2, 1]")
	opCase{op: "PRelu", inputs: []*Tensor{x, Of([]float64{1}, 1)}}.mustFail(t, "want one type")
	opCase{op: "PRelu", inputs: []*Tensor{Of([]int8{1}, 1), Of([]int8{1}, 1)}}.mustFail(t, "X is tensor(int8), want one of")
}

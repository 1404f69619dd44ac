package ops

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestConvInBlocksOrder has sums that show their order: 2²⁴ + 1 - 2²⁴ is 0 in one sum
// of floats and 1 where the last product begins another.
func TestConvInBlocksOrder(t *testing.T) {
	run := func(channels, last int) float32 {
		x, w := zeros(1, channels, 1), zeros(1, channels, 1)
		for c, v := range map[int]float32{0: 1 << 24, 1: 1, last: -1 << 24} {
			Data[float32](x)[c], Data[float32](w)[c] = v, 1
		}
		got := opCase{op: "ConvInBlocks", domain: InternalDomain, opset: 1, inputs: []*Tensor{x, w}}.mustRun(t)[0]
		return Data[float32](got)[0]
	}
	require.EqualValues(t, 0, run(200, 127))
	// The first block is 2²⁴ + 1, which floats do not hold either.
	require.EqualValues(t, 0, run(200, 128))
	x, w := zeros(1, 200, 1), zeros(1, 200, 1)
	for c, v := range map[int]float32{0: 1 << 24, 128: 1, 129: 1} {
		Data[float32](x)[c], Data[float32](w)[c] = v, 1
	}
	got := opCase{op: "ConvInBlocks", domain: InternalDomain, opset: 1, inputs: []*Tensor{x, w, Of([]float32{0.5}, 1)}}.mustRun(t)[0]
	require.EqualValues(t, 1<<24+2, Data[float32](got)[0])
	// A fused product: (1 + 2⁻¹²)² - 1 - 2⁻¹¹ is 2⁻²⁴.
	e := float32(1 + 1./4096)
	got = opCase{op: "ConvInBlocks", domain: InternalDomain, opset: 1, inputs: []*Tensor{
		Of([]float32{-1 - 1./2048, e}, 1, 2, 1), Of([]float32{1, e}, 1, 2, 1)}}.mustRun(t)[0]
	require.InDelta(t, 0x1p-24, Data[float32](got)[0], 0)
}

func TestConvInBlocksRandom(t *testing.T) {
	for seed := range uint64(200) {
		c := newRandomConv(rand.New(rand.NewPCG(seed, 71)), false)
		c.r = nil
		n := c.node("ConvInBlocks")
		n.domain, n.opset = InternalDomain, 1
		got := n.mustRun(t)[0]
		require.Equal(t, c.naive(false, got.shape), Data[float32](got), "seed %d: %+v", seed, c)
	}
	opCase{op: "ConvInBlocks", domain: InternalDomain, opset: 1, inputs: []*Tensor{NewTensor(Float64, Shape{1, 1, 1}), NewTensor(Float64, Shape{1, 1, 1})}}.mustFail(t, "X is tensor(double)")
}

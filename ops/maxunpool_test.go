package ops

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func unpoolCase(x, i, shape *Tensor) opCase {
	two := []Attr{IntsAttr("kernel_shape", 2, 2), IntsAttr("strides", 2, 2)}
	return opCase{op: "MaxUnpool", attrs: two, inputs: []*Tensor{x, i, shape}}
}

func TestMaxUnpoolByHand(t *testing.T) {
	x, i := Of([]float32{1, 2, 3, 4}, 1, 1, 2, 2), Of([]int64{5, 7, 13, 15}, 1, 1, 2, 2)
	out := unpoolCase(x, i, nil).mustRun(t)
	require.Equal(t, Shape{1, 1, 4, 4}, out[0].Shape())
	require.Equal(t, []float32{0, 0, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0, 0, 3, 0, 4}, Data[float32](out[0]))

	wide := unpoolCase(x, i, OfInts([]int{1, 1, 4, 5})).mustRun(t)
	require.Equal(t, []float32{0, 0, 0, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 4, 0}, Data[float32](wide[0]),
		"positions count in the inferred shape [1, 1, 4, 4]")

	twice := unpoolCase(x, Of([]int64{5, 5, 13, 15}, 1, 1, 2, 2), nil).mustRun(t)
	require.Equal(t, float32(2), Data[float32](twice[0])[5], "the last one wins")
}

// TestMaxUnpoolInverse: what MaxPool took comes back, and only that.
func TestMaxUnpoolInverse(t *testing.T) {
	rng := rand.New(rand.NewPCG(19, 20))
	for _, shape := range []Shape{{2, 3, 8}, {1, 2, 6, 4}, {3, 1, 4, 2, 6}, {0, 2, 4, 4}, {40, 5, 40, 40}} {
		k := make([]int, len(shape)-2)
		for i := range k {
			k[i] = 2
		}
		attrs := []Attr{IntsAttr("kernel_shape", k...), IntsAttr("strides", k...)}
		x := Of(spreadFloats(rng, shape.Elements()), shape...)
		pool := opCase{op: "MaxPool", attrs: attrs, inputs: []*Tensor{x}, outputs: 2}.mustRun(t)
		out := opCase{op: "MaxUnpool", attrs: attrs, inputs: pool}.mustRun(t)
		require.Equal(t, shape, out[0].Shape())
		kept, xs := 0, Data[float32](x)
		for i, v := range Data[float32](out[0]) {
			if v != 0 {
				require.Equal(t, xs[i], v)
				kept++
			}
		}
		require.Equal(t, pool[0].Len(), kept)
	}
}

// TestMaxUnpoolStrays: positions in the planes of other pixels.
func TestMaxUnpoolStrays(t *testing.T) {
	c := opCase{op: "MaxUnpool", attrs: []Attr{IntsAttr("kernel_shape", 2)}, inputs: []*Tensor{Of([]float64{1, 2}, 1, 2, 1), Of([]int64{3, 0}, 1, 2, 1)}}
	require.Equal(t, []float64{2, 0, 0, 1}, Data[float64](c.mustRun(t)[0]))
}

func TestMaxUnpoolErrors(t *testing.T) {
	x, i := Of([]float32{1, 2, 3, 4}, 1, 1, 2, 2), Of([]int64{5, 7, 13, 15}, 1, 1, 2, 2)
	unpoolCase(x, Of([]int64{5, 7, 13, 16}, 1, 1, 2, 2), nil).mustFail(t, "I has the position 16, want one in [0, 16)")
	unpoolCase(x, Of([]int64{5, 7, 13, -1}, 1, 1, 2, 2), nil).mustFail(t, "I has the position -1")
	unpoolCase(x, i, OfInts([]int{1, 1, 3, 4})).mustFail(t, "output_shape is [1 1 3 4], want [1, 1, 4, 4] or more")
	unpoolCase(x, i, OfInts([]int{2, 1, 4, 4})).mustFail(t, "output_shape is [2 1 4 4]")
	unpoolCase(x, i, OfInts([]int{4, 4})).mustFail(t, "output_shape is [4 4], want 4 values")
	unpoolCase(x, Of([]int64{1}, 1), nil).mustFail(t, "I has shape [1], want that of X")
	unpoolCase(NewTensor(Float32, Shape{2, 2}), NewTensor(Int64, Shape{2, 2}), nil).mustFail(t, "want [N, C, D1, ...]")
	unpoolCase(NewTensor(Float32, Shape{1, 1, 0, 2}), NewTensor(Int64, Shape{1, 1, 0, 2}), nil).mustFail(t, "want at least 1")
	opCase{op: "MaxUnpool", inputs: []*Tensor{x, i}}.mustFail(t, "kernel_shape is missing")
	opCase{op: "MaxUnpool", attrs: []Attr{IntsAttr("kernel_shape", 2, 2), IntsAttr("strides", 0, 1)}, inputs: []*Tensor{x, i}}.mustFail(t, "stride must be at least 1")
	opCase{op: "MaxUnpool", attrs: []Attr{IntsAttr("kernel_shape", 2, 2), IntsAttr("pads", 4, 0, 4, 0)}, inputs: []*Tensor{x, i}}.mustFail(t, "spatial axis 0 would have -5 pixels")
}

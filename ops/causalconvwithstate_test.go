package ops

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func causalCase(inputs ...*Tensor) opCase {
	return opCase{op: "CausalConvWithState", inputs: inputs, outputs: 2}
}

func TestCausalConvWithState(t *testing.T) {
	x, w := ramp(1, 1, 3), Of([]float32{10, 1}, 1, 1, 2)
	out := causalCase(x, w).mustRun(t)
	require.Equal(t, []float32{1, 12, 23}, Data[float32](out[0]))
	require.Equal(t, []float32{3}, Data[float32](out[1]))
	out = causalCase(x, w, Of([]float32{0.5}, 1), Of([]float32{7}, 1, 1, 1)).mustRun(t)
	require.Equal(t, []float32{71.5, 12.5, 23.5}, Data[float32](out[0]))
	c := causalCase(x, w)
	for _, activation := range []string{"silu", "swish"} {
		c.attrs = []Attr{StringAttr("activation", activation)}
		require.InDelta(t, 1/(1+math.Exp(-1)), Data[float32](c.mustRun(t)[0])[0], 1e-7)
	}
	out = causalCase(ramp(1, 1, 1), Of([]float32{1, 1, 1, 1}, 1, 1, 4), nil, Of([]float32{7, 8, 9}, 1, 1, 3)).mustRun(t)
	require.Equal(t, []float32{8, 9, 1}, Data[float32](out[1]), "shorter than the state")
}

// A sequence in pieces gives what Conv gives of all of it.
func TestCausalConvWithStatePieces(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 14))
		n, channels, k, length := 1+r.IntN(2), 1+r.IntN(4), 1+r.IntN(5), 1+r.IntN(12)
		x, w, bias := integers(r, n, channels, length), integers(r, channels, 1, k), integers(r, channels)
		want := opCase{op: "Conv", attrs: []Attr{IntAttr("group", channels), IntsAttr("pads", k-1, 0)}, inputs: []*Tensor{x, w, bias}}.mustRun(t)[0]
		cut := r.IntN(length + 1)
		slice := func(from, to int) *Tensor {
			return opCase{op: "Slice", inputs: []*Tensor{x, OfInts([]int{from}), OfInts([]int{to}), OfInts([]int{2})}}.mustRun(t)[0]
		}
		first := causalCase(slice(0, cut), w, bias).mustRun(t)
		second := causalCase(slice(cut, length), w, bias, first[1]).mustRun(t)
		got := opCase{op: "Concat", attrs: []Attr{IntAttr("axis", 2)}, inputs: []*Tensor{first[0], second[0]}}.mustRun(t)[0]
		require.Equal(t, Data[float32](want), Data[float32](got), "seed %d", seed)
		require.Equal(t, Shape{n, channels, k - 1}, second[1].shape)
	}
}

func TestCausalConvWithStateErrors(t *testing.T) {
	x, w := zeros(1, 2, 3), zeros(2, 1, 3)
	causalCase(Of([]int32{1}, 1, 1, 1), w).mustFail(t, "input is tensor(int32)")
	causalCase(x, NewTensor(Float64, w.shape)).mustFail(t, "input is tensor(float) and weight is tensor(double)")
	causalCase(zeros(2, 3), w).mustFail(t, "input has shape [2, 3], want [N, C, L]")
	causalCase(x, zeros(2, 1, 0)).mustFail(t, "weight has shape [2, 1, 0], want [2, 1, k] with k of 1 or more")
	causalCase(x, zeros(2, 2, 3)).mustFail(t, "weight has shape [2, 2, 3]")
	causalCase(x, w, zeros(3)).mustFail(t, "bias has shape [3], want [2]")
	causalCase(x, w, nil, zeros(1, 2, 3)).mustFail(t, "past_state has shape [1, 2, 3], want [1, 2, 2]")
	c := causalCase(x, w)
	c.attrs = []Attr{StringAttr("activation", "relu")}
	c.mustFail(t, "attribute activation is \"relu\"")
}

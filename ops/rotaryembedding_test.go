package ops

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRotaryEmbedding(t *testing.T) {
	// Pairs turned by 90 degrees at position 0, not at all at position 1.
	x := ramp(1, 1, 2, 5)
	cos, sin := Of([]float32{0, 0, 1, 1}, 2, 2), Of([]float32{1, 1, 0, 0}, 2, 2)
	ids := Of([]int64{0, 1}, 1, 2)
	run := func(ids *Tensor, attrs ...Attr) []float32 {
		attrs = append(attrs, IntAttr("rotary_embedding_dim", 4))
		cos, sin := cos, sin
		if ids == nil {
			cos, sin = cos.View(Shape{1, 2, 2}), sin.View(Shape{1, 2, 2})
		}
		c := opCase{op: "RotaryEmbedding", attrs: attrs, inputs: []*Tensor{x, cos, sin, ids}}
		y := c.mustRun(t)[0]
		c.requireInPlace(t, y)
		return Data[float32](y)
	}
	require.Equal(t, []float32{-3, -4, 1, 2, 5, 6, 7, 8, 9, 10}, run(ids), "the fifth element stays")
	require.Equal(t, []float32{-3, -4, 1, 2, 5, 6, 7, 8, 9, 10}, run(nil))
	require.Equal(t, []float32{-2, 1, -4, 3, 5, 6, 7, 8, 9, 10}, run(ids, IntAttr("interleaved", 1)))
	require.Equal(t, []float32{-3, -4, 1, 2, 5, -8, -9, 6, 7, 10}, run(Of([]int64{0, 0}, 1, 2)))
}

// Of rank 3, heads lie side by side.
func TestRotaryEmbeddingRank3(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	x := randomFloats(r, Float64, 2, 3, 4, 6) // B, S, heads, d
	cos, sin := randomFloats(r, Float64, 2, 3, 3), randomFloats(r, Float64, 2, 3, 3)
	swap := func(x *Tensor) *Tensor {
		return opCase{op: "Transpose", attrs: []Attr{IntsAttr("perm", 0, 2, 1, 3)}, inputs: []*Tensor{x}}.mustRun(t)[0]
	}
	four := opCase{op: "RotaryEmbedding", inputs: []*Tensor{swap(x), cos, sin}}.mustRun(t)[0]
	three := opCase{op: "RotaryEmbedding", attrs: []Attr{IntAttr("num_heads", 4)}, inputs: []*Tensor{x.View(Shape{2, 3, 24}), cos, sin}}.mustRun(t)[0]
	require.Equal(t, Shape{2, 3, 24}, three.shape)
	require.Equal(t, floats(swap(four)), floats(three))

	empty := opCase{op: "RotaryEmbedding", inputs: []*Tensor{zeros(1, 2, 0, 4), zeros(1, 0, 2), zeros(1, 0, 2)}}
	require.Equal(t, Shape{1, 2, 0, 4}, empty.mustRun(t)[0].shape)
}

func TestRotaryEmbeddingErrors(t *testing.T) {
	x, angles := zeros(1, 1, 2, 4), zeros(1, 2, 2)
	fail := func(text string, attrs []Attr, inputs ...*Tensor) {
		t.Helper()
		opCase{op: "RotaryEmbedding", attrs: attrs, inputs: inputs}.mustFail(t, text)
	}
	fail("X is tensor(int32)", nil, Of([]int32{1}, 1, 1, 1, 1), angles, angles)
	fail("num_heads is missing, X has rank 3", nil, zeros(1, 2, 4), angles, angles)
	fail("cos_cache has shape [1, 2, 3], want [1, 2, 2]", nil, x, zeros(1, 2, 3), angles)
	fail("sin_cache has shape [3, 2], want [5, 2]", nil, x, zeros(5, 2), zeros(3, 2), Of([]int64{0, 0}, 1, 2))
	fail("cos_cache has shape [], want [0, 2]", nil, x, zeros(), zeros(3, 2), Of([]int64{0, 0}, 1, 2))
	fail("X is tensor(float) and sin_cache is tensor(double)", nil, x, angles, NewTensor(Float64, angles.shape))
	fail("position_ids has shape [2], want [1, 2]", nil, x, zeros(5, 2), zeros(5, 2), Of([]int64{0, 0}, 2))
	fail("position_ids is tensor(int32)", nil, x, zeros(5, 2), zeros(5, 2), Of([]int32{0, 0}, 1, 2))
	fail("position_ids element 1 is 5, want one in [0, 5)", nil, x, zeros(5, 2), zeros(5, 2), Of([]int64{0, 5}, 1, 2))
	fail("6 elements of heads of 4", []Attr{IntAttr("rotary_embedding_dim", 6)}, x, angles, angles)
	fail("3 elements of heads of 3", nil, zeros(1, 1, 2, 3), angles, angles)
	fail("rotary_embedding_dim 3", []Attr{IntAttr("rotary_embedding_dim", 3)}, x, angles, angles)
}

package ops

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAttention(t *testing.T) {
	// One query that fits the second key three times as well as the first.
	q := Of([]float32{1}, 1, 1, 1, 1)
	k := Of([]float32{0, float32(math.Log(3))}, 1, 1, 2, 1)
	v := Of([]float32{4, 0, 0, 8}, 1, 1, 2, 2)
	run := func(mask *Tensor, attrs ...Attr) []*Tensor {
		return opCase{op: "Attention", attrs: attrs, inputs: []*Tensor{q, k, v, mask}, outputs: 4}.mustRun(t)
	}
	out := run(nil)
	require.InDeltaSlice(t, []float32{1, 6}, Data[float32](out[0]), 1e-6)
	require.Equal(t, Data[float32](k), Data[float32](out[1]))
	require.Equal(t, Data[float32](v), Data[float32](out[2]))
	require.InDeltaSlice(t, []float32{0, float32(math.Log(3))}, Data[float32](out[3]), 1e-6)

	require.InDeltaSlice(t, []float32{0.4, 7.2}, Data[float32](run(nil, FloatAttr("scale", 2))[0]), 1e-6, "1:9")
	require.Equal(t, []float32{4, 0}, Data[float32](run(nil, IntAttr("is_causal", 1))[0]), "the first query sees the first key")
	require.Equal(t, []float32{4, 0}, Data[float32](run(Of([]bool{true, false}, 2))[0]))
	require.InDeltaSlice(t, []float32{2, 4}, Data[float32](run(Of([]float32{float32(math.Log(3)), 0}, 1, 2))[0]), 1e-6, "1:1")
	require.InDeltaSlice(t, []float32{0.25, 0.75}, Data[float32](run(nil, IntAttr("qk_matmul_output_mode", 3))[3]), 1e-6)
}

// The rules of onnxruntime 1.30, numbers by hand: a query that sees nothing gives 0, and with
// nonpad_kv_seqlen the last query sees the last key that counts.
func TestAttentionNothingToSee(t *testing.T) {
	q, k, v := ones(2).View(Shape{1, 1, 2, 1}), ones(3).View(Shape{1, 1, 3, 1}), ramp(1, 1, 3, 1)
	run := func(count int64, mask *Tensor, attrs ...Attr) []float32 {
		inputs := []*Tensor{q, k, v, mask}
		if count >= 0 {
			inputs = append(inputs, nil, nil, Of([]int64{count}, 1))
		}
		return Data[float32](opCase{op: "Attention", attrs: attrs, inputs: inputs}.mustRun(t)[0])
	}
	require.InDeltaSlice(t, []float32{0, 2}, run(-1, Of([]bool{false, false, false, true, true, true}, 2, 3)), 1e-6)
	require.Equal(t, []float32{0, 0}, run(0, nil))
	require.InDeltaSlice(t, []float32{1.5, 1.5}, run(2, nil), 1e-6)
	require.InDeltaSlice(t, []float32{1.5, 2}, run(3, nil, IntAttr("is_causal", 1)), 1e-6)
	require.InDeltaSlice(t, []float32{0, 1}, run(1, nil, IntAttr("is_causal", 1)), 1e-6)

	short := Of([]float32{0, 0}, 1, 2)
	require.InDeltaSlice(t, []float32{1.5, 1.5}, run(-1, short), 1e-6, "the key that the mask lacks takes no part")
	old := opCase{op: "Attention", opset: 23, inputs: []*Tensor{q, k, v, short}}
	old.mustFail(t, "attn_mask has shape [1, 2], which does not broadcast to [1, 1, 2, 3]")
	old.inputs[3] = Of([]float32{5}, 1)
	require.InDeltaSlice(t, []float32{2, 2}, Data[float32](old.mustRun(t)[0]), 1e-6, "before version 24 one value serves all keys")
}

// attentionCase is a node over the space of shapes and attributes.
type attentionCase struct {
	batch, heads, shared, q, kv, past, size, vSize int

	causal             bool
	scale, softcap     float64
	mode               int
	rank3              bool
	mask               *Tensor // of rank 4
	q4, k4, v4, pk, pv *Tensor // of rank 4
}

func newAttentionCase(r *rand.Rand, d DType) *attentionCase {
	c := &attentionCase{
		batch: 1 + r.IntN(2), shared: 1 + r.IntN(2), q: 1 + r.IntN(6), kv: 1 + r.IntN(20), size: 1 + r.IntN(9), vSize: 1 + r.IntN(9),
		causal: r.IntN(2) == 0, scale: float64(float32(r.Float64())), mode: r.IntN(4), rank3: r.IntN(2) == 0,
	}
	c.heads = c.shared * (1 + r.IntN(3))
	c.q4 = randomFloats(r, d, c.batch, c.heads, c.q, c.size)
	c.k4 = randomFloats(r, d, c.batch, c.shared, c.kv, c.size)
	c.v4 = randomFloats(r, d, c.batch, c.shared, c.kv, c.vSize)
	if r.IntN(2) == 0 {
		c.past = 1 + r.IntN(4)
		c.pk, c.pv = randomFloats(r, d, c.batch, c.shared, c.past, c.size), randomFloats(r, d, c.batch, c.shared, c.past, c.vSize)
	}
	if r.IntN(2) == 0 {
		c.softcap = 0.5
	}
	full := []int{c.batch, c.heads, c.q, c.past + c.kv}
	for i := range 3 {
		if r.IntN(2) == 0 {
			full[i] = 1
		}
	}
	switch r.IntN(3) {
	case 0:
		c.mask = randomFloats(r, d, full...)
	case 1:
		c.mask = NewTensor(Bool, full)
		for i := range Data[bool](c.mask) {
			Data[bool](c.mask)[i] = r.IntN(3) > 0
		}
	}
	return c
}

// flat brings the heads of a tensor of rank 4 side by side.
func (c *attentionCase) flat(t testing.TB, x *Tensor) *Tensor {
	if !c.rank3 {
		return x
	}
	y := opCase{op: "Transpose", attrs: []Attr{IntsAttr("perm", 0, 2, 1, 3)}, inputs: []*Tensor{x}}.mustRun(t)[0]
	return y.View(Shape{y.shape[0], y.shape[1], y.shape[2] * y.shape[3]})
}

func (c *attentionCase) node(t testing.TB) opCase {
	attrs := []Attr{
		IntAttr("is_causal", oneIf(c.causal)), FloatAttr("scale", float32(c.scale)), FloatAttr("softcap", float32(c.softcap)),
		IntAttr("qk_matmul_output_mode", c.mode), IntAttr("softmax_precision", 1),
	}
	if c.rank3 {
		attrs = append(attrs, IntAttr("q_num_heads", c.heads), IntAttr("kv_num_heads", c.shared))
	}
	inputs := []*Tensor{c.flat(t, c.q4), c.flat(t, c.k4), c.flat(t, c.v4), c.mask, c.pk, c.pv}
	return opCase{op: "Attention", attrs: attrs, inputs: inputs, outputs: 4}
}

// at4 is an element of a tensor of rank 4, whose axes of extent 1 broadcast.
func at4(x *Tensor, index ...int) float64 {
	for i := range index {
		if x.shape[i] == 1 {
			index[i] = 0
		}
	}
	if x.dtype == Bool {
		if Data[bool](x)[offsetOf(x.shape, index)] {
			return 0
		}
		return math.Inf(-1)
	}
	return floats(x)[offsetOf(x.shape, index)]
}

// join is an element of what past and new keys or values are together.
func (c *attentionCase) join(past, x *Tensor, b, h, j, n int) float64 {
	if j < c.past {
		return at4(past, b, h, j, n)
	}
	return floats(x)[offsetOf(x.shape, []int{b, h, j - c.past, n})]
}

// naive gives Y of rank 4 and qk_matmul_output.
func (c *attentionCase) naive() (y, qk []float64) {
	total := c.past + c.kv
	forEachIndex(Shape{c.batch, c.heads, c.q}, func(_ int, index []int) {
		b, h, i := index[0], index[1], index[2]
		shared := h / (c.heads / c.shared)
		stages := make([][4]float64, total)
		sum := 0.0
		for j := range stages {
			s := &stages[j]
			for n := range c.size {
				s[0] += c.scale * floats(c.q4)[offsetOf(c.q4.shape, []int{b, h, i, n})] * c.join(c.pk, c.k4, b, shared, j, n)
			}
			if s[1] = s[0]; c.softcap > 0 {
				s[1] = c.softcap * math.Tanh(s[0]/c.softcap)
			}
			if s[2] = s[1]; c.mask != nil {
				s[2] += at4(c.mask, b, h, i, j)
			}
			if c.causal && j > i+c.past {
				s[2] = math.Inf(-1)
			}
			s[3] = math.Exp(s[2])
			sum += s[3]
		}
		for j := range stages {
			if sum > 0 {
				stages[j][3] /= sum
			}
			qk = append(qk, stages[j][c.mode])
		}
		for n := range c.vSize {
			v := 0.0
			for j := range stages {
				v += stages[j][3] * c.join(c.pv, c.v4, b, shared, j, n)
			}
			y = append(y, v)
		}
	})
	return y, qk
}

func TestAttentionRandom(t *testing.T) {
	for seed := range uint64(120) {
		r := rand.New(rand.NewPCG(seed, 12))
		d := []DType{Float32, Float64}[seed%2]
		c := newAttentionCase(r, d)
		out := c.node(t).mustRun(t)
		y, qk := c.naive()
		want := NewTensor(Float64, Shape{c.batch, c.heads, c.q, c.vSize})
		copy(Data[float64](want), y)
		got, text := floats(out[0]), fmt.Sprintf("seed %d: %+v", seed, *c)
		require.InDeltaSlice(t, floats(c.flat(t, want)), got, 1e-5, text)
		for i, v := range floats(out[3]) {
			if v != qk[i] {
				require.InDelta(t, qk[i], v, 1e-5, text)
			}
		}
		forEachIndex(out[1].shape, func(i int, index []int) {
			require.Equal(t, c.join(c.pk, c.k4, index[0], index[1], index[2], index[3]), floats(out[1])[i], text)
		})
		forEachIndex(out[2].shape, func(i int, index []int) {
			require.Equal(t, c.join(c.pv, c.v4, index[0], index[1], index[2], index[3]), floats(out[2])[i], text)
		})
	}
}

// More scores than are kept at a time: several heads in turn, and the rows of a head.
func TestAttentionTurns(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for _, s := range []struct{ heads, rows, turns int }{{5, 700, 3}, {1, 1100, 2}} {
		q, k, v := randomFloats(r, Float32, 1, s.heads, s.rows, 2), randomFloats(r, Float32, 1, s.heads, s.rows, 2), randomFloats(r, Float32, 1, s.heads, s.rows, 2)
		c := opCase{op: "Attention", inputs: []*Tensor{q, k, v}}
		c.mustRun(t)
		step, _, _ := bindBest(t, c, NewPacked())
		require.Len(t, step.(*attentionStep).turns, s.turns)
	}
}

func TestAttentionEmpty(t *testing.T) {
	c := opCase{op: "Attention", inputs: []*Tensor{zeros(1, 2, 3, 4), zeros(1, 2, 0, 4), zeros(1, 2, 0, 5)}}
	out := c.mustRun(t)
	require.Equal(t, make([]float32, 30), Data[float32](out[0]), "without keys")
	c.inputs = []*Tensor{zeros(1, 1, 1, 0), zeros(1, 1, 2, 0), ramp(1, 1, 2, 1)}
	require.Equal(t, []float32{1.5}, Data[float32](c.mustRun(t)[0]), "keys of nothing all fit alike")
	c.inputs = []*Tensor{zeros(0, 2, 3, 4), zeros(0, 2, 3, 4), zeros(0, 2, 3, 5)}
	require.Equal(t, Shape{0, 2, 3, 5}, c.mustRun(t)[0].Shape())
	c.inputs = []*Tensor{zeros(1, 0, 3, 4), zeros(1, 0, 3, 4), zeros(1, 0, 3, 5)}
	require.Equal(t, Shape{1, 0, 3, 5}, c.mustRun(t)[0].Shape())
}

func TestAttentionErrors(t *testing.T) {
	q, k, v := zeros(1, 2, 3, 4), zeros(1, 2, 5, 4), zeros(1, 2, 5, 6)
	fail := func(text string, attrs []Attr, inputs ...*Tensor) {
		t.Helper()
		opCase{op: "Attention", attrs: attrs, inputs: inputs}.mustFail(t, text)
	}
	fail("Q is tensor(int32)", nil, Of([]int32{1}, 1, 1, 1, 1), k, v)
	fail("Q is tensor(float) and K is tensor(double)", nil, q, NewTensor(Float64, k.shape), v)
	fail("Q has shape [2, 3], want rank 3 or 4", nil, zeros(2, 3), k, v)
	fail("q_num_heads is missing, Q has rank 3", nil, zeros(1, 3, 4), zeros(1, 3, 4), zeros(1, 3, 4))
	fail("cannot be divided among 3 heads", []Attr{IntAttr("q_num_heads", 3), IntAttr("kv_num_heads", 1)}, zeros(1, 3, 4), zeros(1, 3, 4), zeros(1, 3, 4))
	fail("q_num_heads is 3 and Q has shape [1, 2, 3, 4]", []Attr{IntAttr("q_num_heads", 3)}, q, k, v)
	fail("want them to fit", nil, q, zeros(1, 2, 5, 3), v)
	fail("Q has 3 heads and K 2, want a multiple", nil, zeros(1, 3, 3, 4), k, v)
	fail("attn_mask is tensor(int64)", nil, q, k, v, Of([]int64{1}, 1))
	fail("attn_mask has shape [2, 5], which does not broadcast", nil, q, k, v, zeros(2, 5))
	fail("past_key and past_value are wanted together", nil, q, k, v, nil, zeros(1, 2, 1, 4))
	fail("past_value has shape [1, 2, 2, 6], want [1, 2, 1, 6]", nil, q, k, v, nil, zeros(1, 2, 1, 4), zeros(1, 2, 2, 6))
	fail("past_key has shape [1] and past_value [1], want rank 4", nil, q, k, v, nil, zeros(1), zeros(1))
	fail("nonpad_kv_seqlen has shape [2], want [1]", nil, q, k, v, nil, nil, nil, Of([]int64{1, 1}, 2))
	fail("nonpad_kv_seqlen and past_key are both given", nil, q, k, v, nil, zeros(1, 2, 1, 4), zeros(1, 2, 1, 6), Of([]int64{1}, 1))
	fail("qk_matmul_output_mode is 4, want 0 to 3", []Attr{IntAttr("qk_matmul_output_mode", 4)}, q, k, v)
	fail("softmax_precision is int64", []Attr{IntAttr("softmax_precision", 7)}, q, k, v)
	fail("want 1 or more", []Attr{IntAttr("q_num_heads", -1)}, q, k, v)
}

func BenchmarkAttention(b *testing.B) {
	for _, s := range []struct{ heads, rows, size int }{{12, 196, 64}, {1, 4096, 512}} {
		b.Run(fmt.Sprint(s), func(b *testing.B) {
			r := rand.New(rand.NewPCG(1, 1))
			x := randomFloats(r, Float32, 1, s.heads, s.rows, s.size)
			benchmarkBound(b, opCase{op: "Attention", inputs: []*Tensor{x, x, x}}, int64(2*s.heads*s.rows*s.rows*s.size))
		})
	}
}

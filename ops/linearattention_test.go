package ops

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// linearCase is a node of one rule.
func linearCase(rule string, heads, shared int, inputs ...*Tensor) opCase {
	attrs := []Attr{StringAttr("update_rule", rule), IntAttr("q_num_heads", heads), IntAttr("kv_num_heads", shared), IntAttr("chunk_size", 32)}
	return opCase{op: "LinearAttention", attrs: attrs, inputs: inputs, outputs: 2}
}

func TestLinearAttention(t *testing.T) {
	// One number a key, one a value: the state is 2·3 = 6, then 6 + 1·5 = 11.
	q, k, v := Of([]float32{1, 10}, 1, 2, 1), Of([]float32{2, 1}, 1, 2, 1), Of([]float32{3, 5}, 1, 2, 1)
	half := Of([]float32{float32(math.Log(0.5)), float32(math.Log(0.5))}, 1, 2, 1)
	beta := Of([]float32{1, 0.5}, 1, 2, 1)
	for _, c := range []struct {
		rule        string
		decay, beta *Tensor
		want        []float32
		state       float32
	}{
		{"linear", nil, nil, []float32{6, 110}, 11},
		{"gated", half, nil, []float32{6, 80}, 8},        // 0.5·6 + 5
		{"delta", nil, beta, []float32{6, 55}, 5.5},      // 6 + 0.5·(5 - 6)
		{"gated_delta", half, beta, []float32{6, 40}, 4}, // 3 + 0.5·(5 - 3)
	} {
		out := linearCase(c.rule, 1, 1, q, k, v, nil, c.decay, c.beta).mustRun(t)
		require.InDeltaSlice(t, c.want, Data[float32](out[0]), 1e-5, c.rule)
		require.InDelta(t, c.state, Data[float32](out[1])[0], 1e-5, c.rule)
	}
	out := linearCase("linear", 1, 1, q, k, v, Of([]float64{100}, 1, 1, 1, 1)).mustRun(t)
	require.Equal(t, []float32{106, 1110}, Data[float32](out[0]))
	require.Equal(t, []float64{111}, Data[float64](out[1]), "the type of past_state")
}

// The rules agree with their formulas.
func TestLinearAttentionRandom(t *testing.T) {
	at := func(x *Tensor, index ...int) float64 { return Data[float64](x)[offsetOf(x.shape, index)] }
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 13))
		batch, length, shared, size, width := 1+r.IntN(2), 1+r.IntN(5), 1+r.IntN(3), 1+r.IntN(4), 1+r.IntN(4)
		heads := shared * (1 + r.IntN(3))
		q, k, v := randomFloats(r, Float64, batch, length, heads*size), randomFloats(r, Float64, batch, length, shared*size), randomFloats(r, Float64, batch, length, shared*width)
		rule := []string{"linear", "gated", "delta", "gated_delta"}[seed%4]
		var past, decay, beta *Tensor
		if r.IntN(2) == 0 {
			past = randomFloats(r, Float64, batch, shared, size, width)
		}
		decays, betas := []int{shared, shared * size}[r.IntN(2)], []int{shared, 1}[r.IntN(2)]
		if seed%4 == 1 || seed%4 == 3 {
			decay = randomFloats(r, Float64, batch, length, decays)
		}
		if seed%4 >= 2 {
			beta = randomFloats(r, Float64, batch, length, betas)
		}
		c := linearCase(rule, heads, shared, q, k, v, past, decay, beta)
		c.attrs = append(c.attrs, FloatAttr("scale", 0.5))
		out := c.mustRun(t)
		text := fmt.Sprintf("seed %d: %s %v", seed, rule, c.inputs)

		for b := range batch {
			for h := range shared {
				m := make([][]float64, size) // the state
				for d := range m {
					m[d] = make([]float64, width)
					for n := range m[d] {
						if past != nil {
							m[d][n] = at(past, b, h, d, n)
						}
					}
				}
				for i := range length {
					for d := range m {
						for n := range m[d] {
							if decay != nil && decays == shared {
								m[d][n] *= math.Exp(at(decay, b, i, h))
							} else if decay != nil {
								m[d][n] *= math.Exp(at(decay, b, i, h*size+d))
							}
						}
					}
					for n := range width {
						x := at(v, b, i, h*width+n)
						if beta != nil {
							for d := range m {
								x -= m[d][n] * at(k, b, i, h*size+d)
							}
							x *= at(beta, b, i, h%betas)
						}
						for d := range m {
							m[d][n] += x * at(k, b, i, h*size+d)
						}
						for g := h * heads / shared; g < (h+1)*heads/shared; g++ {
							y := 0.0
							for d := range m {
								y += 0.5 * m[d][n] * at(q, b, i, g*size+d)
							}
							require.InDelta(t, y, at(out[0], b, i, g*width+n), 1e-9*(1+math.Abs(y)), text)
						}
					}
				}
				for d := range m {
					for n := range m[d] {
						require.InDelta(t, m[d][n], at(out[1], b, h, d, n), 1e-9*(1+math.Abs(m[d][n])), text)
					}
				}
			}
		}
	}
}

func TestLinearAttentionEmpty(t *testing.T) {
	past := ramp(1, 1, 2, 3)
	out := linearCase("linear", 1, 1, zeros(1, 0, 2), zeros(1, 0, 2), zeros(1, 0, 3), past).mustRun(t)
	require.Equal(t, Shape{1, 0, 3}, out[0].shape)
	require.Equal(t, Data[float32](past), Data[float32](out[1]), "no token, no change")
	out = linearCase("gated_delta", 1, 1, zeros(1, 2, 0), zeros(1, 2, 0), zeros(1, 2, 3), nil, zeros(1, 2, 1), zeros(1, 2, 1)).mustRun(t)
	require.Equal(t, make([]float32, 6), Data[float32](out[0]))
}

func TestLinearAttentionErrors(t *testing.T) {
	q, one := zeros(1, 2, 4), zeros(1, 2, 1)
	linearCase("linear", 3, 2, q, q, q).mustFail(t, "q_num_heads is 3 and kv_num_heads 2")
	linearCase("linear", 0, 0, q, q, q).mustFail(t, "want a positive multiple")
	linearCase("other", 1, 1, q, q, q).mustFail(t, "attribute update_rule is \"other\"")
	linearCase("gated", 1, 1, q, q, q).mustFail(t, "update_rule is gated: decay is wanted")
	linearCase("linear", 1, 1, q, q, q, nil, nil, one).mustFail(t, "update_rule is linear: beta is wanted with delta rules alone")
	linearCase("linear", 1, 1, zeros(1, 2), q, q).mustFail(t, "query has shape [1, 2], want rank 3")
	linearCase("linear", 3, 1, q, q, q).mustFail(t, "want them to fit 3 and 1 heads")
	linearCase("linear", 1, 1, q, q, q, zeros(1, 1, 4, 3)).mustFail(t, "past_state has shape [1, 1, 4, 3], want [1, 1, 4, 4]")
	linearCase("gated", 1, 1, q, q, q, nil, zeros(1, 2, 3)).mustFail(t, "decay has shape [1, 2, 3], want [1, 2, 4] or [1, 2, 1]")
	linearCase("delta", 2, 2, q, q, q, nil, nil, zeros(1, 2, 3)).mustFail(t, "beta has shape [1, 2, 3], want [1, 2, 2] or [1, 2, 1]")
	linearCase("linear", 1, 1, q, NewTensor(Float64, q.shape), q).mustFail(t, "query is tensor(float) and key is tensor(double)")
	linearCase("linear", 1, 1, q, q, q, Of([]int32{1}, 1)).mustFail(t, "past_state is tensor(int32)")
	linearCase("linear", 1, 1, Of([]int32{1}, 1, 1, 1), q, q).mustFail(t, "query is tensor(int32)")
}

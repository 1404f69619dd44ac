package ops

import (
	"fmt"
	"math"
)

// LinearAttention: every query reads a matrix that the keys and values before it
// wrote, token by token.
//
//	query: T [B, L, Hq·dk].  key: T [B, L, Hkv·dk].  value: T [B, L, Hkv·dv].
//	past_state?: S [B, Hkv, dk, dv], zeros when absent.
//	decay?: T [B, L, Hkv·dk] or [B, L, Hkv], with the rules gated and gated_delta.
//	beta?: T [B, L, Hkv] or [B, L, 1], with the rules delta and gated_delta.
//	output: T [B, L, Hq·dv].  present_state: S [B, Hkv, dk, dv], the last state.
//
// For each token, with the state M of its head, update_rule (default gated_delta):
//
//	M = exp(decay) · M                     gated, gated_delta
//	value = beta · (value - Mᵀ·key)        delta, gated_delta
//	M = M + key ⊗ value
//	output = scale · Mᵀ·query
//
// Hq/Hkv neighbouring query heads share one head of keys and values. scale is
// 1/sqrt(dk) when 0 or absent; chunk_size changes nothing. States are kept in float64.
//
//	T: float, double. S: float, double; T when past_state is absent.
//
// https://onnx.ai/onnx/operators/onnx__LinearAttention.html (version 27).
type linearAttention struct {
	heads, shared int // of query, of key and value
	scale         float64
	gated, delta  bool
}

// The inputs of LinearAttention.
const (
	linearQuery = iota
	linearKey
	linearValue
	linearState
	linearDecay
	linearBeta
)

func init() {
	Register(Def{
		Name: "LinearAttention", Since: 27,
		Inputs:  []string{"query", "key", "value", "past_state?", "decay?", "beta?"},
		Outputs: []string{"output", "present_state"},
		New:     newLinearAttention,
	})
}

func newLinearAttention(n *Node) (Op, error) {
	n.Ignore("chunk_size")
	o := &linearAttention{heads: n.Int("q_num_heads", 0), shared: n.Int("kv_num_heads", 0), scale: float64(n.Float("scale", 0))}
	rule := n.Str("update_rule", "gated_delta", "linear", "gated", "delta", "gated_delta")
	o.gated = rule == "gated" || rule == "gated_delta"
	o.delta = rule == "delta" || rule == "gated_delta"
	if o.shared < 1 || o.heads < 1 || o.heads%o.shared != 0 {
		n.Fail("q_num_heads is %d and kv_num_heads %d, want a positive multiple", o.heads, o.shared)
	}
	if n.HasInput(linearDecay) != o.gated {
		n.Fail("update_rule is %s: decay is wanted with gated rules alone", rule)
	}
	if n.HasInput(linearBeta) != o.delta {
		n.Fail("update_rule is %s: beta is wanted with delta rules alone", rule)
	}
	return o, n.Err()
}

// linearPlan is LinearAttention on operands of known shapes.
type linearPlan struct {
	*linearAttention
	batch, length, size, width int // size: of a key; width: of a value
	decays, betas              int // numbers for each token
	factor                     float64
}

// plan checks the shapes.
func (o *linearAttention) plan(in []Spec) (*linearPlan, error) {
	for i, name := range []string{"query", "key", "value"} {
		if len(in[i].Shape) != 3 {
			return nil, fmt.Errorf("%s has shape %v, want rank 3", name, in[i].Shape)
		}
	}
	q, k, v := in[linearQuery].Shape, in[linearKey].Shape, in[linearValue].Shape
	p := &linearPlan{linearAttention: o, batch: q[0], length: q[1], size: q[2] / o.heads, width: v[2] / o.shared, factor: o.scale}
	tokens := func(n int) Shape { return Shape{p.batch, p.length, n} }
	if !q.Equal(tokens(o.heads*p.size)) || !k.Equal(tokens(o.shared*p.size)) || !v.Equal(tokens(o.shared*p.width)) {
		return nil, fmt.Errorf("query has shape %v, key %v and value %v, want them to fit %d and %d heads", q, k, v, o.heads, o.shared)
	}
	if s := input(in, linearState); !s.Omitted() && !s.Shape.Equal(p.state()) {
		return nil, fmt.Errorf("past_state has shape %v, want %v", s.Shape, p.state())
	}
	if s := input(in, linearDecay).Shape; o.gated {
		if !s.Equal(tokens(o.shared*p.size)) && !s.Equal(tokens(o.shared)) {
			return nil, fmt.Errorf("decay has shape %v, want %v or %v", s, tokens(o.shared*p.size), tokens(o.shared))
		}
		p.decays = s[2]
	}
	if s := input(in, linearBeta).Shape; o.delta {
		if !s.Equal(tokens(o.shared)) && !s.Equal(tokens(1)) {
			return nil, fmt.Errorf("beta has shape %v, want %v or %v", s, tokens(o.shared), tokens(1))
		}
		p.betas = s[2]
	}
	if p.factor == 0 {
		p.factor = 1 / math.Sqrt(float64(max(1, p.size)))
	}
	return p, nil
}

// state is the shape of the states.
func (p *linearPlan) state() Shape { return Shape{p.batch, p.shared, p.size, p.width} }

// Infer checks the inputs and gives output and present_state.
func (o *linearAttention) Infer(in []Spec) ([]Spec, error) {
	query, state := in[linearQuery], input(in, linearState)
	if err := wantType("query", query, Float32, Float64); err != nil {
		return nil, err
	}
	for i, name := range []string{1: "key", 2: "value", 4: "decay", 5: "beta"} {
		if s := input(in, i); name != "" && !s.Omitted() {
			if err := wantSameType("query", query, name, s); err != nil {
				return nil, err
			}
		}
	}
	stateType := query.DType
	if !state.Omitted() {
		if err := wantType("past_state", state, Float32, Float64); err != nil {
			return nil, err
		}
		stateType = state.DType
	}
	p, err := o.plan(in)
	if err != nil {
		return nil, err
	}
	y, err := one(query.DType, Shape{p.batch, p.length, o.heads * p.width})
	if err != nil {
		return nil, err
	}
	present, err := one(stateType, p.state())
	return append(y, present...), err
}

// MACs counts the updates and the readings of the states.
func (o *linearAttention) MACs(in, _ []Spec) int64 {
	p, err := o.plan(in)
	if err != nil {
		return 0
	}
	return multiplied(p.batch, p.length, p.size, p.width, o.heads+2*o.shared)
}

// Run walks the tokens, the states of heads side by side.
func (o *linearAttention) Run(c *Call, in, out []*Tensor) error {
	p, err := o.plan(specsOf(in))
	if err == nil {
		out, err = withOutput(c, o, in, out)
	}
	if err != nil {
		return err
	}
	if in[0].dtype == Float32 {
		runLinearAttention[float32](c, p, in, out)
	} else {
		runLinearAttention[float64](c, p, in, out)
	}
	return nil
}

func runLinearAttention[T Float](c *Call, p *linearPlan, in, out []*Tensor) {
	cost := int(min(1<<30, multiplied(p.length, p.size, p.width, 4))) + 5*p.size*p.width
	c.Parallel(p.batch*p.shared, cost, func(lo, hi int) {
		state, value := make([]float64, p.size*p.width), make([]float64, p.width)
		for ; lo < hi; lo++ {
			clear(state)
			if past := tensorAt(in, linearState); past != nil {
				for i := range state {
					state[i] = floatAt(past, lo*len(state)+i)
				}
			}
			for t := 0; t < p.length && !c.stop.Load(); t++ {
				token := linearToken[T]{p, in, lo/p.shared*p.length + t, lo % p.shared}
				token.write(state, value)
				token.read(state, value, out[0])
			}
			if present := tensorAt(out, 1); present != nil {
				for i, v := range state {
					setFloat(present, lo*len(state)+i, v)
				}
			}
		}
	})
}

// floatAt gives element i of a tensor of float or double.
func floatAt(t *Tensor, i int) float64 {
	if t.DType() == Float32 {
		return float64(Data[float32](t)[i])
	}
	return Data[float64](t)[i]
}

// linearToken is one token of the inputs, at a head of keys and values.
type linearToken[T Float] struct {
	*linearPlan
	in       []*Tensor
	at, head int
}

// row gives the size elements of head h that input i has for the token.
func (k *linearToken[T]) row(i, h, size int) []T {
	heads := k.in[i].shape[2] / max(1, size)
	return Data[T](k.in[i])[(k.at*heads+h)*size:][:size]
}

// write updates the state; value is room for one.
func (k *linearToken[T]) write(state, value []float64) {
	if k.gated {
		decay := k.row(linearDecay, k.head, k.decays/k.shared)
		for d := range k.size {
			factor := math.Exp(float64(decay[d%len(decay)]))
			for n := range value {
				state[d*k.width+n] *= factor
			}
		}
	}
	key := k.row(linearKey, k.head, k.size)
	for n, v := range k.row(linearValue, k.head, k.width) {
		value[n] = float64(v)
	}
	if k.delta {
		for d, x := range key {
			for n := range value {
				value[n] -= float64(x) * state[d*k.width+n]
			}
		}
		beta := float64(k.row(linearBeta, k.head%k.betas, 1)[0])
		for n := range value {
			value[n] *= beta
		}
	}
	for d, x := range key {
		for n, v := range value {
			state[d*k.width+n] += float64(x) * v
		}
	}
}

// read computes the output of the query heads that share the head; sum is room for
// one.
func (k *linearToken[T]) read(state, sum []float64, out *Tensor) {
	group := k.heads / k.shared
	for h := k.head * group; h < (k.head+1)*group; h++ {
		clear(sum)
		for d, x := range k.row(linearQuery, h, k.size) {
			for n := range sum {
				sum[n] += float64(x) * state[d*k.width+n]
			}
		}
		y := Data[T](out)[(k.at*k.heads+h)*k.width:][:k.width]
		for n, s := range sum {
			y[n] = T(k.factor * s)
		}
	}
}

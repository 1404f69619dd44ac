package ops

import (
	"fmt"
	"math"
)

// Attention: every query row takes the mean of the value rows, weighted by how well
// their keys fit.
//
//	Q: T [B, Hq, q, d].  K: T [B, Hkv, kv, d].  V: T [B, Hkv, kv, dv], or of rank 3
//	with the heads side by side, [B, q, Hq·d], [B, kv, Hkv·d] and [B, kv, Hkv·dv]:
//	q_num_heads and kv_num_heads say then how many there are.
//	attn_mask?: bool (true: takes part), float or double (added), broadcast to
//	[B, Hq, q, total]; since version 24 the last axis may be shorter, what lacks
//	takes no part.
//	past_key?, past_value?: T [B, Hkv, past, d or dv], before K and V: total = past + kv.
//	nonpad_kv_seqlen? (24): int64 [B], the number of keys that take part.
//	Y: T [B, Hq, q, dv], or of rank 3 as Q.
//	present_key?, present_value?: T [B, Hkv, total, d or dv].
//	qk_matmul_output?: T [B, Hq, q, total].
//
//	S = scale · Q·Kᵀ               qk_matmul_output of mode 0
//	S = softcap · tanh(S/softcap)  mode 1; where softcap is above 0
//	S = S + mask                   mode 2; -inf where a key takes no part
//	P = Softmax(S)                 mode 3; along the keys
//	Y = P·V
//
// Hq/Hkv neighbouring query heads share one head of keys and values. With is_causal a
// query i sees the keys j <= i + past; with nonpad_kv_seqlen the last query sees the
// last key that takes part. A query that sees no key gives 0 (both as in onnxruntime).
// scale is 1/sqrt(d) when absent. softmax_precision changes nothing: the plain
// definition computes in float64.
//
//	T: float, double.
//
// https://onnx.ai/onnx/operators/onnx__Attention.html (versions 23, 24).
type attention struct {
	causal        bool
	scale         *float64 // nil: 1/sqrt(d)
	softcap       float64
	heads, shared int // of Q, of K and V; 0: rank 4 says it
	mode          int // which stage qk_matmul_output shows
	shortMask     bool
}

// The stages of qk_matmul_output.
const (
	attentionProduct = iota
	attentionCapped
	attentionMasked
	attentionWeights
)

// The inputs of Attention.
const (
	attentionQ = iota
	attentionK
	attentionV
	attentionMask
	attentionPastKey
	attentionPastValue
	attentionCount
)

func init() {
	inputs := []string{"Q", "K", "V", "attn_mask?", "past_key?", "past_value?"}
	outputs := []string{"Y", "present_key", "present_value", "qk_matmul_output"}
	Register(
		Def{Name: "Attention", Since: 23, Inputs: inputs, Outputs: outputs, New: newAttention},
		Def{Name: "Attention", Since: 24, Inputs: append(inputs, "nonpad_kv_seqlen?"), Outputs: outputs, New: newAttention},
	)
}

func newAttention(n *Node) (Op, error) {
	o := &attention{
		causal: n.Bool("is_causal", false), softcap: float64(n.Float("softcap", 0)),
		heads: n.Int("q_num_heads", 0), shared: n.Int("kv_num_heads", 0),
		mode: n.Int("qk_matmul_output_mode", attentionProduct), shortMask: n.Opset >= 24,
	}
	if n.Has("scale") {
		scale := float64(n.Float("scale", 0))
		o.scale = &scale
	}
	if d := n.DType("softmax_precision", Float32); !d.IsFloat() {
		n.Fail("softmax_precision is %v, want a float type", d)
	}
	if o.heads < 0 || o.shared < 0 {
		n.Fail("q_num_heads is %d and kv_num_heads %d, want 1 or more", o.heads, o.shared)
	}
	if o.mode < attentionProduct || o.mode > attentionWeights {
		n.Fail("qk_matmul_output_mode is %d, want 0 to 3", o.mode)
	}
	return o, n.Err()
}

// headView says where the rows of heads lie: row i of head h of batch entry b begins
// at b·batch + h·head + i·row.
type headView struct {
	batches, heads, rows, size int // size: elements of a row
	batch, head, row           int
}

// newHeadView reads a shape of rank 4, or of rank 3 with that many heads.
func newHeadView(name, attr string, s Shape, heads int) (headView, error) {
	switch {
	case len(s) == 4:
		if heads != 0 && heads != s[1] {
			return headView{}, fmt.Errorf("%s is %d and %s has shape %v, want the same number of heads", attr, heads, name, s)
		}
		return headView{s[0], s[1], s[2], s[3], s[1] * s[2] * s[3], s[2] * s[3], s[3]}, nil
	case len(s) != 3:
		return headView{}, fmt.Errorf("%s has shape %v, want rank 3 or 4", name, s)
	case heads == 0:
		return headView{}, fmt.Errorf("%s is missing, %s has rank 3", attr, name)
	case s[2]%heads != 0:
		return headView{}, fmt.Errorf("%s has shape %v, which cannot be divided among %d heads", name, s, heads)
	}
	return headView{s[0], heads, s[1], s[2] / heads, s[1] * s[2], s[2] / heads, s[2]}, nil
}

// at is where row i of head h of batch entry b begins.
func (v *headView) at(b, h, i int) int { return b*v.batch + h*v.head + i*v.row }

// shape is that of rank 4.
func (v *headView) shape() Shape { return Shape{v.batches, v.heads, v.rows, v.size} }

// with is a view of the same rank with other rows.
func (v *headView) with(heads, rows, size int, rank3 bool) headView {
	if rank3 {
		return headView{v.batches, heads, rows, size, rows * heads * size, size, heads * size}
	}
	return headView{v.batches, heads, rows, size, heads * rows * size, rows * size, size}
}

// attentionPlan is Attention on operands of known shapes.
type attentionPlan struct {
	*attention
	q, k, v, y headView // k and v: of the rows that are new
	keys, vals headView // with the past
	past       int
	factor     float64
	y3         bool  // Y has rank 3
	mask       []int // strides of attn_mask along [B, Hq, q, total]; nil without one
	maskKeys   int   // of the last axis of attn_mask
}

// plan checks the shapes.
func (o *attention) plan(in []Spec) (*attentionPlan, error) {
	p := &attentionPlan{attention: o, y3: len(in[attentionQ].Shape) == 3}
	var errs [3]error
	p.q, errs[0] = newHeadView("Q", "q_num_heads", in[attentionQ].Shape, o.heads)
	p.k, errs[1] = newHeadView("K", "kv_num_heads", in[attentionK].Shape, o.shared)
	p.v, errs[2] = newHeadView("V", "kv_num_heads", in[attentionV].Shape, o.shared)
	if err := firstError(errs[:]...); err != nil {
		return nil, err
	}
	q, k, v := &p.q, &p.k, &p.v
	if len(in[attentionK].Shape) != len(in[attentionQ].Shape) || len(in[attentionV].Shape) != len(in[attentionQ].Shape) ||
		k.batches != q.batches || v.batches != q.batches || v.heads != k.heads || v.rows != k.rows || k.size != q.size {
		return nil, fmt.Errorf("Q has shape %v, K %v and V %v, want them to fit", in[attentionQ].Shape, in[attentionK].Shape, in[attentionV].Shape)
	}
	if k.heads == 0 && q.heads > 0 || k.heads > 0 && q.heads%k.heads != 0 {
		return nil, fmt.Errorf("Q has %d heads and K %d, want a multiple", q.heads, k.heads)
	}
	p.keys, p.vals = p.k, p.v
	if past := input(in, attentionPastKey); !past.Omitted() {
		if err := p.addPast(past.Shape, input(in, attentionPastValue).Shape); err != nil {
			return nil, err
		}
	}
	p.y = q.with(q.heads, q.rows, v.size, p.y3)
	p.factor = 1 / math.Sqrt(float64(max(1, q.size)))
	if o.scale != nil {
		p.factor = *o.scale
	}
	return p, p.addMask(input(in, attentionMask))
}

// addPast puts past keys and values before the new ones.
func (p *attentionPlan) addPast(key, value Shape) error {
	if len(key) != 4 || len(value) != 4 {
		return fmt.Errorf("past_key has shape %v and past_value %v, want rank 4", key, value)
	}
	p.past = key[2]
	for _, s := range []struct {
		name string
		past Shape
		want headView
	}{{"past_key", key, p.k}, {"past_value", value, p.v}} {
		if want := (Shape{s.want.batches, s.want.heads, p.past, s.want.size}); !s.past.Equal(want) {
			return fmt.Errorf("%s has shape %v, want %v", s.name, s.past, want)
		}
	}
	p.keys = p.k.with(p.k.heads, p.past+p.k.rows, p.k.size, false)
	p.vals = p.v.with(p.v.heads, p.past+p.v.rows, p.v.size, false)
	return nil
}

// addMask says how attn_mask is walked.
func (p *attentionPlan) addMask(mask Spec) error {
	if mask.Omitted() {
		return nil
	}
	to := Shape{p.q.batches, p.q.heads, p.q.rows, p.keys.rows}
	if n := len(mask.Shape); n > 0 && p.shortMask {
		to[3] = min(to[3], mask.Shape[n-1])
	}
	if s, err := broadcastShape(mask.Shape, to); err != nil || !s.Equal(to) {
		return fmt.Errorf("attn_mask has shape %v, which does not broadcast to %v", mask.Shape, to)
	}
	p.mask, p.maskKeys = broadcastStrides(mask.Shape, to), to[3]
	return nil
}

// Infer checks the inputs and gives Y, present_key, present_value and qk_matmul_output.
func (o *attention) Infer(in []Spec) ([]Spec, error) {
	q, mask := in[attentionQ], input(in, attentionMask)
	pastKey, pastValue, count := input(in, attentionPastKey), input(in, attentionPastValue), input(in, attentionCount)
	err := firstError(
		wantType("Q", q, Float32, Float64),
		wantSameType("Q", q, "K", in[attentionK]),
		wantSameType("Q", q, "V", in[attentionV]))
	if err == nil && !mask.Omitted() {
		err = wantType("attn_mask", mask, Bool, Float32, Float64)
	}
	if err == nil && pastKey.Omitted() != pastValue.Omitted() {
		err = fmt.Errorf("past_key and past_value are wanted together")
	}
	if err == nil && !pastKey.Omitted() {
		err = firstError(wantSameType("Q", q, "past_key", pastKey), wantSameType("Q", q, "past_value", pastValue))
	}
	if err != nil {
		return nil, err
	}
	p, err := o.plan(in)
	if err != nil {
		return nil, err
	}
	if !count.Omitted() {
		if err := wantType("nonpad_kv_seqlen", count, Int64); err != nil {
			return nil, err
		}
		if want := (Shape{p.q.batches}); !count.Shape.Equal(want) {
			return nil, fmt.Errorf("nonpad_kv_seqlen has shape %v, want %v", count.Shape, want)
		}
		if !pastKey.Omitted() {
			return nil, fmt.Errorf("nonpad_kv_seqlen and past_key are both given, want one")
		}
	}
	y := p.y.shape()
	if p.y3 {
		y = Shape{p.y.batches, p.y.rows, p.y.heads * p.y.size}
	}
	out := []Spec{{Shape: y}, {Shape: p.keys.shape()}, {Shape: p.vals.shape()}, {Shape: p.scores()}}
	for i := range out {
		out[i].DType = q.DType
		if err := out[i].Shape.Check(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// scores is the shape of Q·Kᵀ.
func (p *attentionPlan) scores() Shape {
	return Shape{p.q.batches, p.q.heads, p.q.rows, p.keys.rows}
}

// MACs counts both products.
func (o *attention) MACs(in, _ []Spec) int64 {
	p, err := o.plan(in)
	if err != nil {
		return 0
	}
	return multiplied(product(p.scores()), p.keys.size+p.vals.size)
}

// Run computes Y row by row.
func (o *attention) Run(c *Call, in, out []*Tensor) error {
	p, err := o.plan(specsOf(in))
	if err == nil {
		out, err = withOutput(c, o, in, out)
	}
	if err != nil {
		return err
	}
	k, v, err := p.caches(c, in, out)
	if err != nil {
		return err
	}
	if in[0].dtype == Float32 {
		runAttention[float32](c, p, in, k, v, out)
	} else {
		runAttention[float64](c, p, in, k, v, out)
	}
	return nil
}

// caches puts the new keys and values behind the past ones, and into the outputs
// where they are wanted. It gives what lies as keys and vals say.
func (p *attentionPlan) caches(c *Call, in, out []*Tensor) (k, v *Tensor, err error) {
	k, err = joinPast(c, tensorAt(in, attentionPastKey), in[attentionK], tensorAt(out, 1), p.k, p.keys)
	if err == nil {
		v, err = joinPast(c, tensorAt(in, attentionPastValue), in[attentionV], tensorAt(out, 2), p.v, p.vals)
	}
	return k, v, err
}

// joinPast fills present, where it is not nil, with the rows of past and those of x.
func joinPast(c *Call, past, x, present *Tensor, from, to headView) (*Tensor, error) {
	if past == nil && present == nil {
		return x, nil
	}
	var err error
	if present == nil {
		if present, err = c.New(x.dtype, to.shape()); err != nil {
			return nil, err
		}
	}
	dst := to.shape().Strides()
	if past != nil {
		if err := (stridedCopy{shape: past.shape, dst: dst, src: past.shape.Strides()}).run(c, present, past); err != nil {
			return nil, err
		}
	}
	dst[2], dst[1], dst[0] = to.size, to.rows*to.size, to.heads*to.rows*to.size
	rows := stridedCopy{shape: from.shape(), dst: dst, src: []int{from.batch, from.head, from.row, 1}, dstOff: (to.rows - from.rows) * to.size}
	if err := rows.run(c, present, x); err != nil {
		return nil, err
	}
	if past == nil {
		return x, nil
	}
	return present, nil
}

func runAttention[T Float](c *Call, p *attentionPlan, in []*Tensor, k, v *Tensor, out []*Tensor) {
	qs, ks, vs, ys := Data[T](in[attentionQ]), Data[T](k), Data[T](v), Data[T](out[0])
	rows := newAttentionRows[T](p, in, out)
	total := p.keys.rows
	c.Parallel(p.q.batches*p.q.heads*p.q.rows, 2*int(min(1<<29, multiplied(total, p.keys.size+p.vals.size))), func(lo, hi int) {
		scores, sums := make([]float64, total), make([]float64, p.vals.size)
		for ; lo < hi && !c.stop.Load(); lo++ {
			b, h, i := p.place(lo)
			query := qs[p.q.at(b, h, i):][:p.q.size]
			shared := p.sharedHead(h)
			for j := range scores {
				scores[j] = p.factor * dotProduct(query, ks[p.keys.at(b, shared, j):])
			}
			weighRow(rows, scores, lo, expRow[float64])
			clear(sums)
			for j, w := range scores {
				for n, x := range vs[p.vals.at(b, shared, j):][:len(sums)] {
					sums[n] += w * float64(x)
				}
			}
			for n, s := range sums {
				ys[p.y.at(b, h, i)+n] = T(s)
			}
		}
	})
}

// dotProduct is Σ a[i]·b[i] over the elements of a.
func dotProduct[T Float](a, b []T) float64 {
	sum := 0.0
	for i, v := range b[:len(a)] {
		sum += float64(a[i]) * float64(v)
	}
	return sum
}

// place is the batch entry, the head and the query of row i of all scores.
func (p *attentionPlan) place(i int) (b, h, query int) {
	query = i % p.q.rows
	i /= p.q.rows
	return i / p.q.heads, i % p.q.heads, query
}

// sharedHead is the head of keys and values that query head h reads.
func (p *attentionPlan) sharedHead(h int) int { return h / (p.q.heads / p.k.heads) }

package ops

import "math"

// attentionRows turns rows of scores into weights.
type attentionRows[T Float] struct {
	*attentionPlan
	masks  *Tensor
	counts []int64 // of the keys that take part, by batch entry; nil: all
	qk     []T     // qk_matmul_output; nil when nobody asked
}

func newAttentionRows[T Float](p *attentionPlan, in, out []*Tensor) *attentionRows[T] {
	r := &attentionRows[T]{attentionPlan: p, masks: tensorAt(in, attentionMask)}
	if t := tensorAt(in, attentionCount); t != nil {
		r.counts = Data[int64](t)
	}
	if t := tensorAt(out, 3); t != nil {
		r.qk = Data[T](t)
	}
	return r
}

// weighRow makes weights of row i of the scaled products of queries and keys; exp
// computes the exponentials of a row.
func weighRow[T, S Float](r *attentionRows[T], scores []S, i int, exp func(y, x []S)) {
	showRow(r, scores, i, attentionProduct)
	if r.softcap > 0 {
		for j, s := range scores {
			scores[j] = S(r.softcap * math.Tanh(float64(s)/r.softcap))
		}
	}
	showRow(r, scores, i, attentionCapped)
	maskRow(r, scores, i)
	showRow(r, scores, i, attentionMasked)
	normaliseRow(scores, exp)
	showRow(r, scores, i, attentionWeights)
}

// showRow copies the scores to qk_matmul_output when it shows this stage.
func showRow[T, S Float](r *attentionRows[T], scores []S, i, stage int) {
	if r.qk == nil || r.mode != stage {
		return
	}
	for j, s := range scores {
		r.qk[i*len(scores)+j] = T(s)
	}
}

// maskRow adds attn_mask, and -inf for the keys that take no part.
func maskRow[T, S Float](r *attentionRows[T], scores []S, i int) {
	b, h, query := r.place(i)
	n := len(scores)
	if r.mask != nil {
		n = r.maskKeys
		at, step := b*r.mask[0]+h*r.mask[1]+query*r.mask[2], r.mask[3]
		switch r.masks.dtype {
		case Bool:
			dropMasked(scores[:n], Data[bool](r.masks), at, step)
		case Float32:
			addMasked(scores[:n], Data[float32](r.masks), at, step)
		case Float64:
			addMasked(scores[:n], Data[float64](r.masks), at, step)
		}
	}
	past := r.past
	if r.counts != nil {
		count := int(max(0, min(int64(len(scores)), r.counts[b])))
		n, past = min(n, count), count-r.q.rows
	}
	if r.causal {
		n = max(0, min(n, query+past+1))
	}
	for j := range scores[n:] {
		scores[n+j] = S(math.Inf(-1))
	}
}

// addMasked adds every step-th element of a mask to the scores.
func addMasked[S, M Float](scores []S, mask []M, at, step int) {
	for j := range scores {
		scores[j] += S(mask[at+j*step])
	}
}

// dropMasked replaces the scores of keys that the mask rules out by -inf.
func dropMasked[S Float](scores []S, mask []bool, at, step int) {
	for j := range scores {
		if !mask[at+j*step] {
			scores[j] = S(math.Inf(-1))
		}
	}
}

// normaliseRow makes a row its softmax; one of nothing but -inf becomes 0.
func normaliseRow[S Float](scores []S, exp func(y, x []S)) {
	top, none := S(math.Inf(-1)), true
	for _, s := range scores {
		if s > top || s != s {
			top = s
		}
		none = none && math.IsInf(float64(s), -1)
	}
	if none {
		clear(scores)
		return
	}
	for j := range scores {
		scores[j] -= top
	}
	exp(scores, scores)
	scale := 1 / sum(scores)
	for j, s := range scores {
		scores[j] = S(float64(s) * scale)
	}
}

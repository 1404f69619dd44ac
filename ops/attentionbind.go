package ops

import "github.com/tconv/tconv/backend/cpu"

// attentionScores is how many scores are kept at a time, in floats: 4 MiB, which the
// second-level caches of some processors hold together with the keys, and rows enough
// for the matrix kernels.
const attentionScores = 1 << 20

// attentionStep computes both products with the matrix kernels, for a few heads, or
// some rows of one head, at a time.
type attentionStep struct {
	*attentionPlan
	kernels *cpu.Kernels
	threads int
	turns   []attentionTurn
}

// attentionTurn is what is computed at a time: rows rows from row first of all on.
type attentionTurn struct {
	first, rows int
	qk, pv      *cpu.GemmPlan
}

// Bind computes floats with the matrix kernels, where Y is asked for.
func (o *attention) Bind(b *Binding) (Step, error) {
	p, err := o.plan(b.In)
	if err != nil || b.In[0].DType != Float32 || product(p.scores()) == 0 || b.Out[0].Omitted() {
		return plainStep{o}, err
	}
	s := &attentionStep{attentionPlan: p, kernels: b.Kernels, threads: b.Threads}
	queries, total := p.q.rows, p.keys.rows
	if heads := attentionScores / (queries * total); heads > 0 {
		all := p.q.batches * p.q.heads
		for h := 0; h < all; h += heads {
			s.add(h*queries, min(heads, all-h), queries)
		}
		return s, nil
	}
	const leastRows = 32 // that make the packing of the keys worth it
	rows := max(leastRows, attentionScores/total)
	for h := range p.q.batches * p.q.heads {
		for i := 0; i < queries; i += rows {
			s.add(h*queries+i, 1, min(rows, queries-i))
		}
	}
	return s, nil
}

// add plans a turn of as many rows of each head.
func (s *attentionStep) add(first, heads, rows int) {
	total := s.keys.rows
	qk := cpu.Gemm{
		M: rows, N: total, K: s.q.size, TransB: true,
		LDA: s.q.row, LDB: s.keys.row, LDC: total, Alpha: float32(s.factor),
	}
	pv := cpu.Gemm{M: rows, N: s.vals.size, K: total, LDA: total, LDB: s.vals.row, LDC: s.y.row, Alpha: 1}
	for n := range heads {
		b, h, i := s.place(first + n*rows)
		shared, at := s.sharedHead(h), n*rows*total
		qk.Batch = append(qk.Batch, cpu.GemmOffsets{A: s.q.at(b, h, i), B: s.keys.at(b, shared, 0), C: at})
		pv.Batch = append(pv.Batch, cpu.GemmOffsets{A: at, B: s.vals.at(b, shared, 0), C: s.y.at(b, h, i)})
	}
	s.turns = append(s.turns, attentionTurn{
		first, heads * rows, cpu.NewGemm(s.kernels, qk, nil, nil), cpu.NewGemm(s.kernels, pv, nil, nil),
	})
}

func (s *attentionStep) Kernel() string { return "gemm " + string(s.kernels.Tier) }

// Needs asks for the scores and the workspace of the products.
func (s *attentionStep) Needs() Needs {
	scores, rest := s.sizes()
	return Needs{Workspace: (scores + rest) * floatBytes}
}

// sizes is the room for the scores of a turn and for the products, in floats.
func (s *attentionStep) sizes() (scores, rest int) {
	for _, t := range s.turns {
		scores = max(scores, t.rows*s.keys.rows)
		rest = max(rest, t.qk.WorkspaceFloats(s.threads), t.pv.WorkspaceFloats(s.threads))
	}
	const line = dataAlignment / floatBytes
	return (scores + line - 1) / line * line, rest
}

// Run computes Y turn by turn.
func (s *attentionStep) Run(c *Call, in, out []*Tensor) error {
	k, v, err := s.caches(c, in, out)
	if err != nil {
		return err
	}
	rows := newAttentionRows[float32](s.attentionPlan, in, out)
	exp := func(y, x []float32) { s.kernels.Map(cpu.VecFunc{Kind: cpu.VecExp}, y, x) }
	size, _ := s.sizes()
	scores, rest := workspaceFloats(c)[:size], workspaceFloats(c)[size:]
	total := s.keys.rows
	for _, t := range s.turns {
		t.qk.Run(c.Pool(), c.Stop(), rest, Data[float32](in[attentionQ]), Data[float32](k), scores)
		c.Parallel(t.rows, 4*total, func(lo, hi int) {
			for ; lo < hi; lo++ {
				weighRow(rows, scores[lo*total:][:total], t.first+lo, exp)
			}
		})
		t.pv.Run(c.Pool(), c.Stop(), rest, scores, Data[float32](v), Data[float32](out[0]))
	}
	return nil
}

package ops

import (
	"fmt"

	"github.com/tconv/tconv/backend/cpu"
)

// recurrentBound is a recurrent operator of floats on the matrix and vector kernels.
type recurrentBound struct {
	*recurrent
	recurrentSize
	more     recurrentInputs
	step     recurrentStep[float32]
	kernels  *cpu.Kernels
	vec      [][]cpu.VecFunc  // of acts
	byHand   [][]bool         // activations that no kernel has
	inputs   []*cpu.GemmPlan  // products with W, by direction
	states   [][]stateProduct // with the parts of R, by direction
	products int              // floats that the products need
}

// bind packs W and R where they are constant and floats; else the plain definition
// computes.
func (o *recurrent) bind(b *Binding, op Op, more recurrentInputs, step recurrentStep[float32]) (Step, error) {
	w, r := b.In[1].Const, b.In[2].Const
	s, err := o.size(b.In[0].Shape, b.In[1].Shape, b.In[2].Shape)
	if err != nil || b.In[0].DType != Float32 || w == nil || r == nil || s.steps*s.sequences == 0 {
		return plainStep{op}, err
	}
	t := &recurrentBound{recurrent: o, recurrentSize: s, more: more, step: step, kernels: b.Kernels}
	t.bindActivations()
	rows := s.gates * s.hidden
	for d := range s.directions {
		t.inputs = append(t.inputs, t.product(b, w, d*rows, s.steps*s.sequences, rows, s.inputs, 0))
		var states []stateProduct
		first := 0
		for _, gates := range o.parts() {
			states = append(states, t.stateProduct(b, r, d*rows+first*s.hidden, gates*s.hidden))
			first += gates
		}
		t.states = append(t.states, states)
	}
	return t, nil
}

// stateProduct adds h·Rᵀ to y for some rows of R.
type stateProduct interface {
	addTo(c *Call, pool *cpu.Pool, ws, y, h []float32)
}

// stateProduct makes the product with n rows of a constant from row first on: of one
// state or of a batch of them.
func (t *recurrentBound) stateProduct(b *Binding, r *Tensor, first, n int) stateProduct {
	k := t.recurrentSize.hidden
	if t.sequences > 1 {
		return stateBatch{t.product(b, r, first, t.sequences, n, k, 1)}
	}
	packed := b.Packed.Form(r, fmt.Sprintf("row product %s rows %d to %d", b.Kernels.Tier, first, first+n), func() (any, int) {
		p := cpu.NewRowProduct(b.Kernels, k, n, Data[float32](r)[first*k:], k, true)
		return p, p.Floats() * floatBytes
	})
	return stateRow{packed.(*cpu.RowProduct)}
}

type stateRow struct{ *cpu.RowProduct }

func (s stateRow) addTo(c *Call, pool *cpu.Pool, _, y, h []float32) {
	s.AddTo(pool, c.Stop(), y[:s.Columns()], h)
}

type stateBatch struct{ *cpu.GemmPlan }

func (s stateBatch) addTo(c *Call, pool *cpu.Pool, ws, y, h []float32) {
	s.Run(pool, c.Stop(), ws, h, nil, y[:s.M*s.N])
}

// product makes the plan of y = x·wᵀ + beta·y for n rows of a constant from row first
// on; x has m rows of length k.
func (t *recurrentBound) product(b *Binding, w *Tensor, first, m, n, k int, beta float32) *cpu.GemmPlan {
	packed := b.Packed.Form(w, fmt.Sprintf("gemm B %s rows %d to %d", b.Kernels.Tier, first, first+n), func() (any, int) {
		p := cpu.PackB(b.Kernels, k, n, Data[float32](w)[first*k:], k, true)
		return p, p.Floats() * floatBytes
	}).(*cpu.PackedB)
	p := cpu.NewGemm(b.Kernels, cpu.Gemm{M: m, N: n, K: k, TransB: true, LDA: k, LDB: k, LDC: n, Alpha: 1, Beta: beta}, nil, packed)
	t.products = max(t.products, p.WorkspaceFloats(b.Threads))
	return p
}

// bindActivations finds the kernels of the activations.
func (t *recurrentBound) bindActivations() {
	for _, acts := range t.acts {
		vec, byHand := make([]cpu.VecFunc, len(acts)), make([]bool, len(acts))
		for i, a := range acts {
			f, ok := a.vec()
			vec[i], byHand[i] = f, !ok
		}
		t.vec, t.byHand = append(t.vec, vec), append(t.byHand, byHand)
	}
}

// vec is the function in the terms of the kernels.
func (a recurrentActivation) vec() (f cpu.VecFunc, ok bool) {
	f = cpu.VecFunc{A: float32(a.alpha), B: float32(a.beta)}
	switch a.kind {
	case "Relu":
		f.Kind = cpu.VecRelu
	case "Tanh":
		f.Kind = cpu.VecTanh
	case "Sigmoid":
		f.Kind = cpu.VecSigmoid
	case "Softplus":
		f.Kind = cpu.VecSoftplus
	case "Affine":
		f.Kind = cpu.VecAffine
	case "LeakyRelu":
		f.Kind = cpu.VecLeakyRelu
	case "ThresholdedRelu":
		f.Kind = cpu.VecThreshold
	case "HardSigmoid":
		f.Kind = cpu.VecHardSigmoid
	default:
		return f, false
	}
	return f, true
}

func (t *recurrentBound) Kernel() string { return "recurrent " + string(t.kernels.Tier) }

func (t *recurrentBound) Needs() Needs {
	return Needs{Workspace: (alignFloats(t.space()) + t.products) * floatBytes}
}

// Run computes the outputs.
func (t *recurrentBound) Run(c *Call, in, out []*Tensor) error {
	if err := wantLengths(tensorAt(in, 4), t.steps); err != nil {
		return err
	}
	ws := workspaceFloats(c)
	floats := func(list []*Tensor, i int) []float32 {
		if i < 0 || tensorAt(list, i) == nil {
			return nil
		}
		return Data[float32](list[i])
	}
	w := &recurrentWalk[float32]{
		recurrent: t.recurrent, recurrentSize: t.recurrentSize, step: t.step,
		machine: &boundRecurrent{t, ws[alignFloats(t.space()):]},
		x:       floats(in, 0), bias: floats(in, 3), initH: floats(in, 5), initC: floats(in, t.more.initC), peep: floats(in, t.more.peep),
		y: floats(out, 0), yh: floats(out, 1), yc: floats(out, 2),
	}
	if lengths := tensorAt(in, 4); lengths != nil {
		w.lengths = Data[int32](lengths)
	}
	w.take(ws[:t.space()])
	w.run(c)
	return nil
}

// boundRecurrent is a recurrentMachine with the workspace of one run.
type boundRecurrent struct {
	*recurrentBound
	ws []float32
}

func (m *boundRecurrent) project(c *Call, d int, y, x []float32) {
	m.recurrentBound.inputs[d].Run(c.Pool(), c.Stop(), m.ws, x, nil, y)
}

// smallProduct is the number of multiply-adds below which a product is not worth
// other workers: some microseconds.
const smallProduct = 1 << 17

func (m *boundRecurrent) recur(c *Call, d, part int, y, h []float32) {
	pool := c.Pool()
	if m.sequences*m.parts()[part]*m.recurrentSize.hidden*m.recurrentSize.hidden < smallProduct {
		pool = nil
	}
	m.states[d][part].addTo(c, pool, m.ws, y, h)
}

func (m *boundRecurrent) add(y, x []float32)      { m.kernels.Pairs(cpu.PairAdd, y, y, x) }
func (m *boundRecurrent) multiply(y, x []float32) { m.kernels.Pairs(cpu.PairMul, y, y, x) }

func (m *boundRecurrent) complement(y []float32) {
	m.kernels.Map(cpu.VecFunc{Kind: cpu.VecAffine, A: -1, B: 1}, y, y)
}

func (m *boundRecurrent) activate(d, f int, v []float32) {
	if !m.byHand[d][f] {
		m.kernels.Map(m.vec[d][f], v, v)
		return
	}
	for i, x := range v {
		v[i] = float32(m.acts[d][f].apply(float64(x)))
	}
}

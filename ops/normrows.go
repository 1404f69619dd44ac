package ops

import "github.com/tconv/tconv/backend/cpu"

// normRowsStep normalises the rows of floats with the kernels over rows: Y alone, with
// Scale and B that are the same for every row.
type normRowsStep struct {
	op      Sharer // the plain definition, for a run that asks for statistics
	kernels *cpu.Kernels
	norm    cpu.RowNorm // without what the inputs hold
	zeros   []float32   // B where there is none
}

// fewestNormed is the shortest row for which the kernels are tried: below, a vector is
// mostly empty.
const fewestNormed = 8

// bindNormRows binds a normalization of what lies from an axis on, or its plain
// definition for types, lengths and operands that the kernels do not take.
func bindNormRows(b *Binding, op Sharer, axis int, norm cpu.RowNorm) (Step, error) {
	shape := b.In[0].Shape
	axis, err := normAxis(axis, len(shape))
	if err != nil {
		return nil, err
	}
	rows := shape[axis:]
	n := product(rows)
	bias := input(b.In, 2)
	if b.In[0].DType != Float32 || n < fewestNormed || n > cpu.LongestNormRow || !sameForRows(b.In[1].Shape, rows) ||
		!bias.Omitted() && !sameForRows(bias.Shape, rows) {
		return bindPlain(op, b), nil
	}
	s := &normRowsStep{op: op, kernels: b.Kernels, norm: norm}
	if norm.Mean && bias.Omitted() {
		s.zeros = make([]float32, n)
	}
	return s, nil
}

// sameForRows reports whether an operand has one element for each of a row, and no
// more.
func sameForRows(operand, row Shape) bool {
	outer := len(operand) - len(row)
	return outer >= 0 && product(operand[:outer]) == 1 && operand[outer:].Equal(row)
}

func (s *normRowsStep) Kernel() string { return "rows " + string(s.kernels.Tier) }
func (s *normRowsStep) Needs() Needs   { return elementwiseShare() }

// Run computes Y.
func (s *normRowsStep) Run(c *Call, in, out []*Tensor) error {
	for _, statistics := range out[1:] {
		if statistics != nil {
			return s.op.Run(c, in, out)
		}
	}
	if out[0] == nil {
		return nil
	}
	norm := s.norm
	norm.Scale, norm.Bias = Data[float32](in[1]), s.zeros
	if bias := tensorAt(in, 2); bias != nil {
		norm.Bias = Data[float32](bias)
	}
	norm.Run(s.kernels, c.Pool(), c.Stop(), Data[float32](out[0]), Data[float32](in[0]))
	return nil
}

// Bind takes the kernels over rows.
func (o layerNormalization) Bind(b *Binding) (Step, error) {
	return bindNormRows(b, o, o.axis, cpu.RowNorm{Mean: true, Epsilon: float32(o.epsilon)})
}

// Bind takes the kernels over rows.
func (o rmsNormalization) Bind(b *Binding) (Step, error) {
	return bindNormRows(b, o, o.axis, cpu.RowNorm{Epsilon: float32(o.epsilon)})
}

// Bind takes the kernels over rows.
func (o simplifiedLayerNormalization) Bind(b *Binding) (Step, error) {
	return bindNormRows(b, o, o.axis, cpu.RowNorm{Epsilon: float32(o.epsilon)})
}

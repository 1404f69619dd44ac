package ops

// GRU: a gated recurrent unit; see [recurrent] for shapes and attributes.
//
//	Inputs X, W, R, B?, sequence_lens?, initial_h?. Outputs Y?, Y_h?. The gates lie in the order z, r, h.
//
//	zt = f(Xt·Wzᵀ + Ht-1·Rzᵀ + Wbz + Rbz)                f: Sigmoid
//	rt = f(Xt·Wrᵀ + Ht-1·Rrᵀ + Wbr + Rbr)
//	ht = g(Xt·Whᵀ + (rt ⊙ Ht-1)·Rhᵀ + Rbh + Wbh)         g: Tanh
//	ht = g(Xt·Whᵀ + rt ⊙ (Ht-1·Rhᵀ + Rbh) + Wbh)         with linear_before_reset (version 3)
//	Ht = (1 - zt) ⊙ ht + zt ⊙ Ht-1
//
// T: float, double. Sums are kept in float64 and states rounded once.
//
// https://onnx.ai/onnx/operators/onnx__GRU.html (versions 1, 3, 7, 14, 22).
type gru struct{ recurrent }

// gruCell is the cell; linear is linear_before_reset.
type gruCell struct{ linear bool }

func (gruCell) gates() int         { return 3 }
func (gruCell) defaults() []string { return []string{"Sigmoid", "Tanh"} }

// parts: without linear_before_reset the product for h waits for r.
func (g gruCell) parts() []int {
	if g.linear {
		return []int{3}
	}
	return []int{2, 1}
}

func init() {
	Register(Def{
		Name: "GRU", Since: 1, Inputs: []string{"X", "W", "R", "B?", "sequence_lens?", "initial_h?"}, Outputs: []string{"Y", "Y_h"},
		New: func(n *Node) (Op, error) {
			cell := gruCell{}
			if n.Opset >= 3 {
				cell.linear = n.Int("linear_before_reset", 0) != 0
			}
			return &gru{readRecurrent(n, cell)}, n.Err()
		},
	})
}

// Infer checks the inputs and gives Y and Y_h.
func (o *gru) Infer(in []Spec) ([]Spec, error) {
	out, _, err := o.infer(in)
	return out, err
}

// MACs counts the products with W and R.
func (o *gru) MACs(in, _ []Spec) int64 { return o.macs(in) }

// gruStep is the cell. Between the parts, spare holds Ht-1 and h holds rt ⊙ Ht-1.
func gruStep[T Float](part int, r *recurrentRow[T], m recurrentCell[T]) {
	size := len(r.h)
	z, reset, h := r.gates[:size], r.gates[size:2*size], r.gates[2*size:]
	if part == 0 {
		both := r.gates[:2*size]
		m.add(both, r.recur[:2*size])
		m.bound(both)
		m.act(0, both)
		copy(r.spare, r.h)
		if len(r.recur) == 2*size {
			m.multiply(r.h, reset)
			return
		}
		candidate := r.recur[2*size:]
		m.multiply(candidate, reset)
		m.add(h, candidate)
	} else {
		m.add(h, r.recur)
	}
	m.bound(h)
	m.act(1, h)
	m.multiply(r.spare, z)
	m.complement(z)
	m.multiply(h, z)
	copy(r.h, h)
	m.add(r.h, r.spare)
}

// Run computes the outputs.
func (o *gru) Run(c *Call, in, out []*Tensor) error {
	return o.runPlain(c, in, out, recurrentInputs{-1, -1}, gruStep[float64])
}

// Bind computes floats with the matrix and vector kernels.
func (o *gru) Bind(b *Binding) (Step, error) {
	return o.bind(b, o, recurrentInputs{-1, -1}, gruStep[float32])
}

package ops

// LSTM: a long short-term memory; see [recurrent] for shapes and attributes.
//
//	Inputs X, W, R, B?, sequence_lens?, initial_h?, initial_c?, P?. Outputs Y?, Y_h?, Y_c?.
//	The gates lie in the order i, o, f, c. initial_c, Y_c: like initial_h and Y_h.
//	P: T [D, 3·H]: peepholes in the order i, o, f.
//
//	it = f(Xt·Wiᵀ + Ht-1·Riᵀ + Pi ⊙ Ct-1 + Wbi + Rbi)    f: Sigmoid
//	ft = f(Xt·Wfᵀ + Ht-1·Rfᵀ + Pf ⊙ Ct-1 + Wbf + Rbf), or 1 - it with input_forget
//	ct = g(Xt·Wcᵀ + Ht-1·Rcᵀ + Wbc + Rbc)                g: Tanh
//	Ct = ft ⊙ Ct-1 + it ⊙ ct
//	ot = f(Xt·Woᵀ + Ht-1·Roᵀ + Po ⊙ Ct + Wbo + Rbo)
//	Ht = ot ⊙ h(Ct)                                      h: Tanh
//
// T: float, double. Sums are kept in float64 and states rounded once.
//
// https://onnx.ai/onnx/operators/onnx__LSTM.html (versions 1, 7, 14, 22).
type lstm struct {
	recurrent
	coupled bool // input_forget
}

type lstmCell struct{}

func (lstmCell) gates() int         { return 4 }
func (lstmCell) parts() []int       { return []int{4} }
func (lstmCell) defaults() []string { return []string{"Sigmoid", "Tanh", "Tanh"} }

// lstmInputs are the places of initial_c and P.
var lstmInputs = recurrentInputs{initC: 6, peep: 7}

func init() {
	Register(Def{
		Name: "LSTM", Since: 1,
		Inputs:  []string{"X", "W", "R", "B?", "sequence_lens?", "initial_h?", "initial_c?", "P?"},
		Outputs: []string{"Y", "Y_h", "Y_c"},
		New: func(n *Node) (Op, error) {
			return &lstm{readRecurrent(n, lstmCell{}), n.Int("input_forget", 0) != 0}, n.Err()
		},
	})
}

// Infer checks the inputs and gives Y, Y_h and Y_c.
func (o *lstm) Infer(in []Spec) ([]Spec, error) {
	out, s, err := o.infer(in)
	if err != nil {
		return nil, err
	}
	d := in[0].DType
	err = firstError(
		wantOperand("initial_c", input(in, lstmInputs.initC), d, o.state(s)),
		wantOperand("P", input(in, lstmInputs.peep), d, Shape{s.directions, 3 * s.hidden}))
	return append(out, tensorSpec(d, o.state(s))), err
}

// MACs counts the products with W and R.
func (o *lstm) MACs(in, _ []Spec) int64 { return o.macs(in) }

// lstmStep makes the cell.
func lstmStep[T Float](coupled bool) recurrentStep[T] {
	return func(_ int, r *recurrentRow[T], m recurrentCell[T]) {
		size := len(r.h)
		i, o, f, c := r.gates[:size], r.gates[size:2*size], r.gates[2*size:3*size], r.gates[3*size:]
		gate := func(g int, v []T) {
			m.bound(v)
			m.act(g, v)
		}
		m.add(r.gates, r.recur)
		if r.peep == nil {
			gate(0, r.gates[:3*size])
		} else {
			addProducts(i, r.peep[:size], r.c)
			addProducts(f, r.peep[2*size:], r.c)
			gate(0, i)
			gate(0, f)
		}
		gate(1, c)
		if coupled {
			copy(f, i)
			m.complement(f)
		}
		m.multiply(r.c, f)
		m.multiply(c, i)
		m.add(r.c, c)
		if r.peep != nil {
			addProducts(o, r.peep[size:2*size], r.c)
			gate(0, o)
		}
		copy(r.h, r.c)
		m.act(2, r.h)
		m.multiply(r.h, o)
	}
}

// addProducts is y[i] += a[i]·b[i].
func addProducts[T Float](y, a, b []T) {
	for i := range y {
		y[i] += a[i] * b[i]
	}
}

// Run computes the outputs.
func (o *lstm) Run(c *Call, in, out []*Tensor) error {
	return o.runPlain(c, in, out, lstmInputs, lstmStep[float64](o.coupled))
}

// Bind computes floats with the matrix and vector kernels.
func (o *lstm) Bind(b *Binding) (Step, error) {
	return o.bind(b, o, lstmInputs, lstmStep[float32](o.coupled))
}

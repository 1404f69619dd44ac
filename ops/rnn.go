package ops

// RNN: a recurrent layer of one gate; see [recurrent] for shapes and attributes.
//
//	Inputs X, W, R, B?, sequence_lens?, initial_h?. Outputs Y?, Y_h?.
//
//	Ht = f(Xt·Wᵀ + Ht-1·Rᵀ + Wb + Rb)        f: Tanh
//
// T: float, double. Sums are kept in float64 and states rounded once.
//
// https://onnx.ai/onnx/operators/onnx__RNN.html (versions 1, 7, 14, 22).
type rnn struct{ recurrent }

type rnnCell struct{}

func (rnnCell) gates() int         { return 1 }
func (rnnCell) parts() []int       { return []int{1} }
func (rnnCell) defaults() []string { return []string{"Tanh"} }

func init() {
	Register(Def{
		Name: "RNN", Since: 1, Inputs: []string{"X", "W", "R", "B?", "sequence_lens?", "initial_h?"}, Outputs: []string{"Y", "Y_h"},
		New: func(n *Node) (Op, error) { return &rnn{readRecurrent(n, rnnCell{})}, n.Err() },
	})
}

// Infer checks the inputs and gives Y and Y_h.
func (o *rnn) Infer(in []Spec) ([]Spec, error) {
	out, _, err := o.infer(in)
	return out, err
}

// MACs counts the products with W and R.
func (o *rnn) MACs(in, _ []Spec) int64 { return o.macs(in) }

// rnnStep is the cell.
func rnnStep[T Float](_ int, r *recurrentRow[T], m recurrentCell[T]) {
	copy(r.h, r.gates)
	m.add(r.h, r.recur)
	m.bound(r.h)
	m.act(0, r.h)
}

// Run computes the outputs.
func (o *rnn) Run(c *Call, in, out []*Tensor) error {
	return o.runPlain(c, in, out, recurrentInputs{-1, -1}, rnnStep[float64])
}

// Bind computes floats with the matrix and vector kernels.
func (o *rnn) Bind(b *Binding) (Step, error) {
	return o.bind(b, o, recurrentInputs{-1, -1}, rnnStep[float32])
}

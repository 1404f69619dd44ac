package ops

import (
	"fmt"
	"math"
	"strings"
)

// recurrent is what RNN, GRU and LSTM have in common: a cell with a state of H
// values that walks over a sequence, in one direction or both.
//
//	X: T [S, N, I]: S steps, N sequences, I inputs.
//	W: T [D, G·H, I], R: T [D, G·H, H]: the weights of D directions and G gates.
//	B?: T [D, 2·G·H]: the biases of W, then those of R.
//	sequence_lens?: int32 [N]: the steps of each sequence, all S by default.
//	initial_h?: T [D, N, H], 0 by default.
//	Y?: T [S, D, N, H]: the state after each step, 0 behind the end of a sequence.
//	Y_h?: T [D, N, H]: the state after the last step.
//
// With layout 1 (since version 14), N comes before S in X and first in the other
// tensors: X [N, S, I], Y [N, S, D, H], initial_h and Y_h [N, D, H].
//
//	direction: forward, reverse or bidirectional; hidden_size: H.
//	clip: bounds to [-clip, clip] what goes into the activations of gates (as
//	onnxruntime does; not what goes into LSTM's h); none by default.
//	activations, activation_alpha, activation_beta: the functions, for each direction.
type recurrent struct {
	cell
	reverse []bool // by direction
	hidden  int    // 0: what R says
	acts    [][]recurrentActivation
	clip    float64 // +Inf: none
	batched bool    // layout 1
}

// cell is what differs between RNN, GRU and LSTM.
type cell interface {
	gates() int
	// parts is how the rows of R are split: products with later parts wait for
	// what the cell computes of earlier ones. It adds up to gates.
	parts() []int
	// defaults are the activations of one direction.
	defaults() []string
}

// readRecurrent reads the attributes that all three have.
func readRecurrent(n *Node, c cell) recurrent {
	o := recurrent{cell: c, clip: math.Inf(1), hidden: n.Int("hidden_size", 0)}
	if o.hidden < 0 {
		n.Fail("hidden_size is %d, want 1 or more", o.hidden)
	}
	switch n.Str("direction", "forward", "forward", "reverse", "bidirectional") {
	case "forward":
		o.reverse = []bool{false}
	case "reverse":
		o.reverse = []bool{true}
	default:
		o.reverse = []bool{false, true}
	}
	if n.Has("clip") {
		o.clip = float64(n.Float("clip", 0))
		if !(o.clip >= 0) {
			n.Fail("clip is %v, want 0 or more", o.clip)
		}
	}
	if n.Opset >= 14 {
		o.batched = n.Bool("layout", false)
	}
	if n.Opset < 7 {
		n.Ignore("output_sequence") // outputs that nobody asks for are left out anyway
	}
	o.readActivations(n)
	return o
}

// readActivations reads the functions of each direction.
func (o *recurrent) readActivations(n *Node) {
	names := n.Strings("activations")
	each := o.defaults()
	if names == nil {
		for range o.reverse {
			names = append(names, each...)
		}
	}
	if len(names) != len(each)*len(o.reverse) {
		n.Fail("activations are %q, want %d for each of %d directions", names, len(each), len(o.reverse))
		return
	}
	parameters := recurrentParameters{alpha: n.Floats("activation_alpha"), beta: n.Floats("activation_beta")}
	var acts []recurrentActivation
	for _, name := range names {
		a, ok := parameters.take(name)
		if !ok {
			n.Fail("activations: %q is none that a recurrent operator has", name)
		}
		acts = append(acts, a)
	}
	for d := range o.reverse {
		o.acts = append(o.acts, acts[d*len(each):(d+1)*len(each)])
	}
}

// recurrentActivation is a scalar function with its parameters.
type recurrentActivation struct {
	kind        string
	alpha, beta float64
}

// recurrentKinds holds the functions and the defaults of their parameters, which are
// those of onnxruntime; NaN where one has no such parameter.
var recurrentKinds = map[string][2]float64{
	"Relu": {none, none}, "Tanh": {none, none}, "Sigmoid": {none, none}, "Softsign": {none, none}, "Softplus": {none, none},
	"Affine": {0, 0}, "LeakyRelu": {0.01, none}, "ThresholdedRelu": {0, none}, "ScaledTanh": {0, 0},
	"HardSigmoid": {0.2, 0.5}, "Elu": {1, none},
}

var none = math.NaN()

// recurrentParameters are the values of activation_alpha and activation_beta that
// are not taken yet: each function takes those that it has, in order.
type recurrentParameters struct{ alpha, beta []float32 }

// take makes the next function.
func (p *recurrentParameters) take(name string) (recurrentActivation, bool) {
	for kind, def := range recurrentKinds {
		if strings.EqualFold(kind, name) {
			return recurrentActivation{kind, takeParameter(&p.alpha, def[0]), takeParameter(&p.beta, def[1])}, true
		}
	}
	return recurrentActivation{}, false
}

// takeParameter gives the next value, or the default.
func takeParameter(values *[]float32, def float64) float64 {
	if def != def || len(*values) == 0 {
		return def
	}
	v := (*values)[0]
	*values = (*values)[1:]
	return float64(v)
}

// apply computes the function.
func (a recurrentActivation) apply(x float64) float64 {
	switch a.kind {
	case "Relu":
		return max(x, 0)
	case "Tanh":
		return math.Tanh(x)
	case "Sigmoid":
		return 1 / (1 + math.Exp(-x))
	case "Softsign":
		return x / (1 + math.Abs(x))
	case "Softplus":
		return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x)))
	case "Affine":
		return a.alpha*x + a.beta
	case "LeakyRelu":
		if x < 0 {
			return a.alpha * x
		}
	case "ThresholdedRelu":
		if x <= a.alpha {
			return 0
		}
	case "ScaledTanh":
		return a.alpha * math.Tanh(a.beta*x)
	case "HardSigmoid":
		return max(0, min(1, a.alpha*x+a.beta))
	case "Elu":
		if x < 0 {
			return a.alpha * math.Expm1(x)
		}
	}
	return x
}

// recurrentSize are the extents of one node.
type recurrentSize struct{ steps, sequences, inputs, hidden, directions, gates int }

// size checks the shapes of X, W and R.
func (o *recurrent) size(x, w, r Shape) (s recurrentSize, err error) {
	if err := firstError(wantRank("X", x, 3), wantRank("W", w, 3), wantRank("R", r, 3)); err != nil {
		return s, err
	}
	s = recurrentSize{steps: x[0], sequences: x[1], inputs: x[2], hidden: r[2], directions: len(o.reverse), gates: o.gates()}
	if o.batched {
		s.steps, s.sequences = s.sequences, s.steps
	}
	if o.hidden != 0 && o.hidden != s.hidden {
		return s, fmt.Errorf("hidden_size is %d and R has %d columns, want the same", o.hidden, s.hidden)
	}
	if s.hidden == 0 {
		return s, fmt.Errorf("R has shape %v, want at least one column", r)
	}
	if want := (Shape{s.directions, s.gates * s.hidden, s.inputs}); !w.Equal(want) {
		return s, fmt.Errorf("W has shape %v, want %v", w, want)
	}
	if want := (Shape{s.directions, s.gates * s.hidden, s.hidden}); !r.Equal(want) {
		return s, fmt.Errorf("R has shape %v, want %v", r, want)
	}
	return s, nil
}

// state is the shape of initial_h and Y_h.
func (o *recurrent) state(s recurrentSize) Shape {
	if o.batched {
		return Shape{s.sequences, s.directions, s.hidden}
	}
	return Shape{s.directions, s.sequences, s.hidden}
}

// infer checks the inputs that all three have and gives Y and Y_h.
func (o *recurrent) infer(in []Spec) ([]Spec, recurrentSize, error) {
	x := in[0]
	if err := wantType("X", x, Float32, Float64); err != nil {
		return nil, recurrentSize{}, err
	}
	s, err := o.size(x.Shape, in[1].Shape, in[2].Shape)
	if err != nil {
		return nil, s, err
	}
	err = firstError(
		wantSameType("X", x, "W", in[1]),
		wantSameType("X", x, "R", in[2]),
		wantOperand("B", input(in, 3), x.DType, Shape{s.directions, 2 * s.gates * s.hidden}),
		wantOperand("sequence_lens", input(in, 4), Int32, Shape{s.sequences}),
		wantOperand("initial_h", input(in, 5), x.DType, o.state(s)))
	if err != nil {
		return nil, s, err
	}
	if err := wantLengths(input(in, 4).Const, s.steps); err != nil {
		return nil, s, err
	}
	y := Shape{s.steps, s.directions, s.sequences, s.hidden}
	if o.batched {
		y = Shape{s.sequences, s.steps, s.directions, s.hidden}
	}
	out, err := one(x.DType, y)
	if err != nil {
		return nil, s, err
	}
	state, err := one(x.DType, o.state(s))
	return append(out, state...), s, err
}

// wantOperand refuses an optional input that is there with another type or shape.
func wantOperand(name string, s Spec, d DType, shape Shape) error {
	if s.Omitted() {
		return nil
	}
	if s.DType != d || !s.Shape.Equal(shape) {
		return fmt.Errorf("%s is %v, want %v", name, s, tensorSpec(d, shape))
	}
	return nil
}

// wantLengths refuses sequence_lens that are negative or above the number of steps.
func wantLengths(lengths *Tensor, steps int) error {
	if lengths == nil {
		return nil
	}
	for i, n := range Data[int32](lengths) {
		if n < 0 || int(n) > steps {
			return fmt.Errorf("sequence_lens[%d] is %d, want 0 to %d, the steps of X", i, n, steps)
		}
	}
	return nil
}

// macs counts the products with W and R.
func (o *recurrent) macs(in []Spec) int64 {
	s, err := o.size(in[0].Shape, in[1].Shape, in[2].Shape)
	if err != nil {
		return 0
	}
	return multiplied(s.steps, s.sequences, s.directions, s.gates*s.hidden, s.inputs+s.hidden)
}

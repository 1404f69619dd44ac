package ops

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// recurrentCase is a random recurrent layer with its formula.
type recurrentCase struct {
	op                                   string
	steps, sequences, inputs, hidden     int
	direction                            string
	batched, linear, coupled, peepholes  bool
	clip                                 float64
	x, w, r, b, lengths, initH, initC, p *Tensor
	acts                                 []string
	names                                []Attr
}

var gateCounts = map[string]int{"RNN": 1, "GRU": 3, "LSTM": 4}

func newRecurrentCase(r *rand.Rand, op string) *recurrentCase {
	c := &recurrentCase{
		op: op, steps: 1 + r.IntN(5), sequences: 1 + r.IntN(3), inputs: 1 + r.IntN(5), hidden: 1 + r.IntN(20),
		direction: []string{"forward", "reverse", "bidirectional"}[r.IntN(3)], batched: r.IntN(2) == 0, clip: math.Inf(1),
	}
	c.linear, c.coupled = op == "GRU" && r.IntN(2) == 0, op == "LSTM" && r.IntN(4) == 0
	d, rows := c.directions(), gateCounts[op]*c.hidden
	c.x = randomReals(r, 1, c.order(c.steps, c.sequences, c.inputs)...)
	c.w, c.r = randomReals(r, 0.5, d, rows, c.inputs), randomReals(r, 0.5, d, rows, c.hidden)
	state := Shape{d, c.sequences, c.hidden}
	if c.batched {
		state = Shape{c.sequences, d, c.hidden}
	}
	if r.IntN(2) == 0 {
		c.b = randomReals(r, 1, d, 2*rows)
	}
	if r.IntN(2) == 0 {
		c.initH = randomReals(r, 1, state...)
	}
	if r.IntN(2) == 0 {
		c.lengths = NewTensor(Int32, Shape{c.sequences})
		for i := range c.sequences {
			Data[int32](c.lengths)[i] = int32(r.IntN(c.steps + 1))
		}
	}
	if op == "LSTM" && r.IntN(2) == 0 {
		c.initC, c.p = randomReals(r, 1, state...), randomReals(r, 1, d, 3*c.hidden)
	}
	if r.IntN(3) == 0 {
		c.clip = 0.5
		c.names = append(c.names, FloatAttr("clip", 0.5))
	}
	c.acts = map[string][]string{"RNN": {"Tanh"}, "GRU": {"Sigmoid", "Tanh"}, "LSTM": {"Sigmoid", "Tanh", "Tanh"}}[op]
	if r.IntN(3) == 0 {
		c.acts = nil
		for range map[string]int{"RNN": 1, "GRU": 2, "LSTM": 3}[op] {
			c.acts = append(c.acts, []string{"Softsign", "HardSigmoid", "Tanh"}[r.IntN(3)])
		}
		c.names = append(c.names, StringsAttr("activations", slices.Repeat(c.acts, d)...))
	}
	return c
}

func (c *recurrentCase) directions() int {
	if c.direction == "bidirectional" {
		return 2
	}
	return 1
}

// order puts the sequences before the steps where layout says so.
func (c *recurrentCase) order(steps, sequences, inputs int) []int {
	if c.batched {
		return []int{sequences, steps, inputs}
	}
	return []int{steps, sequences, inputs}
}

func (c *recurrentCase) node() opCase {
	attrs := append([]Attr{IntAttr("hidden_size", c.hidden), StringAttr("direction", c.direction)}, c.names...)
	if c.batched {
		attrs = append(attrs, IntAttr("layout", 1))
	}
	if c.linear {
		attrs = append(attrs, IntAttr("linear_before_reset", 1))
	}
	if c.coupled {
		attrs = append(attrs, IntAttr("input_forget", 1))
	}
	n := opCase{op: c.op, attrs: attrs, outputs: 2, inputs: []*Tensor{c.x, c.w, c.r, c.b, c.lengths, c.initH}}
	if c.op == "LSTM" {
		n.outputs, n.inputs = 3, append(n.inputs, c.initC, c.p)
	}
	return n
}

// act applies activation f after clipping.
func (c *recurrentCase) act(f int, v float64) float64 {
	return c.plainAct(f, max(-c.clip, min(v, c.clip)))
}

// plainAct applies activation f.
func (c *recurrentCase) plainAct(f int, v float64) float64 {
	switch c.acts[f] {
	case "Sigmoid":
		return 1 / (1 + math.Exp(-v))
	case "Tanh":
		return math.Tanh(v)
	case "Softsign":
		return v / (1 + math.Abs(v))
	case "HardSigmoid":
		return max(0, min(1, 0.2*v+0.5))
	}
	panic("BUG: " + c.acts[f])
}

// at reads an element; missing tensors are 0.
func at(t *Tensor, index ...int) float64 {
	if t == nil {
		return 0
	}
	return float64(Data[float32](t)[offsetOf(t.shape, index)])
}

// naive writes the outputs by the formulas of the specification, one sequence at a
// time.
func (c *recurrentCase) naive(y, yh, yc *Tensor) {
	for d := range c.directions() {
		for n := range c.sequences {
			length := c.steps
			if c.lengths != nil {
				length = int(Data[int32](c.lengths)[n])
			}
			state := []int{d, n, 0}
			if c.batched {
				state = []int{n, d, 0}
			}
			h, cell := make([]float64, c.hidden), make([]float64, c.hidden)
			for k := range h {
				state[2] = k
				h[k], cell[k] = at(c.initH, state...), at(c.initC, state...)
			}
			for s := range length {
				t := s
				if c.direction == "reverse" || d == 1 {
					t = length - 1 - s
				}
				h, cell = c.cell(d, t, n, h, cell)
				for k := range h {
					index := []int{t, d, n, k}
					if c.batched {
						index = []int{n, t, d, k}
					}
					Data[float32](y)[offsetOf(y.shape, index)] = float32(h[k])
				}
			}
			for k := range h {
				state[2] = k
				Data[float32](yh)[offsetOf(yh.shape, state)] = float32(h[k])
				if yc != nil {
					Data[float32](yc)[offsetOf(yc.shape, state)] = float32(cell[k])
				}
			}
		}
	}
}

// cell computes one step of one sequence.
func (c *recurrentCase) cell(d, t, n int, h, cell []float64) (nextH, nextC []float64) {
	rows := gateCounts[c.op] * c.hidden
	input := func(gate, k int) float64 {
		sum := at(c.b, d, gate*c.hidden+k)
		for p := range c.inputs {
			sum += at(c.w, d, gate*c.hidden+k, p) * at(c.x, c.order(t, n, p)...)
		}
		return sum
	}
	recur := func(gate, k int, h []float64) float64 {
		sum := at(c.b, d, rows+gate*c.hidden+k)
		for p := range c.hidden {
			sum += at(c.r, d, gate*c.hidden+k, p) * h[p]
		}
		return sum
	}
	nextH, nextC = make([]float64, c.hidden), make([]float64, c.hidden)
	reset := make([]float64, c.hidden)
	for k := range h {
		if c.op == "GRU" {
			reset[k] = c.act(0, input(1, k)+recur(1, k, h)) * h[k]
		}
	}
	for k := range h {
		switch c.op {
		case "RNN":
			nextH[k] = c.act(0, input(0, k)+recur(0, k, h))
		case "GRU":
			z := c.act(0, input(0, k)+recur(0, k, h))
			candidate := c.act(1, input(2, k)+recur(2, k, reset))
			if c.linear {
				candidate = c.act(1, input(2, k)+c.act(0, input(1, k)+recur(1, k, h))*recur(2, k, h))
			}
			nextH[k] = (1-z)*candidate + z*h[k]
		case "LSTM":
			i := c.act(0, input(0, k)+recur(0, k, h)+at(c.p, d, k)*cell[k])
			f := c.act(0, input(2, k)+recur(2, k, h)+at(c.p, d, 2*c.hidden+k)*cell[k])
			if c.coupled {
				f = 1 - i
			}
			nextC[k] = f*cell[k] + i*c.act(1, input(3, k)+recur(3, k, h))
			o := c.act(0, input(1, k)+recur(1, k, h)+at(c.p, d, c.hidden+k)*nextC[k])
			nextH[k] = o * c.plainAct(2, nextC[k])
		}
	}
	return nextH, nextC
}

func TestRecurrentRandom(t *testing.T) {
	for op := range gateCounts {
		t.Run(op, func(t *testing.T) {
			for seed := range uint64(60) {
				c := newRecurrentCase(rand.New(rand.NewPCG(seed, 51)), op)
				got := c.node().mustRun(t)
				want := make([]*Tensor, 3)
				for i, g := range got {
					want[i] = NewTensor(Float32, g.shape)
				}
				c.naive(want[0], want[1], want[2])
				for i, g := range got {
					require.InDeltaSlice(t, Data[float32](want[i]), Data[float32](g), 1e-5, "seed %d output %d: %+v", seed, i, c)
				}
			}
		})
	}
}

// TestRNN is a case by hand: the state doubles and takes the input.
func TestRNN(t *testing.T) {
	in := []*Tensor{Of([]float32{1, 2, 3}, 3, 1, 1), Of([]float32{1}, 1, 1, 1), Of([]float32{2}, 1, 1, 1), Of([]float32{0.5, 0.25}, 1, 2)}
	attrs := []Attr{StringsAttr("activations", "Affine"), FloatsAttr("activation_alpha", 1), IntAttr("hidden_size", 1)}
	out := opCase{op: "RNN", attrs: attrs, inputs: in, outputs: 2}.mustRun(t)
	require.Equal(t, []float32{1.75, 6.25, 16.25}, Data[float32](out[0]))
	require.Equal(t, []float32{16.25}, Data[float32](out[1]))
	double := make([]*Tensor, len(in))
	for i, x := range in {
		double[i] = castTo(t, x, Float64)
	}
	require.Equal(t, []float64{1.75, 6.25, 16.25}, Data[float64](opCase{op: "RNN", attrs: attrs, inputs: double, outputs: 2}.mustRun(t)[0]))
	old := opCase{op: "RNN", opset: 1, attrs: append(attrs, IntAttr("output_sequence", 1)), inputs: in, outputs: 2}.mustRun(t)
	require.Equal(t, out[0].Bytes(), old[0].Bytes())
}

func TestRecurrentActivations(t *testing.T) {
	parameters := recurrentParameters{alpha: []float32{2, 3}, beta: []float32{4}}
	want := map[string][2]float64{"ScaledTanh": {2, 4}, "Elu": {3, none}, "Affine": {0, 0}}
	for _, name := range []string{"tanh", "scaledtanh", "ELU", "Affine"} {
		a, ok := parameters.take(name)
		require.True(t, ok)
		if w, has := want[a.kind]; has {
			require.Equal(t, w[0], a.alpha)
			require.True(t, a.beta == w[1] || w[1] != w[1])
		}
	}
	for _, c := range []struct {
		kind        string
		alpha, beta float64
		x, want     float64
	}{
		{"Relu", 0, 0, -2, 0}, {"Softplus", 0, 0, 0, math.Ln2}, {"Softplus", 0, 0, 1000, 1000}, {"Affine", 2, 3, 4, 11},
		{"ThresholdedRelu", 1, 0, 1, 0}, {"ThresholdedRelu", 1, 0, 1.5, 1.5}, {"ScaledTanh", 2, 0.5, 2, 2 * math.Tanh(1)},
		{"Elu", 2, 0, -1, 2 * math.Expm1(-1)}, {"Elu", 2, 0, 3, 3}, {"Softsign", 0, 0, -3, -0.75}, {"HardSigmoid", 0.2, 0.5, 1, 0.7},
	} {
		a := recurrentActivation{c.kind, c.alpha, c.beta}
		require.InDelta(t, c.want, a.apply(c.x), 1e-12, c.kind)
		in := []*Tensor{Of([]float32{float32(c.x)}, 1, 1, 1), Of([]float32{1}, 1, 1, 1), Of([]float32{0}, 1, 1, 1)}
		attrs := []Attr{StringsAttr("activations", c.kind), FloatsAttr("activation_alpha", float32(c.alpha)), FloatsAttr("activation_beta", float32(c.beta))}
		out := opCase{op: "RNN", attrs: attrs, inputs: in, outputs: 2}.mustRun(t)
		require.InDelta(t, c.want, float64(Data[float32](out[0])[0]), 1e-4*max(1, math.Abs(c.want)), c.kind)
	}
}

func TestRecurrentEmpty(t *testing.T) {
	out := opCase{op: "GRU", outputs: 2, inputs: []*Tensor{Of([]float32{}, 0, 1, 2), zeros(1, 6, 2), zeros(1, 6, 2)}}.mustRun(t)
	require.Equal(t, Shape{0, 1, 1, 2}, out[0].shape)
	require.Equal(t, []float32{0, 0}, Data[float32](out[1]))
	out = opCase{op: "LSTM", outputs: 3, inputs: []*Tensor{Of([]float32{}, 3, 0, 2), zeros(1, 8, 2), zeros(1, 8, 2)}}.mustRun(t)
	require.Equal(t, Shape{3, 1, 0, 2}, out[0].shape)
}

// zeros is a tensor of zeros.
func zeros(dims ...int) *Tensor { return NewTensor(Float32, append(Shape{}, dims...)) }

func TestRecurrentErrors(t *testing.T) {
	good := []*Tensor{zeros(2, 1, 3), zeros(1, 8, 3), zeros(1, 8, 2), nil, nil, nil, nil, nil}
	opCase{op: "LSTM", inputs: good, outputs: 3}.mustRun(t)
	run := func(text string, i int, x *Tensor, attrs ...Attr) {
		t.Helper()
		in := append([]*Tensor(nil), good...)
		in[i] = x
		opCase{op: "LSTM", attrs: attrs, inputs: in, outputs: 3}.mustFail(t, text)
	}
	run("X is tensor(int64)", 0, Of([]int64{1}, 1, 1, 1))
	run("X has shape [2, 1], want rank 3", 0, zeros(2, 1))
	run("W has shape [1, 8, 4], want [1, 8, 3]", 1, zeros(1, 8, 4))
	run("W has shape [1, 8, 3], want [1, 12, 3]", 2, zeros(1, 8, 3))
	run("R has shape [1, 7, 2], want [1, 8, 2]", 2, zeros(1, 7, 2))
	run("R has shape [1, 0, 0], want at least one column", 2, zeros(1, 0, 0))
	run("B is tensor(float)[1, 8], want tensor(float)[1, 16]", 3, zeros(1, 8))
	run("sequence_lens is tensor(int64)", 4, Of([]int64{1}, 1))
	run("sequence_lens[0] is 3, want 0 to 2", 4, Of([]int32{3}, 1))
	run("sequence_lens[0] is -1", 4, Of([]int32{-1}, 1))
	run("initial_h is tensor(float)[1, 1, 3]", 5, zeros(1, 1, 3))
	run("initial_c is tensor(float)[1, 1, 3]", 6, zeros(1, 1, 3))
	run("P is tensor(float)[1, 8], want tensor(float)[1, 6]", 7, zeros(1, 8))
	run("W is tensor(double)", 1, NewTensor(Float64, Shape{1, 8, 3}))
	run("hidden_size is 5 and R has 2 columns", 0, good[0], IntAttr("hidden_size", 5))
	run("hidden_size is -1", 0, good[0], IntAttr("hidden_size", -1))
	run(`direction is "up"`, 0, good[0], StringAttr("direction", "up"))
	run("clip is -1", 0, good[0], FloatAttr("clip", -1))
	run("want 3 for each of 1 directions", 0, good[0], StringsAttr("activations", "Tanh"))
	run(`"Sine" is none`, 0, good[0], StringsAttr("activations", "Tanh", "Sine", "Tanh"))
}

func BenchmarkGRU(b *testing.B) {
	const steps, inputs, hidden = 100, 128, 128
	r := rand.New(rand.NewPCG(1, 1))
	benchmarkBound(b, opCase{op: "GRU", outputs: 2, attrs: []Attr{IntAttr("linear_before_reset", 1)}, inputs: []*Tensor{
		randomReals(r, 1, steps, 1, inputs), randomReals(r, 0.1, 1, 3*hidden, inputs), randomReals(r, 0.1, 1, 3*hidden, hidden),
	}}, steps*3*hidden*(inputs+hidden))
}

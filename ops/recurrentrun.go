package ops

import "math"

// recurrentMachine computes products and activations for a walk: in float64, one
// after the other, or in float32 with kernels.
type recurrentMachine[T Float] interface {
	// project gives y = x·Wᵀ for all steps of direction d: y is [S·N, G·H].
	project(c *Call, d int, y, x []T)
	// recur adds h·R(part)ᵀ to y for a part of the rows of R: y begins with [N, rows]
	// and goes on for recurrentSlack values at least.
	recur(c *Call, d, part int, y, h []T)
	// activate computes v[i] = f(v[i]) of direction d.
	activate(d, f int, v []T)
	// add, multiply and complement compute y[i] += x[i], y[i] *= x[i], y[i] = 1-y[i].
	add(y, x []T)
	multiply(y, x []T)
	complement(y []T)
}

// recurrentSlack is how many values behind a sum a machine may touch: whole panels of
// its kernels.
const recurrentSlack = 64

// recurrentRow is one sequence at one step, as a cell sees it. Slices of gates are
// in the order of W; what a cell writes to h and c is the new state.
type recurrentRow[T Float] struct {
	gates []T // x·Wᵀ + the bias of W, G·H
	recur []T // h·Rᵀ + the bias of R, of the part
	h, c  []T // state; c of LSTM alone
	spare []T // H values that last from part to part
	peep  []T // P of LSTM: nil, or 3·H
}

// recurrentStep is a cell on numbers of one type: it computes a row after the
// product with a part of R.
type recurrentStep[T Float] func(part int, r *recurrentRow[T], m recurrentCell[T])

// recurrentCell is what a cell computes with in direction d.
type recurrentCell[T Float] struct {
	recurrentMachine[T]
	d    int
	clip float64
}

// act applies activation f.
func (m recurrentCell[T]) act(f int, v []T) { m.activate(m.d, f, v) }

// bound clips to [-clip, clip].
func (m recurrentCell[T]) bound(v []T) {
	if m.clip > math.MaxFloat64 {
		return
	}
	limit := T(m.clip)
	for i, x := range v {
		v[i] = max(-limit, min(x, limit))
	}
}

// recurrentWalk is one run of a recurrent operator.
type recurrentWalk[T Float] struct {
	*recurrent
	recurrentSize
	machine recurrentMachine[T]
	step    recurrentStep[T]
	lengths []int32 // nil: all steps
	bias    []T     // [D, 2·G·H] or nil
	peep    []T     // [D, 3·H] or nil

	x            []T
	y, yh, yc    []T // nil where nobody asks
	initH, initC []T // nil: zeros
	gates, h, c  []T // [S·N, G·H], [N, H], [N, H]
	recur, spare []T // [N, G·H] and slack, [N, H]
	rows         []recurrentRow[T]
}

// spaceOf is the number of values that a walk needs beside inputs and outputs.
func (s recurrentSize) space() int {
	return s.sequences*(s.steps*s.gates*s.hidden+3*s.hidden+s.gates*s.hidden) + recurrentSlack
}

// take cuts the space into pieces.
func (w *recurrentWalk[T]) take(space []T) {
	cut := func(n int) []T {
		piece := space[:n:n]
		space = space[n:]
		return piece
	}
	w.gates = cut(w.steps * w.sequences * w.recurrentSize.gates * w.hidden())
	w.h, w.c, w.spare = cut(w.sequences*w.hidden()), cut(w.sequences*w.hidden()), cut(w.sequences*w.hidden())
	w.recur = space
	w.rows = make([]recurrentRow[T], w.sequences)
}

func (w *recurrentWalk[T]) hidden() int { return w.recurrentSize.hidden }

// run walks in every direction.
func (w *recurrentWalk[T]) run(c *Call) {
	clear(w.y) // behind the end of a sequence
	for d, reverse := range w.reverse {
		w.begin(d)
		w.machine.project(c, d, w.gates, w.x)
		w.addBias(c, d)
		for step := 0; step < w.steps && !c.stop.Load(); step++ {
			w.advance(c, d, step, reverse)
		}
		w.end(d)
	}
}

// stateAt is the place of sequence n in initial_h and Y_h.
func (w *recurrentWalk[T]) stateAt(d, n int) int {
	if w.batched {
		return (n*w.directions + d) * w.hidden()
	}
	return (d*w.sequences + n) * w.hidden()
}

// stepAt is the row of X of sequence n at step t.
func (w *recurrentWalk[T]) stepAt(t, n int) int {
	if w.batched {
		return n*w.steps + t
	}
	return t*w.sequences + n
}

// outputAt is the place in Y.
func (w *recurrentWalk[T]) outputAt(t, d, n int) int {
	if w.batched {
		return ((n*w.steps+t)*w.directions + d) * w.hidden()
	}
	return ((t*w.directions+d)*w.sequences + n) * w.hidden()
}

// begin sets the state at the start of direction d.
func (w *recurrentWalk[T]) begin(d int) {
	clear(w.h)
	clear(w.c)
	for n := range w.sequences {
		at, size := w.stateAt(d, n), w.hidden()
		if w.initH != nil {
			copy(w.h[n*size:], w.initH[at:at+size])
		}
		if w.initC != nil {
			copy(w.c[n*size:], w.initC[at:at+size])
		}
	}
}

// end stores the state after the last step of direction d.
func (w *recurrentWalk[T]) end(d int) {
	for n := range w.sequences {
		at, size := w.stateAt(d, n), w.hidden()
		if w.yh != nil {
			copy(w.yh[at:at+size], w.h[n*size:])
		}
		if w.yc != nil {
			copy(w.yc[at:at+size], w.c[n*size:])
		}
	}
}

// addBias adds the biases of W to the gates of all steps.
func (w *recurrentWalk[T]) addBias(c *Call, d int) {
	if w.bias == nil {
		return
	}
	size := w.recurrentSize.gates * w.hidden()
	bias := w.bias[2*d*size:][:size]
	c.Parallel(len(w.gates)/size, size, func(lo, hi int) {
		for row := lo; row < hi; row++ {
			w.machine.add(w.gates[row*size:][:size], bias)
		}
	})
}

// advance computes one step of every sequence that is not at its end.
func (w *recurrentWalk[T]) advance(c *Call, d, step int, reverse bool) {
	size := w.hidden()
	first := 0
	for part, gates := range w.parts() {
		rows := gates * size
		w.startSums(d, first*size, rows)
		w.machine.recur(c, d, part, w.recur, w.h)
		if w.sequences == 1 {
			w.row(d, step, part, 0, rows, reverse)
		} else {
			c.Parallel(w.sequences, 10*rows, func(lo, hi int) {
				for n := lo; n < hi; n++ {
					w.row(d, step, part, n, rows, reverse)
				}
			})
		}
		first += gates
	}
}

// startSums sets what the products with rows of R from first on are added to: their
// biases.
func (w *recurrentWalk[T]) startSums(d, first, rows int) {
	for n := range w.sequences {
		sums := w.recur[n*rows:][:rows]
		if w.bias == nil {
			clear(sums)
		} else {
			copy(sums, w.bias[(2*d+1)*w.recurrentSize.gates*w.hidden()+first:])
		}
	}
}

// row computes one part, of so many rows of R, of one step of sequence n.
func (w *recurrentWalk[T]) row(d, step, part, n, rows int, reverse bool) {
	length := w.steps
	if w.lengths != nil {
		length = int(w.lengths[n])
	}
	if step >= length {
		return
	}
	t := step
	if reverse {
		t = length - 1 - step
	}
	size, gates := w.hidden(), w.recurrentSize.gates*w.hidden()
	row := &w.rows[n]
	*row = recurrentRow[T]{
		gates: w.gates[w.stepAt(t, n)*gates:][:gates], recur: w.recur[n*rows:][:rows],
		h: w.h[n*size:][:size], c: w.c[n*size:][:size], spare: w.spare[n*size:][:size],
	}
	if w.peep != nil {
		row.peep = w.peep[3*d*size:][:3*size]
	}
	w.step(part, row, recurrentCell[T]{w.machine, d, w.clip})
	if w.y != nil && part == len(w.parts())-1 {
		copy(w.y[w.outputAt(t, d, n):][:size], row.h)
	}
}

// plainRecurrent computes in float64, from weights of type T.
type plainRecurrent struct {
	*recurrent
	recurrentSize
	w, r []float64
}

func (p *plainRecurrent) project(c *Call, d int, y, x []float64) {
	rows := p.recurrentSize.gates * p.recurrentSize.hidden
	clear(y)
	multiplyRows(c, y, x, p.w[d*rows*p.inputs:], rows, p.inputs)
}

func (p *plainRecurrent) recur(c *Call, d, part int, y, h []float64) {
	size := p.recurrentSize.hidden
	first := 0
	for _, gates := range p.parts()[:part] {
		first += gates
	}
	rows := p.parts()[part] * size
	multiplyRows(c, y[:p.sequences*rows], h, p.r[(d*p.recurrentSize.gates+first)*size*size:], rows, size)
}

func (p *plainRecurrent) add(y, x []float64) {
	for i, v := range x {
		y[i] += v
	}
}

func (p *plainRecurrent) multiply(y, x []float64) {
	for i, v := range x {
		y[i] *= v
	}
}

func (p *plainRecurrent) complement(y []float64) {
	for i, v := range y {
		y[i] = 1 - v
	}
}

func (p *plainRecurrent) activate(d, f int, v []float64) {
	for i, x := range v {
		v[i] = p.acts[d][f].apply(x)
	}
}

// multiplyRows adds x·wᵀ to y for x of rows of length depth and w of cols rows.
func multiplyRows(c *Call, y, x, w []float64, cols, depth int) {
	c.Parallel(len(y)/cols, cols*depth, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			for j := range cols {
				sum := 0.0
				for p, v := range x[i*depth : (i+1)*depth] {
					sum += v * w[j*depth+p]
				}
				y[i*cols+j] += sum
			}
		}
	})
}

// recurrentInputs are the inputs of a walk beyond X, W and R by index; -1 where an
// operator has none.
type recurrentInputs struct{ initC, peep int }

// runPlain computes the outputs in float64.
func (o *recurrent) runPlain(c *Call, in, out []*Tensor, more recurrentInputs, step recurrentStep[float64]) error {
	s, err := o.size(in[0].shape, in[1].shape, in[2].shape)
	if err != nil {
		return err
	}
	if err := wantLengths(tensorAt(in, 4), s.steps); err != nil {
		return err
	}
	space, err := c.New(Float64, Shape{s.space()})
	if err != nil {
		return err
	}
	wide := func(i int) []float64 {
		if i < 0 || tensorAt(in, i) == nil {
			return nil
		}
		return reals64(in[i])
	}
	w := &recurrentWalk[float64]{
		recurrent: o, recurrentSize: s, step: step,
		machine: &plainRecurrent{o, s, wide(1), wide(2)},
		x:       wide(0), bias: wide(3), initH: wide(5), initC: wide(more.initC), peep: wide(more.peep),
	}
	if t := tensorAt(in, 4); t != nil {
		w.lengths = Data[int32](t)
	}
	w.take(Data[float64](space))
	results := make([][]float64, 3)
	for i := range results {
		if t := tensorAt(out, i); t != nil {
			results[i] = make([]float64, t.Len())
		}
	}
	w.y, w.yh, w.yc = results[0], results[1], results[2]
	w.run(c)
	for i, values := range results {
		if values != nil {
			storeReals64(out[i], values)
		}
	}
	return nil
}

// reals64 gives the elements of a tensor of float or double as float64.
func reals64(t *Tensor) []float64 {
	if t.dtype == Float64 {
		return Data[float64](t)
	}
	out := make([]float64, t.Len())
	for i, v := range Data[float32](t) {
		out[i] = float64(v)
	}
	return out
}

// storeReals64 is the reverse of reals64.
func storeReals64(t *Tensor, values []float64) {
	if t.dtype == Float64 {
		copy(Data[float64](t), values)
		return
	}
	for i, v := range values {
		Data[float32](t)[i] = float32(v)
	}
}

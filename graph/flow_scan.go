package graph

import (
	"fmt"
	"slices"

	"github.com/tconv/tconv/ops"
)

// Scan: runs body once for each slice of its scan inputs.
//
//	state = initial_state
//	for t = 0; t < T; t++ { state, out_t = body(state, slices t of the scan inputs) }
//	outputs = state, then each out value of all t stacked along a new axis
//
//	initial_state_and_scan_inputs...: N values of state, then num_scan_inputs
//	tensors of extent T along the axis that they are cut along.
//	final_state_and_scan_outputs...: N values of state, then the scan outputs.
//	scan_input_axes, scan_input_directions, scan_output_axes, scan_output_directions:
//	one number for each scan input or output; default: axis 0 and forward (0).
//	body: a graph with N + num_scan_inputs inputs.
//
// Version 8 has a first input sequence_lens (int64, [B], may be omitted) and
// works on a batch: every value has a first axis of extent B, scan inputs are cut
// along axis 1, and directions is the only other attribute. The outputs of a
// sequence that is shorter than T are filled up with zeros.
//
// https://onnx.ai/onnx/operators/onnx__Scan.html (versions 8, 9, 11, 16, 19, 21, 23, 24, 25).
func init() {
	ops.Register(
		ops.Def{
			Name: "Scan", Since: 8, Inputs: []string{"sequence_lens?", "initial_state_and_scan_inputs..."},
			Outputs: []string{"final_state_and_scan_outputs..."}, New: newScan,
		},
		ops.Def{
			Name: "Scan", Since: 9, Inputs: []string{"initial_state_and_scan_inputs..."},
			Outputs: []string{"final_state_and_scan_outputs..."}, New: newScan,
		},
	)
}

type scanOp struct {
	notPlain
	body    *subgraph
	batched bool // version 8
	first   int  // the input where the states begin
	states  int
	cuts    []scanAxis // by scan input
	stacks  []scanAxis // by scan output
}

// scanAxis is how a scan input is cut, or a scan output is put together.
type scanAxis struct {
	axis    int
	reverse bool
}

func newScan(n *ops.Node) (ops.Op, error) {
	o := &scanOp{body: bodyOf(n, "body"), batched: n.Opset < 9}
	if o.body == nil {
		return nil, n.Err()
	}
	if o.batched {
		o.first = 1
	}
	inputs, scans := o.body.first-o.first, n.Int("num_scan_inputs", 0)
	o.states = inputs - scans
	outs := len(o.body.graph.Outputs) - o.states
	switch {
	case scans < 1 || o.states < 0:
		n.Fail("num_scan_inputs is %d, want 1 to %d", scans, inputs)
	case len(o.body.declared) != inputs:
		n.Fail("the body has %d inputs, want %d as the node", len(o.body.declared), inputs)
	case outs < 0:
		n.Fail("the body has %d outputs, want at least %d of state", len(o.body.graph.Outputs), o.states)
	case len(n.Outputs) > o.states+outs:
		n.Fail("%d outputs, the body gives %d", len(n.Outputs), o.states+outs)
	case o.batched:
		o.cuts, o.stacks = scanAxes(n, "", "directions", scans), make([]scanAxis, outs)
	default:
		o.cuts = scanAxes(n, "scan_input_axes", "scan_input_directions", scans)
		o.stacks = scanAxes(n, "scan_output_axes", "scan_output_directions", outs)
	}
	for i := range inputs {
		if !n.HasInput(o.first + i) {
			n.Fail("input %d is omitted", o.first+i)
		}
	}
	return o, n.Err()
}

// scanAxes reads the two attributes that describe the scan inputs, or outputs.
func scanAxes(n *ops.Node, axes, directions string, count int) []scanAxis {
	out := make([]scanAxis, count)
	if a := n.Ints(axes); a != nil {
		if len(a) != count {
			n.Fail("%s has %d numbers, want %d", axes, len(a), count)
			return out
		}
		for i, v := range a {
			out[i].axis = v
		}
	}
	if d := n.Ints(directions); d != nil {
		if len(d) != count {
			n.Fail("%s has %d numbers, want %d", directions, len(d), count)
			return out
		}
		for i, v := range d {
			if v != 0 && v != 1 {
				n.Fail("%s[%d] is %d, want 0 or 1", directions, i, v)
			}
			out[i].reverse = v == 1
		}
	}
	return out
}

func (o *scanOp) bodies() []*subgraph { return []*subgraph{o.body} }

// inferIn runs the shapes through the body once.
func (o *scanOp) inferIn(f *folder, n *Node, in []ops.Spec) ([]ops.Spec, error) {
	given := in[o.first : o.first+o.states+len(o.cuts)]
	for _, s := range given {
		if !s.Static() {
			return unknownOutputs(n), nil
		}
	}
	batch, steps, own, err := o.split(given)
	if err != nil {
		return nil, as(f.fault, err)
	}
	made, err := o.body.infer(f, own, in)
	if err != nil {
		if steps > 0 && batch > 0 {
			return nil, err
		}
		return unknownOutputs(n), nil
	}
	out := unknownOutputs(n)
	for i := range o.states {
		if !sameShape(own[i], made[i]) {
			return out, nil // the run says what is wrong
		}
	}
	for i := range out {
		switch {
		case i < o.states:
			out[i] = unvalued(given[i])
		case made[i].Static():
			shape, err := o.stackedShape(i-o.states, made[i].Shape, steps)
			if err != nil {
				return nil, as(f.fault, err)
			}
			if o.batched {
				shape = append(ops.Shape{batch}, shape...)
			}
			if err := shape.Check(); err != nil {
				return nil, as(f.fault, err)
			}
			out[i] = ops.Spec{DType: made[i].DType, Shape: shape}
		}
	}
	return out, nil
}

// split gives the extent of the batch (1 without), the number of steps, and what
// the body gets of each input.
func (o *scanOp) split(given []ops.Spec) (batch, steps int, own []ops.Spec, err error) {
	batch, steps = 1, -1
	for i, s := range given {
		if s.Kind != ops.KindTensor {
			return 0, 0, nil, fmt.Errorf("input %d is a %v, want a tensor", o.first+i, s.Kind)
		}
		shape := s.Shape
		if o.batched {
			if len(shape) == 0 || i > 0 && shape[0] != batch {
				return 0, 0, nil, fmt.Errorf("input %d has shape %v, want a first axis of one extent, that of the batch", o.first+i, shape)
			}
			batch, shape = shape[0], shape[1:]
		}
		if k := i - o.states; k >= 0 {
			axis, err := o.cuts[k].in(len(shape))
			if err != nil {
				return 0, 0, nil, fmt.Errorf("scan input %d of shape %v: %w", k, s.Shape, err)
			}
			if steps >= 0 && shape[axis] != steps {
				return 0, 0, nil, fmt.Errorf("scan input %d has %d slices, scan input 0 has %d: want as many", k, shape[axis], steps)
			}
			steps = shape[axis]
			shape = slices.Delete(shape.Clone(), axis, axis+1)
			if s.DType.Bits() < 8 && s.DType != ops.String {
				return 0, 0, nil, unsupportedf("scan input %d is tensor(%v), want elements of at least 8 bits", k, s.DType)
			}
		}
		own = append(own, ops.Spec{DType: s.DType, Shape: append(ops.Shape{}, shape...)})
	}
	return batch, steps, own, nil
}

// in maps the axis to [0, rank).
func (a scanAxis) in(rank int) (int, error) {
	if a.axis < -rank || a.axis >= rank {
		return 0, fmt.Errorf("axis is %d, want one in [%d, %d)", a.axis, -rank, rank)
	}
	return (a.axis + rank) % rank, nil
}

// at is the place of step t of n.
func (a scanAxis) at(t, n int) int {
	if a.reverse {
		return n - 1 - t
	}
	return t
}

// stackedShape is the shape of scan output i of so many steps, of which one has the
// given shape.
func (o *scanOp) stackedShape(i int, one ops.Shape, steps int) (ops.Shape, error) {
	axis, err := o.stacks[i].in(len(one) + 1)
	if err != nil {
		return nil, fmt.Errorf("scan output %d of shape %v: %w", i, one, err)
	}
	return slices.Insert(one.Clone(), axis, steps), nil
}

// compute walks along the scan inputs, for version 8 once for each of the batch.
func (o *scanOp) compute(c *flowCall) error {
	given := c.in[o.first : o.first+o.states+len(o.cuts)]
	specs := make([]ops.Spec, len(given))
	for i, t := range given {
		specs[i] = t.Spec()
	}
	batch, steps, own, err := o.split(specs)
	if err != nil {
		return err
	}
	r := &scanRun{flowCall: c, op: o, given: given, specs: own, steps: steps, batch: batch}
	r.made = make([]*ops.Tensor, len(o.stacks))
	lengths, err := o.lengths(c, batch, steps)
	if err != nil {
		return err
	}
	for r.item = range batch {
		if err := r.walk(lengths[r.item]); err != nil {
			return err
		}
	}
	return r.finish()
}

// lengths is how many steps each of the batch takes.
func (o *scanOp) lengths(c *flowCall, batch, steps int) ([]int, error) {
	lengths := slices.Repeat([]int{steps}, batch)
	if !o.batched || c.in[0] == nil {
		return lengths, nil
	}
	t := c.in[0]
	if t.Kind() != ops.KindTensor || t.DType() != ops.Int64 || t.Len() != batch {
		return nil, fmt.Errorf("sequence_lens is %v, want tensor(int64)[%d]", t, batch)
	}
	for i, n := range t.Ints() {
		if n < 0 || n > steps {
			return nil, fmt.Errorf("sequence_lens[%d] is %d, want 0 to %d", i, n, steps)
		}
		lengths[i] = n
	}
	return lengths, nil
}

// scanRun is the state of one run of a Scan.
type scanRun struct {
	*flowCall
	op     *scanOp
	given  []*ops.Tensor
	specs  []ops.Spec    // what the body gets of each
	made   []*ops.Tensor // scan outputs of all steps, from the first step on
	finals []*ops.Tensor // states behind the last step; of all of the batch in version 8
	steps  int
	batch  int
	item   int // of the batch
}

// walk takes the steps of one of the batch.
func (r *scanRun) walk(steps int) error {
	own := make([]*ops.Tensor, len(r.given))
	for i := range r.op.states {
		own[i] = r.given[i]
		if r.op.batched {
			t, err := r.slice(r.given[i], r.specs[i], 0, r.item)
			if err != nil {
				return err
			}
			own[i] = t
		}
	}
	results := make([]*ops.Tensor, r.op.states+len(r.op.stacks))
	for i := range results {
		results[i] = new(ops.Tensor)
	}
	for t := range steps {
		if err := r.step(t, steps, own, results); err != nil {
			return fmt.Errorf("step %d: %w", t, err)
		}
	}
	for _, t := range results {
		r.dropLater(t)
	}
	return r.keep(own[:r.op.states], steps > 0)
}

// step runs the body on the slices of step t.
func (r *scanRun) step(t, steps int, own, results []*ops.Tensor) error {
	if err := r.trip(); err != nil {
		return err
	}
	l := &r.frame.act.ledger
	cuts := own[r.op.states:]
	for k, cut := range r.op.cuts {
		slice, err := r.cut(k, cut.at(t, steps))
		if err != nil {
			return err
		}
		if err := l.hold(slice); err != nil {
			return err
		}
		cuts[k] = slice
	}
	if err := r.runReusing(r.bodies[0], own, results); err != nil {
		return err
	}
	for _, slice := range cuts {
		l.drop(slice)
	}
	for i := range r.op.states {
		old := own[i]
		if !sameShape(results[i].Spec(), r.specs[i]) {
			return fmt.Errorf("the body gives %v as state %d, want %v in all steps", results[i], i, r.specs[i])
		}
		own[i], results[i] = results[i], new(ops.Tensor)
		if t > 0 {
			results[i] = r.reuse(old)
		}
	}
	for i := range r.op.stacks {
		result := &results[r.op.states+i]
		if err := r.put(i, *result, t); err != nil {
			return fmt.Errorf("scan output %d: %w", i, err)
		}
		*result = r.reuse(*result)
	}
	return nil
}

// cut gives slice at of scan input k.
func (r *scanRun) cut(k, at int) (*ops.Tensor, error) {
	x, spec := r.given[r.op.states+k], r.specs[r.op.states+k]
	axis, err := r.op.cuts[k].in(len(spec.Shape) + 1)
	if err != nil {
		return nil, err
	}
	if !r.op.batched {
		return r.slice(x, spec, axis, at)
	}
	item := ops.Spec{DType: spec.DType, Shape: x.Shape()[1:]}
	if x, err = r.slice(x, item, 0, r.item); err != nil {
		return nil, err
	}
	return r.slice(x, spec, axis, at)
}

// slice gives the part of x, of the given type, that lies at a place of an axis: in
// x's own memory where it lies in one piece.
func (r *scanRun) slice(x *ops.Tensor, part ops.Spec, axis, at int) (*ops.Tensor, error) {
	before, extent, run := around(x, axis)
	if before == 1 {
		if x.DType() == ops.String {
			return ops.OfStrings(x.Strings()[at*run:][:run], part.Shape...), nil
		}
		return ops.FromBytes(x.DType(), part.Shape, x.Bytes()[at*run:][:run])
	}
	y, err := r.frame.call.New(x.DType(), part.Shape)
	if err != nil {
		return nil, err
	}
	for i := range before {
		from := (i*extent + at) * run
		if x.DType() == ops.String {
			copy(y.Strings()[i*run:], x.Strings()[from:][:run])
			continue
		}
		copy(y.Bytes()[i*run:], x.Bytes()[from:][:run])
	}
	return y, nil
}

// around is the product of the extents before an axis, the extent of the axis, and
// the bytes (strings) behind each place of it.
func around(x *ops.Tensor, axis int) (before, extent, run int) {
	before, run = 1, x.DType().Size()
	if x.DType() == ops.String {
		run = 1
	}
	for i, d := range x.Shape() {
		switch {
		case i < axis:
			before *= d
		case i == axis:
			extent = d
		default:
			run *= d
		}
	}
	return before, extent, run
}

// put copies scan output i of step t to its place.
func (r *scanRun) put(i int, t *ops.Tensor, step int) error {
	k := r.op.states + i
	if k >= len(r.out) || !r.wanted[k] {
		return nil
	}
	if t.Kind() != ops.KindTensor || t.DType().Bits() < 8 && t.DType() != ops.String {
		return unsupportedf("it is %v, want a tensor with elements of at least 8 bits", t)
	}
	shape, err := r.op.stackedShape(i, t.Shape(), r.steps)
	if err != nil {
		return err
	}
	axis, err := r.op.stacks[i].in(len(shape))
	if err != nil {
		return err
	}
	if r.op.batched {
		shape, axis = append(ops.Shape{r.batch}, shape...), axis+1
	}
	if r.made[i] == nil {
		if r.made[i], err = r.whole(k, t.DType(), shape); err != nil {
			return err
		}
	}
	y := r.made[i]
	if y.DType() != t.DType() || !y.Shape().Equal(shape) {
		return fmt.Errorf("it is %v, before it made up %v: want one type and shape in all steps", t, y)
	}
	before, extent, run := around(y, axis)
	at, from := r.op.stacks[i].at(step, r.steps), 0
	first, last := 0, before
	if r.op.batched {
		first, last = r.item, r.item+1 // axis is 1
	}
	for b := first; b < last; b++ {
		to := (b*extent + at) * run
		if y.DType() == ops.String {
			copy(y.Strings()[to:][:run], t.Strings()[from:])
		} else {
			copy(y.Bytes()[to:][:run], t.Bytes()[from:])
		}
		from += run
	}
	return nil
}

// whole gives the memory of output k, filled with zeros.
func (r *scanRun) whole(k int, dtype ops.DType, shape ops.Shape) (*ops.Tensor, error) {
	if y := r.out[k]; y != nil {
		clear(y.Bytes())
		clear(y.Strings())
		return y, nil
	}
	return r.frame.call.New(dtype, shape)
}

// keep notes the states behind the last step of one of the batch; held says
// whether the run holds them.
func (r *scanRun) keep(states []*ops.Tensor, held bool) error {
	if held {
		for _, t := range states {
			r.dropLater(t)
		}
	}
	if !r.op.batched {
		r.finals = slices.Clone(states)
		return nil
	}
	for i, t := range states {
		if i >= len(r.out) || !r.wanted[i] {
			continue
		}
		if len(r.finals) <= i {
			r.finals = append(r.finals, make([]*ops.Tensor, i+1-len(r.finals))...)
		}
		if r.finals[i] == nil {
			y, err := r.whole(i, t.DType(), append(ops.Shape{r.batch}, t.Shape()...))
			if err != nil {
				return err
			}
			r.finals[i] = y
		}
		_, _, run := around(r.finals[i], 0)
		if t.DType() == ops.String {
			copy(r.finals[i].Strings()[r.item*run:], t.Strings())
			continue
		}
		copy(r.finals[i].Bytes()[r.item*run:], t.Bytes())
	}
	return nil
}

// finish gives the outputs.
func (r *scanRun) finish() error {
	for i := range r.out {
		if !r.wanted[i] {
			continue
		}
		t, err := r.output(i)
		if err != nil {
			return err
		}
		if err := r.give(i, t); err != nil {
			return err
		}
	}
	return nil
}

// output is output i; where no step ran it has no elements but the states.
func (r *scanRun) output(i int) (*ops.Tensor, error) {
	if i < r.op.states {
		if i < len(r.finals) && r.finals[i] != nil {
			return r.finals[i], nil
		}
		return r.given[i], nil // an empty batch
	}
	if made := r.made[i-r.op.states]; made != nil {
		return made, nil
	}
	if r.out[i] != nil {
		return r.whole(i, 0, nil)
	}
	own := make([]*ops.Tensor, len(r.specs))
	for k, s := range r.specs {
		own[k] = ops.NewTensor(s.DType, s.Shape)
	}
	s, err := r.outputType(r.bodies[0], own, i)
	if err != nil {
		return nil, err
	}
	shape, err := r.op.stackedShape(i-r.op.states, s.Shape, r.steps)
	if err != nil {
		return nil, err
	}
	if r.op.batched {
		shape = append(ops.Shape{r.batch}, shape...)
	}
	return r.frame.call.New(s.DType, shape)
}

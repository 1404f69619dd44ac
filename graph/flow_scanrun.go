package graph

import (
	"fmt"
	"slices"

	"github.com/tconv/tconv/ops"
)

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

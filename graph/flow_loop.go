package graph

import (
	"fmt"
	"math"
	"slices"

	"github.com/tconv/tconv/ops"
)

// Loop: runs body while a condition holds and fewer than M trips are taken.
//
//	state = v_initial
//	for t = 0; t < M && cond; t++ { cond, state, scan_t = body(t, cond, state) }
//	outputs = state, then each scan value of all trips stacked along a new first axis
//
//	M: int64, one element; omitted: no limit. cond: bool, one element; omitted: true.
//	v_initial...: any types; sequences and optionals too. Shapes may change from trip to trip.
//	v_final_and_scan_outputs...: the state behind the last trip, then the scan
//	outputs, whose shapes must be the same in every trip.
//	body: a graph with the inputs t (int64), cond (bool) and state, which reads what
//	else it needs of the graphs around it, and the outputs cond, state and scan values.
//
// Where the body does not change the shapes of its state they are part of the
// static plan.
//
// https://onnx.ai/onnx/operators/onnx__Loop.html (versions 1, 11, 13, 16, 19, 21, 23, 24, 25).
func init() {
	ops.Register(ops.Def{
		Name: "Loop", Since: 1, Inputs: []string{"M?", "cond?", "v_initial..."}, Outputs: []string{"v_final_and_scan_outputs..."}, New: newLoop,
	})
}

type loopOp struct {
	notPlain
	body   *subgraph
	states int
	scans  int
}

func newLoop(n *ops.Node) (ops.Op, error) {
	o := &loopOp{body: bodyOf(n, "body")}
	if err := n.Err(); err != nil {
		return nil, err
	}
	o.states = o.body.first - 2
	o.scans = len(o.body.graph.Outputs) - 1 - o.states
	switch {
	case len(o.body.declared) != 2+o.states:
		n.Fail("the body has %d inputs, want %d: the trip, the condition and %d of state", len(o.body.declared), 2+o.states, o.states)
	case o.scans < 0:
		n.Fail("the body has %d outputs, want at least %d: the condition and %d of state", len(o.body.graph.Outputs), 1+o.states, o.states)
	case len(n.Outputs) > o.states+o.scans:
		n.Fail("%d outputs, the body gives %d", len(n.Outputs), o.states+o.scans)
	}
	for i := range o.states {
		if !n.HasInput(2 + i) {
			n.Fail("input %d is omitted", 2+i)
		}
	}
	if n.Err() == nil {
		// A trip is taken only if the condition is true.
		cond := ops.Of([]bool{true}, rankOne(o.body.declared[1])...)
		o.body.fix(func(from int) *ops.Tensor {
			if from == 1 {
				return cond
			}
			return nil
		})
	}
	return o, n.Err()
}

// rankOne is the shape of one element as a body declares it: a scalar, unless it
// says rank 1.
func rankOne(declared ops.Spec) ops.Shape {
	if declared.Shape.Rank() == 1 {
		return ops.Shape{1}
	}
	return ops.Scalar()
}

func (o *loopOp) bodies() []*subgraph { return []*subgraph{o.body} }

// trip is the number of a trip as the body takes it.
func (o *loopOp) trip(t int) *ops.Tensor {
	return ops.Of([]int64{int64(t)}, rankOne(o.body.declared[0])...)
}

// inferIn finds which states keep their shapes.
func (o *loopOp) inferIn(f *folder, n *Node, in []ops.Spec) ([]ops.Spec, error) {
	trips, err := o.knownTrips(n, in)
	if err != nil {
		return nil, as(f.fault, err)
	}
	own := append([]ops.Spec{o.trip(0).Spec(), {}}, in[2:2+o.states]...)
	made, err := o.body.infer(f, own, in)
	if err != nil {
		if trips > 0 {
			return nil, err
		}
		return unknownOutputs(n), nil // perhaps the body never runs
	}
	out := unknownOutputs(n)
	for i := range o.states {
		if known := !own[2+i].Omitted(); known && !sameType(own[2+i], made[1+i]) {
			return unknownOutputs(n), nil // what else is known holds for the first trip only
		} else if known && i < len(out) {
			out[i] = unvalued(own[2+i])
		}
	}
	if again, known, err := knownCondition("the condition that the body gives", made[0]); err != nil || trips < 0 || trips > 1 && !(known && again) {
		return out, as(f.fault, err)
	}
	for i := o.states; i < len(out); i++ {
		s := made[1+i]
		if shape := append(ops.Shape{trips}, s.Shape...); s.Static() && shape.Check() == nil {
			out[i] = ops.Spec{DType: s.DType, Shape: shape}
		}
	}
	return out, nil
}

// knownTrips is how many trips are taken if the body does not end the loop; -1
// where it is not known.
func (o *loopOp) knownTrips(n *Node, in []ops.Spec) (int, error) {
	cond, known, err := knownCondition("cond", in[1])
	switch {
	case err != nil:
		return 0, err
	case known && !cond:
		return 0, nil
	case !known && n.Inputs[1] != NoValue, in[0].Const == nil:
		return -1, nil
	}
	return tripCount(in[0].Const)
}

// tripCount reads M.
func tripCount(t *ops.Tensor) (int, error) {
	if t.Kind() != ops.KindTensor || t.DType() != ops.Int64 || t.Len() != 1 {
		return 0, fmt.Errorf("M is %v, want an int64 of one element", t)
	}
	return max(0, t.Ints()[0]), nil
}

// compute takes the trips.
func (o *loopOp) compute(c *flowCall) error {
	trips, going := math.MaxInt, true
	var err error
	if c.in[0] != nil {
		if trips, err = tripCount(c.in[0]); err != nil {
			return err
		}
	}
	if c.in[1] != nil {
		if going, err = condition("cond", c.in[1]); err != nil {
			return err
		}
	}
	r := &loopRun{flowCall: c, op: o, own: make([]*ops.Tensor, 2+o.states), initial: o.states, stacks: make([]stack, o.scans)}
	copy(r.own[2:], c.in[2:])
	r.results = make([]*ops.Tensor, 1+o.states+o.scans)
	for i := range r.results {
		r.results[i] = new(ops.Tensor)
	}
	for t := 0; t < trips && going; t++ {
		if going, err = r.take(t); err != nil {
			return err
		}
	}
	return r.finish()
}

// loopRun is the state of one run of a Loop.
type loopRun struct {
	*flowCall
	op      *loopOp
	own     []*ops.Tensor // what the body gets: trip, condition, state
	initial int           // states that are still v_initial, which the caller of the step holds
	results []*ops.Tensor // what the body gives, or memory for it
	stacks  []stack       // scan values of all trips
}

// take takes trip t and says whether the condition still holds.
func (r *loopRun) take(t int) (going bool, err error) {
	if err := r.trip(); err != nil {
		return false, err
	}
	body := r.bodies[0]
	r.own[0] = r.op.trip(t)
	if err := r.runReusing(body, r.own, r.results); err != nil {
		return false, fmt.Errorf("trip %d: %w", t, err)
	}
	if going, err = condition("the condition that the body gives", r.results[0]); err != nil {
		return false, err
	}
	r.results[0] = r.reuse(r.results[0])
	for i := range r.op.states {
		old := r.own[2+i]
		r.own[2+i] = r.results[1+i]
		r.results[1+i] = new(ops.Tensor)
		if r.initial == 0 {
			r.results[1+i] = r.reuse(old)
		}
	}
	r.initial = 0
	for i := range r.stacks {
		result := &r.results[1+r.op.states+i]
		if err := r.stacks[i].add(r.flowCall, *result); err != nil {
			return false, fmt.Errorf("scan output %d of trip %d: %w", i, t, err)
		}
		*result = r.reuse(*result)
	}
	return going, nil
}

// finish gives the outputs.
func (r *loopRun) finish() error {
	for _, t := range r.results {
		r.dropLater(t)
	}
	for i := range r.op.states {
		if r.initial == 0 {
			r.dropLater(r.own[2+i])
		}
		if i >= len(r.out) {
			continue
		}
		if err := r.give(i, r.own[2+i]); err != nil {
			return err
		}
	}
	for i := range r.stacks {
		k := r.op.states + i
		r.dropLater(r.stacks[i].memory)
		if k >= len(r.out) || !r.wanted[k] {
			continue
		}
		t, err := r.stacked(i)
		if err != nil {
			return err
		}
		if err := r.give(k, t); err != nil {
			return err
		}
	}
	return nil
}

// stacked is scan output i of all trips.
func (r *loopRun) stacked(i int) (*ops.Tensor, error) {
	if s := &r.stacks[i]; s.trips > 0 {
		return s.tensor()
	}
	r.own[0] = r.op.trip(0)
	s, err := r.outputType(r.bodies[0], r.own, 1+r.op.states+i)
	if err != nil {
		return nil, err
	}
	return ops.NewTensor(s.DType, append(ops.Shape{0}, s.Shape...)), nil
}

// stack collects tensors of one type and shape.
type stack struct {
	dtype   ops.DType
	shape   ops.Shape
	trips   int
	memory  *ops.Tensor // bytes, at least as many as used
	used    int
	strings []string
}

// leastStack is the memory with which a stack begins, in bytes.
const leastStack = 1 << 10

// add appends a tensor.
func (s *stack) add(c *flowCall, t *ops.Tensor) error {
	switch {
	case t.Kind() != ops.KindTensor:
		return fmt.Errorf("it is a %v, want a tensor", t.Kind())
	case s.trips == 0:
		s.dtype, s.shape = t.DType(), slices.Clone(t.Shape())
		if s.dtype.Bits() < 8 && s.dtype != ops.String && t.Len()*s.dtype.Bits()%8 != 0 {
			return unsupportedf("it is %v, want elements of at least 8 bits", t)
		}
	case s.dtype != t.DType() || !s.shape.Equal(t.Shape()):
		return fmt.Errorf("it is %v, before it was tensor(%v)%v: want one type and shape in all trips", t, s.dtype, s.shape)
	}
	s.trips++
	if s.dtype == ops.String {
		return s.addStrings(c, t)
	}
	if err := s.grow(c, s.used+len(t.Bytes())); err != nil {
		return err
	}
	s.used += copy(s.memory.Bytes()[s.used:], t.Bytes())
	return nil
}

// addStrings appends a tensor of strings. Their memory is counted by bytes that
// nobody uses.
func (s *stack) addStrings(c *flowCall, t *ops.Tensor) error {
	s.strings = append(s.strings, t.Strings()...)
	return s.grow(c, len(s.strings)*stringHeaderBytes)
}

// grow makes room for n bytes.
func (s *stack) grow(c *flowCall, n int) error {
	if s.memory != nil && n <= len(s.memory.Bytes()) {
		return nil
	}
	l := &c.frame.act.ledger
	room := max(n, leastStack)
	if s.memory != nil {
		room = max(room, 2*len(s.memory.Bytes()))
	}
	b, err := l.alloc(room)
	if err != nil {
		return err
	}
	memory, err := ops.FromBytes(ops.Uint8, ops.Shape{room}, b)
	if err != nil {
		return err
	}
	if err := l.hold(memory); err != nil {
		return err
	}
	if s.memory != nil {
		copy(b, s.memory.Bytes()[:s.used])
		l.drop(s.memory)
	}
	s.memory = memory
	return nil
}

// tensor is all that was added, along a new first axis.
func (s *stack) tensor() (*ops.Tensor, error) {
	shape := append(ops.Shape{s.trips}, s.shape...)
	if s.dtype == ops.String {
		return ops.OfStrings(s.strings, shape...), nil
	}
	return ops.FromBytes(s.dtype, shape, s.memory.Bytes()[:s.used])
}

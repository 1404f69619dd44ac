package graph

import (
	"fmt"

	"github.com/tconv/tconv/ops"
)

// flow is an operator that runs sub-graphs: If, Loop, Scan, SequenceMap.
type flow interface {
	ops.Op
	// bodies are its sub-graphs; a run gets one [body] for each.
	bodies() []*subgraph
	// inferIn is Infer, within the limits of f, for inputs of which some are not
	// known yet: those have the zero Spec. It never gives a Const.
	inferIn(f *folder, n *Node, in []ops.Spec) ([]ops.Spec, error)
	// compute runs the operator.
	compute(c *flowCall) error
}

// notPlain is the part of an Op that no flow has: outside of a plan there is
// nothing that could run a sub-graph.
type notPlain struct{}

// Infer is never called: the graph asks inferIn.
func (notPlain) Infer([]ops.Spec) ([]ops.Spec, error) {
	panic("BUG: an operator with sub-graphs is inferred by its graph")
}

// Run is never called: the plan asks compute.
func (notPlain) Run(*ops.Call, []*ops.Tensor, []*ops.Tensor) error {
	panic("BUG: an operator with sub-graphs is run by its plan")
}

// bodyOf reads an attribute that holds a sub-graph.
func bodyOf(n *ops.Node, name string) *subgraph {
	s, _ := n.Body(name).(*subgraph)
	if s == nil {
		n.Fail("attribute %s is missing", name)
	}
	return s
}

// block is a sub-graph in a plan: a model of its own, with a plan for each set of
// shapes that runs give it.
type block struct {
	model *Model
	from  []int // as in subgraph
}

// bindFlow makes a step of an operator with sub-graphs. It allocates outputs when
// it runs, unless all their shapes are known.
func (s *Step) bindFlow(fl flow, in []ops.Spec, static bool, opt *CompileOptions) {
	s.flow, s.Dynamic, s.Kernel = fl, !static, "sub-graph"
	for _, body := range fl.bodies() {
		bound := body.bind(in)
		s.blocks = append(s.blocks, block{from: bound.from, model: &Model{
			graph: bound.graph, inner: true, sessions: map[*Session]struct{}{},
			opt:  RunOptions{Kernels: opt.Kernels, Reference: opt.Reference, Limits: opt.Limits, Shaped: true},
			pool: opt.Pool, packed: opt.Packed, budget: opt.budget, weights: &weights{},
		}})
	}
}

// body runs a sub-graph of one step of a frame.
type body struct {
	block   *block
	session *Session
	args    []*ops.Tensor
}

func newBody(b *block) *body { return &body{block: b, session: b.model.NewSession()} }

// flowCall is one run of an operator with sub-graphs.
type flowCall struct {
	frame  *frame
	bodies []*body
	in     []*ops.Tensor // inputs of the node, captured values among them
	out    []*ops.Tensor // memory where the shapes are known before, else nil: to be made
	wanted []bool        // outputs that somebody reads
	drops  []*ops.Tensor // values to let go of when the outputs are taken
}

// stepFlow runs a step with sub-graphs.
func (f *frame) stepFlow(s *Step, b *boundStep) (err error) {
	defer recovered(&err)
	c := &flowCall{frame: f, bodies: b.bodies, in: b.in, out: make([]*ops.Tensor, len(b.out)), wanted: make([]bool, len(b.out))}
	for i, t := range b.out {
		c.wanted[i] = t != nil
		if !s.Dynamic {
			c.out[i] = t
		}
	}
	if err := s.flow.compute(c); err != nil {
		return err
	}
	if err := f.takeOutputs(s, b, c.out); err != nil {
		return err
	}
	for _, t := range c.drops {
		f.act.ledger.drop(t)
	}
	return nil
}

// trip counts one more run of a sub-graph.
func (c *flowCall) trip() error {
	act := c.frame.act
	if act.stop.Load() {
		return c.frame.call.Err()
	}
	if act.trips == 0 {
		return fmt.Errorf("%w: the loops of the model have taken %d trips in this run, more than allowed; raise the limit LoopTrips",
			ErrLimit, c.frame.plan.trips)
	}
	act.trips--
	return nil
}

// prepare gets a plan for what the sub-graph declares and captures.
func (c *flowCall) prepare(b *body, own []*ops.Tensor) error {
	b.args = b.args[:0]
	specs := b.session.specs[:0]
	for _, from := range b.block.from {
		t := (*ops.Tensor)(nil)
		if from >= 0 {
			t = own[from]
		} else {
			t = c.in[^from]
		}
		b.args, specs = append(b.args, t), append(specs, t.Spec())
	}
	b.session.specs = specs
	err := b.session.prepare()
	clear(specs)
	return err
}

// run runs a sub-graph on values for the inputs that it declares. results has one
// element per output: memory of the right shape, which is written, or the zero
// Tensor, which becomes a value that is held once.
func (c *flowCall) run(b *body, own, results []*ops.Tensor) error {
	if err := c.prepare(b, own); err != nil {
		return err
	}
	return c.runPrepared(b, results)
}

func (c *flowCall) runPrepared(b *body, results []*ops.Tensor) error {
	l := &c.frame.act.ledger
	mark := l.mark()
	err := b.session.frame.compute(c.frame.act, b.args, results, nil)
	l.sweep(mark)
	clear(b.args)
	return err
}

// runReusing is run, except that results may hold memory from an earlier trip:
// it is written where its shape fits, and let go of where not.
func (c *flowCall) runReusing(b *body, own, results []*ops.Tensor) error {
	if err := c.prepare(b, own); err != nil {
		return err
	}
	p := b.session.frame.plan
	for i, id := range p.Graph.Outputs {
		at := p.places[id]
		if results[i].DType() == ops.Undefined || at.kind == placeOutput && at.index == i && sameShape(results[i].Spec(), p.Graph.Value(id).Spec) {
			continue
		}
		c.frame.act.ledger.drop(results[i])
		results[i] = new(ops.Tensor)
	}
	return c.runPrepared(b, results)
}

// reuse gives a value that is read no more as memory for the next trip, or lets go
// of it where others use its memory too.
func (c *flowCall) reuse(t *ops.Tensor) *ops.Tensor {
	l := &c.frame.act.ledger
	if l.exclusive(t) {
		return t
	}
	l.drop(t)
	return new(ops.Tensor)
}

// dropLater lets go of a value once the outputs are taken.
func (c *flowCall) dropLater(t *ops.Tensor) { c.drops = append(c.drops, t) }

// give makes t output i. Values of the run are shared; others, which may lie in
// memory that changes, are copied.
func (c *flowCall) give(i int, t *ops.Tensor) error {
	switch dst := c.out[i]; {
	case !c.wanted[i] || dst == t:
		return nil
	case dst != nil:
		if !sameShape(dst.Spec(), t.Spec()) {
			return fmt.Errorf("%w: output %d is %v, inferred was %v", ErrInternal, i, t, dst)
		}
		copyTensor(dst, t)
		return nil
	}
	own, err := c.own(t)
	c.out[i] = own
	return err
}

// own gives t, or a copy in memory of the run where t may lie in other memory,
// which others write later.
func (c *flowCall) own(t *ops.Tensor) (*ops.Tensor, error) {
	if t.Kind() != ops.KindTensor || c.frame.act.ledger.owns(t) {
		return t, nil
	}
	y, err := c.frame.call.New(t.DType(), t.Shape().Clone())
	if err == nil {
		copyTensor(y, t)
	}
	return y, err
}

// copyTensor copies the elements of x to y, of the same type and shape.
func copyTensor(y, x *ops.Tensor) {
	copy(y.Bytes(), x.Bytes())
	copy(y.Strings(), x.Strings())
}

// outputType is what output i of a sub-graph is when it does not run: for the
// values that [flowCall.prepare] got, or else as the file declares it, open
// dimensions being 0.
func (c *flowCall) outputType(b *body, own []*ops.Tensor, i int) (ops.Spec, error) {
	if err := c.prepare(b, own); err == nil {
		g := b.session.frame.plan.Graph
		clear(b.args)
		if s := g.Value(g.Outputs[i]).Spec; s.Static() || s.Kind != ops.KindTensor {
			return unvalued(s), nil
		}
	}
	s := b.block.model.graph.Declared[i]
	if isHalf(s.DType) {
		s.DType = ops.Float32 // see widenHalf
	}
	if s.Omitted() {
		return s, unsupportedf("the body does not run and does not say of what type its output %d is", i)
	}
	s.Shape = s.Shape.Clone()
	for k, d := range s.Shape {
		s.Shape[k] = max(d, 0)
	}
	if s.Shape == nil {
		s.Shape = ops.Scalar()
	}
	return s, nil
}

// condition reads a bool of one element.
func condition(name string, t *ops.Tensor) (bool, error) {
	if t.Kind() != ops.KindTensor || t.DType() != ops.Bool || t.Len() != 1 {
		return false, fmt.Errorf("%s is %v, want a bool of one element", name, t)
	}
	return ops.Data[bool](t)[0], nil
}

// knownCondition is the value of a condition where it is known.
func knownCondition(name string, s ops.Spec) (value, known bool, err error) {
	if s.Const != nil {
		value, err = condition(name, s.Const)
		return value, true, err
	}
	if !s.Omitted() && (s.Kind != ops.KindTensor || s.DType != ops.Bool) {
		return false, false, fmt.Errorf("%s is %v, want a bool of one element", name, s)
	}
	return false, false, nil
}

// sameType reports whether both are known and agree in type and shape.
func sameType(a, b ops.Spec) bool {
	if a.Kind != ops.KindTensor {
		return a.Kind == b.Kind && a.Holds == b.Holds && a.DType == b.DType && !a.Omitted()
	}
	return sameShape(a, b)
}

// unknownOutputs says nothing about the outputs of n.
func unknownOutputs(n *Node) []ops.Spec { return make([]ops.Spec, len(n.Outputs)) }

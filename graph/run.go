package graph

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/tconv/tconv/ops"
)

// activation is what the frames of one run share: that of the graph and those of
// its sub-graphs.
type activation struct {
	ctx    context.Context
	stop   *atomic.Bool // set when ctx ends
	ledger ledger
	trips  int // that loops may still take
}

// run computes the outputs. outputs has one element per graph output: a tensor
// of the right type and shape whose memory is written, or one that is empty
// (the zero Tensor) and receives memory of its own.
func (f *frame) run(ctx context.Context, inputs, outputs []*ops.Tensor, observe func(Event)) (err error) {
	if err := context.Cause(ctx); err != nil {
		return fmt.Errorf("%w: %w", ErrCanceled, err)
	}
	defer recovered(&err)
	act := &f.own
	// A new flag for each run: a context that ends just when the run does sets one
	// that nobody reads any more.
	act.ctx, act.stop, act.trips = ctx, new(atomic.Bool), f.plan.trips
	stop := act.stop
	if ctx.Done() != nil {
		defer context.AfterFunc(ctx, func() { stop.Store(true) })()
	}
	defer act.ledger.close()
	return f.compute(act, inputs, outputs, observe)
}

// compute is run as a part of a run that goes on.
func (f *frame) compute(act *activation, inputs, outputs []*ops.Tensor, observe func(Event)) error {
	f.act = act
	defer f.release()
	f.call.Begin(act.ctx, act.stop)
	f.bindInputs(inputs)
	if err := f.bindOutputs(outputs); err != nil {
		return err
	}
	for _, id := range f.late {
		f.bindView(id)
	}
	for i := range f.steps {
		if err := f.step(i, observe); err != nil {
			return f.plan.Steps[i].Node.at(f.explain(act.ctx, err))
		}
		if act.stop.Load() {
			return fmt.Errorf("%w: %w", ErrCanceled, context.Cause(act.ctx))
		}
	}
	return f.finish(outputs)
}

// explain gives an error of a step its category: after a cancellation everything
// is one.
func (f *frame) explain(ctx context.Context, err error) error {
	if f.call.Stop().Load() && context.Cause(ctx) != nil {
		return fmt.Errorf("%w: %w", ErrCanceled, context.Cause(ctx))
	}
	return as(ErrInput, err)
}

// bindInputs points the graph inputs at the caller's tensors.
func (f *frame) bindInputs(inputs []*ops.Tensor) {
	for i, id := range f.plan.Graph.Inputs {
		f.values[id].Assign(inputs[i])
	}
}

// bindOutputs points the graph outputs at memory that the caller keeps.
func (f *frame) bindOutputs(outputs []*ops.Tensor) error {
	for i, id := range f.plan.Graph.Outputs {
		at := f.plan.places[id]
		if at.kind != placeOutput || at.index != i {
			continue
		}
		spec := f.plan.Graph.Values[id].Spec
		if outputs[i].DType() == ops.Undefined {
			if err := f.newOutput(outputs[i], spec); err != nil {
				return err
			}
		} else if got := outputs[i].Spec(); !sameShape(got, spec) {
			return fmt.Errorf("%w: output %s is %v, want %v", ErrInput, quote(f.plan.Graph.Values[id].Name), got, spec)
		}
		f.values[id].Assign(outputs[i])
	}
	return nil
}

// newOutput allocates an output of known shape.
func (f *frame) newOutput(out *ops.Tensor, spec ops.Spec) error {
	if f.inner {
		t, err := f.call.New(spec.DType, spec.Shape)
		if err != nil {
			return err
		}
		out.Assign(t)
		return f.act.ledger.hold(out)
	}
	if err := f.act.ledger.lend(spec.Bytes()); err != nil {
		return err
	}
	out.Assign(ops.NewTensor(spec.DType, spec.Shape.Clone()))
	return nil
}

// finish fills the outputs that are not memory of a step's own: constants,
// inputs, repeated outputs, and values whose shape the data decided.
func (f *frame) finish(outputs []*ops.Tensor) error {
	for i, id := range f.plan.Graph.Outputs {
		at := f.plan.places[id]
		if at.kind == placeOutput && at.index == i {
			continue
		}
		value := f.values[id]
		if outputs[i].DType() == ops.Undefined {
			if err := f.giveOutput(outputs[i], value); err != nil {
				return err
			}
			continue
		}
		got := outputs[i].Spec()
		if got.Kind != value.Kind() || got.DType != value.DType() || !got.Shape.Equal(value.Shape()) {
			return fmt.Errorf("%w: output %s is %v, want %v", ErrInput, quote(f.plan.Graph.Values[id].Name), outputs[i], value)
		}
		if value.Kind() != ops.KindTensor { // its members may be of any number and shape
			if err := f.giveOutput(outputs[i], value); err != nil {
				return err
			}
			continue
		}
		copy(outputs[i].Bytes(), value.Bytes())
		copy(outputs[i].Strings(), value.Strings())
	}
	return nil
}

// giveOutput makes an output of a value that is there. A sub-graph shares it with
// the step around it. The caller gets the value itself where nobody else will use
// its memory, else a copy.
func (f *frame) giveOutput(out, value *ops.Tensor) error {
	switch {
	case f.inner:
		out.Assign(value)
		return f.act.ledger.hold(out)
	case f.act.ledger.hand(value):
		out.Assign(value)
		return nil
	}
	if err := f.act.ledger.lend(heldBytes(value)); err != nil {
		return err
	}
	out.Assign(value.Clone())
	return nil
}

// release lets go of what belongs to one run: dynamic values, and the memory of
// the caller, which an idle frame must not keep alive.
func (f *frame) release() {
	for _, id := range f.held {
		f.drop(id)
	}
	f.held = f.held[:0]
	empty := ops.Tensor{}
	for id, v := range f.values {
		switch f.plan.places[id].kind {
		case placeInput, placeOutput, placeDynamic:
			v.Assign(&empty)
		}
	}
	for _, id := range f.late {
		f.values[id].Assign(&empty)
	}
	f.act = nil
}

// step runs step i.
func (f *frame) step(i int, observe func(Event)) error {
	s, b := &f.plan.Steps[i], &f.steps[i]
	if s.View {
		return nil
	}
	if f.labels {
		defer f.label(s)()
	}
	var start time.Time
	if observe != nil {
		start = time.Now()
	}
	f.call.SetWorkspace(b.space)
	defer f.act.ledger.sweep(f.act.ledger.mark())
	var err error
	switch {
	case s.flow != nil:
		err = f.stepFlow(s, b)
	case s.Dynamic:
		err = f.stepDynamic(s, b)
	default:
		err = runGuarded(s.runner, f.call, b.in, b.out)
	}
	if err != nil {
		return err
	}
	for _, at := range s.Margins {
		m := b.out[at.Out].Map()
		m.ZeroMargins(f.call.Pool(), at.Halo, at.Lanes)
	}
	if observe != nil {
		observe(Event{Step: i, Steps: len(f.steps), Graph: f.plan.Graph, Node: s.Node, Kernel: s.Kernel, MACs: s.MACs,
			Start: start, Elapsed: time.Since(start), Outputs: b.out})
	}
	for _, id := range s.frees {
		f.drop(id)
	}
	return nil
}

// Event tells an observer that a step has run.
type Event struct {
	Step, Steps int // its number, from 0, and how many there are
	Graph       *Graph
	Node        *Node
	Kernel      string
	MACs        int64
	Start       time.Time
	Elapsed     time.Duration
	Outputs     []*ops.Tensor // valid during the call of the observer
}

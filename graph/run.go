package graph

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/tconv/tconv/ops"
)

// run computes the outputs. outputs has one element per graph output: a tensor
// of the right type and shape whose memory is written, or one that is empty
// (the zero Tensor) and receives memory of its own.
func (f *frame) run(ctx context.Context, inputs, outputs []*ops.Tensor, observe func(Event)) (err error) {
	if err := context.Cause(ctx); err != nil {
		return fmt.Errorf("%w: %w", ErrCanceled, err)
	}
	defer recovered(&err)
	defer f.release()
	// A new flag for each run: a context that ends just when the run does sets one
	// that nobody reads any more.
	stop := new(atomic.Bool)
	if ctx.Done() != nil {
		defer context.AfterFunc(ctx, func() { stop.Store(true) })()
	}
	f.call.Begin(ctx, stop)
	f.bindInputs(inputs)
	if err := f.bindOutputs(outputs); err != nil {
		return err
	}
	for _, id := range f.late {
		f.bindView(id)
	}
	for i := range f.steps {
		if err := f.step(i, observe); err != nil {
			return f.plan.Steps[i].Node.at(f.explain(ctx, err))
		}
		if f.call.Stop().Load() {
			return fmt.Errorf("%w: %w", ErrCanceled, context.Cause(ctx))
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
			if err := f.lend(spec.Bytes()); err != nil {
				return err
			}
			outputs[i].Assign(ops.NewTensor(spec.DType, spec.Shape.Clone()))
		} else if got := outputs[i].Spec(); !sameShape(got, spec) {
			return fmt.Errorf("%w: output %s is %v, want %v", ErrInput, quote(f.plan.Graph.Values[id].Name), got, spec)
		}
		f.values[id].Assign(outputs[i])
	}
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
			if err := f.lend(heldBytes(value)); err != nil {
				return err
			}
			outputs[i].Assign(value.Clone())
			continue
		}
		if got := outputs[i].Spec(); got.Kind != value.Kind() || got.DType != value.DType() || !got.Shape.Equal(value.Shape()) {
			return fmt.Errorf("%w: output %s is %v, want %v", ErrInput, quote(f.plan.Graph.Values[id].Name), outputs[i], value)
		}
		if value.Kind() != ops.KindTensor { // its members may be of any number and shape
			outputs[i].Assign(value.Clone())
			continue
		}
		copy(outputs[i].Bytes(), value.Bytes())
		copy(outputs[i].Strings(), value.Strings())
	}
	return nil
}

// lend counts the memory of an output until the run ends; then it is the caller's.
func (f *frame) lend(n int) error {
	if err := f.budget.take(n); err != nil {
		return err
	}
	f.lent += n
	return nil
}

// release lets go of what belongs to one run: dynamic values, and the memory of
// the caller, which an idle frame must not keep alive.
func (f *frame) release() {
	f.budget.give(f.lent)
	f.lent = 0
	for id := range f.held {
		f.drop(id)
	}
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
	f.grown = 0
	var err error
	if s.Dynamic {
		err = f.stepDynamic(s, b)
	} else {
		err = runGuarded(s.runner, f.call, b.in, b.out)
	}
	f.budget.give(f.grown) // what the step allocated and no output holds
	if err != nil {
		return err
	}
	for _, k := range s.Margins {
		m := b.out[k].Map()
		m.ZeroMargins(s.lanes)
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

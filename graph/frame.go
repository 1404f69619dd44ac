package graph

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/tconv/tconv/backend/cpu"
	"github.com/tconv/tconv/ops"
)

// frame is what changes while a plan runs: one arena and one header per value.
// A frame belongs to one run at a time.
type frame struct {
	plan   *Plan
	budget *budget
	arena  *cpu.Arena
	call   *ops.Call
	stop   atomic.Bool
	values []*ops.Tensor // by ValueID; nil where nobody makes or reads it
	late   []ValueID     // views of what the caller lends: bound anew in every run
	steps  []boundStep
	held   map[ValueID]int // bytes of dynamic values, to give back
	grown  int             // bytes that the running step allocated
}

// boundStep is a step with the headers of its operands.
type boundStep struct {
	in, out []*ops.Tensor
	space   []byte
}

// newFrame takes the plan's arena from the budget.
func newFrame(p *Plan, pool *cpu.Pool, b *budget) (*frame, error) {
	if err := b.take(p.ArenaBytes); err != nil {
		return nil, err
	}
	arena, err := cpu.NewArena(p.ArenaBytes)
	if err != nil {
		b.give(p.ArenaBytes)
		return nil, fmt.Errorf("%w: %w", ErrLimit, err)
	}
	f := &frame{plan: p, budget: b, arena: arena, held: map[ValueID]int{}}
	f.call = ops.NewCall(context.Background(), pool).WithAllocator(f)
	f.bindValues()
	f.bindSteps()
	return f, nil
}

// close gives the memory back.
func (f *frame) close() {
	f.arena.Close()
	f.budget.give(f.plan.ArenaBytes)
}

// bindValues makes the headers, those of the arena pointing at their ranges.
func (f *frame) bindValues() {
	g := f.plan.Graph
	f.values = make([]*ops.Tensor, len(g.Values))
	for id := range g.Values {
		spec := g.Values[id].Spec
		switch f.plan.places[id].kind {
		case placeConst:
			f.values[id] = spec.Const
		case placeInput, placeOutput, placeDynamic, placeView:
			f.values[id] = new(ops.Tensor)
		case placeArena, placePart:
			at := f.plan.rangeOf(ValueID(id))
			f.values[id] = new(ops.Tensor)
			f.values[id].ResetLayout(spec, f.arena.Bytes(at.Offset, at.Size))
		}
	}
	for i := range f.plan.Steps {
		for id := range given(f.plan.Steps[i].Node.Outputs) {
			if f.plan.places[id].kind != placeView {
				continue
			}
			if kind := f.plan.rootKind(id); kind == placeArena || kind == placePart {
				f.bindView(id)
			} else {
				f.late = append(f.late, id)
			}
		}
	}
}

// rootKind is the kind of place whose memory id uses.
func (p *Plan) rootKind(id ValueID) placeKind {
	for p.places[id].kind == placeView {
		id = p.places[id].of
	}
	return p.places[id].kind
}

// rangeOf is where a value lies in the arena, be it inside others.
func (p *Plan) rangeOf(id ValueID) Range {
	at := p.places[id]
	rng := at.rng
	for at.kind == placePart {
		at = p.places[at.of]
		rng.Offset += at.rng.Offset
	}
	return rng
}

// bindView points a view at the memory that it shares.
func (f *frame) bindView(id ValueID) {
	spec := f.plan.Graph.Values[id].Spec
	f.values[id].ResetLayout(spec, f.values[f.plan.places[id].of].Bytes())
}

// bindSteps collects the operands of each step.
func (f *frame) bindSteps() {
	f.steps = make([]boundStep, len(f.plan.Steps))
	for i, s := range f.plan.Steps {
		f.steps[i].in = f.headers(s.Node.Inputs)
		f.steps[i].out = f.headers(s.Node.Outputs)
		if s.Workspace != nil {
			f.steps[i].space = f.arena.Bytes(s.Workspace.Offset, s.Workspace.Size)
		}
	}
}

func (f *frame) headers(ids []ValueID) []*ops.Tensor {
	out := make([]*ops.Tensor, len(ids))
	for i, id := range ids {
		if id != NoValue {
			out[i] = f.values[id]
		}
	}
	return out
}

// Alloc is the accounted allocator of operators whose outputs the data sizes.
func (f *frame) Alloc(n int) ([]byte, error) {
	if err := f.budget.take(n); err != nil {
		return nil, err
	}
	f.grown += n
	return ops.NewTensor(ops.Uint8, ops.Shape{n}).Bytes(), nil
}

// run computes the outputs. outputs has one element per graph output: a tensor
// of the right type and shape whose memory is written, or one that is empty
// (the zero Tensor) and receives memory of its own.
func (f *frame) run(ctx context.Context, inputs, outputs []*ops.Tensor, observe func(Event)) error {
	if err := context.Cause(ctx); err != nil {
		return fmt.Errorf("%w: %w", ErrCanceled, err)
	}
	f.stop.Store(false)
	if ctx.Done() != nil {
		defer context.AfterFunc(ctx, func() { f.stop.Store(true) })()
	}
	f.call.Begin(ctx, &f.stop)
	defer f.giveDynamic()
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
		if f.stop.Load() {
			return fmt.Errorf("%w: %w", ErrCanceled, context.Cause(ctx))
		}
	}
	return f.finish(outputs)
}

// explain gives an error of a step its category: after a cancellation everything
// is one.
func (f *frame) explain(ctx context.Context, err error) error {
	if f.stop.Load() && context.Cause(ctx) != nil {
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
			outputs[i].Assign(value.Clone())
			continue
		}
		if got := outputs[i].Spec(); got.Kind != value.Kind() || got.DType != value.DType() || !got.Shape.Equal(value.Shape()) {
			return fmt.Errorf("%w: output %s is %v, want %v", ErrInput, quote(f.plan.Graph.Values[id].Name), outputs[i], value)
		}
		copy(outputs[i].Bytes(), value.Bytes())
		copy(outputs[i].Strings(), value.Strings())
	}
	return nil
}

// step runs step i.
func (f *frame) step(i int, observe func(Event)) error {
	s, b := &f.plan.Steps[i], &f.steps[i]
	if s.View {
		return nil
	}
	var start time.Time
	if observe != nil {
		start = time.Now()
	}
	f.call.SetWorkspace(b.space)
	var err error
	if s.Dynamic {
		err = f.stepDynamic(s, b)
	} else {
		err = runGuarded(s.runner, f.call, b.in, b.out)
	}
	if err != nil {
		return err
	}
	for _, k := range s.Margins {
		m := b.out[k].Map()
		m.ZeroMargins(s.lanes)
	}
	if observe != nil {
		observe(Event{Step: i, Steps: len(f.steps), Node: s.Node, Kernel: s.Kernel, MACs: s.MACs,
			Start: start, Elapsed: time.Since(start), Outputs: b.out})
	}
	return nil
}

// stepDynamic runs a step whose shapes are known only now.
func (f *frame) stepDynamic(s *Step, b *boundStep) error {
	specs := make([]ops.Spec, len(b.in))
	in := slices.Clone(b.in)
	for i, t := range in {
		specs[i] = t.Spec()
	}
	want, err := s.Node.Impl.Infer(specs)
	if err != nil {
		return err
	}
	f.grown = 0
	out := make([]*ops.Tensor, len(b.out))
	for i := range out {
		if b.out[i] == nil || want[i].Kind != ops.KindTensor || !want[i].Static() {
			continue
		}
		if out[i], err = f.call.New(want[i].DType, want[i].Shape); err != nil {
			return err
		}
	}
	if err := runGuarded(s.runner, f.call, in, out); err != nil {
		return err
	}
	for i, id := range s.Node.Outputs {
		if id != NoValue {
			b.out[i].Assign(out[i])
		}
	}
	if id := s.Node.output(0); id != NoValue {
		f.held[id] += f.grown
	}
	for _, id := range s.frees {
		f.values[id].Assign(new(ops.Tensor))
		f.budget.give(f.held[id])
		delete(f.held, id)
	}
	return nil
}

// giveDynamic lets go of the dynamic values that outlived the run.
func (f *frame) giveDynamic() {
	for id, n := range f.held {
		f.budget.give(n)
		f.values[id].Assign(new(ops.Tensor))
	}
	clear(f.held)
}

// Event tells an observer that a step has run.
type Event struct {
	Step, Steps int // its number, from 0, and how many there are
	Node        *Node
	Kernel      string
	MACs        int64
	Start       time.Time
	Elapsed     time.Duration
	Outputs     []*ops.Tensor // valid during the call of the observer
}

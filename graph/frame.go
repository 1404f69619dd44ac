package graph

import (
	"context"
	"fmt"

	"github.com/tconv/tconv/backend/cpu"
	"github.com/tconv/tconv/ops"
)

// frame is what changes while a plan runs: one arena and one header per value.
// A frame belongs to one run at a time.
type frame struct {
	plan   *Plan
	budget *budget
	arena  *cpu.Arena
	labels bool // steps are named in profiles
	call   *ops.Call
	values []*ops.Tensor // by ValueID; nil where nobody makes or reads it
	late   []ValueID     // views of what the caller lends: bound anew in every run
	steps  []boundStep
	held   []ValueID   // the dynamic values that were made in this run
	own    activation  // of runs that begin here
	act    *activation // of the run that goes on
	inner  bool        // runs a sub-graph: outputs are for the step around it
}

// boundStep is a step with the headers of its operands.
type boundStep struct {
	in, out []*ops.Tensor
	space   []byte
	bodies  []*body // of a step that runs sub-graphs
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
	f := &frame{plan: p, budget: b, arena: arena}
	f.own.ledger = ledger{budget: b, loans: map[*byte]*loan{}}
	f.call = ops.NewCall(context.Background(), pool).WithAllocator(f)
	f.bindValues()
	f.bindSteps()
	return f, nil
}

// close gives the memory back.
func (f *frame) close() {
	for _, s := range f.steps {
		for _, b := range s.bodies {
			b.session.Close()
		}
	}
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
			if spec.DType == ops.String { // Go strings lie on Go's heap
				f.values[id] = ops.NewTensor(ops.String, spec.Shape)
				continue
			}
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
	spec, source := f.plan.Graph.Values[id].Spec, f.values[f.plan.places[id].of]
	if spec.DType == ops.String {
		f.values[id].Assign(source.View(spec.Shape))
		return
	}
	f.values[id].ResetLayout(spec, source.Bytes())
}

// bindSteps collects the operands of each step.
func (f *frame) bindSteps() {
	f.steps = make([]boundStep, len(f.plan.Steps))
	for i, s := range f.plan.Steps {
		f.steps[i].in = f.headers(s.Node.Inputs)
		f.steps[i].out = f.headers(s.Node.Outputs)
		for k := range s.blocks {
			f.steps[i].bodies = append(f.steps[i].bodies, newBody(&f.plan.Steps[i].blocks[k]))
		}
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

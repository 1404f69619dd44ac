package graph

import (
	"fmt"

	"github.com/tconv/tconv/ops"
)

// Alloc is the accounted allocator of operators whose outputs the data sizes.
func (f *frame) Alloc(n int) ([]byte, error) { return f.act.ledger.alloc(n) }

// stepDynamic runs a step whose shapes are known only now.
func (f *frame) stepDynamic(s *Step, b *boundStep) error {
	specs := make([]ops.Spec, len(b.in))
	for i, t := range b.in {
		specs[i] = t.Spec()
	}
	want, err := s.Node.infer(specs)
	if err != nil {
		return err
	}
	out := make([]*ops.Tensor, len(b.out))
	for i := range out {
		if b.out[i] == nil || want[i].Kind != ops.KindTensor || !want[i].Static() {
			continue
		}
		if out[i], err = f.call.New(want[i].DType, want[i].Shape); err != nil {
			return err
		}
	}
	if err := runGuarded(s.runner, f.call, b.in, out); err != nil {
		return err
	}
	return f.takeOutputs(s, b, out)
}

// takeOutputs makes what a step made the values of its outputs.
func (f *frame) takeOutputs(s *Step, b *boundStep, out []*ops.Tensor) error {
	if f.call.Stop().Load() {
		return f.call.Err() // outputs may be missing
	}
	for i, id := range s.Node.Outputs {
		switch {
		case id == NoValue:
			continue
		case out[i] == nil:
			return fmt.Errorf("%w: output %d was not made", ErrInternal, i)
		case out[i] == b.out[i]: // made where it lies
			continue
		}
		b.out[i].Assign(out[i])
		f.held = append(f.held, id)
		if err := f.act.ledger.hold(b.out[i]); err != nil {
			return err
		}
	}
	return nil
}

// drop lets go of a dynamic value that nobody reads any more.
func (f *frame) drop(id ValueID) {
	f.act.ledger.drop(f.values[id])
	f.values[id].Assign(&ops.Tensor{})
}

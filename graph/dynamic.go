package graph

import (
	"fmt"

	"github.com/tconv/tconv/ops"
)

// Alloc is the accounted allocator of operators whose outputs the data sizes.
func (f *frame) Alloc(n int) ([]byte, error) {
	if err := f.budget.take(n); err != nil {
		return nil, err
	}
	f.grown += n
	return ops.NewTensor(ops.Uint8, ops.Shape{n}).Bytes(), nil
}

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
	if f.call.Stop().Load() {
		return f.call.Err() // outputs may be missing
	}
	for i, id := range s.Node.Outputs {
		if id == NoValue {
			continue
		}
		if out[i] == nil {
			return fmt.Errorf("%w: output %d was not made", ErrInternal, i)
		}
		b.out[i].Assign(out[i])
		f.hold(id, min(heldBytes(out[i]), f.grown))
	}
	return nil
}

// hold makes a dynamic value the owner of some of the bytes that the step allocated.
func (f *frame) hold(id ValueID, n int) {
	f.grown -= n
	f.held[id] = n
}

// drop lets go of a dynamic value that nobody reads any more.
func (f *frame) drop(id ValueID) {
	f.budget.give(f.held[id])
	delete(f.held, id)
	f.values[id].Assign(&ops.Tensor{})
}

// stringHeaderBytes is what a string takes beside its text.
const stringHeaderBytes = 16

// heldBytes is the memory of a value and its members.
func heldBytes(t *ops.Tensor) int {
	n := len(t.Bytes()) + len(t.Strings())*stringHeaderBytes
	for _, e := range t.Elems() {
		n += heldBytes(e)
	}
	return n
}

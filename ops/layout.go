package ops

import (
	"fmt"

	"github.com/tconv/tconv/backend/cpu"
)

// Layout says how the elements of a float tensor [N, C, spatial axes...] lie in
// memory. The zero Layout is planar: row-major, as ONNX has it.
type Layout struct {
	Block int      // channels per group that lie side by side; 0: planar
	Halo  cpu.Halo // zeros around the spatial axes; blocked values only
}

// Planar reports whether the elements lie row-major.
func (l Layout) Planar() bool { return l.Block == 0 }

// String writes a blocked layout as c16 or, with a halo, c16+[0 1 1][0 1 1].
func (l Layout) String() string {
	switch {
	case l.Planar():
		return "planar"
	case l.Halo == cpu.Halo{}:
		return fmt.Sprintf("c%d", l.Block)
	}
	return fmt.Sprintf("c%d+%v%v", l.Block, l.Halo.Before, l.Halo.After)
}

// Blockable reports whether a value can lie in channel blocks: a float tensor of
// rank 3 to 5.
func Blockable(s Spec) bool {
	return s.DType == Float32 && s.Static() && s.Shape.Rank() >= 3 && s.Shape.Rank() <= 5
}

// mapSize gives the spatial axes of [N, C, spatial...] as depth, height, width.
func mapSize(shape Shape) (size [3]int) {
	size = [3]int{1, 1, 1}
	spatial := shape[2:]
	copy(size[3-len(spatial):], spatial)
	return size
}

// layoutBytes is the memory of a value in a layout.
func layoutBytes(d DType, shape Shape, l Layout) int {
	if l.Planar() {
		return ByteSize(d, shape)
	}
	return d.Size() * cpu.MapFloats(l.Block, shape[0], shape[1], mapSize(shape), l.Halo)
}

// Map gives the channel-blocked memory of t as kernels see it. t must be blocked.
func (t *Tensor) Map() cpu.Map {
	if t.layout.Planar() {
		panic(fmt.Sprintf("BUG: %v is planar", t))
	}
	return cpu.NewMap(units[float32](t), t.layout.Block, t.shape[0], t.shape[1], mapSize(t.shape), t.layout.Halo)
}

// Layout says how the elements lie in memory.
func (t *Tensor) Layout() Layout { return t.layout }

// ResetLayout points t at memory in the layout of a Spec, whose size data has.
// The runner uses it to bind a value to its place.
func (t *Tensor) ResetLayout(s Spec, data []byte) {
	*t = Tensor{dtype: s.DType, shape: s.Shape, layout: s.Layout, mem: data}
}

// Blocker is an Op whose bound form can work on channel-blocked values.
type Blocker interface {
	Binder
	// Blocked says how the operator works on values in blocks of k.Block
	// channels; false: not with these shapes. Bind then finds the layouts that
	// were given to inputs and outputs in the Specs of its Binding.
	Blocked(in, out []Spec, k *cpu.Kernels) (Choice, bool)
}

// Choice is how an operator works on channel-blocked values.
type Choice struct {
	In   []bool     // inputs that it takes blocked; the others are planar
	Out  []bool     // outputs that it gives blocked
	Halo []cpu.Halo // by input: the zeros that it reads around a blocked one
	// Wants says that the operator gains enough to convert a planar input for it;
	// otherwise it follows the layout of the inputs that In marks.
	Wants bool
	// PlanarOut says that output 0 may be planar as well: chosen when no reader
	// wants it blocked.
	PlanarOut bool
	// PlanarBoth says that input 0 may be planar too where output 0 is: chosen when
	// the input is planar so far.
	PlanarBoth bool
	// Alike lists the blocked inputs as which output 0 best lies, halo and all: then it
	// may take their memory, and elementwise operators treat whole maps as one row.
	Alike []int
	// Around is by how much output 0 is larger than input 0, whose pixels it has in
	// its middle: where their halos differ by as much, both may lie in one memory.
	Around cpu.Halo
	// Either says that planar inputs serve it as well as those that In marks: no
	// reason to have them blocked.
	Either bool
}

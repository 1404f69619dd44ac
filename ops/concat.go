package ops

import (
	"fmt"
	"slices"
	"unsafe"

	"github.com/tconv/tconv/backend/cpu"
)

// Concat: concat_result = the inputs, one after the other along axis.
//
//	inputs...: T, shapes that agree but for axis. concat_result: T.
//	axis: in [-rank, rank); required.
//	T: every type of at least 8 bits, strings.
//
// https://onnx.ai/onnx/operators/onnx__Concat.html (versions 4, 11, 13).
func init() {
	Register(Def{
		Name: "Concat", Since: 4, Inputs: []string{"inputs..."}, Outputs: []string{"concat_result"}, Exact: true,
		New: func(n *Node) (Op, error) {
			if !n.Has("axis") {
				n.Fail("attribute axis is missing")
			}
			if len(n.Inputs) == 0 {
				n.Fail("no inputs, want at least 1")
			}
			for i := range n.Inputs {
				if !n.HasInput(i) {
					n.Fail("input %d is omitted", i)
				}
			}
			return &concat{axis: n.Int("axis", 0)}, n.Err()
		},
	})
}

type concat struct {
	axis int
}

// Infer adds up the extents along axis.
func (o *concat) Infer(in []Spec) ([]Spec, error) {
	first := in[0]
	axis, err := normAxis(o.axis, len(first.Shape))
	if err != nil {
		return nil, err
	}
	shape := first.Shape.Clone()
	shape[axis] = 0
	for i, s := range in {
		name := fmt.Sprintf("input %d", i)
		if err := wantDense(name, s); err != nil {
			return nil, err
		}
		if err := wantSameType("input 0", first, name, s); err != nil {
			return nil, err
		}
		if len(s.Shape) != len(shape) {
			return nil, fmt.Errorf("input %d has shape %v, input 0 has %v: want one rank", i, s.Shape, first.Shape)
		}
		for k, d := range s.Shape {
			if k != axis && d != shape[k] {
				return nil, fmt.Errorf("input %d has shape %v, input 0 has %v: want them equal but for axis %d", i, s.Shape, first.Shape, axis)
			}
		}
		if shape[axis] += s.Shape[axis]; shape[axis] < 0 {
			return nil, fmt.Errorf("axis %d of the result overflows: %w", axis, ErrLimit)
		}
	}
	return one(first.DType, shape)
}

// Run copies each input to its place.
func (o *concat) Run(c *Call, in, out []*Tensor) error {
	y := out[0]
	axis, err := normAxis(o.axis, len(y.shape))
	if err != nil {
		return err
	}
	dst := y.shape.Strides()
	at := 0
	for _, x := range in {
		s := stridedCopy{shape: x.shape, dst: dst, src: x.shape.Strides(), dstOff: at}
		if err := s.run(c, y, x); err != nil {
			return err
		}
		at += x.shape[axis] * dst[axis]
	}
	return nil
}

// Blocked concatenates channels in blocks.
func (o *concat) Blocked(in, out []Spec, _ *cpu.Kernels) (Choice, bool) {
	axis, err := normAxis(o.axis, len(out[0].Shape))
	if err != nil || axis != 1 || !allBlockable(in) {
		return Choice{}, false
	}
	return Choice{In: slices.Repeat([]bool{true}, len(in)), Out: []bool{true}}, true
}

// allBlockable reports whether all values can lie in channel blocks and none is
// empty.
func allBlockable(specs []Spec) bool {
	for _, s := range specs {
		if !Blockable(s) || s.Shape.Elements() == 0 {
			return false
		}
	}
	return true
}

// Bind finds out which inputs may be made in their places in the result.
func (o *concat) Bind(b *Binding) (Step, error) {
	y := b.Out[0]
	axis, err := normAxis(o.axis, len(y.Shape))
	if err != nil {
		return nil, err
	}
	s := &concatStep{concat: o}
	if !y.Layout.Planar() {
		s.bindBlocked(b)
		return s, nil
	}
	if y.DType == String || y.DType.Bits() < 8 || product(y.Shape[:axis]) != 1 {
		return s, nil
	}
	at := 0
	for i, x := range b.In {
		s.parts = append(s.parts, Part{Out: 0, In: i, Offset: at})
		at += x.Bytes()
	}
	return s, nil
}

// concatStep is a concatenation that leaves alone what lies in its place.
type concatStep struct {
	*concat
	parts  []Part
	blocks *cpu.MapConcat // nil: planar
}

// bindBlocked plans a concatenation of channels. The groups of an input lie side
// by side in the result where there is one image and no input before has padding
// lanes.
func (s *concatStep) bindBlocked(b *Binding) {
	y := b.Out[0]
	channels := make([]int, len(b.In))
	at := 0
	for i, x := range b.In {
		channels[i] = x.Shape[1]
		whole := x.Shape[1]%y.Layout.Block == 0 || i == len(b.In)-1
		if at < 0 || !whole || y.Shape[0] != 1 || x.Layout != y.Layout {
			at = -1
			continue
		}
		s.parts = append(s.parts, Part{Out: 0, In: i, Offset: at})
		at += x.Bytes()
	}
	s.blocks = cpu.NewMapConcat(b.Kernels, channels)
}

func (s *concatStep) Needs() Needs { return Needs{Parts: s.parts} }

func (s *concatStep) Kernel() string {
	if s.blocks != nil {
		return "concat blocked"
	}
	return "concat"
}

// Run copies the inputs that do not lie in the result.
func (s *concatStep) Run(c *Call, in, out []*Tensor) error {
	if s.blocks == nil {
		return s.runPlanar(c, in, out)
	}
	y := out[0].Map()
	xs := make([]cpu.Map, len(in))
	for i, x := range in {
		xs[i] = x.Map()
	}
	s.blocks.Run(c.Pool(), c.Stop(), &y, xs)
	return nil
}

// runPlanar copies the inputs along an axis.
func (s *concatStep) runPlanar(c *Call, in, out []*Tensor) error {
	if len(s.parts) == 0 {
		return s.concat.Run(c, in, out)
	}
	for i, x := range in {
		to := out[0].Bytes()[s.parts[i].Offset:][:len(x.Bytes())]
		if unsafe.SliceData(to) != unsafe.SliceData(x.Bytes()) {
			copyBytes(c, to, x.Bytes())
		}
	}
	return nil
}

// copyBytes copies in parallel.
func copyBytes(c *Call, to, from []byte) {
	const piece, cost = 1 << 16, 6000 // some 10 bytes per nanosecond
	c.Parallel((len(from)+piece-1)/piece, cost, func(lo, hi int) { copy(to[lo*piece:], from[lo*piece:min(hi*piece, len(from))]) })
}

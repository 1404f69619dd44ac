package ops

import "fmt"

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

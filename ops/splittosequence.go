package ops

import "fmt"

// SplitToSequence: output_sequence = parts of input, one after the other along axis.
//
//	input: T, rank 1 or more. split: int32 or int64: a scalar, the extent of each
//	part along axis, the last one smaller where it does not divide; or rank 1, the
//	extent of each part, whose sum is input's. Without split the parts have extent 1.
//	axis: in [-rank, rank), default 0. keepdims: 0 removes axis from the parts, but
//	only without split; default 1.
//	T: every type of at least 8 bits, strings.
//
// https://onnx.ai/onnx/operators/onnx__SplitToSequence.html (versions 11, 24).
func init() {
	Register(Def{
		Name: "SplitToSequence", Since: 11, Inputs: []string{"input", "split?"}, Outputs: []string{"output_sequence"}, Exact: true,
		New: func(n *Node) (Op, error) {
			o := &splitToSequence{axis: n.Int("axis", 0), squeeze: !n.Bool("keepdims", true) && !n.HasInput(1)}
			return o, n.Err()
		},
	})
}

type splitToSequence struct {
	axis    int
	squeeze bool
}

// Infer gives the type.
func (o *splitToSequence) Infer(in []Spec) ([]Spec, error) {
	if err := wantDense("input", in[0]); err != nil {
		return nil, err
	}
	if _, err := normAxis(o.axis, len(in[0].Shape)); err != nil {
		return nil, err
	}
	if _, _, err := intParameter("split", in, 1); err != nil {
		return nil, err
	}
	return sequenceOf(in[0].DType)
}

// Run copies the parts.
func (o *splitToSequence) Run(c *Call, in, out []*Tensor) error {
	x := in[0]
	axis, err := normAxis(o.axis, len(x.shape))
	if err != nil {
		return err
	}
	sizes, err := o.sizes(x.shape[axis], in)
	if err != nil {
		return err
	}
	strides := x.shape.Strides()
	elems := make([]*Tensor, len(sizes))
	at := 0
	for i, size := range sizes {
		shape := x.shape.Clone()
		shape[axis] = size
		y, err := c.New(x.dtype, shape)
		if err != nil {
			return err
		}
		s := stridedCopy{shape: shape, dst: shape.Strides(), src: strides, srcOff: at}
		if err := s.run(c, y, x); err != nil {
			return err
		}
		at += size * strides[axis]
		if o.squeeze {
			y.shape = append(shape[:axis:axis], shape[axis+1:]...)
		}
		elems[i] = y
	}
	out[0] = NewSequence(x.dtype, elems)
	return nil
}

// sizes gives the extents of the parts of an axis of d elements.
func (o *splitToSequence) sizes(d int, in []*Tensor) ([]int, error) {
	size := 1
	if len(in) > 1 && in[1] != nil {
		given := in[1].Ints()
		if len(in[1].shape) == 1 {
			return given, checkParts(given, d)
		}
		size = given[0]
	}
	if size < 1 {
		return nil, fmt.Errorf("split is %d, want 1 or more", size)
	}
	var sizes []int
	for at := 0; at < d; at += min(size, d-at) {
		sizes = append(sizes, min(size, d-at))
	}
	return sizes, nil
}

// checkParts wants extents of 0 or more that add up to d.
func checkParts(sizes []int, d int) error {
	left := d
	for _, s := range sizes {
		if s < 0 || s > left {
			return fmt.Errorf("split is %v, want parts of an axis of %d elements", sizes, d)
		}
		left -= s
	}
	if left != 0 {
		return fmt.Errorf("split %v leaves %d of %d elements, want 0", sizes, left, d)
	}
	return nil
}

// ConcatFromSequence: concat_result = the members of input_sequence, one after the
// other along axis, or with new_axis = 1 stacked along a new one.
//
//	input_sequence: seq(T), at least one member; shapes that agree but for axis,
//	or entirely with new_axis = 1. concat_result: T.
//	axis: in [-rank, rank), or with new_axis = 1 in [-rank-1, rank]; required.
//	T: every type of at least 8 bits, strings.
//
// https://onnx.ai/onnx/operators/onnx__ConcatFromSequence.html (version 11).
func init() {
	Register(Def{
		Name: "ConcatFromSequence", Since: 11, Inputs: []string{"input_sequence"}, Outputs: []string{"concat_result"}, Exact: true, Members: true,
		New: func(n *Node) (Op, error) {
			if !n.Has("axis") {
				n.Fail("attribute axis is missing")
			}
			return &concatFromSequence{axis: n.Int("axis", 0), stack: n.Bool("new_axis", false)}, n.Err()
		},
	})
}

type concatFromSequence struct {
	axis  int
	stack bool
}

// Infer gives the type; the shape depends on the members.
func (o *concatFromSequence) Infer(in []Spec) ([]Spec, error) {
	if err := wantSequence("input_sequence", in[0]); err != nil {
		return nil, err
	}
	return unknownShape(in[0].DType)
}

// Run is Concat of the members, each with a new axis of extent 1 where they are stacked.
func (o *concatFromSequence) Run(c *Call, in, out []*Tensor) error {
	parts := in[0].elems
	if len(parts) == 0 {
		return fmt.Errorf("input_sequence has no members, want at least 1")
	}
	if o.stack {
		axis, err := normAxis(o.axis, len(parts[0].shape)+1)
		if err != nil {
			return err
		}
		parts = append([]*Tensor(nil), parts...)
		for i, p := range parts {
			if len(p.shape) < axis {
				return fmt.Errorf("member %d has shape %v, member 0 has %v: want them equal", i, p.shape, parts[0].shape)
			}
			shape := append(p.shape[:axis:axis], 1)
			parts[i] = p.View(append(shape, p.shape[axis:]...))
		}
	}
	op := &concat{axis: o.axis}
	want, err := op.Infer(specsOf(parts))
	if err != nil {
		return err
	}
	y, err := c.New(want[0].DType, want[0].Shape)
	if err != nil {
		return err
	}
	out[0] = y
	return op.Run(c, parts, out)
}

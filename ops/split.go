package ops

import "fmt"

// Split: outputs = parts of input, one after the other along axis.
//
//	input: T, rank 1 or more. split: int64, rank 1: the extent of each output
//	along axis; their sum is input's. outputs...: T.
//	axis: in [-rank, rank), default 0.
//	Without split the parts are equal. Before version 18 the axis must be divisible
//	by the number of outputs; since then num_outputs is given and the last part is
//	smaller where it is not.
//	T: every type of at least 8 bits, strings.
//
// Before version 13 split is an attribute.
//
// https://onnx.ai/onnx/operators/onnx__Split.html (versions 2, 11, 13, 18).
func init() {
	for _, since := range []int{2, 13, 18} {
		d := Def{Name: "Split", Since: since, Inputs: []string{"input", "split?"}, Outputs: []string{"outputs..."}, Exact: true, New: newSplit}
		if since == 2 {
			d.Inputs = d.Inputs[:1]
		}
		Register(d)
	}
}

// split keeps how many outputs there are and whether a smaller last part is fine.
type split struct {
	axis, outputs int
	uneven        bool
}

func newSplit(n *Node) (Op, error) {
	o := &split{axis: n.Int("axis", 0), outputs: len(n.Outputs)}
	if o.outputs == 0 {
		n.Fail("no outputs, want at least 1")
	}
	if n.Opset < 13 {
		if sizes := n.Ints("split"); sizes != nil {
			n.ConstInput(1, OfInts(sizes))
		}
		return o, n.Err()
	}
	if n.Opset < 18 {
		return o, n.Err()
	}
	o.uneven = true
	switch count := n.Int("num_outputs", o.outputs); {
	case n.HasInput(1) == n.Has("num_outputs"):
		n.Fail("input split and attribute num_outputs: want exactly one of them")
	case count != o.outputs:
		n.Fail("num_outputs is %d, there are %d outputs", count, o.outputs)
	}
	return o, n.Err()
}

// resolve gives the axis and the extents of the parts; nil when only the run tells.
func (o *split) resolve(in []Spec) (axis int, sizes []int, err error) {
	shape := in[0].Shape
	if axis, err = normAxis(o.axis, len(shape)); err != nil {
		return 0, nil, err
	}
	sizes, known, err := intParameter("split", in, 1)
	if err != nil || !known {
		return axis, nil, err
	}
	if sizes == nil {
		sizes, err = o.equal(shape[axis])
		return axis, sizes, err
	}
	if len(sizes) != o.outputs {
		return 0, nil, fmt.Errorf("split %v has %d parts, there are %d outputs", sizes, len(sizes), o.outputs)
	}
	left := shape[axis]
	for _, s := range sizes {
		if s < 0 || s > left {
			return 0, nil, fmt.Errorf("split is %v, want parts of axis %d of input of shape %v", sizes, axis, shape)
		}
		left -= s
	}
	if left != 0 {
		return 0, nil, fmt.Errorf("split %v leaves %d of axis %d of input of shape %v, want 0", sizes, left, axis, shape)
	}
	return axis, sizes, nil
}

// equal cuts an axis of d elements into equal parts.
func (o *split) equal(d int) ([]int, error) {
	size := (d + o.outputs - 1) / o.outputs
	last := d - size*(o.outputs-1)
	if last < 0 || last != size && !o.uneven {
		return nil, fmt.Errorf("the axis has %d elements, which do not make %d equal parts", d, o.outputs)
	}
	sizes := make([]int, o.outputs)
	for i := range sizes {
		sizes[i] = size
	}
	sizes[o.outputs-1] = last
	return sizes, nil
}

// Infer cuts the shape.
func (o *split) Infer(in []Spec) ([]Spec, error) {
	input := in[0]
	if err := wantDense("input", input); err != nil {
		return nil, err
	}
	axis, sizes, err := o.resolve(in)
	if err != nil {
		return nil, err
	}
	out := make([]Spec, o.outputs)
	for i := range out {
		out[i].DType = input.DType
		if sizes != nil {
			out[i].Shape = input.Shape.Clone()
			out[i].Shape[axis] = sizes[i]
		}
	}
	return out, nil
}

// Run copies the parts that somebody asks for.
func (o *split) Run(c *Call, in, out []*Tensor) error {
	x := in[0]
	axis, sizes, err := o.resolve(specsOf(in))
	if err != nil {
		return err
	}
	strides := x.shape.Strides()
	at := 0
	for i, y := range out {
		if y != nil {
			s := stridedCopy{shape: y.shape, dst: y.shape.Strides(), src: strides, srcOff: at}
			if err := s.run(c, y, x); err != nil {
				return err
			}
		}
		at += sizes[i] * strides[axis]
	}
	return nil
}

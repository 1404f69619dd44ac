package ops

import "fmt"

// Flatten: output = input as a matrix: the axes before axis are its rows, the
// others its columns.
//
//	input: T, any shape. output: T, [d[0]·..·d[axis-1], d[axis]·..·d[rank-1]].
//	axis: in [-rank, rank], default 1.
//	T: every type.
//
// https://onnx.ai/onnx/operators/onnx__Flatten.html (versions 1, 9, 11, 13, 21, 23, 24, 25).
func init() {
	Register(Def{
		Name: "Flatten", Since: 1, Inputs: []string{"input"}, Outputs: []string{"output"}, Exact: true,
		New: func(n *Node) (Op, error) { return &flatten{n.Int("axis", 1)}, n.Err() },
	})
}

type flatten struct {
	axis int
}

// Infer multiplies the extents on both sides of axis.
func (o *flatten) Infer(in []Spec) ([]Spec, error) {
	if err := wantAsIs("input", in[0]); err != nil {
		return nil, err
	}
	shape, axis := in[0].Shape, o.axis
	if axis < -len(shape) || axis > len(shape) {
		return nil, fmt.Errorf("axis is %d, want one in [%d, %d] for rank %d", axis, -len(shape), len(shape), len(shape))
	}
	if axis < 0 {
		axis += len(shape)
	}
	if err := checkProducts(shape[:axis], shape[axis:]); err != nil {
		return nil, err
	}
	return one(in[0].DType, Shape{product(shape[:axis]), product(shape[axis:])})
}

// checkProducts refuses parts of a shape whose product is too large, which they
// can be although the whole is not when another part holds a 0.
func checkProducts(parts ...Shape) error {
	for _, p := range parts {
		if err := p.Check(); err != nil {
			return err
		}
	}
	return nil
}

// Run copies the elements.
func (o *flatten) Run(c *Call, in, out []*Tensor) error {
	copyElements(c, out[0], in[0])
	return nil
}

// Share makes the result a view of the input.
func (o *flatten) Share([]Spec) Needs { return viewShare() }

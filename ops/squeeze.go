package ops

import (
	"fmt"
	"slices"
)

// Squeeze: squeezed = data without the given axes of extent 1.
//
//	data: T, any shape. axes: int64, rank 1; absent, every axis of extent 1.
//	squeezed: T, data's elements. T: every type.
//
// Before version 13 axes is an attribute.
//
// https://onnx.ai/onnx/operators/onnx__Squeeze.html (versions 1, 11, 13, 21, 23, 24, 25).
func init() {
	Register(
		Def{
			Name: "Squeeze", Since: 1, Inputs: []string{"data"}, Outputs: []string{"squeezed"}, Exact: true,
			New: func(n *Node) (Op, error) { return squeeze{}, axesInput(n, 1, false) },
		},
		Def{
			Name: "Squeeze", Since: 13, Inputs: []string{"data", "axes?"}, Outputs: []string{"squeezed"}, Exact: true,
			New: func(*Node) (Op, error) { return squeeze{}, nil },
		},
	)
}

// axesInput hands the attribute axes of an old version back as input i.
func axesInput(n *Node, i int, required bool) error {
	if axes := n.Ints("axes"); axes != nil {
		n.ConstInput(i, OfInts(axes))
	} else if required {
		n.Fail("attribute axes is missing")
	}
	return n.Err()
}

type squeeze struct{}

// Infer drops the axes.
func (squeeze) Infer(in []Spec) ([]Spec, error) {
	data := in[0]
	if err := wantAsIs("data", data); err != nil {
		return nil, err
	}
	axes, known, err := intParameter("axes", in, 1)
	if err != nil {
		return nil, err
	}
	if !known {
		return unknownShape(data.DType)
	}
	drop, err := normAxes(axes, len(data.Shape))
	if err != nil {
		return nil, err
	}
	shape := Shape{}
	for i, d := range data.Shape {
		named := slices.Contains(drop, i)
		if named && d != 1 {
			return nil, fmt.Errorf("axis %d of data of shape %v is squeezed, want extent 1", i, data.Shape)
		}
		if !named && (len(axes) > 0 || d != 1) {
			shape = append(shape, d)
		}
	}
	return one(data.DType, shape)
}

// Run copies the elements.
func (squeeze) Run(c *Call, in, out []*Tensor) error {
	copyElements(c, out[0], in[0])
	return nil
}

// Share makes the result a view of data.
func (squeeze) Share([]Spec) Needs { return viewShare() }

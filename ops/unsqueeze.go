package ops

import "slices"

// Unsqueeze: expanded = data with axes of extent 1 put in, so that they stand at
// the given places of the result.
//
//	data: T, any shape. axes: int64, rank 1, in any order; negative ones count
//	from the end of the result. expanded: T, data's elements. T: every type.
//
// Before version 13 axes is an attribute.
//
// https://onnx.ai/onnx/operators/onnx__Unsqueeze.html (versions 1, 11, 13, 21, 23, 24, 25).
func init() {
	Register(
		Def{
			Name: "Unsqueeze", Since: 1, Inputs: []string{"data"}, Outputs: []string{"expanded"}, Exact: true,
			New: func(n *Node) (Op, error) { return unsqueeze{}, axesInput(n, 1, true) },
		},
		Def{
			Name: "Unsqueeze", Since: 13, Inputs: []string{"data", "axes"}, Outputs: []string{"expanded"}, Exact: true,
			New: func(*Node) (Op, error) { return unsqueeze{}, nil },
		},
	)
}

type unsqueeze struct{}

// Infer puts the axes in.
func (unsqueeze) Infer(in []Spec) ([]Spec, error) {
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
	if len(axes) > MaxRank {
		return nil, unsupportedf("%d axes, want at most %d", len(axes), MaxRank)
	}
	axes, err = normAxes(axes, len(data.Shape)+len(axes))
	if err != nil {
		return nil, err
	}
	shape := data.Shape.Clone()
	for _, a := range axes {
		shape = slices.Insert(shape, a, 1)
	}
	return one(data.DType, shape)
}

// Run copies the elements.
func (unsqueeze) Run(c *Call, in, out []*Tensor) error {
	copyElements(c, out[0], in[0])
	return nil
}

// Share makes the result a view of data.
func (unsqueeze) Share([]Spec) Needs { return viewShare() }

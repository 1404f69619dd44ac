package ops

import "fmt"

// Reshape: reshaped = data's elements, in order, under another shape.
//
//	data: T, any shape. shape: int64, rank 1. reshaped: T, as many elements.
//	A 0 in shape copies data's dimension at that place, unless allowzero is 1;
//	one dimension may be -1: it is what the others leave.
//	T: every type.
//
// https://onnx.ai/onnx/operators/onnx__Reshape.html (versions 5, 13, 14, 19, 21, 23, 24, 25).
func init() {
	Register(
		Def{
			Name: "Reshape", Since: 5, Inputs: []string{"data", "shape"}, Outputs: []string{"reshaped"}, Exact: true,
			New: func(*Node) (Op, error) { return &reshape{}, nil },
		},
		Def{
			Name: "Reshape", Since: 14, Inputs: []string{"data", "shape"}, Outputs: []string{"reshaped"}, Exact: true,
			New: func(n *Node) (Op, error) { return &reshape{allowZero: n.Bool("allowzero", false)}, n.Err() },
		},
	)
}

type reshape struct {
	allowZero bool
}

// Infer resolves 0 and -1 in the wanted shape.
func (r *reshape) Infer(in []Spec) ([]Spec, error) {
	data := in[0]
	if err := wantAsIs("data", data); err != nil {
		return nil, err
	}
	want, known, err := intParameter("shape", in, 1)
	if err != nil {
		return nil, err
	}
	if !known {
		return unknownShape(data.DType)
	}
	shape, err := r.resolve(data.Shape, want)
	if err != nil {
		return nil, err
	}
	return one(data.DType, shape)
}

// resolve gives the shape of the result for data of shape from.
func (r *reshape) resolve(from Shape, want []int) (Shape, error) {
	shape := make(Shape, len(want))
	open := -1
	for i, d := range want {
		switch {
		case d == -1 && open >= 0:
			return nil, fmt.Errorf("shape %v has -1 twice, want it at most once", want)
		case d == -1:
			open, d = i, 1
		case d == 0 && !r.allowZero:
			if i >= len(from) {
				return nil, fmt.Errorf("shape %v copies dimension %d, data has shape %v", want, i, from)
			}
			d = from[i]
		}
		shape[i] = d
	}
	if err := shape.Check(); err != nil {
		return nil, err
	}
	have, got := from.Elements(), shape.Elements()
	if open < 0 {
		if got != have {
			return nil, fmt.Errorf("shape %v has %d elements, data of shape %v has %d", want, got, from, have)
		}
		return shape, nil
	}
	if got == 0 || have%got != 0 {
		return nil, fmt.Errorf("shape %v: data of shape %v has %d elements, want a positive multiple of %d to find the -1", want, from, have, got)
	}
	shape[open] = have / got
	return shape, nil
}

// Run copies the elements.
func (r *reshape) Run(c *Call, in, out []*Tensor) error {
	copyElements(c, out[0], in[0])
	return nil
}

// Share makes the result a view of data.
func (r *reshape) Share([]Spec) Needs { return viewShare() }

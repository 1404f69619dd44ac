package ops

import (
	"fmt"
	"math"
)

// CenterCropPad cuts or pads with zeros around the middle of the axes, until they
// have a given size. An odd difference leaves one more at the end to be cut, or to
// be padded.
//
//	input_data: T, any shape. shape: int32 or int64, one size for each of axes.
//	output_data: T. T: elements of any type of 8 bits or more, and strings.
//	axes: default all.
//
// https://onnx.ai/onnx/operators/onnx__CenterCropPad.html (version 18).
type centerCropPadOp struct{ axes []int }

func init() {
	Register(Def{
		Name: "CenterCropPad", Since: 18, Inputs: []string{"input_data", "shape"}, Outputs: []string{"output_data"}, Exact: true,
		New: func(n *Node) (Op, error) { return &centerCropPadOp{axes: n.Ints("axes")}, nil },
	})
}

// Infer gives the output its shape, if shape is known.
func (o *centerCropPadOp) Infer(in []Spec) ([]Spec, error) {
	if err := wantDense("input_data", in[0]); err != nil {
		return nil, err
	}
	sizes, known, err := intParameter("shape", in, 1)
	if err != nil {
		return nil, err
	}
	if !known {
		return unknownShape(in[0].DType)
	}
	shape, err := o.shape(in[0].Shape, sizes)
	if err != nil {
		return nil, err
	}
	return one(in[0].DType, shape)
}

func (o *centerCropPadOp) shape(x Shape, sizes []int) (Shape, error) {
	axes := o.axes
	if axes == nil {
		for i := range x {
			axes = append(axes, i)
		}
	}
	if _, err := normAxes(axes, len(x)); err != nil {
		return nil, err
	}
	if len(sizes) != len(axes) {
		return nil, fmt.Errorf("shape has %d values, want one for each of %d axes", len(sizes), len(axes))
	}
	out := x.Clone()
	for i, a := range axes {
		if sizes[i] < 0 || sizes[i] > math.MaxInt32 {
			return nil, fmt.Errorf("shape is %v, want values of 0 to %d", sizes, math.MaxInt32)
		}
		if a < 0 {
			a += len(x)
		}
		out[a] = sizes[i]
	}
	return out, nil
}

// Run copies what both have in the middle.
func (o *centerCropPadOp) Run(c *Call, in, out []*Tensor) error {
	x := in[0]
	if out[0] == nil {
		shape, err := o.shape(x.Shape(), in[1].Ints())
		if err == nil {
			out[0], err = c.New(x.DType(), shape)
		}
		if err != nil {
			return err
		}
	}
	y := out[0]
	clear(y.Bytes())
	clear(y.Strings())
	box := stridedCopy{shape: make(Shape, len(x.Shape())), dst: y.Shape().Strides(), src: x.Shape().Strides()}
	for k, d := range x.Shape() {
		e := y.Shape()[k]
		box.shape[k] = min(d, e)
		box.srcOff += max(0, d-e) / 2 * box.src[k]
		box.dstOff += max(0, e-d) / 2 * box.dst[k]
	}
	return box.run(c, y, x)
}

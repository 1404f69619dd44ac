package ops

import "fmt"

// ConstantOfShape: output = a tensor of the given shape, every element the same.
//
//	input: int64, rank 1: the shape; empty for a scalar. output: value's type.
//	value: a tensor of one element; absent, a float 0.
//
// https://onnx.ai/onnx/operators/onnx__ConstantOfShape.html (versions 9, 20, 21, 23, 24, 25).
func init() {
	Register(Def{
		Name: "ConstantOfShape", Since: 9, Inputs: []string{"input"}, Outputs: []string{"output"}, Exact: true,
		New: func(n *Node) (Op, error) {
			value := n.Tensor("value")
			if !n.Has("value") {
				value = Of([]float32{0}, 1)
			} else if value != nil && value.Len() != 1 {
				n.Fail("value has shape %v, want one element", value.Shape())
			}
			return constantOfShape{value}, n.Err()
		},
	})
}

type constantOfShape struct {
	value *Tensor // of one element
}

// Infer reads the shape.
func (o constantOfShape) Infer(in []Spec) ([]Spec, error) {
	shape, known, err := intParameter("input", in, 0)
	if err != nil {
		return nil, err
	}
	if !known {
		return unknownShape(o.value.dtype)
	}
	if len(in[0].Shape) != 1 {
		return nil, fmt.Errorf("input has shape %v, want rank 1", in[0].Shape)
	}
	return one(o.value.dtype, shape)
}

// Run repeats the element.
func (o constantOfShape) Run(c *Call, _, out []*Tensor) error {
	y := out[0]
	if bits := y.dtype.Bits(); bits > 0 && bits < 8 {
		elem, err := unpackBits(c, o.value)
		if err != nil {
			return err
		}
		b := byte(0)
		for at := 0; at < 8; at += bits {
			b |= elem.Bytes()[0] << at
		}
		fill(y.Bytes(), b)
		if used := y.Len() * bits % 8; used != 0 {
			y.Bytes()[len(y.Bytes())-1] &= 1<<used - 1
		}
		return nil
	}
	return stridedCopy{shape: y.shape, dst: y.shape.Strides(), src: make([]int, len(y.shape))}.run(c, y, o.value)
}

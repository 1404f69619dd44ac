package ops

import "fmt"

// EyeLike: output[i, j] = 1 where j = i + k, else 0.
//
//	input: any type, rank 2; only its shape counts. output: the same shape, of type
//	dtype or, when absent, of input's. k: int, default 0. T: numbers, bool.
//
// https://onnx.ai/onnx/operators/onnx__EyeLike.html (versions 9, 22).
func init() {
	Register(Def{
		Name: "EyeLike", Since: 9, Inputs: []string{"input"}, Outputs: []string{"output"}, Exact: true,
		New: func(n *Node) (Op, error) { return &eyeLike{n.DType("dtype", Undefined), n.Int("k", 0)}, n.Err() },
	})
}

type eyeLike struct {
	dtype DType // Undefined: input's
	k     int
}

// Infer gives the shape and the wanted type.
func (o *eyeLike) Infer(in []Spec) ([]Spec, error) {
	s := Spec{DType: o.dtype, Shape: in[0].Shape}
	if o.dtype == Undefined {
		s.DType = in[0].DType
	}
	if len(s.Shape) != 2 {
		return nil, fmt.Errorf("input has shape %v, want rank 2", s.Shape)
	}
	if !s.DType.IsFloat() && !s.DType.IsInteger() && s.DType != Bool {
		return nil, unsupportedf("output is tensor(%v), want a number or bool", s.DType)
	}
	return []Spec{s}, nil
}

// Run writes the diagonal.
func (o *eyeLike) Run(_ *Call, _, out []*Tensor) error {
	y := out[0]
	clear(y.Bytes())
	rows, cols := y.shape[0], y.shape[1]
	v := castValues{n: 1, form: castSigned}
	v.ints[0] = 1
	for i := max(0, -max(o.k, -rows)); i < rows && i < cols-min(o.k, cols); i++ {
		castTypes[y.dtype].store(y, i*cols+i+o.k, &v, castRules{})
	}
	return nil
}

package ops

import "fmt"

// ArrayFeatureExtractor: the elements of X that Y names along the last axis.
//
//	X: T [..., D]. Y: int64, any shape of K elements, in [0, D).
//	Z: T [..., K], and [1, K] of an X of rank 1.
//	T: any type of at least 8 bits.
//
// https://onnx.ai/onnx/operators/onnx_aionnxml_ArrayFeatureExtractor.html (version 1 of
// ai.onnx.ml).
type arrayFeatureExtractor struct{}

func init() {
	Register(Def{
		Name: "ArrayFeatureExtractor", Domain: "ai.onnx.ml", Since: 1, Inputs: []string{"X", "Y"}, Outputs: []string{"Z"}, Exact: true,
		New: func(*Node) (Op, error) { return arrayFeatureExtractor{}, nil },
	})
}

// Infer gives the shape of X with another last extent.
func (arrayFeatureExtractor) Infer(in []Spec) ([]Spec, error) {
	if err := firstError(wantDense("X", in[0]), wantType("Y", in[1], Int64)); err != nil {
		return nil, err
	}
	x := in[0].Shape
	if len(x) == 0 {
		return nil, fmt.Errorf("X is a scalar, want rank 1 or more")
	}
	shape := append(x[:len(x)-1:len(x)-1], product(in[1].Shape))
	if len(x) == 1 {
		shape = append(Shape{1}, shape...)
	}
	return one(in[0].DType, shape)
}

// Run copies a column for each number.
func (arrayFeatureExtractor) Run(c *Call, in, out []*Tensor) error {
	x, y := in[0].shape, in[1].Ints()
	d := x[len(x)-1]
	for i, k := range y {
		if k < 0 || k >= d {
			return fmt.Errorf("Y element %d is %d, want one in [0, %d)", i, k, d)
		}
		column := stridedCopy{shape: Shape{product(x[:len(x)-1])}, dst: []int{len(y)}, src: []int{d}, dstOff: i, srcOff: k}
		if err := column.run(c, out[0], in[0]); err != nil {
			return err
		}
	}
	return nil
}

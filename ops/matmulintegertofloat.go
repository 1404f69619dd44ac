package ops

import "fmt"

// MatMulIntegerToFloat: the product of matrices of 8 bits, as floats.
//
//	A: uint8 or int8 [batch..., M, K]. B: uint8 or int8 [batch..., K, N].
//	a_scale: float, one value. b_scale: float, one value, or one for each column.
//	a_zero_point?, b_zero_point?: the types of A and B, as many values as scales.
//	bias?: float [N]. Y: float [batch..., M, N].
//
//	Y = MatMulInteger(A, B, a_zero_point, b_zero_point) · (a_scale·b_scale) + bias
//
// Sums are int32, each other operation rounds to float, as in onnxruntime.
//
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md (com.microsoft, version 1).
type matMulIntegerToFloat struct{ integerMatMul }

func init() {
	Register(Def{
		Name: "MatMulIntegerToFloat", Domain: MicrosoftDomain, Since: 1,
		Inputs:  []string{"A", "B", "a_scale", "b_scale", "a_zero_point?", "b_zero_point?", "bias?"},
		Outputs: []string{"Y"},
		New:     func(*Node) (Op, error) { return newMatMulIntegerToFloat(), nil },
	})
}

func newMatMulIntegerToFloat() *matMulIntegerToFloat {
	return &matMulIntegerToFloat{integerMatMul{1, 4, 5}}
}

// Infer checks the inputs and gives Y.
func (o *matMulIntegerToFloat) Infer(in []Spec) ([]Spec, error) {
	s, err := o.inferSums(in)
	if err != nil {
		return nil, err
	}
	bias, zero := input(in, 6), input(in, 4)
	err = firstError(
		wantType("a_scale", in[2], Float32),
		wantType("b_scale", in[3], Float32))
	switch {
	case err != nil:
		return nil, err
	case product(in[2].Shape) != 1:
		return nil, unsupportedf("a_scale has shape %v, want one value", in[2].Shape)
	case !zero.Omitted() && product(zero.Shape) != 1:
		return nil, unsupportedf("a_zero_point has shape %v, want one value", zero.Shape)
	case product(in[3].Shape) != 1 && product(in[3].Shape) != s.n:
		return nil, unsupportedf("b_scale has shape %v, want one value or %d", in[3].Shape, s.n)
	case bias.Omitted():
		return one(Float32, s.y)
	case bias.DType != Float32 || !bias.Shape.Equal(Shape{s.n}):
		return nil, fmt.Errorf("bias is %v, want tensor(float)%v", bias, Shape{s.n})
	}
	return one(Float32, s.y)
}

// MACs counts M·N·K for every matrix of the batch.
func (o *matMulIntegerToFloat) MACs(in, out []Spec) int64 { return o.macs(in, out) }

// finish makes what turns sums into results.
func (o *matMulIntegerToFloat) finish(in, out []*Tensor) integerFinish {
	y, a, b := Data[float32](out[0]), scalarReal(in[2]), Data[float32](in[3])
	var bias []float32
	if t := tensorAt(in, 6); t != nil {
		bias = Data[float32](t)
	}
	n := 1
	if s := in[1].shape; len(s) > 1 {
		n = s[len(s)-1]
	}
	return func(at int, sums []int32) {
		for i, s := range sums {
			j := (at + i) % n
			v := float32(s) * float32(a*b[j%len(b)])
			if bias != nil {
				v += bias[j] // v is rounded: it was assigned
			}
			y[at+i] = v
		}
	}
}

// Run computes Y.
func (o *matMulIntegerToFloat) Run(c *Call, in, out []*Tensor) error {
	return o.sums(c, in, out[0], o.finish(in, out))
}

// Bind computes the sums with the float kernels.
func (o *matMulIntegerToFloat) Bind(b *Binding) (Step, error) { return o.bindSums(b, o, o.finish) }

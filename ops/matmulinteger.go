package ops

// MatMulInteger: the product of matrices of 8 bits, with sums of int32.
//
//	A: uint8 or int8 [batch..., M, K]. B: uint8 or int8 [batch..., K, N].
//	a_zero_point: the type of A: one value, or one for each row; optional.
//	b_zero_point: the type of B: one value, or one for each column; optional.
//	Y: int32 [batch..., M, N].
//
//	Y = MatMul(A - a_zero_point, B - b_zero_point)
//
// https://onnx.ai/onnx/operators/onnx__MatMulInteger.html (version 10).
type matMulInteger struct{ integerMatMul }

func init() {
	Register(Def{
		Name: "MatMulInteger", Since: 10, Inputs: []string{"A", "B", "a_zero_point?", "b_zero_point?"}, Outputs: []string{"Y"}, Exact: true,
		New: func(*Node) (Op, error) { return &matMulInteger{integerMatMul{1, 2, 3}}, nil },
	})
}

// Infer checks the inputs and gives Y.
func (o *matMulInteger) Infer(in []Spec) ([]Spec, error) {
	s, err := o.inferSums(in)
	if err != nil {
		return nil, err
	}
	return one(Int32, s.y)
}

// MACs counts M·N·K for every matrix of the batch.
func (o *matMulInteger) MACs(in, out []Spec) int64 { return o.macs(in, out) }

// copySums gives the sums as they are.
func copySums(_, out []*Tensor) integerFinish {
	return func(at int, sums []int32) { copy(Data[int32](out[0])[at:], sums) }
}

// Run computes Y.
func (o *matMulInteger) Run(c *Call, in, out []*Tensor) error {
	return o.sums(c, in, out[0], copySums(in, out))
}

// Bind computes the sums with the float kernels.
func (o *matMulInteger) Bind(b *Binding) (Step, error) { return o.bindSums(b, o, copySums) }

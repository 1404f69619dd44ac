package ops

// ConvInteger: a convolution of values of 8 bits, with sums of int32.
//
//	x: uint8 or int8 [N, C, D1...]. w: uint8 or int8 [M, C/group, k1...].
//	x_zero_point: the type of x, one value; optional. w_zero_point: the type of w, one
//	value or M; optional. y: int32 [N, M, E1...].
//
//	y = Conv(x - x_zero_point, w - w_zero_point)
//
// with the attributes of Conv and zeros outside x - x_zero_point.
//
// https://onnx.ai/onnx/operators/onnx__ConvInteger.html (version 10).
type convInteger struct{ integerConv }

func init() {
	Register(Def{
		Name: "ConvInteger", Since: 10, Inputs: []string{"x", "w", "x_zero_point?", "w_zero_point?"}, Outputs: []string{"y"}, Exact: true,
		New: func(n *Node) (Op, error) { return &convInteger{newIntegerConv(n, 1, 2, 3)}, n.Err() },
	})
}

// Infer checks the inputs and gives y.
func (o *convInteger) Infer(in []Spec) ([]Spec, error) {
	y, err := o.inferSums(in)
	if err != nil {
		return nil, err
	}
	return one(Int32, y)
}

// Run computes y.
func (o *convInteger) Run(c *Call, in, out []*Tensor) error {
	ys := Data[int32](out[0])
	return o.sums(c, in, out[0], func(_, at int, sums []int32) { copy(ys[at:], sums) })
}

// Bind computes the sums with the float kernels where they are exact.
func (o *convInteger) Bind(b *Binding) (Step, error) {
	return o.bindSums(b, o, func(_, out []*Tensor) sumsFinish {
		ys := Data[int32](out[0])
		return func(_, at int, sums []float32) {
			for i, s := range sums {
				ys[at+i] = int32(s)
			}
		}
	})
}

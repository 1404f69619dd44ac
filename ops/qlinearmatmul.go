package ops

// QLinearMatMul: the product of quantised matrices, quantised again.
//
//	a: uint8 or int8 [batch..., M, K], b: uint8 or int8 [batch..., K, N]; y: the type of
//	y_zero_point, [batch..., M, N].
//	a_scale: float and a_zero_point: the type of a, one value, or one for each row.
//	b_scale and b_zero_point: likewise, one for each column.
//	y_scale: float and y_zero_point: uint8 or int8, one value each.
//
//	y = saturate(round(MatMulInteger(a, b) · (a_scale·b_scale/y_scale)) + y_zero_point)
//
// Sums are int32, the factor and the product float; ties round to even.
//
// https://onnx.ai/onnx/operators/onnx__QLinearMatMul.html (versions 10, 21).
type qLinearMatMul struct{ integerMatMul }

func init() {
	Register(Def{
		Name: "QLinearMatMul", Since: 10,
		Inputs:  []string{"a", "a_scale", "a_zero_point", "b", "b_scale", "b_zero_point", "y_scale", "y_zero_point"},
		Outputs: []string{"y"},
		New:     func(*Node) (Op, error) { return &qLinearMatMul{integerMatMul{3, 2, 5}}, nil },
	})
}

// Infer checks the inputs and gives y.
func (o *qLinearMatMul) Infer(in []Spec) ([]Spec, error) {
	s, err := o.inferSums(in)
	if err != nil {
		return nil, err
	}
	err = firstError(
		wantType("a_scale", in[1], Float32),
		wantType("b_scale", in[4], Float32),
		wantSameShape("a_scale", in[1], "a_zero_point", in[2]),
		wantSameShape("b_scale", in[4], "b_zero_point", in[5]),
		wantScale("y_scale", in[6], 1),
		wantType("y_zero_point", in[7], Uint8, Int8),
		wantPerIndex("y_zero_point", in[7], 1))
	if err != nil {
		return nil, err
	}
	return one(in[7].DType, s.y)
}

// MACs counts M·N·K for every matrix of the batch.
func (o *qLinearMatMul) MACs(in, out []Spec) int64 { return o.macs(in, out) }

// scaledRows turns rows of sums into quantised values, with scales by row of a and
// by column of b.
type scaledRows struct {
	quantizer
	a, b  []float32
	y     float32
	n     int // columns of a matrix
	cells int // elements of a matrix
}

func (o *qLinearMatMul) scaledRows(in []*Tensor) *scaledRows {
	s, _ := newMatMulShape(in[0].shape, in[3].shape) // Infer checked it
	return &scaledRows{
		quantizer: newQuantizer(in[7].dtype, zeroPoint(in[7], 0)),
		a:         scaleReals(in[1], in[1].Len()), b: scaleReals(in[4], in[4].Len()), y: scalarReal(in[6]),
		n: s.n, cells: s.m * s.n,
	}
}

// storeScaled writes y[at + i] = q(sums[i]).
func storeScaled[T byteInt](r *scaledRows, y []T, at int, sums []int32) {
	a := r.a[at/r.n%len(r.a)]
	if len(r.b) == 1 {
		factor := float32(a*r.b[0]) / r.y
		for i, s := range sums {
			y[at+i] = T(r.round(float32(s) * factor))
		}
		return
	}
	for i, s := range sums {
		b := r.b[((at+i)/r.cells*r.n+(at+i)%r.n)%len(r.b)]
		y[at+i] = T(r.round(float32(s) * (float32(a*b) / r.y)))
	}
}

// finish makes what turns sums into results.
func (o *qLinearMatMul) finish(in, out []*Tensor) integerFinish {
	r, y := o.scaledRows(in), out[0]
	return func(at int, sums []int32) {
		if y.dtype == Int8 {
			storeScaled(r, Data[int8](y), at, sums)
		} else {
			storeScaled(r, Data[uint8](y), at, sums)
		}
	}
}

// Run computes y.
func (o *qLinearMatMul) Run(c *Call, in, out []*Tensor) error {
	return o.sums(c, in, out[0], o.finish(in, out))
}

// Bind computes the sums with the float kernels.
func (o *qLinearMatMul) Bind(b *Binding) (Step, error) { return o.bindSums(b, o, o.finish) }

package ops

// QLinearConv: a convolution of quantised values whose result is quantised again.
//
//	x: uint8 or int8 [N, C, D1...], x_scale: float, x_zero_point: the type of x, one value each.
//	w: uint8 or int8 [M, C/group, k1...], w_scale: float, w_zero_point: the type of w, one value or M each.
//	y_scale: float, y_zero_point: uint8 or int8, one value each. B: int32 [M], optional.
//	y: the type of y_zero_point, [N, M, E1...].
//
//	y = saturate(round((ConvInteger(x, w)[m] + B[m]) · (x_scale·w_scale[m]/y_scale)) + y_zero_point)
//
// Sums are int32, the factor and the product float; ties round to even. The
// attributes are those of Conv.
//
// https://onnx.ai/onnx/operators/onnx__QLinearConv.html (version 10) and
// com.microsoft.QLinearConv (version 1), whose attribute channels_last must be 0.
type qLinearConv struct{ integerConv }

func init() {
	inputs := []string{"x", "x_scale", "x_zero_point", "w", "w_scale", "w_zero_point", "y_scale", "y_zero_point", "B?"}
	def := Def{
		Name: "QLinearConv", Since: 10, Inputs: inputs, Outputs: []string{"y"},
		New: func(n *Node) (Op, error) { return &qLinearConv{newIntegerConv(n, 3, 2, 5)}, n.Err() },
	}
	microsoft := def
	microsoft.Domain, microsoft.Since = MicrosoftDomain, 1
	microsoft.New = func(n *Node) (Op, error) {
		if n.Bool("channels_last", false) {
			n.Unsupported("channels_last is 1, want 0")
		}
		return def.New(n)
	}
	Register(def, microsoft)
}

// Infer checks the inputs and gives y.
func (o *qLinearConv) Infer(in []Spec) ([]Spec, error) {
	shape, err := o.inferSums(in)
	if err != nil {
		return nil, err
	}
	err = firstError(
		wantScale("x_scale", in[1], 1),
		wantScale("w_scale", in[4], shape[1]),
		wantScale("y_scale", in[6], 1),
		wantType("y_zero_point", in[7], Uint8, Int8),
		wantPerIndex("y_zero_point", in[7], 1),
		wantBias(input(in, 8), shape[1]))
	if err != nil {
		return nil, err
	}
	return one(in[7].DType, shape)
}

// wantScale refuses a scale that is no float or has neither 1 nor n values.
func wantScale(name string, s Spec, n int) error {
	if err := wantType(name, s, Float32); err != nil {
		return err
	}
	return wantPerIndex(name, s, n)
}

// wantBias refuses a bias that is there and is not int32 [n].
func wantBias(b Spec, n int) error {
	if b.Omitted() {
		return nil
	}
	if err := wantType("B", b, Int32); err != nil {
		return err
	}
	if !b.Shape.Equal(Shape{n}) {
		return unsupportedf("B has shape %v, want [%d]", b.Shape, n)
	}
	return nil
}

// requantizer turns sums of int32 into quantised values: q = saturate(round((sum + bias)·factor) + zero).
type requantizer struct {
	quantizer
	factors []float32 // one for all or one for each channel
	bias    []int32   // nil, or one for each channel
}

// newRequantizer makes one from the scales of the operands and of the result.
func newRequantizer(a, b, y, yZero, bias *Tensor) *requantizer {
	r := &requantizer{quantizer: newQuantizer(yZero.dtype, zeroPoint(yZero, 0))}
	for _, s := range scaleReals(b, b.Len()) {
		r.factors = append(r.factors, float32(scalarReal(a)*s)/scalarReal(y))
	}
	if bias != nil {
		r.bias = Data[int32](bias)
	}
	return r
}

// channel gives the factor and the bias of channel m.
func (r *requantizer) channel(m int) (factor float32, bias int32) {
	if r.bias != nil {
		bias = r.bias[m]
	}
	return r.factors[min(m, len(r.factors)-1)], bias
}

// requantizeRow is y[i] = q(sums[i]) for a row of channel m.
func requantizeRow[T byteInt, S int32 | float32](r *requantizer, m int, y []T, sums []S) {
	factor, bias := r.channel(m)
	for i, s := range sums {
		y[i] = T(r.round(float32(int32(s)+bias) * factor))
	}
}

// requantizer makes the one of a run.
func (o *qLinearConv) requantizer(in []*Tensor) *requantizer {
	return newRequantizer(in[1], in[4], in[6], in[7], tensorAt(in, 8))
}

// Run computes y.
func (o *qLinearConv) Run(c *Call, in, out []*Tensor) error {
	r := o.requantizer(in)
	return o.sums(c, in, out[0], func(m, at int, sums []int32) { storeRequantized(r, m, out[0], at, sums) })
}

// storeRequantized writes a row of channel m to y from element at on.
func storeRequantized[S int32 | float32](r *requantizer, m int, y *Tensor, at int, sums []S) {
	if y.dtype == Int8 {
		requantizeRow(r, m, Data[int8](y)[at:], sums)
	} else {
		requantizeRow(r, m, Data[uint8](y)[at:], sums)
	}
}

// Bind computes the sums with the float kernels where they are exact.
func (o *qLinearConv) Bind(b *Binding) (Step, error) {
	return o.bindSums(b, o, func(in, out []*Tensor) sumsFinish {
		r := o.requantizer(in)
		return func(m, at int, sums []float32) { storeRequantized(r, m, out[0], at, sums) }
	})
}

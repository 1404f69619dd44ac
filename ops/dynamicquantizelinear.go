package ops

// DynamicQuantizeLinear: y is x quantised to uint8 with the scale and the zero
// point that its values ask for.
//
//	x: float, any shape. y: uint8, the same shape. y_scale: float. y_zero_point: uint8.
//
//	lo = min(0, least x), hi = max(0, largest x)
//	y_scale = (hi - lo) / 255, or 1 where that is 0
//	y_zero_point = round(clamp(-lo / y_scale, 0, 255)), ties to even
//	y = clamp(round(x / y_scale) + y_zero_point, 0, 255)
//
// NaN does not count and gives 0.
//
// https://onnx.ai/onnx/operators/onnx__DynamicQuantizeLinear.html (version 11).
type dynamicQuantizeLinear struct{}

func init() {
	Register(Def{
		Name: "DynamicQuantizeLinear", Since: 11, Inputs: []string{"x"}, Outputs: []string{"y", "y_scale", "y_zero_point"},
		New: func(*Node) (Op, error) { return dynamicQuantizeLinear{}, nil },
	})
}

// Infer checks the input and gives y, y_scale and y_zero_point.
func (dynamicQuantizeLinear) Infer(in []Spec) ([]Spec, error) {
	if err := wantType("x", in[0], Float32); err != nil {
		return nil, err
	}
	y, err := one(Uint8, in[0].Shape)
	return append(y, tensorSpec(Float32, Scalar()), tensorSpec(Uint8, Scalar())), err
}

// Run computes the outputs.
func (dynamicQuantizeLinear) Run(c *Call, in, out []*Tensor) error {
	xs := Data[float32](in[0])
	scale, zero := dynamicScale(xs)
	if y := tensorAt(out, 0); y != nil {
		q := newQuantizer(Uint8, int32(zero))
		ys := Data[uint8](y)
		c.Parallel(len(xs), 2, func(lo, hi int) { quantizeRow(ys[lo:hi], xs[lo:hi], scale, q) })
	}
	if s := tensorAt(out, 1); s != nil {
		Data[float32](s)[0] = scale
	}
	if z := tensorAt(out, 2); z != nil {
		Data[uint8](z)[0] = zero
	}
	return nil
}

// dynamicScale gives y_scale and y_zero_point.
func dynamicScale(xs []float32) (scale float32, zero uint8) {
	var lo, hi float32
	for _, v := range xs {
		if v < lo {
			lo = v
		}
		if v > hi {
			hi = v
		}
	}
	scale = 1
	if hi != lo {
		scale = (hi - lo) / 255
	}
	return scale, uint8(newQuantizer(Uint8, 0).round(-lo / scale))
}

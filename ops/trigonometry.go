package ops

import "math"

// Sin, Cos, Tan, Asin, Acos, Atan, Sinh, Cosh, Asinh, Acosh, Atanh: the
// trigonometric and hyperbolic functions and their inverses, angles in radians,
// element by element. NaN stays NaN; outside the domain the result is NaN.
//
//	X: T, any shape. Y: T, the same shape. T: float, double.
//
// https://onnx.ai/onnx/operators/onnx__Sin.html and so on (versions 7, 22; the
// hyperbolic ones 9, 22).
func init() {
	for _, f := range []struct {
		name  string
		since int
		f     func(float64) float64
	}{
		{"Sin", 7, math.Sin}, {"Cos", 7, math.Cos}, {"Tan", 7, math.Tan},
		{"Asin", 7, math.Asin}, {"Acos", 7, math.Acos}, {"Atan", 7, math.Atan},
		{"Sinh", 9, math.Sinh}, {"Cosh", 9, math.Cosh},
		{"Asinh", 9, math.Asinh}, {"Acosh", 9, math.Acosh}, {"Atanh", 9, math.Atanh},
	} {
		registerUnary(f.name, f.since, false, floatUnary(20, f.f))
	}
}

package ops

// QLinearWhere: Z = X where condition, else Y, each with its own scale and zero point,
// quantised to one.
//
//	condition: bool; X, Y: uint8 or int8; shapes that broadcast. Z: the type of X.
//	x_scale, y_scale, z_scale: float; x_zero_point, y_zero_point, z_zero_point: the type
//	of X; one value each.
//
//	Z = QuantizeLinear(Where(condition, DequantizeLinear(X), DequantizeLinear(Y)))
//
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md (com.microsoft, version 1).
type qLinearWhere struct{}

func init() {
	Register(Def{
		Name: "QLinearWhere", Domain: MicrosoftDomain, Since: 1,
		Inputs:  []string{"condition", "X", "x_scale", "x_zero_point", "Y", "y_scale", "y_zero_point", "z_scale", "z_zero_point"},
		Outputs: []string{"Z"},
		New:     func(*Node) (Op, error) { return qLinearWhere{}, nil },
	})
}

// Infer checks the inputs and gives Z.
func (qLinearWhere) Infer(in []Spec) ([]Spec, error) {
	d := in[1].DType
	err := firstError(
		wantType("X", in[1], Uint8, Int8),
		wantQuantization("x", in, 2, d),
		wantQuantization("y", in, 5, d),
		wantQuantization("z", in, 7, d))
	if err != nil {
		return nil, err
	}
	return whereOp{}.Infer([]Spec{in[0], in[1], in[4]})
}

// Run brings X and Y to the scale of Z, then selects.
func (qLinearWhere) Run(c *Call, in, out []*Tensor) error {
	to := quantizationAt(in, 7)
	x, err := requantized(c, in[1], quantizationAt(in, 2), to)
	if err != nil {
		return err
	}
	y, err := requantized(c, in[4], quantizationAt(in, 5), to)
	if err != nil {
		return err
	}
	return whereOp{}.Run(c, []*Tensor{in[0], x, y}, out)
}

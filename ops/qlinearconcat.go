package ops

import "fmt"

// QLinearConcat: Y = the inputs, each with its own scale and zero point, one after the
// other along axis, quantised to one.
//
//	Y_scale: float, Y_zero_point: uint8 or int8, one value each.
//	inputs...: for each operand X, X_scale, X_zero_point: uint8 or int8 of the type of
//	Y_zero_point with shapes that agree but for axis; float and that type, one value each.
//	Y: the type of Y_zero_point.
//	axis: in [-rank, rank); required.
//
//	Y = QuantizeLinear(Concat(DequantizeLinear(X), ...))
//
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md (com.microsoft, version 1).
type qLinearConcat struct{ concat Op }

func init() {
	Register(Def{
		Name: "QLinearConcat", Domain: MicrosoftDomain, Since: 1,
		Inputs: []string{"Y_scale", "Y_zero_point", "inputs..."}, Outputs: []string{"Y"},
		New: func(n *Node) (Op, error) {
			if len(n.Inputs) < 5 || (len(n.Inputs)-2)%3 != 0 {
				n.Fail("%d inputs, want Y_scale, Y_zero_point and three for each operand", len(n.Inputs))
			}
			for i := range n.Inputs {
				if !n.HasInput(i) {
					n.Fail("input %d is omitted", i)
				}
			}
			concat, err := innerOp(n, "Concat", 13)
			return &qLinearConcat{concat}, err
		},
	})
}

// Infer checks the inputs and gives Y.
func (o *qLinearConcat) Infer(in []Spec) ([]Spec, error) {
	d := in[1].DType
	if err := firstError(wantType("Y_zero_point", in[1], Uint8, Int8), wantQuantization("Y", in, 0, d)); err != nil {
		return nil, err
	}
	var operands []Spec
	for i := 2; i < len(in); i += 3 {
		name := fmt.Sprintf("input %d", i)
		if err := firstError(wantType(name, in[i], d), wantQuantization(name, in, i+1, d)); err != nil {
			return nil, err
		}
		operands = append(operands, tensorSpec(d, in[i].Shape))
	}
	return o.concat.Infer(operands)
}

// Run computes Y: operands that have its scale and zero point are copied, others go
// through a table of all values.
func (o *qLinearConcat) Run(c *Call, in, out []*Tensor) error {
	to := quantizationAt(in, 0)
	var operands []*Tensor
	for i := 2; i < len(in); i += 3 {
		x, err := requantized(c, in[i], quantizationAt(in, i+1), to)
		if err != nil {
			return err
		}
		operands = append(operands, x)
	}
	return o.concat.Run(c, operands, out)
}

// requantized is x with another scale and zero point: x itself if they are its own.
func requantized(c *Call, x *Tensor, from, to quantization) (*Tensor, error) {
	if from == to {
		return x, nil
	}
	y, err := c.New(x.dtype, x.shape)
	if err != nil {
		return nil, err
	}
	return y, requantizeBytes(c, y, x, from, to)
}

// requantizeBytes gives values of 8 bits another scale and zero point.
func requantizeBytes(c *Call, y, x *Tensor, from, to quantization) error {
	table := qLinearUnary{f: identity{}, table: true}
	scale := func(v float32) *Tensor { return Of([]float32{v}) }
	zero := func(v int32) *Tensor {
		t := NewTensor(x.dtype, Scalar())
		t.Bytes()[0] = byte(v)
		return t
	}
	return table.Run(c, []*Tensor{x, scale(from.scale), zero(from.zero), scale(to.scale), zero(to.zero)}, []*Tensor{y})
}

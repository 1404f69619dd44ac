package ops

// QLinearSigmoid, QLinearLeakyRelu, QLinearAveragePool and QLinearGlobalAveragePool:
// Y = Q(f(DQ(X))) for an operator f of ONNX on floats.
//
//	X: uint8 or int8. Y: that type, the shape that f gives.
//	X_scale, Y_scale: float, one value each. X_zero_point, Y_zero_point: the type of X,
//	one value each, 0 by default.
//	The attributes are those of f; channels_last must be 0.
//
// Q and DQ are QuantizeLinear and DequantizeLinear. QLinearSigmoid and QLinearLeakyRelu
// look up a table of all values of X.
//
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md (com.microsoft, version 1).
type qLinearUnary struct {
	f     Op
	table bool
}

func init() {
	for name, f := range map[string]string{
		"QLinearSigmoid": "Sigmoid", "QLinearLeakyRelu": "LeakyRelu",
		"QLinearAveragePool": "AveragePool", "QLinearGlobalAveragePool": "GlobalAveragePool",
	} {
		Register(Def{
			Name: name, Domain: MicrosoftDomain, Since: 1,
			Inputs: qLinearUnaryInputs, Outputs: []string{"Y"},
			New: func(n *Node) (Op, error) { return newQLinearUnary(n, f) },
		})
	}
}

var qLinearUnaryInputs = []string{"X", "X_scale", "X_zero_point?", "Y_scale", "Y_zero_point?"}

func newQLinearUnary(n *Node, f string) (Op, error) {
	o := &qLinearUnary{table: f == "Sigmoid" || f == "LeakyRelu"}
	refuseChannelsLast(n)
	const newest = 19 // of these operators
	var err error
	o.f, err = innerOp(n, f, newest)
	return o, err
}

// refuseChannelsLast reads the attribute channels_last, which must be 0.
func refuseChannelsLast(n *Node) {
	if n.Bool("channels_last", false) {
		n.Unsupported("channels_last is 1, want 0")
	}
}

// innerOp builds the operator of ONNX, at a version, whose attributes n has.
func innerOp(n *Node, name string, version int) (Op, error) {
	def, err := Lookup("", name, version)
	if err != nil {
		return nil, err
	}
	n.Op, n.Domain, n.Opset = name, "", version
	op, err := def.New(n)
	if err != nil {
		return nil, err
	}
	return op, n.Err()
}

// Infer checks the inputs and gives Y.
func (o *qLinearUnary) Infer(in []Spec) ([]Spec, error) {
	x := in[0]
	err := firstError(
		wantType("X", x, Uint8, Int8),
		wantQuantization("X", in, 1, x.DType),
		wantQuantization("Y", in, 3, x.DType))
	if err != nil {
		return nil, err
	}
	y, err := o.f.Infer([]Spec{tensorSpec(Float32, x.Shape)})
	if err != nil {
		return nil, err
	}
	return one(x.DType, y[0].Shape)
}

// Run computes Y.
func (o *qLinearUnary) Run(c *Call, in, out []*Tensor) error {
	from, to := quantizationAt(in, 1), quantizationAt(in, 3)
	if !o.table {
		return o.compute(c, in[0], out[0], from, to)
	}
	every, results := NewTensor(in[0].dtype, Shape{256}), NewTensor(in[0].dtype, Shape{256})
	for i := range every.Bytes() {
		every.Bytes()[i] = byte(i)
	}
	if err := o.compute(c, every, results, from, to); err != nil {
		return err
	}
	x, y := in[0].Bytes(), out[0].Bytes()
	c.Parallel(len(x), 1, func(lo, hi int) {
		for i, v := range x[lo:hi] {
			y[lo+i] = results.Bytes()[v]
		}
	})
	return nil
}

// compute runs f on floats.
func (o *qLinearUnary) compute(c *Call, x, y *Tensor, from, to quantization) error {
	xs, err := dequantized(c, x, from)
	if err != nil {
		return err
	}
	ys, err := c.New(Float32, y.shape)
	if err != nil {
		return err
	}
	if err := o.f.Run(c, []*Tensor{xs}, []*Tensor{ys}); err != nil {
		return err
	}
	to.store(c, y, ys)
	return nil
}

// dequantized gives values of 8 bits as floats.
func dequantized(c *Call, x *Tensor, q quantization) (*Tensor, error) {
	y, err := c.New(Float32, x.shape)
	if err != nil {
		return nil, err
	}
	g := granularity{kind: perTensor}
	scales, zeros := []float32{q.scale}, []float32{float32(q.zero)}
	if x.dtype == Int8 {
		dequantizeBytes[int8](c, &g, y, x, scales, zeros)
	} else {
		dequantizeBytes[uint8](c, &g, y, x, scales, zeros)
	}
	return y, nil
}

// store quantises floats to a tensor of 8 bits.
func (q quantization) store(c *Call, y, x *Tensor) {
	g := granularity{kind: perTensor}
	scales, zeros := []float32{q.scale}, []float32{float32(q.zero)}
	if y.dtype == Int8 {
		quantizeBytes[int8](c, &g, y, x, scales, zeros)
	} else {
		quantizeBytes[uint8](c, &g, y, x, scales, zeros)
	}
}

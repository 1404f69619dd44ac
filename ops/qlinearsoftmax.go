package ops

import "math"

// QLinearSoftmax: Softmax of quantised values, quantised again.
//
//	X: uint8 or int8, as for Softmax. Y: that type, the same shape.
//	X_scale, Y_scale: float, one value each. X_zero_point, Y_zero_point: the type of X,
//	one value each, 0 by default.
//	axis: as for Softmax; opset: its version: one axis from 13 on, all axes from one on before.
//
//	Y = saturate(round(Softmax((X - X_zero_point) · X_scale) · floor(1 / Y_scale)) + Y_zero_point)
//
// The factor is onnxruntime's, which is not always 1/Y_scale. Exponentials come from a
// table: there are no more than 256 differences to the largest value.
//
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md (com.microsoft, version 1).
type qLinearSoftmax struct{ axisOrTail }

func init() {
	Register(Def{
		Name: "QLinearSoftmax", Domain: MicrosoftDomain, Since: 1, Inputs: qLinearUnaryInputs, Outputs: []string{"Y"},
		New: func(n *Node) (Op, error) {
			op, err := innerOp(n, "Softmax", n.Int("opset", 13))
			if err != nil {
				return nil, err
			}
			return &qLinearSoftmax{op.(*softmax).axisOrTail}, nil
		},
	})
}

// Infer checks the inputs and gives Y.
func (o *qLinearSoftmax) Infer(in []Spec) ([]Spec, error) {
	x := in[0]
	err := firstError(
		wantType("X", x, Uint8, Int8),
		wantQuantization("X", in, 1, x.DType),
		wantQuantization("Y", in, 3, x.DType))
	if err != nil {
		return nil, err
	}
	if _, _, _, err := o.split(x.Shape); err != nil {
		return nil, err
	}
	return one(x.DType, x.Shape)
}

// Run computes Y.
func (o *qLinearSoftmax) Run(c *Call, in, out []*Tensor) error {
	x, y := in[0], out[0]
	outer, count, inner, err := o.split(x.shape)
	if err != nil || x.Len() == 0 {
		return err
	}
	from, to := quantizationAt(in, 1), quantizationAt(in, 3)
	const cost = 4
	c.Parallel(outer*inner, count*cost, func(lo, hi int) {
		t := softmaxTable{
			quantizer: newQuantizer(y.dtype, to.zero), factor: float32(math.Floor(float64(1 / to.scale))),
			values: every(x.dtype, from), count: count, stride: inner,
		}
		for i := lo; i < hi; i++ {
			at := i/inner*count*inner + i%inner
			t.row(y.Bytes()[at:], x.Bytes()[at:])
		}
	})
	return nil
}

// every is what each value of 8 bits stands for, by its bits.
func every(d DType, q quantization) (values [256]float32) {
	for bits := range values {
		v := int32(bits)
		if d == Int8 {
			v = int32(int8(bits))
		}
		values[bits] = float32(v-q.zero) * q.scale
	}
	return values
}

// softmaxTable computes rows of count quantised values that lie stride apart.
type softmaxTable struct {
	quantizer
	factor        float32
	values        [256]float32
	count, stride int
	largest       float32      // the largest value of the last row
	powers        [256]float64 // e^(value - largest), by bits
	filled        bool
}

// row computes one row.
func (t *softmaxTable) row(y, x []byte) {
	var seen [256]bool
	end := t.count * t.stride
	for i := 0; i < end; i += t.stride {
		seen[x[i]] = true
	}
	first, largest := true, float32(0)
	for bits, is := range seen {
		if v := t.values[bits]; is && (first || v > largest) {
			first, largest = false, v
		}
	}
	if !t.filled || largest != t.largest {
		t.filled, t.largest = true, largest
		for bits, v := range t.values {
			t.powers[bits] = expOf(v - largest)
		}
	}
	sum := 0.0
	for i := 0; i < end; i += t.stride {
		sum += t.powers[x[i]]
	}
	var results [256]byte
	for bits, is := range seen {
		if is {
			results[bits] = byte(t.round(float32(t.powers[bits]/sum) * t.factor))
		}
	}
	for i := 0; i < end; i += t.stride {
		y[i] = results[x[i]]
	}
}

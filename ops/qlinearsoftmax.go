package ops

// QLinearSoftmax: Y = Q(Softmax(DQ(X))); see [qLinearUnary]. The attribute opset tells
// the version of Softmax: axis means one axis from 13 on, and all axes from one on before.
//
// Where the values of a row follow each other, exponentials come from a table: there are
// no more than 256 differences to the largest value.
//
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md (com.microsoft, version 1).
type qLinearSoftmax struct {
	qLinearUnary
	softmax *softmax
}

func init() {
	Register(Def{
		Name: "QLinearSoftmax", Domain: MicrosoftDomain, Since: 1, Inputs: qLinearUnaryInputs, Outputs: []string{"Y"},
		New: func(n *Node) (Op, error) {
			op, err := innerOp(n, "Softmax", n.Int("opset", 13))
			if err != nil {
				return nil, err
			}
			return &qLinearSoftmax{qLinearUnary{f: op}, op.(*softmax)}, nil
		},
	})
}

// Run computes Y.
func (o *qLinearSoftmax) Run(c *Call, in, out []*Tensor) error {
	outer, count, inner, err := o.softmax.split(in[0].shape)
	if err != nil || in[0].Len() == 0 {
		return err
	}
	if inner != 1 {
		return o.qLinearUnary.Run(c, in, out)
	}
	from, to := quantizationAt(in, 1), quantizationAt(in, 3)
	x, y := in[0], out[0]
	const cost = 4
	c.Parallel(outer, count*cost, func(lo, hi int) {
		t := softmaxTable{x: x, from: from, to: to, quantizer: newQuantizer(y.dtype, to.zero)}
		for row := lo; row < hi; row++ {
			t.row(y.data[row*count:][:count], x.data[row*count:][:count])
		}
	})
	return nil
}

// softmaxTable computes rows of quantised values.
type softmaxTable struct {
	quantizer
	x        *Tensor // for its type
	from, to quantization
	largest  float32      // the largest value of the last row
	powers   [256]float64 // e^(value - largest) by the bits of a value
	filled   bool
	results  [256]byte
}

// value is what the bits of an element stand for.
func (t *softmaxTable) value(bits byte) float32 {
	v := int32(bits)
	if t.x.dtype == Int8 {
		v = int32(int8(bits))
	}
	return float32(v-t.from.zero) * t.from.scale
}

// row computes one row.
func (t *softmaxTable) row(y, x []byte) {
	var seen [256]bool
	for _, bits := range x {
		seen[bits] = true
	}
	first, largest := true, float32(0)
	for bits, is := range seen {
		if v := t.value(byte(bits)); is && (first || v > largest) {
			first, largest = false, v
		}
	}
	if !t.filled || largest != t.largest {
		t.filled, t.largest = true, largest
		for bits := range t.powers {
			t.powers[bits] = expOf(t.value(byte(bits)) - largest)
		}
	}
	sum := 0.0
	for _, bits := range x {
		sum += t.powers[bits]
	}
	scale := 1 / sum
	for bits, is := range seen {
		if is {
			t.results[bits] = byte(t.round(float32(float64(float32(t.powers[bits]))*scale) / t.to.scale))
		}
	}
	for i, bits := range x {
		y[i] = t.results[bits]
	}
}

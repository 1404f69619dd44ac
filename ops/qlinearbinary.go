package ops

// QLinearAdd, QLinearMul: C = A + B, C = A · B of quantised operands that broadcast,
// quantised again.
//
//	A, B: uint8 or int8, one type; C: that type, the shape to which A and B broadcast.
//	A_scale, B_scale, C_scale: float, one value each. A_zero_point, B_zero_point,
//	C_zero_point: the type of A, one value each, 0 by default.
//
// As onnxruntime computes them, in float, with one rounding for each + and · but those
// marked fma, which have one together; ties round to even after the zero point is added:
//
//	Add: C = saturate(round(fma(A, ra, fma(B, rb, C_zero - fma(ra, A_zero, rb·B_zero)))))
//	     with ra = A_scale/C_scale, rb = B_scale/C_scale
//	Mul: C = saturate(round((A - A_zero)·(B - B_zero)·(A_scale·B_scale/C_scale) + C_zero))
//
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md (com.microsoft, version 1).
type qLinearBinary struct {
	row func(p *binaryScales) binaryFormula
}

// binaryFormula is the result before it is rounded.
type binaryFormula func(a, b int32) float32

func init() {
	for name, formula := range map[string]func(p *binaryScales) binaryFormula{"QLinearAdd": qLinearAdd, "QLinearMul": qLinearMul} {
		Register(Def{
			Name: name, Domain: MicrosoftDomain, Since: 1,
			Inputs:  []string{"A", "A_scale", "A_zero_point?", "B", "B_scale", "B_zero_point?", "C_scale", "C_zero_point?"},
			Outputs: []string{"C"},
			New:     func(*Node) (Op, error) { return &qLinearBinary{formula}, nil },
		})
	}
}

// Infer checks the inputs and gives C.
func (o *qLinearBinary) Infer(in []Spec) ([]Spec, error) {
	err := firstError(
		wantType("A", in[0], Uint8, Int8),
		wantSameType("A", in[0], "B", in[3]),
		wantQuantization("A", in, 1, in[0].DType),
		wantQuantization("B", in, 4, in[0].DType),
		wantQuantization("C", in, 6, in[0].DType))
	if err != nil {
		return nil, err
	}
	shape, err := broadcastShape(in[0].Shape, in[3].Shape)
	if err != nil {
		return nil, err
	}
	return one(in[0].DType, shape)
}

// wantQuantization checks the scale at input i and the zero point behind it, which
// may be omitted: one value each.
func wantQuantization(name string, in []Spec, i int, d DType) error {
	zero := input(in, i+1)
	err := wantScale(name+"_scale", in[i], 1)
	if err != nil || zero.Omitted() {
		return err
	}
	return firstError(wantType(name+"_zero_point", zero, d), wantPerIndex(name+"_zero_point", zero, 1))
}

// quantization is a scale and a zero point.
type quantization struct {
	scale float32
	zero  int32
}

// quantizationAt reads the scale at input i and the zero point behind it.
func quantizationAt(in []*Tensor, i int) quantization {
	return quantization{scalarReal(in[i]), zeroPoint(tensorAt(in, i+1), 0)}
}

// binaryScales are the scales and zero points of a node.
type binaryScales struct{ a, b, c quantization }

func qLinearAdd(p *binaryScales) binaryFormula {
	ra, rb := p.a.scale/p.c.scale, p.b.scale/p.c.scale
	offset := float32(p.c.zero) - fma32(ra, float32(p.a.zero), rb*float32(p.b.zero))
	return func(a, b int32) float32 { return fma32(float32(a), ra, fma32(float32(b), rb, offset)) }
}

func qLinearMul(p *binaryScales) binaryFormula {
	r := float32(p.a.scale*p.b.scale) / p.c.scale
	return func(a, b int32) float32 {
		return float32(float32((a-p.a.zero)*(b-p.b.zero))*r) + float32(p.c.zero)
	}
}

// fma32 is x·y + z, rounded once: the product of two floats is exact in float64. (The
// sum is rounded to float64 first, which changes a result in 2²⁹.)
func fma32(x, y, z float32) float32 { return float32(float64(x)*float64(y) + float64(z)) }

// Share lets C take A's memory.
func (o *qLinearBinary) Share(in []Spec) Needs {
	if broadcast, err := broadcastShape(in[0].Shape, in[3].Shape); err == nil && broadcast.Equal(in[0].Shape) {
		return elementwiseShare()
	}
	return Needs{}
}

// Run computes C.
func (o *qLinearBinary) Run(c *Call, in, out []*Tensor) error {
	formula := o.row(&binaryScales{quantizationAt(in, 1), quantizationAt(in, 4), quantizationAt(in, 6)})
	if in[0].dtype == Int8 {
		runQLinearBinary[int8](c, formula, in[0], in[3], out[0])
	} else {
		runQLinearBinary[uint8](c, formula, in[0], in[3], out[0])
	}
	return nil
}

func runQLinearBinary[T byteInt](c *Call, formula binaryFormula, a, b, z *Tensor) {
	q := newQuantizer(z.dtype, 0)
	const cost = 6
	runRows(c, cost, eachPair(func(x, y T) T { return T(q.round(formula(int32(x), int32(y)))) }), a, b, z)
}

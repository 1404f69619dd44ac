package ops

// QGemm: Y = alpha · A' · B' + C of quantised matrices.
//
//	A: uint8 or int8 [M, K], or [K, M] with transA. B: uint8 or int8 [K, N], or [N, K] with transB.
//	a_scale: float, a_zero_point: the type of A, one value each. b_scale, b_zero_point: likewise,
//	or N each. C: int32 in units of alpha·a_scale·b_scale, broadcast to [M, N]; optional.
//	y_scale: float, y_zero_point: uint8 or int8, one value each; optional.
//	Y [M, N]: the type of y_zero_point, or float without it:
//
//	sum = (A' - a_zero_point)·(B' - b_zero_point) + C, int32
//	Y = saturate(round(sum · (alpha·a_scale·b_scale / y_scale)) + y_zero_point), or
//	Y = sum · (alpha·a_scale·b_scale)
//
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md (com.microsoft, version 1).
type qGemm struct {
	product        integerMatMul
	alpha          float32
	transA, transB bool
}

func init() {
	Register(Def{
		Name: "QGemm", Domain: MicrosoftDomain, Since: 1,
		Inputs:  []string{"A", "a_scale", "a_zero_point", "B", "b_scale", "b_zero_point", "C?", "y_scale?", "y_zero_point?"},
		Outputs: []string{"Y"},
		New: func(n *Node) (Op, error) {
			return &qGemm{
				product: integerMatMul{3, 2, 5}, alpha: n.Float("alpha", 1),
				transA: n.Bool("transA", false), transB: n.Bool("transB", false),
			}, n.Err()
		},
	})
}

// turned is a shape of rank 2 with its axes exchanged.
func turned(s Shape, turn bool) Shape {
	if !turn || len(s) != 2 {
		return s
	}
	return Shape{s[1], s[0]}
}

// Infer checks the inputs and gives Y.
func (o *qGemm) Infer(in []Spec) ([]Spec, error) {
	a, b, c := in[0], in[3], input(in, 6)
	if err := firstError(wantRank("A", a.Shape, 2), wantRank("B", b.Shape, 2)); err != nil {
		return nil, err
	}
	a.Shape, b.Shape = turned(a.Shape, o.transA), turned(b.Shape, o.transB)
	s, err := o.product.inferSums([]Spec{a, in[1], in[2], b, in[4], in[5]})
	if err != nil {
		return nil, err
	}
	err = firstError(
		wantScale("a_scale", in[1], 1), wantPerIndex("a_zero_point", in[2], 1),
		wantScale("b_scale", in[4], s.n), wantPerIndex("b_zero_point", in[5], s.n))
	if err != nil {
		return nil, err
	}
	if !c.Omitted() {
		if err := wantType("C", c, Int32); err != nil {
			return nil, err
		}
		if y, err := broadcastShape(c.Shape, s.y); err != nil || !y.Equal(s.y) {
			return nil, unsupportedf("C has shape %v, which does not broadcast to %v", c.Shape, s.y)
		}
	}
	y := Float32
	if scale, zero := input(in, 7), input(in, 8); !zero.Omitted() {
		if err := firstError(wantType("y_zero_point", zero, Uint8, Int8), wantQuantization("y", in, 7, zero.DType)); err != nil {
			return nil, err
		}
		y = zero.DType
	} else if !scale.Omitted() {
		return nil, unsupportedf("y_scale is given without y_zero_point, want both or none")
	}
	return one(y, s.y)
}

// MACs counts M·N·K.
func (o *qGemm) MACs(in, out []Spec) int64 {
	return multiplied(out[0].Shape.Elements(), turned(in[0].Shape, o.transA)[1])
}

// Run computes Y.
func (o *qGemm) Run(c *Call, in, out []*Tensor) error {
	a, err := turnedBytes(c, in[0], o.transA)
	if err != nil {
		return err
	}
	b, err := turnedBytes(c, in[3], o.transB)
	if err != nil {
		return err
	}
	finish := o.finish(in, out[0])
	return o.product.sums(c, []*Tensor{a, in[1], in[2], b, in[4], in[5]}, out[0], finish)
}

// turnedBytes gives a matrix of 8 bits with its axes exchanged.
func turnedBytes(c *Call, x *Tensor, turn bool) (*Tensor, error) {
	if !turn {
		return x, nil
	}
	y, err := c.New(x.dtype, turned(x.shape, true))
	if err != nil {
		return nil, err
	}
	rows, cols := x.shape[0], x.shape[1]
	s := stridedCopy{shape: x.shape, dst: []int{1, rows}, src: []int{cols, 1}}
	return y, s.run(c, y, x)
}

// finish makes what turns sums into results.
func (o *qGemm) finish(in []*Tensor, y *Tensor) func(at int, sums []int32) {
	n := y.shape[1]
	var factors []float32
	for _, s := range scaleReals(in[4], in[4].Len()) {
		f := float32(o.alpha*scalarReal(in[1])) * s
		if scale := tensorAt(in, 7); scale != nil {
			f /= scalarReal(scale)
		}
		factors = append(factors, f)
	}
	factor := func(i int) float32 { return factors[i%n%len(factors)] }
	addend := func(int) int32 { return 0 }
	if c := tensorAt(in, 6); c != nil {
		st := broadcastStrides(c.shape, y.shape)
		addend = func(i int) int32 { return Data[int32](c)[i/n*st[0]+i%n*st[1]] }
	}
	if y.dtype == Float32 {
		return func(at int, sums []int32) {
			for i, s := range sums {
				Data[float32](y)[at+i] = float32(s+addend(at+i)) * factor(at+i)
			}
		}
	}
	q := newQuantizer(y.dtype, zeroPoint(in[8], 0))
	return func(at int, sums []int32) {
		for i, s := range sums {
			y.Bytes()[at+i] = byte(q.round(float32(s+addend(at+i)) * factor(at+i)))
		}
	}
}

package ops

import "math"

// QuantizeLinear: y = saturate(round(x / y_scale) + y_zero_point), ties to even.
//
//	x: float, int32 (float16 and bfloat16, which the graph widens), any shape.
//	y_scale: float, float8e8m0 or int32: one value, one for each index of axis, or,
//	with block_size, of the shape of x with ceil(D/block_size) for axis.
//	y_zero_point: optional, the shape of y_scale. y: its type, the shape of x.
//
// The type of y is that of y_zero_point, else output_dtype (version 21), else
// uint8: uint8, int8, uint16, int16, uint4, int4, uint2, int2 and the floats of 8
// and 4 bits. Floats of 8 bits want zero points of 0; saturate (default 1) clamps
// what is beyond their largest value. The quotient is rounded to the type that
// precision names (float by default; that of int32 x is kept in double). NaN gives
// the least integer.
//
// https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html (versions 10, 13, 19, 21, 23, 24, 25)
// and com.microsoft.QuantizeLinear (version 1), which is per tensor without axis.
func init() {
	inputs, outputs := []string{"x", "y_scale", "y_zero_point?"}, []string{"y"}
	Register(
		Def{Name: "QuantizeLinear", Since: 10, Inputs: inputs, Outputs: outputs, New: newQuantizeLinear},
		Def{Name: "QuantizeLinear", Domain: MicrosoftDomain, Since: 1, Inputs: inputs, Outputs: outputs, New: func(n *Node) (Op, error) {
			return &quantizeLinear{axis: n.Int("axis", 0), castRules: castRules{saturate: n.Bool("saturate", true)}}, n.Err()
		}},
	)
}

// quantizeLinear is QuantizeLinear.
type quantizeLinear struct {
	axis, block int
	output      DType // Undefined: as the zero point says
	precision   DType // of the quotient
	castRules
}

func newQuantizeLinear(n *Node) (Op, error) {
	o := &quantizeLinear{axis: 1, castRules: castRules{saturate: true}}
	if n.Opset >= 13 {
		o.axis = n.Int("axis", 1)
	}
	if n.Opset >= 19 {
		o.saturate = n.Bool("saturate", true)
	}
	if n.Opset >= 21 {
		o.block = readBlockSize(n)
		o.output = readTypeOr0(n, "output_dtype")
	}
	if n.Opset >= 23 {
		o.precision = readTypeOr0(n, "precision")
		if p := o.precision; p != Undefined && !p.IsFloat() {
			n.Fail("precision is %v, want a floating-point type", p)
		}
	}
	return o, n.Err()
}

// readBlockSize reads the attribute block_size.
func readBlockSize(n *Node) int {
	block := n.Int("block_size", 0)
	if block < 0 {
		n.Fail("block_size is %d, want 0 or more", block)
	}
	return block
}

// readTypeOr0 reads an attribute that names an element type, or 0 for none.
func readTypeOr0(n *Node, name string) DType {
	if n.Int(name, 0) == 0 {
		return Undefined
	}
	return n.DType(name, Undefined)
}

// quantizedTypes are the types of quantised tensors.
var quantizedTypes = []DType{
	Uint8, Int8, Uint16, Int16, Uint4, Int4, Uint2, Int2,
	Float8E4M3FN, Float8E4M3FNUZ, Float8E5M2, Float8E5M2FNUZ, Float4E2M1,
}

// target is the type of y.
func (o *quantizeLinear) target(in []Spec) DType {
	switch zero := input(in, 2); {
	case !zero.Omitted():
		return zero.DType
	case o.output != Undefined:
		return o.output
	}
	return Uint8
}

// Infer checks the inputs and gives y.
func (o *quantizeLinear) Infer(in []Spec) ([]Spec, error) {
	x, scale, zero := in[0], in[1], input(in, 2)
	to := o.target(in)
	err := firstError(
		wantType("x", x, Float32, Float16, BFloat16, Int32),
		wantType("y_scale", scale, Float32, Float16, BFloat16, Int32, Float8E8M0),
		wantType("y", tensorSpec(to, nil), quantizedTypes...),
		wantSameShape("y_scale", scale, "y_zero_point", zero))
	if err != nil {
		return nil, err
	}
	if o.output != Undefined && o.output != to {
		return nil, unsupportedf("output_dtype is %v and y_zero_point tensor(%v), want one type", o.output, to)
	}
	if _, err := newGranularity(x.Shape, scale.Shape, o.axis, o.block); err != nil {
		return nil, err
	}
	return one(to, x.Shape)
}

// wantSameShape refuses an optional value that is there in another shape. One
// element may be a scalar or a vector.
func wantSameShape(nameA string, a Spec, nameB string, b Spec) error {
	if b.Omitted() || a.Shape.Equal(b.Shape) || len(a.Shape) <= 1 && len(b.Shape) <= 1 && product(a.Shape) == 1 && product(b.Shape) == 1 {
		return nil
	}
	return unsupportedf("%s has shape %v and %s %v, want one shape", nameA, a.Shape, nameB, b.Shape)
}

// Run computes y.
func (o *quantizeLinear) Run(c *Call, in, out []*Tensor) error {
	x, y := in[0], out[0]
	g, err := newGranularity(x.shape, in[1].shape, o.axis, o.block)
	if err != nil {
		return err
	}
	n := in[1].Len()
	scales, zeros := scaleReals(in[1], n), scaleReals(tensorAt(in, 2), n)
	if err := wantZero(y.dtype, zeros); err != nil {
		return err
	}
	if x.dtype == Float32 && isByteInt(y.dtype) && o.precision == Undefined {
		if y.dtype == Int8 {
			quantizeBytes[int8](c, &g, y, x, scales, zeros)
		} else {
			quantizeBytes[uint8](c, &g, y, x, scales, zeros)
		}
		return nil
	}
	elements := x.Len()
	c.Parallel((elements+castRun-1)/castRun, castRun*8, func(lo, hi int) {
		var v castValues
		for ; lo < hi; lo++ {
			at := lo * castRun
			v.n = min(castRun, elements-at)
			castTypes[x.dtype].load(x, at, &v)
			o.quantize(&v, y.dtype, &g, at, elements, scales, zeros)
			castTypes[y.dtype].store(y, at, &v, o.castRules)
		}
	})
	return nil
}

// wantZero refuses zero points of floats of 8 bits: they have none.
func wantZero(d DType, zeros []float32) error {
	if _, integer := integerLimits[d]; integer || d == Float4E2M1 {
		return nil
	}
	for i, z := range zeros {
		if z != 0 {
			return unsupportedf("zero point %d of type %v is %v, want 0", i, d, z)
		}
	}
	return nil
}

// quantizeBytes is the common case: floats to 8 bits.
func quantizeBytes[T byteInt](c *Call, g *granularity, y, x *Tensor, scales, zeros []float32) {
	ys, xs := Data[T](y), Data[float32](x)
	c.Parallel(len(xs), 2, func(lo, hi int) {
		for lo < hi {
			k, end := g.run(lo, hi)
			end = min(end, hi)
			quantizeRow(ys[lo:end], xs[lo:end], scales[k], newQuantizer(y.dtype, int32(zeros[k])))
			lo = end
		}
	})
}

// quantizeRow is y[i] = round(x[i] / scale).
func quantizeRow[T byteInt](y []T, x []float32, scale float32, q quantizer) {
	for i, v := range x {
		y[i] = T(q.round(v / scale))
	}
}

// quantize turns the elements of x from at on into those of y.
func (o *quantizeLinear) quantize(v *castValues, to DType, g *granularity, at, elements int, scales, zeros []float32) {
	_, integer := integerLimits[to]
	var q quantizer
	k, end := 0, at
	for i := range v.n {
		if at+i >= end {
			k, end = g.run(at+i, elements)
			if integer {
				q = newQuantizer(to, int32(zeros[k]))
			}
		}
		quotient := o.quotient(v, i, scales[k])
		if !integer {
			v.reals[i] = float64(quotient + zeros[k])
			continue
		}
		v.ints[i] = int64(q.round(quotient))
	}
	v.form = castReal
	if integer {
		v.form = castSigned
	}
}

// quotient is element i divided by the scale.
func (o *quantizeLinear) quotient(v *castValues, i int, scale float32) float32 {
	quotient := float32(0)
	if v.form == castReal {
		quotient = float32(v.reals[i]) / scale
	} else {
		// The whole quotient of an int32 may need more digits than a float has: it is
		// rounded here, not twice.
		quotient = float32(math.RoundToEven(float64(v.ints[i]) / float64(scale)))
	}
	switch o.precision {
	case Float16:
		return toHalf(quotient)
	case BFloat16:
		return ToBF16(quotient).Float()
	}
	return quotient
}

package ops

import "github.com/x448/float16"

// DequantizeLinear: y = (x - x_zero_point) · x_scale.
//
//	x: any type of QuantizeLinear's y, and int32; any shape.
//	x_scale: float or float8e8m0 (float16 and bfloat16, which the graph widens): one
//	value, one for each index of axis, or, with block_size, of the shape of x with
//	ceil(D/block_size) for axis.
//	x_zero_point: the type of x and the shape of x_scale, optional.
//	y: the type that output_dtype names (version 23), else that of x_scale; the shape of x.
//
// Integers are subtracted exactly (int32 wraps around), the product is rounded once.
// Floats of 8 bits want zero points of 0.
//
// https://onnx.ai/onnx/operators/onnx__DequantizeLinear.html (versions 10, 13, 19, 21, 23, 24, 25)
// and com.microsoft.DequantizeLinear (version 1), which is per tensor without axis.
func init() {
	inputs, outputs := []string{"x", "x_scale", "x_zero_point?"}, []string{"y"}
	Register(
		Def{Name: "DequantizeLinear", Since: 10, Inputs: inputs, Outputs: outputs, New: newDequantizeLinear},
		Def{Name: "DequantizeLinear", Domain: MicrosoftDomain, Since: 1, Inputs: inputs, Outputs: outputs, New: func(n *Node) (Op, error) {
			return &dequantizeLinear{axis: n.Int("axis", 0)}, n.Err()
		}},
	)
}

// dequantizeLinear is DequantizeLinear.
type dequantizeLinear struct {
	axis, block int
	output      DType // Undefined: the type of the scale
}

func newDequantizeLinear(n *Node) (Op, error) {
	o := &dequantizeLinear{axis: 1}
	if n.Opset >= 13 {
		o.axis = n.Int("axis", 1)
	}
	if n.Opset >= 21 {
		o.block = readBlockSize(n)
	}
	if n.Opset >= 23 {
		o.output = readTypeOr0(n, "output_dtype")
	}
	return o, n.Err()
}

// Infer checks the inputs and gives y.
func (o *dequantizeLinear) Infer(in []Spec) ([]Spec, error) {
	x, scale, zero := in[0], in[1], input(in, 2)
	to := o.output
	if to == Undefined {
		to = scale.DType
	}
	err := firstError(
		wantType("x", x, append([]DType{Int32}, quantizedTypes...)...),
		wantType("x_scale", scale, Float32, Float16, BFloat16, Float8E8M0),
		wantType("y", tensorSpec(to, nil), Float32, Float16, BFloat16),
		wantSameShape("x_scale", scale, "x_zero_point", zero))
	if err != nil {
		return nil, err
	}
	if !zero.Omitted() {
		if err := wantSameType("x", x, "x_zero_point", zero); err != nil {
			return nil, err
		}
	}
	if _, err := newGranularity(x.Shape, scale.Shape, o.axis, o.block); err != nil {
		return nil, err
	}
	return one(to, x.Shape)
}

// Run computes y.
func (o *dequantizeLinear) Run(c *Call, in, out []*Tensor) error {
	x, y := in[0], out[0]
	g, err := newGranularity(x.shape, in[1].shape, o.axis, o.block)
	if err != nil {
		return err
	}
	n := in[1].Len()
	scales := scaleReals(in[1], n)
	if x.dtype == Int32 {
		dequantizeInts(c, &g, y, x, scales, tensorAt(in, 2))
		return nil
	}
	zeros := scaleReals(tensorAt(in, 2), n)
	if err := wantZero(x.dtype, zeros); err != nil {
		return err
	}
	if isByteInt(x.dtype) && y.dtype == Float32 {
		if x.dtype == Int8 {
			dequantizeBytes[int8](c, &g, y, x, scales, zeros)
		} else {
			dequantizeBytes[uint8](c, &g, y, x, scales, zeros)
		}
		return nil
	}
	elements := x.Len()
	c.Parallel((elements+castRun-1)/castRun, castRun*4, func(lo, hi int) {
		var v castValues
		for ; lo < hi; lo++ {
			at := lo * castRun
			v.n = min(castRun, elements-at)
			castTypes[x.dtype].load(x, at, &v)
			k, end := 0, at
			for i := range v.n {
				if at+i >= end {
					k, end = g.run(at+i, elements)
				}
				v.reals[i] = float64((v.single(i) - zeros[k]) * scales[k])
			}
			v.form = castReal
			castTypes[y.dtype].store(y, at, &v, castRules{})
		}
	})
	return nil
}

// dequantizeBytes is the common case: 8 bits to floats.
func dequantizeBytes[T byteInt](c *Call, g *granularity, y, x *Tensor, scales, zeros []float32) {
	ys, xs := Data[float32](y), Data[T](x)
	c.Parallel(len(xs), 1, func(lo, hi int) {
		for lo < hi {
			k, end := g.run(lo, hi)
			end = min(end, hi)
			scale, zero := scales[k], int32(zeros[k])
			row := ys[lo:end]
			for i, q := range xs[lo:end] {
				row[i] = float32(int32(q)-zero) * scale
			}
			lo = end
		}
	})
}

// dequantizeInts is for int32, such as biases: their differences are exact.
func dequantizeInts(c *Call, g *granularity, y, x *Tensor, scales []float32, zero *Tensor) {
	xs := Data[int32](x)
	c.Parallel(len(xs), 2, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			k, _ := g.run(i, hi)
			q := xs[i]
			if zero != nil {
				q -= Data[int32](zero)[k]
			}
			setReal(y, i, float32(q)*scales[k])
		}
	})
}

// setReal stores element i of a tensor of float, float16 or bfloat16.
func setReal(t *Tensor, i int, v float32) {
	switch t.dtype {
	case Float32:
		Data[float32](t)[i] = v
	case Float16:
		Data[float16.Float16](t)[i] = float16.Fromfloat32(v)
	case BFloat16:
		Data[BF16](t)[i] = ToBF16(v)
	}
}

// toHalf rounds to the nearest float16.
func toHalf(v float32) float32 { return float16.Fromfloat32(v).Float32() }

package ops

// NonZero: Y = the indices of the elements of X that are not 0, one column each, in
// row-major order.
//
//	X: T, any shape; a scalar counts as [1], as onnxruntime has it.
//	Y: int64, [rank of X, number of elements found], which only the run tells.
//	T: every number of 8 bits or more, bool.
//
// https://onnx.ai/onnx/operators/onnx__NonZero.html (versions 9, 13).
func init() {
	Register(Def{
		Name: "NonZero", Since: 9, Inputs: []string{"X"}, Outputs: []string{"Y"}, Exact: true,
		New: func(*Node) (Op, error) { return nonZeroOp{}, nil },
	})
}

type nonZeroOp struct{}

// Infer cannot tell the shape.
func (nonZeroOp) Infer(in []Spec) ([]Spec, error) {
	x := in[0]
	if x.Kind != KindTensor || !x.DType.IsFloat() && !x.DType.IsInteger() && x.DType != Bool {
		return nil, unsupportedf("X is %v, want a number or bool", x)
	}
	return unknownShape(Int64)
}

// Run counts, then writes the indices.
func (nonZeroOp) Run(c *Call, in, out []*Tensor) error {
	x := in[0]
	count := 0
	eachNonZero(c, x, func(int) { count++ })
	shape := x.shape
	if len(shape) == 0 {
		shape = Shape{1}
	}
	y, err := c.New(Int64, Shape{len(shape), count})
	if err != nil {
		return err
	}
	ys, k := Data[int64](y), 0
	strides := shape.Strides()
	eachNonZero(c, x, func(i int) {
		for axis, s := range strides {
			ys[axis*count+k] = int64(i / s % shape[axis])
		}
		k++
	})
	out[0] = y
	return c.Err()
}

// eachNonZero calls f with the place of every element that is not 0, in order,
// until the run is canceled.
func eachNonZero(c *Call, x *Tensor, f func(i int)) {
	var v castValues
	for at := 0; at < x.Len() && !c.stop.Load(); at += castRun {
		v.n = min(castRun, x.Len()-at)
		castTypes[x.dtype].load(x, at, &v)
		for i := range v.n {
			if v.form == castReal && v.reals[i] != 0 || v.form != castReal && v.ints[i] != 0 {
				f(at + i)
			}
		}
	}
}

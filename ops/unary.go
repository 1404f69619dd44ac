package ops

// unaryKernel computes one element type of an operator y = f(x), element by element.
type unaryKernel func(c *Call, x, y *Tensor)

// unary is an operator y = f(x), element by element, of the same type and shape.
type unary struct {
	kernels map[DType]unaryKernel
}

// Infer gives Y the type and shape of X.
func (u *unary) Infer(in []Spec) ([]Spec, error) {
	if u.kernels[in[0].DType] == nil {
		return nil, wantType("X", in[0], sortedTypes(u.kernels)...)
	}
	return one(in[0].DType, in[0].Shape)
}

// Run computes Y = f(X).
func (u *unary) Run(c *Call, in, out []*Tensor) error {
	u.kernels[in[0].DType()](c, in[0], out[0])
	return nil
}

// Share lets Y take X's memory.
func (u *unary) Share([]Spec) Needs { return elementwiseShare() }

// mapUnary makes the kernel of y = f(x) for one Go type. cost is the rough time
// of one f in nanoseconds.
func mapUnary[T Element](cost int, f func(T) T) unaryKernel {
	return func(c *Call, x, y *Tensor) {
		xs, ys := Data[T](x), Data[T](y)
		c.Parallel(len(xs), cost, func(lo, hi int) {
			for i, v := range xs[lo:hi] {
				ys[lo+i] = f(v)
			}
		})
	}
}

// floatUnary makes the kernels of a function on reals: float64 directly, float32
// through float64, so that the result is correctly rounded almost always.
func floatUnary(cost int, f func(float64) float64) map[DType]unaryKernel {
	return map[DType]unaryKernel{
		Float32: mapUnary(cost, func(x float32) float32 { return float32(f(float64(x))) }),
		Float64: mapUnary(cost, f),
	}
}

// sortedTypes lists the keys of a table of kernels in the order of their numbers.
func sortedTypes[K any](m map[DType]K) []DType {
	var out []DType
	for d := Undefined; d <= Int2; d++ {
		if _, ok := m[d]; ok {
			out = append(out, d)
		}
	}
	return out
}

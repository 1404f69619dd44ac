package ops

import "github.com/tconv/tconv/backend/cpu"

// unaryKernel computes one element type of an operator y = f(x), element by element.
type unaryKernel struct {
	run  func(c *Call, x, y *Tensor)
	row  any // func(y, x []T), on slices of one length, which may be the same slice
	cost int // the rough time of one element in nanoseconds
}

// unary is an operator y = f(x), element by element, of the same type and shape.
type unary struct {
	kernels map[DType]unaryKernel
	vec     *cpu.VecFunc // the same on floats in terms of the vector kernels, where they have it
}

// Infer gives Y the type and shape of X.
func (u *unary) Infer(in []Spec) ([]Spec, error) {
	if _, ok := u.kernels[in[0].DType]; !ok {
		return nil, wantType("X", in[0], sortedTypes(u.kernels)...)
	}
	return one(in[0].DType, in[0].Shape)
}

// Run computes Y = f(X).
func (u *unary) Run(c *Call, in, out []*Tensor) error {
	u.kernels[in[0].DType()].run(c, in[0], out[0])
	return nil
}

// Share lets Y take X's memory.
func (u *unary) Share([]Spec) Needs { return elementwiseShare() }

// Blocked follows the layout of X.
func (u *unary) Blocked(in, _ []Spec, _ *cpu.Kernels) (Choice, bool) { return followInput(in) }

// Bind computes floats with the vector kernels, or with the plain definition row by
// row.
func (u *unary) Bind(b *Binding) (Step, error) {
	if b.In[0].DType != Float32 {
		return bindPlain(u, b), nil
	}
	if u.vec != nil {
		return bindVec(b, *u.vec), nil
	}
	k := u.kernels[Float32]
	return bindMap(b, "rows", vecChunk*k.cost, k.row.(func(y, x []float32))), nil
}

// withVec lets floats be computed by a vector kernel.
func (u *unary) withVec(v cpu.VecFunc) *unary {
	u.vec = &v
	return u
}

// mapUnary makes the kernel of y = f(x) for one Go type. cost is the rough time
// of one f in nanoseconds.
func mapUnary[T Element](cost int, f func(T) T) unaryKernel {
	return mapRows(cost, func(y, x []T) {
		for i, v := range x {
			y[i] = f(v)
		}
	})
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

package ops

import "github.com/tconv/tconv/backend/cpu"

// Blocked follows the layout of X where Y is a constant that the vector kernels know.
func (o *powOp) Blocked(in, out []Spec, k *cpu.Kernels) (Choice, bool) {
	if constantPower(k, in, out[0]) == nil {
		return Choice{}, false
	}
	return followInput(in)
}

// Bind takes the vector kernels where Y is a constant that they know.
func (o *powOp) Bind(b *Binding) (Step, error) {
	power := constantPower(b.Kernels, b.In, b.Out[0])
	if power == nil {
		return bindPlain(o, b), nil
	}
	return bindMap(b, "vec "+string(b.Kernels.Tier), vecCost(b.Kernels, 8), power), nil
}

// constantPower is z = x^y by vector kernels where X is of floats and Y is one known
// number; nil where they have no such power.
func constantPower(k *cpu.Kernels, in []Spec, out Spec) func(z, x []float32) {
	x, y := in[0], in[1].Const
	if x.DType != Float32 || y == nil || y.Len() != 1 || !x.Shape.Equal(out.Shape) {
		return nil
	}
	switch {
	case y.dtype.IsFloat():
		return powerRow(k, realsOf(y)[0])
	case y.dtype == Uint64 && Data[uint64](y)[0] > 3: // it may be beyond an int64
		return nil
	}
	return powerRow(k, float64(castInts(y)[0]))
}

// powerRow is z = x^y by vector kernels, or nil where they have no such power. Squares,
// roots and reciprocals have the plain definition's bits; cubes are rounded twice, and
// so are reciprocals of roots.
func powerRow(k *cpu.Kernels, y float64) func(z, x []float32) {
	of := func(kind cpu.VecKind) func(z, x []float32) {
		return func(z, x []float32) { k.Map(cpu.VecFunc{Kind: kind}, z, x) }
	}
	switch y {
	case 1:
		return func(z, x []float32) { copy(z, x) }
	case 2:
		return func(z, x []float32) { k.Pairs(cpu.PairMul, z, x, x) }
	case 3:
		return of(cpu.VecCube)
	case -1:
		return of(cpu.VecReciprocal)
	case 0.5:
		return of(cpu.VecPowHalf)
	case -0.5:
		return func(z, x []float32) {
			of(cpu.VecPowHalf)(z, x)
			of(cpu.VecReciprocal)(z, z)
		}
	}
	return nil
}

package ops

import "github.com/tconv/tconv/backend/cpu"

// mapRows makes the kernel of y = f(x) from a function over whole slices of one
// length, which may be the same slice: for functions so short that a call per
// element would cost more than they do. cost is the rough time of one element in
// nanoseconds.
func mapRows[T Element](cost int, f func(y, x []T)) unaryKernel {
	run := func(c *Call, x, y *Tensor) {
		xs, ys := Data[T](x), Data[T](y)
		c.Parallel(len(xs), cost, func(lo, hi int) { f(ys[lo:hi], xs[lo:hi]) })
	}
	return unaryKernel{run, f, cost}
}

// floatRows makes the kernels of functions over slices of float and of double.
func floatRows(cost int, single func(y, x []float32), double func(y, x []float64)) map[DType]unaryKernel {
	return map[DType]unaryKernel{Float32: mapRows(cost, single), Float64: mapRows(cost, double)}
}

// vecFuncs are the vector kernels of operators without attributes.
var vecFuncs = map[string]cpu.VecKind{
	"Relu": cpu.VecRelu, "Abs": cpu.VecAbs, "Neg": cpu.VecNeg, "Sqrt": cpu.VecSqrt, "Reciprocal": cpu.VecReciprocal,
	"Exp": cpu.VecExp, "Sigmoid": cpu.VecSigmoid, "Tanh": cpu.VecTanh, "Erf": cpu.VecErf, "HardSwish": cpu.VecHardSwish,
	"Softplus": cpu.VecSoftplus, "Mish": cpu.VecMish, "Sin": cpu.VecSin, "Cos": cpu.VecCos, "Log": cpu.VecLog,
}

// registerUnary registers an operator without attributes, Y = f(X).
func registerUnary(name string, since int, exact bool, kernels map[DType]unaryKernel) {
	op := &unary{kernels: kernels}
	if kind, ok := vecFuncs[name]; ok {
		op.withVec(cpu.VecFunc{Kind: kind})
	}
	Register(Def{
		Name: name, Since: since, Inputs: []string{"X"}, Outputs: []string{"Y"}, Exact: exact,
		New: func(*Node) (Op, error) { return op, nil },
	})
}

// floatOp is the operator Y = f(X) on float and double. cost is the rough time of
// one f in nanoseconds, v the same function of the vector kernels.
func floatOp(cost int, f func(float64) float64, v cpu.VecFunc) (Op, error) {
	return (&unary{kernels: floatUnary(cost, f)}).withVec(v), nil
}

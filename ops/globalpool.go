package ops

import (
	"fmt"
	"slices"
)

// GlobalAveragePool, GlobalMaxPool, GlobalLpPool: one number for each channel of
// each sample: the mean, the largest or the p-norm of its pixels.
//
//	X: T [N, C, D1...].  Y: T [N, C, 1...].
//
// Sums are kept in float64 - by the kernels in float32 within pieces of a plane -
// and rounded once. NaN is larger than everything. p is at least 1, 2 by default.
//
//	T: float, double.
//
// https://onnx.ai/onnx/operators/onnx__GlobalAveragePool.html (versions 1, 22),
// https://onnx.ai/onnx/operators/onnx__GlobalMaxPool.html (versions 1, 22),
// https://onnx.ai/onnx/operators/onnx__GlobalLpPool.html (versions 2, 22).
type globalPool struct {
	single  func(x []float32) float64
	double  func(x []float64) float64
	blocked bool // has kernels for channel blocks
	mean    bool
}

func init() {
	def := func(name string, since int, exact bool, makeOp func(*Node) globalPool) Def {
		return Def{
			Name: name, Since: since, Inputs: []string{"X"}, Outputs: []string{"Y"}, Exact: exact,
			New: func(n *Node) (Op, error) { return makeOp(n), n.Err() },
		}
	}
	Register(
		def("GlobalAveragePool", 1, false, func(*Node) globalPool { return globalPool{mean[float32], mean[float64], true, true} }),
		def("GlobalMaxPool", 1, true, func(*Node) globalPool { return globalPool{largest[float32], largest[float64], true, false} }),
		def("GlobalLpPool", 2, false, func(n *Node) globalPool {
			p := readNormP(n)
			return globalPool{single: pNorm[float32](p), double: pNorm[float64](p)}
		}),
	)
}

// mean is the mean of x.
func mean[T Float](x []T) float64 { return sum(x) / float64(len(x)) }

// largest is the largest of x; NaN where there is one.
func largest[T Float](x []T) float64 {
	m := x[0]
	for _, v := range x {
		m = max(m, v)
	}
	return float64(m)
}

// pNorm makes the function that computes the p-norm of x.
func pNorm[T Float](p int) func(x []T) float64 {
	power, root := normPower(p)
	return func(x []T) float64 {
		total := 0.0
		for _, v := range x {
			total += power(float64(v))
		}
		return root(total)
	}
}

// Infer checks the input and gives Y.
func (o globalPool) Infer(in []Spec) ([]Spec, error) {
	x := in[0]
	if err := wantType("X", x, Float32, Float64); err != nil {
		return nil, err
	}
	if len(x.Shape) < 3 {
		return nil, fmt.Errorf("X has rank %d, want at least 3: batch, channels and a spatial axis", len(x.Shape))
	}
	if slices.Contains(x.Shape[2:], 0) {
		return nil, fmt.Errorf("X has shape %v, want at least one pixel", x.Shape)
	}
	y := slices.Repeat(Shape{1}, len(x.Shape))
	copy(y, x.Shape[:2])
	return one(x.DType, y)
}

// Run computes Y.
func (o globalPool) Run(c *Call, in, out []*Tensor) error {
	if in[0].DType() == Float32 {
		reducePlanes(c, Data[float32](in[0]), Data[float32](out[0]), o.single)
	} else {
		reducePlanes(c, Data[float64](in[0]), Data[float64](out[0]), o.double)
	}
	return nil
}

// reducePlanes computes y[i] = f(i-th of the equal parts of x).
func reducePlanes[T Float](c *Call, x, y []T, f func([]T) float64) {
	if len(y) == 0 {
		return
	}
	size := len(x) / len(y)
	c.Parallel(len(y), size, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			y[i] = T(f(x[i*size : (i+1)*size]))
		}
	})
}

package ops

import (
	"fmt"
	"math"
)

// Det: Y[..] = the determinant of the matrix X[.., :, :]; 1 for an empty one.
//
//	X: T, [.., M, M]. Y: T, [..]. T: float, double. Computed in double by Gaussian
//	elimination with row exchanges.
//
// https://onnx.ai/onnx/operators/onnx__Det.html (versions 11, 22).
func init() {
	Register(Def{
		Name: "Det", Since: 11, Inputs: []string{"X"}, Outputs: []string{"Y"},
		New: func(*Node) (Op, error) { return det{}, nil },
	})
}

type det struct{}

// Infer drops the last two axes.
func (det) Infer(in []Spec) ([]Spec, error) {
	if err := wantType("X", in[0], Float32, Float64); err != nil {
		return nil, err
	}
	shape := in[0].Shape
	last := len(shape) - 1
	if last < 1 || shape[last] != shape[last-1] {
		return nil, fmt.Errorf("X has shape %v, want square matrices", shape)
	}
	return one(in[0].DType, joinShapes(shape[:last-1]))
}

// Run computes the determinants one by one.
func (det) Run(c *Call, in, out []*Tensor) error {
	if in[0].dtype == Float64 {
		dets[float64](c, in[0], out[0])
	} else {
		dets[float32](c, in[0], out[0])
	}
	return nil
}

func dets[T Float](c *Call, x, y *Tensor) {
	m := x.shape[len(x.shape)-1]
	xs, ys := Data[T](x), Data[T](y)
	c.Parallel(len(ys), m*m*m+1, func(lo, hi int) {
		a := make([]float64, m*m)
		for ; lo < hi; lo++ {
			for i, v := range xs[lo*m*m : (lo+1)*m*m] {
				a[i] = float64(v)
			}
			ys[lo] = T(determinant(a, m))
		}
	})
}

// determinant of an m x m matrix, which is destroyed.
func determinant(a []float64, m int) float64 {
	d := 1.0
	for k := range m {
		pivot := k
		for i := k + 1; i < m; i++ {
			if math.Abs(a[i*m+k]) > math.Abs(a[pivot*m+k]) {
				pivot = i
			}
		}
		p := a[pivot*m+k]
		if p == 0 {
			return 0
		}
		if pivot != k {
			d = -d
			for j := k; j < m; j++ {
				a[pivot*m+j], a[k*m+j] = a[k*m+j], a[pivot*m+j]
			}
		}
		d *= p
		for i := k + 1; i < m; i++ {
			f := a[i*m+k] / p
			for j := k + 1; j < m; j++ {
				a[i*m+j] -= f * a[k*m+j]
			}
		}
	}
	return d
}

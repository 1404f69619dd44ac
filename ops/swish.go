package ops

import (
	"math"

	"github.com/tconv/tconv/backend/cpu"
)

// Swish: Y = X · sigmoid(alpha · X), element by element.
//
//	X: T, any shape. Y: T, the same shape. T: float, double.
//	alpha: float, default 1 (SiLU).
//
// https://onnx.ai/onnx/operators/onnx__Swish.html (version 24).
func init() {
	Register(Def{
		Name: "Swish", Since: 24, Inputs: []string{"X"}, Outputs: []string{"Y"},
		New: func(n *Node) (Op, error) {
			alpha := float64(n.Float("alpha", 1))
			op := &unary{kernels: floatRows(5, swish[float32](alpha, shortExp), swish[float64](alpha, math.Exp))}
			return op.withVec(cpu.VecFunc{Kind: cpu.VecSwish, A: float32(alpha)}), nil
		},
	})
}

func swish[T Float](alpha float64, exp func(float64) float64) func(y, x []T) {
	return func(y, x []T) {
		for i, v := range x {
			y[i] = T(float64(v) / (1 + exp(-alpha*float64(v))))
		}
	}
}

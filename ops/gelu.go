package ops

import (
	"math"

	"github.com/tconv/tconv/backend/cpu"
)

// Gelu: Y = X · Φ(X), Φ the distribution function of the normal distribution,
// element by element.
//
//	approximate "none": Y = X / 2 · (1 + erf(X / √2))
//	approximate "tanh": Y = X / 2 · (1 + tanh(√(2/π) · (X + 0.044715 · X³)))
//
//	X: T, any shape. Y: T, the same shape. T: float, double.
//
// https://onnx.ai/onnx/operators/onnx__Gelu.html (version 20).
func init() {
	Register(Def{
		Name: "Gelu", Since: 20, Inputs: []string{"X"}, Outputs: []string{"Y"},
		New: func(n *Node) (Op, error) {
			if n.Str("approximate", "none", "none", "tanh") == "tanh" {
				return floatOp(20, geluTanh, cpu.VecFunc{Kind: cpu.VecGeluTanh})
			}
			return floatOp(20, gelu, cpu.VecFunc{Kind: cpu.VecGelu})
		},
	})
}

// gelu uses the complement of erf, which keeps its digits where X is far below 0.
func gelu(x float64) float64 { return 0.5 * x * math.Erfc(-x/math.Sqrt2) }

func geluTanh(x float64) float64 {
	const root = 0.79788456080286535587989211986876 // √(2/π)
	return 0.5 * x * (1 + math.Tanh(root*(x+0.044715*x*x*x)))
}

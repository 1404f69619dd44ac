package ops

// Binarizer: Y = 1 where X > threshold, else 0, element by element.
//
//	X: T, any shape. Y: T, the same shape. T: float, double, int64, int32.
//	threshold: float, default 0.
//
// https://onnx.ai/onnx/operators/onnx_aionnxml_Binarizer.html (version 1 of ai.onnx.ml).
func init() {
	Register(Def{
		Name: "Binarizer", Domain: "ai.onnx.ml", Since: 1, Inputs: []string{"X"}, Outputs: []string{"Y"}, Exact: true,
		New: func(n *Node) (Op, error) {
			threshold := float64(n.Float("threshold", 0))
			return &unary{kernels: map[DType]unaryKernel{
				Float32: binarize[float32](threshold), Float64: binarize[float64](threshold),
				Int32: binarize[int32](threshold), Int64: binarize[int64](threshold),
			}}, nil
		},
	})
}

func binarize[T Number](threshold float64) unaryKernel {
	return mapUnary(1, func(x T) T {
		if float64(x) > threshold {
			return 1
		}
		return 0
	})
}

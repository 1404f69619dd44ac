package ops

// Upsample: the older name of Resize: asymmetric coordinates, scales of 1 or more,
// nearest takes the floor, linear interpolates along every axis.
//
//	X: T, any shape. Y: T, the rank of X, out = floor(in · scale).
//	scales: float, one per axis; an attribute at version 7, an input at 9.
//
// https://onnx.ai/onnx/operators/onnx__Upsample.html (versions 7, 9; withdrawn at 10).
func init() {
	Register(
		Def{
			Name: "Upsample", Since: 7, Inputs: []string{"X"}, Outputs: []string{"Y"},
			New: func(n *Node) (Op, error) {
				scales := n.Floats("scales")
				if scales == nil {
					n.Fail("attribute scales is missing")
				}
				n.ConstInput(1, Of(scales, len(scales)))
				return newUpsample(n), nil
			},
		},
		Def{
			Name: "Upsample", Since: 9, Inputs: []string{"X", "scales"}, Outputs: []string{"Y"},
			New: func(n *Node) (Op, error) { return newUpsample(n), nil },
		},
		Def{
			Name: "Upsample", Since: 10, Inputs: []string{"X", "scales"}, Outputs: []string{"Y"},
			New: func(n *Node) (Op, error) {
				n.Unsupported("Upsample was withdrawn at opset 10, want Resize")
				return nil, n.Err()
			},
		},
	)
}

func newUpsample(n *Node) *resizeOp {
	return &resizeOp{
		mode: n.Str("mode", "nearest", "nearest", "linear"), coordinates: "asymmetric", nearest: "simple",
		policy: "stretch", leastScale: 1, inputs: resizeInputs{roi: noInput, scales: 1, sizes: noInput},
	}
}

package ops

// FusedConv: Conv, then an addend, then an activation.
//
//	X, W, B?: as for Conv. Z?: T, the shape of Y, added. Y: T.
//	activation: Relu, LeakyRelu, Sigmoid, Tanh, HardSigmoid, Clip, HardSwish or none;
//	activation_params: its alpha and beta (for Clip the bounds), as many as it has.
//	The other attributes are those of Conv.
//
//	T: float, double.
//
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md (com.microsoft, version 1).
func init() {
	Register(Def{
		Name: "FusedConv", Domain: MicrosoftDomain, Since: 1, Inputs: []string{"X", "W", "B?", "Z?"}, Outputs: []string{"Y"},
		New: func(n *Node) (Op, error) {
			act := readFusedActivation(n)
			op, err := newConv(n)
			if err != nil {
				return nil, err
			}
			op.(*conv).act = act
			return op, nil
		},
	})
}

// readFusedActivation reads the attributes activation and activation_params.
func readFusedActivation(n *Node) activation {
	act := readActivation(n)
	params := n.Floats("activation_params")
	if len(params) > 2 {
		n.Fail("activation_params has %d values, want at most 2", len(params))
		return act
	}
	for i, p := range []*float64{&act.alpha, &act.beta} {
		if i < len(params) {
			*p = float64(params[i])
		}
	}
	return act
}

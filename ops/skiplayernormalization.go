package ops

import "fmt"

// SkipLayerNormalization: LayerNormalization of a sum, along the last axis;
// SkipSimplifiedLayerNormalization: RMSNormalization of it.
//
//	input: T [..., H].  skip: T, broadcast to input.  gamma, beta?, bias?: T [H]; the
//	simplified form has no beta.
//	output: T, the shape of input.  mean?, inv_std_var?: float [..., 1].
//	input_skip_bias_sum?: T, the shape of input: the sum itself.
//
//	output = LayerNormalization(input + skip + bias) · gamma + beta, epsilon 1e-12 by default
//
// The sum is rounded to T, statistics are kept in float64.
//
//	T: float, double.
//
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md (com.microsoft, version 1).
type skipLayerNormalization struct {
	norm Op
	bias int  // its place among the inputs
	beta bool // input 3 is beta
}

func init() {
	outputs := []string{"output", "mean", "inv_std_var", "input_skip_bias_sum"}
	epsilon := func(n *Node) float64 { return float64(n.Float("epsilon", 1e-12)) }
	Register(
		Def{
			Name: "SkipLayerNormalization", Domain: MicrosoftDomain, Since: 1,
			Inputs: []string{"input", "skip", "gamma", "beta?", "bias?"}, Outputs: outputs,
			New: func(n *Node) (Op, error) {
				return &skipLayerNormalization{layerNormalization{axis: -1, epsilon: epsilon(n), stash: Float32}, 4, true}, n.Err()
			},
		},
		Def{
			Name: "SkipSimplifiedLayerNormalization", Domain: MicrosoftDomain, Since: 1,
			Inputs: []string{"input", "skip", "gamma", "bias?"}, Outputs: outputs,
			New: func(n *Node) (Op, error) {
				for i := 1; i < 3; i++ {
					if n.HasOutput(i) {
						n.Unsupported("output %s is asked for, which is none of the simplified form's", outputs[i])
					}
				}
				return &skipLayerNormalization{rmsNormalization{-1, epsilon(n)}, 3, false}, n.Err()
			},
		},
	)
}

// Infer checks the inputs and gives the outputs.
func (o *skipLayerNormalization) Infer(in []Spec) ([]Spec, error) {
	x := in[0]
	if err := wantBroadcast("skip", in[1], x); err != nil {
		return nil, err
	}
	if bias := input(in, o.bias); !bias.Omitted() {
		if err := wantBroadcast("bias", bias, x); err != nil {
			return nil, err
		}
	}
	out, err := o.norm.Infer(o.operands(x, in[2], input(in, 3)))
	if err != nil {
		return nil, err
	}
	if len(x.Shape) == 0 {
		return nil, fmt.Errorf("input is a scalar, want at least one axis")
	}
	statistics := x.Shape.Clone()
	statistics[len(statistics)-1] = 1
	return []Spec{out[0], tensorSpec(Float32, statistics), tensorSpec(Float32, statistics), out[0]}, nil
}

// operands are the inputs of the normalization.
func (o *skipLayerNormalization) operands(x, gamma, beta Spec) []Spec {
	if o.beta && !beta.Omitted() {
		return []Spec{x, gamma, beta}
	}
	return []Spec{x, gamma}
}

// Run computes the outputs.
func (o *skipLayerNormalization) Run(c *Call, in, out []*Tensor) error {
	sum := tensorAt(out, 3)
	if sum == nil {
		t, err := c.New(in[0].dtype, in[0].shape)
		if err != nil {
			return err
		}
		sum = t
	}
	add := func(z, a, b *Tensor) {
		if z.dtype == Float32 {
			runRows(c, 1, eachPair(func(x, y float32) float32 { return x + y }), a, b, z)
		} else {
			runRows(c, 1, eachPair(func(x, y float64) float64 { return x + y }), a, b, z)
		}
	}
	add(sum, in[0], in[1])
	if bias := tensorAt(in, o.bias); bias != nil {
		add(sum, sum, bias)
	}
	operands := []*Tensor{sum, in[2]}
	if beta := tensorAt(in, 3); o.beta && beta != nil {
		operands = append(operands, beta)
	}
	return o.norm.Run(c, operands, out[:min(3, len(out))])
}

package ops

import "fmt"

// GroupNormalization: each group of channels of each sample shifted and scaled to
// mean 0 and variance 1, then by scale and bias.
//
//	X: T [N, C, D1...].  scale, bias: T [C] (before version 21: [num_groups]).  Y: the type and shape of X.
//
//	Y = scale[c] · (X - mean) / sqrt(variance + epsilon) + bias[c]
//
// with mean and variance (divided by the count) of the C/num_groups channels of a
// group. Statistics are kept in float64, whatever stash_type says.
//
//	T: float, double.
//
// https://onnx.ai/onnx/operators/onnx__GroupNormalization.html (versions 18, 21).
// tconv.GroupNormalization is version 21 with an activation, see [readActivation].
type groupNormalization struct {
	epsilon    float64
	groups     int
	perChannel bool // scale and bias, else per group
	act        activation
}

func init() {
	Register(
		Def{Name: "GroupNormalization", Since: 18, Inputs: []string{"X", "scale", "bias"}, Outputs: []string{"Y"}, New: newGroupNormalization},
		Def{Name: "GroupNormalization", Since: 21, Inputs: []string{"X", "scale", "bias"}, Outputs: []string{"Y"}, New: newGroupNormalization},
		Def{Name: "GroupNormalization", Domain: InternalDomain, Since: 1, Inputs: []string{"X", "scale", "bias"}, Outputs: []string{"Y"}, New: newGroupNormalization},
	)
}

func newGroupNormalization(n *Node) (Op, error) {
	o := groupNormalization{
		epsilon:    float64(n.Float("epsilon", 1e-5)),
		groups:     n.Int("num_groups", 0),
		perChannel: n.Opset >= 21 || n.Domain == InternalDomain,
	}
	if n.Domain == InternalDomain {
		o.act = readActivation(n)
	}
	if o.groups < 1 {
		n.Fail("num_groups is missing or below 1")
	}
	if o.perChannel {
		readStashType(n)
	}
	return o, n.Err()
}

// Infer checks the inputs and gives Y.
func (o groupNormalization) Infer(in []Spec) ([]Spec, error) {
	x := in[0]
	if err := wantType("X", x, Float32, Float64); err != nil {
		return nil, err
	}
	if len(x.Shape) < 2 {
		return nil, fmt.Errorf("X has rank %d, want at least 2: batch and channels", len(x.Shape))
	}
	channels := x.Shape[1]
	if channels%o.groups != 0 {
		return nil, fmt.Errorf("num_groups %d does not divide %d channels", o.groups, channels)
	}
	params := o.groups
	if o.perChannel {
		params = channels
	}
	err := firstError(
		wantVector("scale", in[1], x.DType, params),
		wantVector("bias", in[2], x.DType, params))
	if err != nil {
		return nil, err
	}
	return one(x.DType, x.Shape)
}

// Share lets Y take X's memory: a group is read whole before it is written.
func (o groupNormalization) Share([]Spec) Needs { return elementwiseShare() }

// Run computes Y.
func (o groupNormalization) Run(c *Call, in, out []*Tensor) error {
	if in[0].DType() == Float32 {
		runGroupNormalization[float32](c, o, in, out[0])
	} else {
		runGroupNormalization[float64](c, o, in, out[0])
	}
	return nil
}

func runGroupNormalization[T Float](c *Call, o groupNormalization, in []*Tensor, out *Tensor) {
	x, y := Data[T](in[0]), Data[T](out)
	if len(x) == 0 {
		return
	}
	channels := in[0].Shape()[1]
	size := len(x) / in[0].Shape()[0] / channels // of a channel
	perGroup := channels / o.groups
	c.Parallel(in[0].Shape()[0]*o.groups, 2*perGroup*size, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			first := i * perGroup * size
			mean, variance := moments(x[first : first+perGroup*size])
			for k := range perGroup {
				param := i % o.groups
				if o.perChannel {
					param = param*perGroup + k
				}
				a, b := normalizer(mean, variance, o.epsilon, elementOr[T](in[1], param), elementOr[T](in[2], param))
				at := first + k*size
				scaleShift(y[at:at+size], x[at:], a, b)
				activate(y[at:at+size], o.act)
			}
		}
	})
}

// readStashType reads the type in which a normalization keeps its statistics.
func readStashType(n *Node) DType {
	t := n.DType("stash_type", Float32)
	if t != Float32 && t != Float64 {
		n.Unsupported("stash_type is %v, want %v or %v", t, Float32, Float64)
	}
	return t
}

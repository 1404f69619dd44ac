package ops

import "fmt"

// InstanceNormalization: each channel of each sample shifted and scaled to mean 0
// and variance 1, then by its scale and B.
//
//	input: T [N, C, D1...].  scale, B: T [C].  output: the type and shape of input.
//
//	output = scale[c] · (input - mean) / sqrt(variance + epsilon) + B[c]
//
// with mean and variance (divided by the count) of the pixels of a channel.
// Statistics are kept in float64.
//
//	T: float, double.
//
// https://onnx.ai/onnx/operators/onnx__InstanceNormalization.html (versions 6, 22).
// tconv.InstanceNormalization has an activation as well, see [readActivation].
type instanceNormalization struct {
	epsilon float64
	act     activation
}

func init() {
	inputs, outputs := []string{"input", "scale", "B"}, []string{"output"}
	Register(
		Def{
			Name: "InstanceNormalization", Since: 6, Inputs: inputs, Outputs: outputs,
			New: func(n *Node) (Op, error) {
				return instanceNormalization{epsilon: float64(n.Float("epsilon", 1e-5))}, n.Err()
			},
		},
		Def{
			Name: "InstanceNormalization", Domain: InternalDomain, Since: 1, Inputs: inputs, Outputs: outputs,
			New: func(n *Node) (Op, error) {
				return instanceNormalization{float64(n.Float("epsilon", 1e-5)), readActivation(n)}, n.Err()
			},
		},
	)
}

// Infer checks the inputs and gives output.
func (o instanceNormalization) Infer(in []Spec) ([]Spec, error) {
	x := in[0]
	if err := wantType("input", x, Float32, Float64); err != nil {
		return nil, err
	}
	if len(x.Shape) < 3 {
		return nil, fmt.Errorf("input has rank %d, want at least 3: batch, channels and a spatial axis", len(x.Shape))
	}
	err := firstError(
		wantVector("scale", in[1], x.DType, x.Shape[1]),
		wantVector("B", in[2], x.DType, x.Shape[1]))
	if err != nil {
		return nil, err
	}
	return one(x.DType, x.Shape)
}

// wantVector refuses what is not a vector of n values of a type.
func wantVector(name string, s Spec, dtype DType, n int) error {
	if err := wantType(name, s, dtype); err != nil {
		return err
	}
	if !s.Shape.Equal(Shape{n}) {
		return fmt.Errorf("%s has shape %v, want [%d]", name, s.Shape, n)
	}
	return nil
}

// Share lets output take input's memory: a channel is read whole before it is written.
func (o instanceNormalization) Share([]Spec) Needs { return elementwiseShare() }

// Run computes output.
func (o instanceNormalization) Run(c *Call, in, out []*Tensor) error {
	if in[0].DType() == Float32 {
		runInstanceNormalization[float32](c, o, in, out[0])
	} else {
		runInstanceNormalization[float64](c, o, in, out[0])
	}
	return nil
}

func runInstanceNormalization[T Float](c *Call, o instanceNormalization, in []*Tensor, out *Tensor) {
	x, y := Data[T](in[0]), Data[T](out)
	if len(x) == 0 {
		return
	}
	channels := in[1].Len()
	planes := in[0].Shape()[0] * channels
	size := len(x) / planes
	c.Parallel(planes, 2*size, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			plane := x[i*size : (i+1)*size]
			mean, variance := moments(plane)
			a, b := normalizer(mean, variance, o.epsilon, elementOr[T](in[1], i%channels), elementOr[T](in[2], i%channels))
			scaleShift(y[i*size:(i+1)*size], plane, a, b)
			activate(y[i*size:(i+1)*size], o.act)
		}
	})
}

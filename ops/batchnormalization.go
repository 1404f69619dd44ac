package ops

import (
	"fmt"
	"math"
	"slices"
)

// BatchNormalization: each channel shifted and scaled by given statistics.
//
//	X: T [N, C, D1...] (or [N], which is one channel).  scale, B, mean, var: [C].  Y: the type and shape of X.
//
//	Y = (X - mean[c]) / sqrt(var[c] + epsilon) · scale[c] + B[c]
//
// In training mode (training_mode = 1; before version 14 when more outputs than Y
// are asked for) mean and var are those of X over batch and space, var divided by
// the count, and the outputs running_mean and running_var are
// input · momentum + batch · (1 - momentum). Before version 14 two more outputs
// follow, saved_mean and saved_var: the mean of the batch and, as onnxruntime has
// it, 1/sqrt(var + epsilon). With spatial = 0 (before version 9) every element of a sample
// has its own statistics, of shape [C, D1...].
//
//	T: float, double; scale, B, mean and var have that type too.
//
// https://onnx.ai/onnx/operators/onnx__BatchNormalization.html (versions 6, 7, 9, 14, 15).
type batchNormalization struct {
	epsilon, momentum float64
	training          bool
	elementwise       bool // spatial = 0
	outputs           int  // how many the version has
}

func init() {
	old := []string{"Y", "mean", "var", "saved_mean", "saved_var"}
	Register(
		Def{Name: "BatchNormalization", Since: 6, Inputs: []string{"X", "scale", "B", "mean", "var"}, Outputs: old, New: newBatchNormalization},
		Def{Name: "BatchNormalization", Since: 7, Inputs: []string{"X", "scale", "B", "mean", "var"}, Outputs: old, New: newBatchNormalization},
		Def{Name: "BatchNormalization", Since: 9, Inputs: []string{"X", "scale", "B", "mean", "var"}, Outputs: old, New: newBatchNormalization},
		Def{
			Name: "BatchNormalization", Since: 14, Inputs: []string{"X", "scale", "B", "input_mean", "input_var"},
			Outputs: []string{"Y", "running_mean", "running_var"}, New: newBatchNormalization,
		},
	)
}

func newBatchNormalization(n *Node) (Op, error) {
	o := &batchNormalization{
		epsilon:  float64(n.Float("epsilon", 1e-5)),
		momentum: float64(n.Float("momentum", 0.9)),
		outputs:  5,
	}
	more := n.HasOutput(1) || n.HasOutput(2) || n.HasOutput(3) || n.HasOutput(4)
	if n.Opset < 14 {
		o.training = more
		if n.Opset < 7 && n.Bool("is_test", false) && more {
			n.Fail("more outputs than Y are asked for, want is_test 0")
		}
		if n.Opset < 9 {
			o.elementwise = !n.Bool("spatial", true)
		}
	} else {
		o.outputs = 3
		o.training = n.Bool("training_mode", false)
		if more && !o.training {
			n.Fail("running_mean or running_var is asked for, want training_mode 1")
		}
	}
	if o.elementwise && o.training {
		n.Unsupported("spatial 0 in training mode is not supported")
	}
	return o, n.Err()
}

// Infer checks the inputs and gives Y and the statistics.
func (o *batchNormalization) Infer(in []Spec) ([]Spec, error) {
	x := in[0]
	if err := wantType("X", x, Float32, Float64); err != nil {
		return nil, err
	}
	if len(x.Shape) == 0 {
		return nil, fmt.Errorf("X is a scalar, want at least rank 1")
	}
	if o.training && slices.Contains(x.Shape, 0) {
		return nil, fmt.Errorf("X has shape %v: the statistics of nothing", x.Shape)
	}
	want := Shape{channelsOf(x.Shape)}
	if o.elementwise {
		want = x.Shape[1:]
	}
	for i, name := range []string{"scale", "B", "mean", "var"} {
		if err := wantSameType("X", x, name, in[1+i]); err != nil {
			return nil, err
		}
		if !in[1+i].Shape.Equal(want) {
			return nil, fmt.Errorf("%s has shape %v, want %v for X of shape %v", name, in[1+i].Shape, want, x.Shape)
		}
	}
	specs, err := one(x.DType, x.Shape)
	for range o.outputs - 1 {
		specs = append(specs, tensorSpec(x.DType, want))
	}
	return specs, err
}

// channelsOf is the extent of axis 1, or 1 where there is none.
func channelsOf(x Shape) int {
	if len(x) < 2 {
		return 1
	}
	return x[1]
}

// Share lets Y take X's memory.
func (o *batchNormalization) Share([]Spec) Needs {
	if o.training {
		return Needs{}
	}
	return elementwiseShare()
}

// Run computes the outputs.
func (o *batchNormalization) Run(c *Call, in, out []*Tensor) error {
	switch in[0].DType() {
	case Float32:
		runBatchNormalization[float32](c, o, in, out)
	default:
		runBatchNormalization[float64](c, o, in, out)
	}
	return nil
}

func runBatchNormalization[T Float](c *Call, o *batchNormalization, in, out []*Tensor) {
	channels := in[1].Len()
	if in[0].Len() == 0 {
		return
	}
	if o.training {
		c.Parallel(channels, 3*in[0].Len()/channels, func(lo, hi int) {
			for ch := lo; ch < hi; ch++ {
				trainChannel[T](o, ch, in, out)
			}
		})
		return
	}
	x, y := Data[T](in[0]), Data[T](out[0])
	scale, bias, mean, variance := Data[T](in[1]), Data[T](in[2]), Data[T](in[3]), Data[T](in[4])
	planes := in[0].Shape()[0] * channels
	size := len(x) / planes
	c.Parallel(planes, size+10, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			ch := i % channels
			a, b := normalizer(float64(mean[ch]), float64(variance[ch]), o.epsilon, float64(scale[ch]), float64(bias[ch]))
			scaleShift(y[i*size:(i+1)*size], x[i*size:], a, b)
		}
	})
}

// trainChannel normalizes one channel by its own statistics and reports them.
func trainChannel[T Float](o *batchNormalization, ch int, in, out []*Tensor) {
	x := Data[T](in[0])
	batch, channels := in[0].Shape()[0], in[1].Len()
	size := len(x) / batch / channels
	plane := func(n int) []T { return x[(n*channels+ch)*size:][:size] }
	var mean, variance float64
	for n := range batch {
		mean += sum(plane(n))
	}
	mean /= float64(batch * size)
	for n := range batch {
		variance += sumSquares(plane(n), mean)
	}
	variance /= float64(batch * size)

	a, b := normalizer(mean, variance, o.epsilon, elementOr[T](in[1], ch), elementOr[T](in[2], ch))
	for n := range batch {
		if out[0] != nil {
			scaleShift(Data[T](out[0])[(n*channels+ch)*size:][:size], plane(n), a, b)
		}
	}
	results := []float64{
		1: elementOr[T](in[3], ch)*o.momentum + mean*(1-o.momentum),
		2: elementOr[T](in[4], ch)*o.momentum + variance*(1-o.momentum),
		3: mean,
		4: 1 / math.Sqrt(variance+o.epsilon),
	}
	for i := 1; i < len(out); i++ {
		if out[i] != nil {
			Data[T](out[i])[ch] = T(results[i])
		}
	}
}

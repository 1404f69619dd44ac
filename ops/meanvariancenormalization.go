package ops

import (
	"math"
	"slices"
)

// MeanVarianceNormalization: X shifted and scaled to mean 0 and variance 1 along
// axes, by default batch, height and width.
//
//	X: T.  Y: the type and shape of X.
//
//	Y = (X - mean) / (sqrt(variance) + 1e-9)
//
// with mean and variance (divided by the count) along axes; this is the function
// that ONNX defines. Statistics are kept in float64.
//
//	T: float, double.
//
// https://onnx.ai/onnx/operators/onnx__MeanVarianceNormalization.html (versions 9, 13).
type meanVarianceNormalization struct{ axes []int }

// mvnEpsilon keeps a constant X from becoming NaN.
const mvnEpsilon = 1e-9

func init() {
	Register(Def{
		Name: "MeanVarianceNormalization", Since: 9, Inputs: []string{"X"}, Outputs: []string{"Y"},
		New: func(n *Node) (Op, error) {
			o := meanVarianceNormalization{n.Ints("axes")}
			if o.axes == nil {
				o.axes = []int{0, 2, 3}
			}
			return o, n.Err()
		},
	})
}

// Infer checks the input and gives Y.
func (o meanVarianceNormalization) Infer(in []Spec) ([]Spec, error) {
	if err := wantType("X", in[0], Float32, Float64); err != nil {
		return nil, err
	}
	if _, err := normAxes(o.axes, len(in[0].Shape)); err != nil {
		return nil, err
	}
	return one(in[0].DType, in[0].Shape)
}

// Share lets Y take X's memory: a group is read whole before it is written.
func (o meanVarianceNormalization) Share([]Spec) Needs { return elementwiseShare() }

// Run computes Y.
func (o meanVarianceNormalization) Run(c *Call, in, out []*Tensor) error {
	if in[0].DType() == Float32 {
		runMeanVarianceNormalization[float32](c, o, in[0], out[0])
	} else {
		runMeanVarianceNormalization[float64](c, o, in[0], out[0])
	}
	return nil
}

func runMeanVarianceNormalization[T Float](c *Call, o meanVarianceNormalization, in, out *Tensor) {
	x, y := Data[T](in), Data[T](out)
	if len(x) == 0 {
		return
	}
	axes, _ := normAxes(o.axes, len(in.Shape()))
	var kept, group Shape // the axes along which groups lie, and those within a group
	var keptStrides, groupStrides []int
	for i, st := range in.Shape().Strides() {
		if slices.Contains(axes, i) {
			group, groupStrides = append(group, in.Shape()[i]), append(groupStrides, st)
		} else {
			kept, keptStrides = append(kept, in.Shape()[i]), append(keptStrides, st)
		}
	}
	n := product(group)
	c.Parallel(product(kept), 10*n, func(lo, hi int) {
		start := newOdometer(lo, kept, keptStrides)
		for range hi - lo {
			at := start.offset[0]
			each := func(f func(i int)) {
				o := newOdometer(0, group, groupStrides)
				for range n {
					f(at + o.offset[0])
					o.next()
				}
			}
			var mean, variance float64
			each(func(i int) { mean += float64(x[i]) })
			mean /= float64(n)
			each(func(i int) { variance += (float64(x[i]) - mean) * (float64(x[i]) - mean) })
			factor := 1 / (math.Sqrt(variance/float64(n)) + mvnEpsilon)
			each(func(i int) { y[i] = T((float64(x[i]) - mean) * factor) })
			start.next()
		}
	})
}

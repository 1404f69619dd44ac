package ops

import (
	"fmt"
	"math"
)

// RMSNormalization: the elements from an axis on divided by the root of their mean
// square, then scaled.
//
//	X: T [D1, ..., Dn].  scale: T, broadcast to X.  Y: the type and shape of X.
//
//	Y = scale · X / sqrt(mean(X²) + epsilon)
//
// Statistics are kept in float64, whatever stash_type says.
//
//	T: float, double.
//
// https://onnx.ai/onnx/operators/onnx__RMSNormalization.html (version 23).
type rmsNormalization struct {
	axis    int
	epsilon float64
}

func init() {
	Register(Def{
		Name: "RMSNormalization", Since: 23, Inputs: []string{"X", "scale"}, Outputs: []string{"Y"},
		New: func(n *Node) (Op, error) {
			readStashType(n)
			return rmsNormalization{n.Int("axis", -1), float64(n.Float("epsilon", 1e-5))}, n.Err()
		},
	})
}

// Infer checks the inputs and gives Y.
func (o rmsNormalization) Infer(in []Spec) ([]Spec, error) {
	x := in[0]
	if err := wantType("X", x, Float32, Float64); err != nil {
		return nil, err
	}
	axis, err := normAxis(o.axis, len(x.Shape))
	if err != nil {
		return nil, err
	}
	if product(x.Shape[axis:]) == 0 {
		return nil, fmt.Errorf("X has shape %v, want at least one element from axis %d on", x.Shape, axis)
	}
	if err := wantBroadcast("scale", in[1], x); err != nil {
		return nil, err
	}
	return one(x.DType, x.Shape)
}

// Share lets Y take X's memory: a row is read whole before it is written.
func (o rmsNormalization) Share([]Spec) Needs { return elementwiseShare() }

// Run computes Y.
func (o rmsNormalization) Run(c *Call, in, out []*Tensor) error {
	if in[0].DType() == Float32 {
		runRMSNormalization[float32](c, o, in, out[0])
	} else {
		runRMSNormalization[float64](c, o, in, out[0])
	}
	return nil
}

func runRMSNormalization[T Float](c *Call, o rmsNormalization, in []*Tensor, out *Tensor) {
	axis, _ := normAxis(o.axis, len(in[0].Shape()))
	scaleRow(c, in, out, axis, func(_ int, row []T) (center, factor float64) {
		return 0, 1 / math.Sqrt(sumSquares(row, 0)/float64(len(row))+o.epsilon)
	})
}

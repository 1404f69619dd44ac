package ops

import (
	"fmt"
	"math"
)

// SimplifiedLayerNormalization, which onnxruntime adds to the default domain:
// RMSNormalization that gives its statistics too.
//
//	X: T [D1, ..., Dn].  scale: T, broadcast to X.  Y: the type and shape of X.
//	inv_std_var?: float, the shape of X with 1 from axis on.
//
//	Y = scale · X · inv_std_var,  inv_std_var = 1 / sqrt(mean(X²) + epsilon)
//
// LayerNormalization of versions before 17 is onnxruntime's too, and the same as since.
//
//	T: float, double.
//
// https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/core/graph/contrib_ops/contrib_defs.cc
type simplifiedLayerNormalization struct{ rmsNormalization }

func init() {
	Register(
		Def{
			Name: "SimplifiedLayerNormalization", Since: 1, Inputs: []string{"X", "scale"}, Outputs: []string{"Y", "inv_std_var"},
			New: func(n *Node) (Op, error) {
				readStashType(n)
				return simplifiedLayerNormalization{rmsNormalization{n.Int("axis", -1), float64(n.Float("epsilon", 1e-5))}}, n.Err()
			},
		},
		Def{
			Name: "LayerNormalization", Since: 1, Inputs: []string{"X", "Scale", "B?"}, Outputs: []string{"Y", "Mean", "InvStdDev"},
			New: func(n *Node) (Op, error) { return innerOp(n, "LayerNormalization", 17) },
		},
	)
}

// Infer checks the inputs and gives Y and inv_std_var.
func (o simplifiedLayerNormalization) Infer(in []Spec) ([]Spec, error) {
	out, err := o.rmsNormalization.Infer(in)
	if err != nil {
		return nil, err
	}
	axis, _ := normAxis(o.axis, len(in[0].Shape))
	statistics := in[0].Shape.Clone()
	for i := axis; i < len(statistics); i++ {
		statistics[i] = 1
	}
	return append(out, tensorSpec(Float32, statistics)), nil
}

// Run computes the outputs.
func (o simplifiedLayerNormalization) Run(c *Call, in, out []*Tensor) error {
	if statistics := tensorAt(out, 1); statistics != nil {
		axis, err := normAxis(o.axis, len(in[0].shape))
		if err != nil {
			return fmt.Errorf("X: %w", err)
		}
		size := product(in[0].shape[axis:])
		x := reals64(in[0])
		for i := range Data[float32](statistics) {
			row := x[i*size : (i+1)*size]
			Data[float32](statistics)[i] = float32(1 / math.Sqrt(sumSquares(row, 0)/float64(size)+o.epsilon))
		}
	}
	return o.rmsNormalization.Run(c, in, out[:1])
}

package ops

import "fmt"

// NhwcMaxPool: MaxPool of 8 bits with the channels last.
//
//	x: uint8 or int8 [N, D1..., C]. y: that type, [N, E1..., C].
//
// Attributes and formula are those of MaxPool.
//
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md (com.microsoft, version 1).
type nhwcMaxPool struct{ pool Op }

func init() {
	Register(Def{
		Name: "NhwcMaxPool", Domain: MicrosoftDomain, Since: 1, Inputs: []string{"x"}, Outputs: []string{"y"}, Exact: true,
		New: func(n *Node) (Op, error) {
			const newest = 12 // of MaxPool, with its types
			pool, err := innerOp(n, "MaxPool", newest)
			return &nhwcMaxPool{pool}, err
		},
	})
}

// Infer checks the input and gives y.
func (o *nhwcMaxPool) Infer(in []Spec) ([]Spec, error) {
	x := in[0]
	if err := wantType("x", x, Uint8, Int8); err != nil {
		return nil, err
	}
	if len(x.Shape) < 3 {
		return nil, fmt.Errorf("x has shape %v, want rank 3 or more", x.Shape)
	}
	y, err := o.pool.Infer([]Spec{tensorSpec(x.DType, nchwShape(x.Shape))})
	if err != nil {
		return nil, err
	}
	return one(x.DType, nhwcShape(y[0].Shape))
}

// Run computes y.
func (o *nhwcMaxPool) Run(c *Call, in, out []*Tensor) error {
	x, err := c.New(in[0].dtype, nchwShape(in[0].shape))
	if err != nil {
		return err
	}
	y, err := c.New(out[0].dtype, nchwShape(out[0].shape))
	if err != nil {
		return err
	}
	if err := moveChannels(c, x, in[0], false); err != nil {
		return err
	}
	if err := o.pool.Run(c, []*Tensor{x}, []*Tensor{y}); err != nil {
		return err
	}
	return moveChannels(c, out[0], y, true)
}

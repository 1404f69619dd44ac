package ops

import "fmt"

// ConvTransposeWithDynamicPads: ConvTranspose whose pads are an input.
//
//	X, W, B?: as for ConvTranspose. Pads?: int64, all begins, then all ends; zeros when
//	omitted. Y: as for ConvTranspose.
//
// The attributes are those of ConvTranspose but pads and output_shape.
//
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md (com.microsoft, version 1).
type dynamicConvTranspose struct{ conv convTranspose }

func init() {
	Register(Def{
		Name: "ConvTransposeWithDynamicPads", Domain: MicrosoftDomain, Since: 1, Inputs: []string{"X", "W", "Pads?", "B?"}, Outputs: []string{"Y"},
		New: func(n *Node) (Op, error) {
			if n.Has("pads") || n.Has("output_shape") {
				n.Fail("pads or output_shape is an attribute, want pads as an input")
			}
			op, err := newConvTranspose(n)
			if err != nil {
				return nil, err
			}
			return &dynamicConvTranspose{*op.(*convTranspose)}, nil
		},
	})
}

// withPads is the convolution with known pads.
func (o *dynamicConvTranspose) withPads(pads []int) (*convTranspose, error) {
	c := o.conv
	c.pads = pads
	for _, p := range pads {
		if p < 0 || p > maxExtent {
			return nil, fmt.Errorf("Pads are %v, want each from 0 to %d", pads, maxExtent)
		}
		if p > 0 && c.autoPad != padNotSet {
			return nil, fmt.Errorf("Pads %v and auto_pad %s are both given", pads, c.autoPad)
		}
	}
	return &c, nil
}

// Infer gives Y where Pads are known.
func (o *dynamicConvTranspose) Infer(in []Spec) ([]Spec, error) {
	pads, known, err := intParameter("Pads", in, 2)
	if err != nil {
		return nil, err
	}
	if !known {
		return unknownShape(in[0].DType)
	}
	c, err := o.withPads(pads)
	if err != nil {
		return nil, err
	}
	return c.Infer([]Spec{in[0], in[1], input(in, 3)})
}

// Run computes Y.
func (o *dynamicConvTranspose) Run(c *Call, in, out []*Tensor) error {
	pads, _, err := intParameter("Pads", specsOf(in), 2)
	if err != nil {
		return err
	}
	conv, err := o.withPads(pads)
	if err != nil {
		return err
	}
	return conv.Run(c, []*Tensor{in[0], in[1], tensorAt(in, 3)}, out)
}

// Bind binds the convolution where Pads are known.
func (o *dynamicConvTranspose) Bind(b *Binding) (Step, error) {
	pads, known, err := intParameter("Pads", b.In, 2)
	if err != nil || !known {
		return plainStep{o}, err
	}
	conv, err := o.withPads(pads)
	if err != nil {
		return nil, err
	}
	inner := *b
	inner.In = []Spec{b.In[0], b.In[1], input(b.In, 3)}
	step, err := conv.Bind(&inner)
	return withoutPads{step}, err
}

// withoutPads is a bound convolution that does not see the input Pads.
type withoutPads struct{ Step }

// Run computes Y.
func (s withoutPads) Run(c *Call, in, out []*Tensor) error {
	return s.Step.Run(c, []*Tensor{in[0], in[1], tensorAt(in, 3)}, out)
}

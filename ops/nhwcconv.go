package ops

import "fmt"

// NhwcConv: Conv with the channels last.
//
//	X: T [N, D1..., C].  W: T [M, k1..., C/group].  B: T [M], optional.  Y: T [N, E1..., M].
//
// Attributes, formula and types are those of Conv.
//
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md (com.microsoft, version 1).
type nhwcConv struct{ conv Op }

func init() {
	Register(Def{
		Name: "NhwcConv", Domain: MicrosoftDomain, Since: 1, Inputs: []string{"X", "W", "B?"}, Outputs: []string{"Y"},
		New: func(n *Node) (Op, error) {
			op, err := newConv(n)
			return &nhwcConv{op}, err
		},
	})
}

// nchwShape moves the last axis of a shape behind the first.
func nchwShape(s Shape) Shape {
	last := len(s) - 1
	return append(Shape{s[0], s[last]}, s[1:last]...)
}

// nhwcShape is the reverse of nchwShape.
func nhwcShape(s Shape) Shape { return append(append(Shape{s[0]}, s[2:]...), s[1]) }

// inner gives the inputs of the convolution.
func (o *nhwcConv) inner(in []Spec) ([]Spec, error) {
	if len(in[0].Shape) < 3 || len(in[1].Shape) != len(in[0].Shape) {
		return nil, fmt.Errorf("X has shape %v and W %v, want one rank of at least 3", in[0].Shape, in[1].Shape)
	}
	out := []Spec{tensorSpec(in[0].DType, nchwShape(in[0].Shape)), tensorSpec(in[1].DType, nchwShape(in[1].Shape))}
	return append(out, in[2:]...), nil
}

// Infer checks the inputs and gives Y.
func (o *nhwcConv) Infer(in []Spec) ([]Spec, error) {
	inner, err := o.inner(in)
	if err != nil {
		return nil, err
	}
	y, err := o.conv.Infer(inner)
	if err != nil {
		return nil, err
	}
	return one(y[0].DType, nhwcShape(y[0].Shape))
}

// MACs counts the products of a direct convolution, padding included.
func (o *nhwcConv) MACs(in, out []Spec) int64 {
	return multiplied(append([]int{out[0].Shape.Elements()}, nchwShape(in[1].Shape)[1:]...)...)
}

// moveChannels copies a tensor with the channels last to one with the channels second,
// or, with last, the other way.
func moveChannels(c *Call, y, x *Tensor, last bool) error {
	shape, second := x.shape, y.shape // with the channels last, and second
	if last {
		shape, second = y.shape, x.shape
	}
	st := second.Strides()
	turned := append(append([]int{st[0]}, st[2:]...), st[1])
	if last {
		return stridedCopy{shape: shape, dst: shape.Strides(), src: turned}.run(c, y, x)
	}
	return stridedCopy{shape: shape, dst: turned, src: shape.Strides()}.run(c, y, x)
}

// Run computes Y.
func (o *nhwcConv) Run(c *Call, in, out []*Tensor) error {
	inner := []*Tensor{nil, nil, tensorAt(in, 2)}
	for i := range 2 {
		t, err := c.New(in[i].dtype, nchwShape(in[i].shape))
		if err != nil {
			return err
		}
		if err := moveChannels(c, t, in[i], false); err != nil {
			return err
		}
		inner[i] = t
	}
	y, err := c.New(out[0].dtype, nchwShape(out[0].shape))
	if err != nil {
		return err
	}
	if err := o.conv.Run(c, inner, []*Tensor{y}); err != nil {
		return err
	}
	return moveChannels(c, out[0], y, true)
}

package ops

import "fmt"

// oldBroadcast is a binary operator of a version below 7: broadcasting has to be
// asked for (attribute broadcast), stretches only the second operand, and aligns
// it at any axis of the first (attribute axis; absent: at the end).
//
//	A [2, 3, 4, 5], B [3, 4], axis 1  is  A [2, 3, 4, 5], B [3, 4, 1] of version 7
//
// https://github.com/onnx/onnx/blob/main/docs/Changelog.md#Add-6
type oldBroadcast struct {
	Op
	stretch bool // the attribute broadcast
	axis    int  // where the second operand begins; atEnd: so that it ends with the first
}

// atEnd stands for an absent axis.
const atEnd = -1 << 31

// newOldBroadcast wraps the operator of version 7 for an older node.
func newOldBroadcast(n *Node, op Op) (Op, error) {
	return &oldBroadcast{op, n.Bool("broadcast", false), n.Int("axis", atEnd)}, n.Err()
}

// Infer infers the operator of version 7 for the aligned second operand.
func (o *oldBroadcast) Infer(in []Spec) ([]Spec, error) {
	shape, err := o.aligned(in[0].Shape, in[1].Shape)
	if err != nil {
		return nil, err
	}
	out, err := o.Op.Infer([]Spec{in[0], tensorSpec(in[1].DType, shape)})
	if err == nil && !out[0].Shape.Equal(in[0].Shape) {
		return nil, fmt.Errorf("B has shape %v at axis %d, want one that stretches to A's %v", in[1].Shape, o.axis, in[0].Shape)
	}
	return out, err
}

// Run runs the operator of version 7 on the aligned second operand.
func (o *oldBroadcast) Run(c *Call, in, out []*Tensor) error {
	shape, err := o.aligned(in[0].Shape(), in[1].Shape())
	if err != nil {
		return err
	}
	return o.Op.Run(c, []*Tensor{in[0], in[1].View(shape)}, out)
}

// aligned is the shape of B with axes of 1 behind it, up to the end of A.
func (o *oldBroadcast) aligned(a, b Shape) (Shape, error) {
	if !o.stretch && !a.Equal(b) {
		return nil, fmt.Errorf("A has shape %v and B %v, want the same without the attribute broadcast", a, b)
	}
	if !o.stretch || o.axis == atEnd {
		return b, nil
	}
	axis, err := normAxis(o.axis, max(1, len(a)))
	if err != nil {
		return nil, err
	}
	if axis+len(b) > len(a) {
		return nil, fmt.Errorf("B has rank %d at axis %d, want it to end within A's rank %d", len(b), axis, len(a))
	}
	shape := b.Clone()
	for range len(a) - axis - len(b) {
		shape = append(shape, 1)
	}
	return shape, nil
}

// PRelu below version 7: slope has one element, or one for each channel.
func init() {
	Register(Def{
		Name: "PRelu", Since: 6, Inputs: []string{"X", "slope"}, Outputs: []string{"Y"},
		New: func(*Node) (Op, error) { return &oldBroadcast{preluOp{}, true, 1}, nil },
	})
}

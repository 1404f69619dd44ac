package ops

import "fmt"

// SequenceConstruct: output_sequence = [inputs...].
//
//	inputs...: T, at least one, any shapes. output_sequence: seq(T).
//	T: every type.
//
// https://onnx.ai/onnx/operators/onnx__SequenceConstruct.html (version 11).
//
// SequenceEmpty: output = [], with elements of type dtype, default float.
//
// https://onnx.ai/onnx/operators/onnx__SequenceEmpty.html (version 11).
//
// SequenceInsert: output_sequence = input_sequence with tensor before the member
// number position, in [-n, n]; without position at the end.
//
//	input_sequence: seq(T), n members. tensor: T. position: int32 or int64, one element.
//
// https://onnx.ai/onnx/operators/onnx__SequenceInsert.html (version 11).
//
// SequenceErase: output_sequence = input_sequence without the member number
// position, in [-n, n); without position the last.
//
//	input_sequence: seq(T), n members. position: int32 or int64, one element.
//
// https://onnx.ai/onnx/operators/onnx__SequenceErase.html (version 11).
//
// SequenceAt: tensor = the member number position, in [-n, n), of input_sequence.
//
//	input_sequence: seq(T), n members. position: int32 or int64, one element. tensor: T.
//
// https://onnx.ai/onnx/operators/onnx__SequenceAt.html (version 11).
//
// SequenceLength: length = the number of members of input_sequence: int64, scalar.
//
// https://onnx.ai/onnx/operators/onnx__SequenceLength.html (version 11).
func init() {
	fixed := func(op Op) func(*Node) (Op, error) { return func(*Node) (Op, error) { return op, nil } }
	Register(
		Def{Name: "SequenceConstruct", Since: 11, Inputs: []string{"inputs..."}, Outputs: []string{"output_sequence"}, Exact: true, New: newSequenceConstruct},
		Def{Name: "SequenceEmpty", Since: 11, Outputs: []string{"output"}, Exact: true, New: func(n *Node) (Op, error) {
			return sequenceEmpty{n.DType("dtype", Float32)}, n.Err()
		}},
		Def{Name: "SequenceInsert", Since: 11, Inputs: []string{"input_sequence", "tensor", "position?"}, Outputs: []string{"output_sequence"}, Exact: true, Members: true, New: fixed(sequenceInsert{})},
		Def{Name: "SequenceErase", Since: 11, Inputs: []string{"input_sequence", "position?"}, Outputs: []string{"output_sequence"}, Exact: true, Members: true, New: fixed(sequenceErase{})},
		Def{Name: "SequenceAt", Since: 11, Inputs: []string{"input_sequence", "position"}, Outputs: []string{"tensor"}, Exact: true, Members: true, New: fixed(sequenceAt{})},
		Def{Name: "SequenceLength", Since: 11, Inputs: []string{"input_sequence"}, Outputs: []string{"length"}, Exact: true, Members: true, New: fixed(sequenceLength{})},
	)
}

// wantSequence refuses what is not a sequence of tensors.
func wantSequence(name string, s Spec) error {
	if s.Kind != KindSequence {
		return fmt.Errorf("%s is a %v, want a sequence", name, s.Kind)
	}
	return nil
}

// sequenceOf is the result of an Infer whose single output is a sequence.
func sequenceOf(d DType) ([]Spec, error) { return []Spec{{Kind: KindSequence, DType: d}}, nil }

// checkPosition holds the type of an input that names a member.
func checkPosition(in []Spec, i int) error {
	s := input(in, i)
	if s.Omitted() {
		return nil
	}
	if s.Kind != KindTensor {
		return fmt.Errorf("position is a %v, want a tensor", s.Kind)
	}
	if err := wantType("position", s, Int64, Int32); err != nil {
		return err
	}
	if s.Shape.Known() && s.Shape.Elements() != 1 {
		return fmt.Errorf("position has shape %v, want one element", s.Shape)
	}
	return nil
}

// position reads input i, in [-n, limit]; def where it is omitted. n is the number of members.
func position(in []*Tensor, i, n, limit, def int) (int, error) {
	if i >= len(in) || in[i] == nil {
		if def < 0 {
			return 0, fmt.Errorf("input_sequence has no members, want at least 1")
		}
		return def, nil
	}
	p := in[i].Ints()[0]
	if p < -n || p > limit {
		return 0, fmt.Errorf("position is %d, want one in [%d, %d] for %d members", p, -n, limit, n)
	}
	if p < 0 {
		p += n
	}
	return p, nil
}

// member copies a tensor to memory of the call, so that it can be part of a sequence.
func member(c *Call, x *Tensor) (*Tensor, error) {
	y, err := c.New(x.dtype, x.shape.Clone())
	if err == nil {
		copyElements(c, y, x)
	}
	return y, err
}

type sequenceConstruct struct{}

func newSequenceConstruct(n *Node) (Op, error) {
	if len(n.Inputs) == 0 {
		n.Fail("no inputs, want at least 1")
	}
	for i := range n.Inputs {
		if !n.HasInput(i) {
			n.Fail("input %d is omitted", i)
		}
	}
	return sequenceConstruct{}, n.Err()
}

// Infer wants tensors of one type.
func (sequenceConstruct) Infer(in []Spec) ([]Spec, error) {
	for i, s := range in {
		name := fmt.Sprintf("input %d", i)
		if err := wantAsIs(name, s); err != nil {
			return nil, err
		}
		if err := wantSameType("input 0", in[0], name, s); err != nil {
			return nil, err
		}
	}
	return sequenceOf(in[0].DType)
}

// Run copies the inputs.
func (sequenceConstruct) Run(c *Call, in, out []*Tensor) error {
	elems := make([]*Tensor, len(in))
	for i, x := range in {
		var err error
		if elems[i], err = member(c, x); err != nil {
			return err
		}
	}
	out[0] = NewSequence(in[0].dtype, elems)
	return nil
}

type sequenceEmpty struct{ dtype DType }

// Infer gives the type.
func (o sequenceEmpty) Infer([]Spec) ([]Spec, error) { return sequenceOf(o.dtype) }

// Run makes a sequence without members.
func (o sequenceEmpty) Run(_ *Call, _, out []*Tensor) error {
	out[0] = NewSequence(o.dtype, nil)
	return nil
}

type sequenceInsert struct{}

// Infer wants a tensor of the sequence's type.
func (sequenceInsert) Infer(in []Spec) ([]Spec, error) {
	if err := wantSequence("input_sequence", in[0]); err != nil {
		return nil, err
	}
	if err := wantAsIs("tensor", in[1]); err != nil {
		return nil, err
	}
	if err := wantSameType("input_sequence", in[0], "tensor", in[1]); err != nil {
		return nil, err
	}
	if err := checkPosition(in, 2); err != nil {
		return nil, err
	}
	return sequenceOf(in[0].DType)
}

// Run copies the tensor; the other members are shared.
func (sequenceInsert) Run(c *Call, in, out []*Tensor) error {
	old := in[0].elems
	at, err := position(in, 2, len(old), len(old), len(old))
	if err != nil {
		return err
	}
	added, err := member(c, in[1])
	if err != nil {
		return err
	}
	elems := make([]*Tensor, 0, len(old)+1)
	elems = append(append(append(elems, old[:at]...), added), old[at:]...)
	out[0] = NewSequence(in[0].dtype, elems)
	return nil
}

type sequenceErase struct{}

// Infer gives the type.
func (sequenceErase) Infer(in []Spec) ([]Spec, error) {
	if err := wantSequence("input_sequence", in[0]); err != nil {
		return nil, err
	}
	if err := checkPosition(in, 1); err != nil {
		return nil, err
	}
	return sequenceOf(in[0].DType)
}

// Run shares the members that stay.
func (sequenceErase) Run(_ *Call, in, out []*Tensor) error {
	old := in[0].elems
	at, err := position(in, 1, len(old), len(old)-1, len(old)-1)
	if err != nil {
		return err
	}
	elems := append(append(make([]*Tensor, 0, len(old)), old[:at]...), old[at+1:]...)
	out[0] = NewSequence(in[0].dtype, elems)
	return nil
}

type sequenceAt struct{}

// Infer gives the type; the shape is that of the member.
func (sequenceAt) Infer(in []Spec) ([]Spec, error) {
	if err := wantSequence("input_sequence", in[0]); err != nil {
		return nil, err
	}
	if err := checkPosition(in, 1); err != nil {
		return nil, err
	}
	return unknownShape(in[0].DType)
}

// Run gives the member itself.
func (sequenceAt) Run(_ *Call, in, out []*Tensor) error {
	at, err := position(in, 1, len(in[0].elems), len(in[0].elems)-1, 0)
	if err != nil {
		return err
	}
	y := *in[0].elems[at]
	out[0] = &y
	return nil
}

type sequenceLength struct{}

// Infer gives a scalar.
func (sequenceLength) Infer(in []Spec) ([]Spec, error) {
	if err := wantSequence("input_sequence", in[0]); err != nil {
		return nil, err
	}
	return one(Int64, Scalar())
}

// Run counts the members.
func (sequenceLength) Run(_ *Call, in, out []*Tensor) error {
	Data[int64](out[0])[0] = int64(len(in[0].elems))
	return nil
}

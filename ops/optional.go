package ops

import "fmt"

// Optional: output = an optional that holds input, or without input one that holds
// nothing and has the given type.
//
//	input: T or seq(T). type: the type of input; needed without it. output: optional of that.
//	T: every type.
//
// https://onnx.ai/onnx/operators/onnx__Optional.html (version 15).
//
// OptionalHasElement: output = whether input holds something: bool, scalar. A
// tensor or a sequence does; since version 18 an omitted input does not.
//
// https://onnx.ai/onnx/operators/onnx__OptionalHasElement.html (versions 15, 18).
//
// OptionalGetElement: output = what input holds; an empty optional is an error.
// Since version 18 a tensor or a sequence is given back as it is.
//
// https://onnx.ai/onnx/operators/onnx__OptionalGetElement.html (versions 15, 18).
func init() {
	Register(
		Def{Name: "Optional", Since: 15, Inputs: []string{"input?"}, Outputs: []string{"output"}, Exact: true, Members: true, New: newOptional},
		Def{Name: "OptionalHasElement", Since: 15, Inputs: []string{"input?"}, Outputs: []string{"output"}, Exact: true, Members: true,
			New: func(n *Node) (Op, error) { return optionalHasElement{n.HasInput(0)}, nil }},
		Def{Name: "OptionalGetElement", Since: 15, Inputs: []string{"input"}, Outputs: []string{"output"}, Exact: true, Members: true,
			New: func(*Node) (Op, error) { return optionalGetElement{}, nil }},
	)
}

type optionalOp struct {
	empty bool
	of    Spec // the type of an empty one
}

func newOptional(n *Node) (Op, error) {
	o := &optionalOp{empty: !n.HasInput(0)}
	if s := n.Type("type"); s != nil {
		o.of = *s
	} else if o.empty {
		n.Fail("input and attribute type are missing, want one of them")
	}
	if o.of.Kind == KindOptional {
		n.Unsupported("attribute type is an optional, want a tensor or a sequence")
	}
	return o, n.Err()
}

// Infer gives the type.
func (o *optionalOp) Infer(in []Spec) ([]Spec, error) {
	of := o.of
	if !o.empty {
		of = in[0]
	}
	if of.Kind == KindOptional {
		return nil, unsupportedf("input is an optional, want a tensor or a sequence")
	}
	return []Spec{{Kind: KindOptional, Holds: of.Kind, DType: of.DType}}, nil
}

// Run wraps the input: a copy of a tensor, the members of a sequence themselves.
func (o *optionalOp) Run(c *Call, in, out []*Tensor) error {
	if o.empty {
		out[0] = NewNone(o.of.DType, o.of.Kind)
		return nil
	}
	x := in[0]
	if x.kind == KindTensor {
		y, err := member(c, x)
		if err != nil {
			return err
		}
		x = y
	} else {
		x = NewSequence(x.dtype, x.elems)
	}
	out[0] = NewOptional(x.dtype, x)
	return nil
}

type optionalHasElement struct{ given bool }

// Infer gives a scalar; it is known where input is no optional.
func (o optionalHasElement) Infer(in []Spec) ([]Spec, error) {
	if o.given && in[0].Kind == KindOptional {
		return one(Bool, Scalar())
	}
	return []Spec{Of([]bool{o.given}).Spec()}, nil
}

// Run looks into the optional.
func (o optionalHasElement) Run(_ *Call, in, out []*Tensor) error {
	Data[bool](out[0])[0] = o.given && (in[0].kind != KindOptional || len(in[0].elems) > 0)
	return nil
}

type optionalGetElement struct{}

// Infer gives the type, and the shape of a tensor that is no optional.
func (optionalGetElement) Infer(in []Spec) ([]Spec, error) {
	x := in[0]
	switch {
	case x.Kind == KindSequence, x.Kind == KindOptional && x.Holds == KindSequence:
		return sequenceOf(x.DType)
	case x.Kind == KindOptional:
		return unknownShape(x.DType)
	}
	return one(x.DType, x.Shape.Clone())
}

// Run gives what the optional holds.
func (optionalGetElement) Run(c *Call, in, out []*Tensor) error {
	x := in[0]
	switch {
	case x.kind == KindTensor:
		copyElements(c, out[0], x)
		return nil
	case x.kind == KindOptional && len(x.elems) == 0:
		return fmt.Errorf("input is an empty optional, want one that holds something")
	case x.kind == KindOptional:
		x = x.elems[0]
	}
	y := *x
	out[0] = &y
	return nil
}

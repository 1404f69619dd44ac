package tconv

import (
	"fmt"

	"github.com/tconv/tconv/onnx"
	"github.com/tconv/tconv/ops"
)

// NewSequence makes a sequence of tensors of one element type, which dtype names.
// It shares the tensors' memory.
func NewSequence(dtype DType, members ...*Tensor) (*Tensor, error) {
	elems := make([]*ops.Tensor, len(members))
	for i, m := range members {
		if m == nil || m.value.Kind() != ops.KindTensor || m.value.DType() != dtype {
			return nil, fmt.Errorf("%w: member %d is %v, want tensor(%v)", ErrInput, i, m, dtype)
		}
		elems[i] = &m.value
	}
	if !dtype.Valid() {
		return nil, fmt.Errorf("%w: element type %v, want one of ONNX", ErrInput, dtype)
	}
	return &Tensor{*ops.NewSequence(dtype, elems)}, nil
}

// NewOptional makes an optional that holds a tensor or a sequence, whose memory it
// shares, or nothing, where member is nil: then it can be any optional input.
func NewOptional(member *Tensor) (*Tensor, error) {
	switch {
	case member == nil:
		return &Tensor{*ops.NewNone(ops.Undefined, ops.KindTensor)}, nil
	case member.value.Kind() == ops.KindOptional || member.value.DType() == ops.Undefined:
		return nil, fmt.Errorf("%w: the member is %v, want a tensor or a sequence", ErrInput, member)
	}
	return &Tensor{*ops.NewOptional(member.value.DType(), &member.value)}, nil
}

// UnmarshalSequence reads a SequenceProto of tensors: the input_0.pb of ONNX test
// data where the model takes a sequence. It gives the sequence and the name that
// stands in it. The elements of one without members are float.
func UnmarshalSequence(data []byte) (*Tensor, string, error) {
	p, err := onnx.UnmarshalSequence(data)
	if err != nil {
		return nil, "", fmt.Errorf("%w: %w", ErrInput, err)
	}
	t, err := sequenceFromProto(p)
	if err != nil {
		return nil, p.Name, fmt.Errorf("%w: sequence %q: %w", ErrInput, p.Name, err)
	}
	return t, p.Name, nil
}

// UnmarshalOptional reads an OptionalProto that holds a tensor, a sequence of
// tensors, or nothing. It gives the optional and the name that stands in it.
func UnmarshalOptional(data []byte) (*Tensor, string, error) {
	p, err := onnx.UnmarshalOptional(data)
	if err != nil {
		return nil, "", fmt.Errorf("%w: %w", ErrInput, err)
	}
	t, err := optionalFromProto(p)
	if err != nil {
		return nil, p.Name, fmt.Errorf("%w: optional %q: %w", ErrInput, p.Name, err)
	}
	return t, p.Name, nil
}

// MarshalSequence writes a sequence as a SequenceProto.
func MarshalSequence(t *Tensor, name string) ([]byte, error) {
	if t.value.Kind() != ops.KindSequence {
		return nil, fmt.Errorf("%w: %v is no sequence", ErrInput, t)
	}
	return onnx.MarshalSequence(protoFromSequence(t, name)), nil
}

// MarshalOptional writes an optional as an OptionalProto.
func MarshalOptional(t *Tensor, name string) ([]byte, error) {
	if t.value.Kind() != ops.KindOptional {
		return nil, fmt.Errorf("%w: %v is no optional", ErrInput, t)
	}
	p := &onnx.Optional{Name: name}
	for _, m := range t.Elems() {
		if m.value.Kind() == ops.KindSequence {
			p.ElemType, p.Sequence = onnx.ElemSequence, protoFromSequence(m, "")
		} else {
			p.ElemType, p.Tensor = onnx.ElemTensor, protoFromTensor(m, "")
		}
	}
	return onnx.MarshalOptional(p), nil
}

// sequenceFromProto converts a sequence of a file.
func sequenceFromProto(p *onnx.Sequence) (*Tensor, error) {
	if p.ElemType != onnx.ElemTensor && p.ElemType != onnx.ElemUndefined {
		return nil, fmt.Errorf("it holds elements of %v, want TENSOR: %w", p.ElemType, ErrUnsupported)
	}
	dtype, members := Float32, []*Tensor(nil)
	for i, m := range p.Tensors {
		t, err := tensorFromProto(m)
		if err != nil {
			return nil, fmt.Errorf("member %d: %w", i, err)
		}
		if i == 0 {
			dtype = t.DType()
		}
		members = append(members, t)
	}
	return NewSequence(dtype, members...)
}

// optionalFromProto converts an optional of a file.
func optionalFromProto(p *onnx.Optional) (*Tensor, error) {
	var member *Tensor
	var err error
	switch {
	case p.Tensor != nil:
		member, err = tensorFromProto(p.Tensor)
	case p.Sequence != nil:
		member, err = sequenceFromProto(p.Sequence)
	case p.ElemType == onnx.ElemUndefined, p.ElemType == onnx.ElemTensor, p.ElemType == onnx.ElemSequence:
	default:
		err = fmt.Errorf("it holds %v, want TENSOR or SEQUENCE: %w", p.ElemType, ErrUnsupported)
	}
	if err != nil {
		return nil, err
	}
	return NewOptional(member)
}

// protoFromSequence is the reverse of sequenceFromProto.
func protoFromSequence(t *Tensor, name string) *onnx.Sequence {
	p := &onnx.Sequence{Name: name, ElemType: onnx.ElemTensor}
	for _, m := range t.Elems() {
		p.Tensors = append(p.Tensors, protoFromTensor(m, ""))
	}
	return p
}

// asInput gives the value as a model takes it that declares an input so: an empty
// optional or sequence has the declared type, and what an optional may hold is put
// into one.
func asInput(v *ops.Tensor, declared Info) *ops.Tensor {
	switch {
	case declared.Kind == ops.KindOptional && v.Kind() == ops.KindOptional && len(v.Elems()) == 0:
		return ops.NewNone(declared.DType, declared.Holds)
	case declared.Kind == ops.KindOptional && v.Kind() == declared.Holds:
		return ops.NewOptional(v.DType(), v)
	case declared.Kind == ops.KindSequence && v.Kind() == ops.KindSequence && len(v.Elems()) == 0:
		return ops.NewSequence(declared.DType, nil)
	}
	return v
}

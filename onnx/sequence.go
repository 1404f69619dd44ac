package onnx

import "strconv"

// ElemKind tells what a Sequence or Optional holds; the numbers are those of SequenceProto.DataType and
// OptionalProto.DataType.
type ElemKind int32

// The kinds of elements of ONNX.
const (
	ElemUndefined    ElemKind = 0
	ElemTensor       ElemKind = 1
	ElemSparseTensor ElemKind = 2
	ElemSequence     ElemKind = 3
	ElemMap          ElemKind = 4
	ElemOptional     ElemKind = 5
)

var elemKindNames = [...]string{"UNDEFINED", "TENSOR", "SPARSE_TENSOR", "SEQUENCE", "MAP", "OPTIONAL"}

// String is the name in ONNX.
func (k ElemKind) String() string {
	if k >= 0 && int(k) < len(elemKindNames) {
		return elemKindNames[k]
	}
	return "DataType(" + strconv.Itoa(int(k)) + ")"
}

// setElemKind stores the kind that elem_type or a field with elements tells. They must agree.
func setElemKind(f field, have *ElemKind, k ElemKind) error {
	if k == ElemUndefined {
		return nil
	}
	if *have != ElemUndefined && *have != k {
		return f.fail(malformed("found elements of %v and of %v, want only one kind", *have, k))
	}
	*have = k
	return nil
}

// Sequence is a SequenceProto: a list of values of one kind, as test data holds it. Only the list that ElemType names is
// set.
type Sequence struct {
	Name          string
	ElemType      ElemKind
	Tensors       []*Tensor
	SparseTensors []*SparseTensor
	Sequences     []*Sequence
	Maps          []*Map
	Optionals     []*Optional
}

const (
	sequenceName          = 1
	sequenceElemType      = 2
	sequenceTensors       = 3
	sequenceSparseTensors = 4
	sequenceSequences     = 5
	sequenceMaps          = 6
	sequenceOptionals     = 7
)

var sequenceSchema = schema{
	sequenceName:          {"name", blob},
	sequenceElemType:      {"elem_type", varint},
	sequenceTensors:       {"tensor_values", blobs},
	sequenceSparseTensors: {"sparse_tensor_values", blobs},
	sequenceSequences:     {"sequence_values", blobs},
	sequenceMaps:          {"map_values", blobs},
	sequenceOptionals:     {"optional_values", blobs},
}

func (*Sequence) schema() *schema { return &sequenceSchema }

func (s *Sequence) set(f field) error {
	switch f.number {
	case sequenceName:
		return f.setString(&s.Name)
	case sequenceElemType:
		var k ElemKind
		if err := setInt32(f, &k); err != nil {
			return err
		}
		return setElemKind(f, &s.ElemType, k)
	}
	if err := setElemKind(f, &s.ElemType, ElemKind(f.number-sequenceTensors)+ElemTensor); err != nil {
		return err
	}
	return s.setElem(f)
}

func (s *Sequence) setElem(f field) error {
	switch f.number {
	case sequenceTensors:
		return appendMessage(f, &s.Tensors)
	case sequenceSparseTensors:
		return appendMessage(f, &s.SparseTensors)
	case sequenceSequences:
		return appendMessage(f, &s.Sequences)
	case sequenceMaps:
		return appendMessage(f, &s.Maps)
	case sequenceOptionals:
		return appendMessage(f, &s.Optionals)
	}
	return nil
}

func (s *Sequence) encode(e *encoder) {
	e.string(sequenceName, s.Name)
	e.nonzero(sequenceElemType, int64(s.ElemType))
	messages(e, sequenceTensors, s.Tensors)
	messages(e, sequenceSparseTensors, s.SparseTensors)
	messages(e, sequenceSequences, s.Sequences)
	messages(e, sequenceMaps, s.Maps)
	messages(e, sequenceOptionals, s.Optionals)
}

package onnx

// Unmarshal reads a ModelProto. RawData of its tensors aliases b, which must not change while the model is in use;
// everything else is copied.
func Unmarshal(b []byte) (*Model, error) {
	m := new(Model)
	err := unmarshal(b, m)
	if err == nil && m.Graph == nil {
		err = &ParseError{Err: malformed("the model has no graph (field 7 of ModelProto is missing)")}
	}
	if err != nil {
		return nil, explain(b, err)
	}
	return m, nil
}

// UnmarshalTensor reads a TensorProto, such as an input_0.pb of test data. RawData aliases b.
func UnmarshalTensor(b []byte) (*Tensor, error) {
	return unmarshalNew[Tensor](b)
}

// UnmarshalSparseTensor reads a SparseTensorProto. RawData of its tensors aliases b.
func UnmarshalSparseTensor(b []byte) (*SparseTensor, error) {
	return unmarshalNew[SparseTensor](b)
}

// UnmarshalSequence reads a SequenceProto. RawData of its tensors aliases b.
func UnmarshalSequence(b []byte) (*Sequence, error) {
	return unmarshalNew[Sequence](b)
}

// UnmarshalMap reads a MapProto. RawData of its tensors aliases b.
func UnmarshalMap(b []byte) (*Map, error) {
	return unmarshalNew[Map](b)
}

// UnmarshalOptional reads an OptionalProto. RawData of its tensors aliases b.
func UnmarshalOptional(b []byte) (*Optional, error) {
	return unmarshalNew[Optional](b)
}

// UnmarshalType reads a TypeProto.
func UnmarshalType(b []byte) (*Type, error) {
	return unmarshalNew[Type](b)
}

func unmarshalNew[T any, P record[T]](b []byte) (*T, error) {
	v := new(T)
	if err := unmarshal[T, P](b, v); err != nil {
		return nil, explain(b, err)
	}
	return v, nil
}

// unmarshal decodes b as a root message.
func unmarshal[T any, P record[T]](b []byte, v P) error {
	d := &decoder{budget: newBudget(len(b)), chunk: min(textChunk, len(b))}
	return decode[T, P](message{d: d, b: b, depth: 1}, v)
}

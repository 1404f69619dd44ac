package onnx

// Marshal writes a ModelProto. Fields come in order of their numbers, so equal models give equal bytes, and reading the
// bytes gives an equal model, apart from RawOffset, and from empty slices, which may become nil.
func Marshal(m *Model) []byte { return marshal(m) }

// MarshalTensor writes a TensorProto.
func MarshalTensor(t *Tensor) []byte { return marshal(t) }

// MarshalSparseTensor writes a SparseTensorProto.
func MarshalSparseTensor(s *SparseTensor) []byte { return marshal(s) }

// MarshalSequence writes a SequenceProto.
func MarshalSequence(s *Sequence) []byte { return marshal(s) }

// MarshalMap writes a MapProto.
func MarshalMap(m *Map) []byte { return marshal(m) }

// MarshalOptional writes an OptionalProto.
func MarshalOptional(o *Optional) []byte { return marshal(o) }

// MarshalType writes a TypeProto.
func MarshalType(t *Type) []byte { return marshal(t) }

func marshal(v encodable) []byte {
	var e encoder
	v.encode(&e)
	return e.b
}

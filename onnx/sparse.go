package onnx

// SparseTensor is a SparseTensorProto: the elements of a tensor that are not zero, and where they are.
type SparseTensor struct {
	Values  *Tensor // [NNZ]; its name is that of the sparse tensor
	Indices *Tensor // int64, [NNZ] linear or [NNZ, rank]
	Dims    []int64 // of the dense tensor
}

const (
	sparseValues  = 1
	sparseIndices = 2
	sparseDims    = 3
)

var sparseSchema = schema{
	sparseValues:  {"values", blob},
	sparseIndices: {"indices", blob},
	sparseDims:    {"dims", varints},
}

func (*SparseTensor) schema() *schema { return &sparseSchema }

func (s *SparseTensor) set(f field) error {
	switch f.number {
	case sparseValues:
		return mergeMessage(f, &s.Values)
	case sparseIndices:
		return mergeMessage(f, &s.Indices)
	case sparseDims:
		return f.appendInt64s(&s.Dims)
	}
	return nil
}

func (s *SparseTensor) encode(e *encoder) {
	optional(e, sparseValues, s.Values)
	optional(e, sparseIndices, s.Indices)
	e.int64s(sparseDims, s.Dims)
}

package onnx

// Optional is an OptionalProto: a value, or none, as test data holds it. Only the field that ElemType names is set, or
// none at all.
type Optional struct {
	Name         string
	ElemType     ElemKind
	Tensor       *Tensor
	SparseTensor *SparseTensor
	Sequence     *Sequence
	Map          *Map
	Optional     *Optional
}

const (
	optionalName         = 1
	optionalElemType     = 2
	optionalTensor       = 3
	optionalSparseTensor = 4
	optionalSequence     = 5
	optionalMap          = 6
	optionalOptional     = 7
)

var optionalSchema = schema{
	optionalName:         {"name", blob},
	optionalElemType:     {"elem_type", varint},
	optionalTensor:       {"tensor_value", blob},
	optionalSparseTensor: {"sparse_tensor_value", blob},
	optionalSequence:     {"sequence_value", blob},
	optionalMap:          {"map_value", blob},
	optionalOptional:     {"optional_value", blob},
}

func (*Optional) schema() *schema { return &optionalSchema }

func (o *Optional) set(f field) error {
	switch f.number {
	case optionalName:
		return f.setString(&o.Name)
	case optionalElemType:
		var k ElemKind
		if err := setInt32(f, &k); err != nil {
			return err
		}
		return setElemKind(f, &o.ElemType, k)
	}
	if err := setElemKind(f, &o.ElemType, ElemKind(f.number-optionalTensor)+ElemTensor); err != nil {
		return err
	}
	return o.setElem(f)
}

func (o *Optional) setElem(f field) error {
	switch f.number {
	case optionalTensor:
		return mergeMessage(f, &o.Tensor)
	case optionalSparseTensor:
		return mergeMessage(f, &o.SparseTensor)
	case optionalSequence:
		return mergeMessage(f, &o.Sequence)
	case optionalMap:
		return mergeMessage(f, &o.Map)
	case optionalOptional:
		return mergeMessage(f, &o.Optional)
	}
	return nil
}

func (o *Optional) encode(e *encoder) {
	e.string(optionalName, o.Name)
	e.nonzero(optionalElemType, int64(o.ElemType))
	optional(e, optionalTensor, o.Tensor)
	optional(e, optionalSparseTensor, o.SparseTensor)
	optional(e, optionalSequence, o.Sequence)
	optional(e, optionalMap, o.Map)
	optional(e, optionalOptional, o.Optional)
}

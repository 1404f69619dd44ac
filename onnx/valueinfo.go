package onnx

// ValueInfo is a ValueInfoProto: the name and type of a value.
type ValueInfo struct {
	Name      string
	Type      *Type // nil if the file tells none
	DocString string
}

const (
	valueInfoName      = 1
	valueInfoType      = 2
	valueInfoDocString = 3
)

var valueInfoSchema = schema{
	valueInfoName:      {"name", blob},
	valueInfoType:      {"type", blob},
	valueInfoDocString: {"doc_string", blob},
}

func (*ValueInfo) schema() *schema { return &valueInfoSchema }

func (v *ValueInfo) set(f field) error {
	switch f.number {
	case valueInfoName:
		return f.setString(&v.Name)
	case valueInfoType:
		return mergeMessage(f, &v.Type)
	case valueInfoDocString:
		return f.setString(&v.DocString)
	}
	return nil
}

func (v *ValueInfo) encode(e *encoder) {
	e.string(valueInfoName, v.Name)
	optional(e, valueInfoType, v.Type)
	e.string(valueInfoDocString, v.DocString)
}

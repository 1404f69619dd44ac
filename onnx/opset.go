package onnx

// OperatorSetID is an OperatorSetIdProto: a version of the operators of a domain.
type OperatorSetID struct {
	Domain  string // empty for the operators of ONNX itself
	Version int64
}

const (
	opsetDomain  = 1
	opsetVersion = 2
)

var opsetSchema = schema{
	opsetDomain:  {"domain", blob},
	opsetVersion: {"version", varint},
}

func (*OperatorSetID) schema() *schema { return &opsetSchema }

func (o *OperatorSetID) set(f field) error {
	switch f.number {
	case opsetDomain:
		return f.setString(&o.Domain)
	case opsetVersion:
		return f.setInt64(&o.Version)
	}
	return nil
}

func (o *OperatorSetID) encode(e *encoder) {
	e.string(opsetDomain, o.Domain)
	e.int64(opsetVersion, o.Version)
}

package onnx

// Model is a ModelProto: a graph, the operator sets that its nodes refer to, and where it comes from.
type Model struct {
	IRVersion       int64
	OpsetImports    []OperatorSetID
	ProducerName    string
	ProducerVersion string
	Domain          string
	ModelVersion    int64
	DocString       string
	Graph           *Graph // not nil after Unmarshal
	Metadata        []StringEntry
	Functions       []*Function
}

const (
	modelIRVersion       = 1
	modelProducerName    = 2
	modelProducerVersion = 3
	modelDomain          = 4
	modelModelVersion    = 5
	modelDocString       = 6
	modelGraph           = 7
	modelOpsetImport     = 8
	modelMetadata        = 14
	modelFunctions       = 25
)

var modelSchema = schema{
	modelIRVersion:       {"ir_version", varint},
	modelProducerName:    {"producer_name", blob},
	modelProducerVersion: {"producer_version", blob},
	modelDomain:          {"domain", blob},
	modelModelVersion:    {"model_version", varint},
	modelDocString:       {"doc_string", blob},
	modelGraph:           {"graph", blob},
	modelOpsetImport:     {"opset_import", blobs},
	modelMetadata:        {"metadata_props", blobs},
	modelFunctions:       {"functions", blobs},
}

func (*Model) schema() *schema { return &modelSchema }

func (m *Model) set(f field) error {
	switch f.number {
	case modelIRVersion:
		return f.setInt64(&m.IRVersion)
	case modelProducerName:
		return f.setString(&m.ProducerName)
	case modelProducerVersion:
		return f.setString(&m.ProducerVersion)
	case modelDomain:
		return f.setString(&m.Domain)
	case modelModelVersion:
		return f.setInt64(&m.ModelVersion)
	case modelDocString:
		return f.setString(&m.DocString)
	case modelGraph:
		return mergeMessage(f, &m.Graph)
	case modelOpsetImport:
		return appendValue(f, &m.OpsetImports)
	case modelMetadata:
		return appendValue(f, &m.Metadata)
	case modelFunctions:
		return appendMessage(f, &m.Functions)
	}
	return nil
}

func (m *Model) encode(e *encoder) {
	e.int64(modelIRVersion, m.IRVersion)
	e.string(modelProducerName, m.ProducerName)
	e.string(modelProducerVersion, m.ProducerVersion)
	e.string(modelDomain, m.Domain)
	e.nonzero(modelModelVersion, m.ModelVersion)
	e.string(modelDocString, m.DocString)
	optional(e, modelGraph, m.Graph)
	values(e, modelOpsetImport, m.OpsetImports)
	values(e, modelMetadata, m.Metadata)
	messages(e, modelFunctions, m.Functions)
}

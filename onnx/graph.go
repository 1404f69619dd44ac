package onnx

// Graph is a GraphProto: nodes, the constants they use, and what goes in and out. The nodes of a valid file are sorted
// topologically, which is not checked here.
type Graph struct {
	Name               string
	Nodes              []*Node
	Initializers       []*Tensor
	SparseInitializers []*SparseTensor // named by their Values
	Inputs             []*ValueInfo
	Outputs            []*ValueInfo
	ValueInfo          []*ValueInfo // what is known about other values
	DocString          string
	Metadata           []StringEntry
}

const (
	graphNode              = 1
	graphName              = 2
	graphInitializer       = 5
	graphDocString         = 10
	graphInput             = 11
	graphOutput            = 12
	graphValueInfo         = 13
	graphSparseInitializer = 15
	graphMetadata          = 16
)

var graphSchema = schema{
	graphNode:              {"node", blobs},
	graphName:              {"name", blob},
	graphInitializer:       {"initializer", blobs},
	graphDocString:         {"doc_string", blob},
	graphInput:             {"input", blobs},
	graphOutput:            {"output", blobs},
	graphValueInfo:         {"value_info", blobs},
	graphSparseInitializer: {"sparse_initializer", blobs},
	graphMetadata:          {"metadata_props", blobs},
}

func (*Graph) schema() *schema { return &graphSchema }

func (g *Graph) set(f field) error {
	switch f.number {
	case graphNode:
		return appendNode(f, &g.Nodes)
	case graphName:
		return f.setString(&g.Name)
	case graphInitializer:
		return appendMessage(f, &g.Initializers)
	case graphDocString:
		return f.setString(&g.DocString)
	case graphInput:
		return appendMessage(f, &g.Inputs)
	case graphOutput:
		return appendMessage(f, &g.Outputs)
	case graphValueInfo:
		return appendMessage(f, &g.ValueInfo)
	case graphSparseInitializer:
		return appendMessage(f, &g.SparseInitializers)
	case graphMetadata:
		return appendValue(f, &g.Metadata)
	}
	return nil
}

func (g *Graph) encode(e *encoder) {
	messages(e, graphNode, g.Nodes)
	e.string(graphName, g.Name)
	messages(e, graphInitializer, g.Initializers)
	e.string(graphDocString, g.DocString)
	messages(e, graphInput, g.Inputs)
	messages(e, graphOutput, g.Outputs)
	messages(e, graphValueInfo, g.ValueInfo)
	messages(e, graphSparseInitializer, g.SparseInitializers)
	values(e, graphMetadata, g.Metadata)
}

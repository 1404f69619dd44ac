package onnx

// Node is a NodeProto: one application of an operator.
type Node struct {
	Name       string
	OpType     string
	Domain     string   // of OpType; empty for ONNX itself
	Overload   string   // tells model-local functions of one name apart
	Inputs     []string // "" for an optional input that is not given
	Outputs    []string // "" for an optional output that is not wanted
	Attributes []*Attribute
	DocString  string
}

const (
	nodeInput     = 1
	nodeOutput    = 2
	nodeName      = 3
	nodeOpType    = 4
	nodeAttribute = 5
	nodeDocString = 6
	nodeDomain    = 7
	nodeOverload  = 8
)

var nodeSchema = schema{
	nodeInput:     {"input", blobs},
	nodeOutput:    {"output", blobs},
	nodeName:      {"name", blob},
	nodeOpType:    {"op_type", blob},
	nodeAttribute: {"attribute", blobs},
	nodeDocString: {"doc_string", blob},
	nodeDomain:    {"domain", blob},
	nodeOverload:  {"overload", blob},
}

func (*Node) schema() *schema { return &nodeSchema }

func (n *Node) set(f field) error {
	switch f.number {
	case nodeInput:
		return f.appendString(&n.Inputs)
	case nodeOutput:
		return f.appendString(&n.Outputs)
	case nodeName:
		return f.setString(&n.Name)
	case nodeOpType:
		return f.setString(&n.OpType)
	case nodeAttribute:
		return appendMessage(f, &n.Attributes)
	case nodeDocString:
		return f.setString(&n.DocString)
	case nodeDomain:
		return f.setString(&n.Domain)
	case nodeOverload:
		return f.setString(&n.Overload)
	}
	return nil
}

// appendNode decodes one node of a graph or function and counts it.
func appendNode(f field, list *[]*Node) error {
	if f.d.nodes >= MaxNodes {
		return f.fail(overLimit("the model has more than %d nodes", MaxNodes))
	}
	f.d.nodes++
	return appendMessage(f, list)
}

func (n *Node) encode(e *encoder) {
	e.strings(nodeInput, n.Inputs...)
	e.strings(nodeOutput, n.Outputs...)
	e.string(nodeName, n.Name)
	e.string(nodeOpType, n.OpType)
	messages(e, nodeAttribute, n.Attributes)
	e.string(nodeDocString, n.DocString)
	e.string(nodeDomain, n.Domain)
	e.string(nodeOverload, n.Overload)
}

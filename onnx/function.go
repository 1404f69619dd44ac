package onnx

// Function is a FunctionProto: an operator that a model defines itself, as a list of nodes. Domain, Name and Overload
// together identify it.
type Function struct {
	Name              string
	Domain            string
	Overload          string
	Inputs            []string
	Outputs           []string
	Attributes        []string     // parameters without a default
	AttributeDefaults []*Attribute // parameters with one (field attribute_proto)
	Nodes             []*Node
	OpsetImports      []OperatorSetID
	ValueInfo         []*ValueInfo
	DocString         string
}

const (
	functionName             = 1
	functionInput            = 4
	functionOutput           = 5
	functionAttribute        = 6
	functionNode             = 7
	functionDocString        = 8
	functionOpsetImport      = 9
	functionDomain           = 10
	functionAttributeDefault = 11
	functionValueInfo        = 12
	functionOverload         = 13
)

var functionSchema = schema{
	functionName:             {"name", blob},
	functionInput:            {"input", blobs},
	functionOutput:           {"output", blobs},
	functionAttribute:        {"attribute", blobs},
	functionNode:             {"node", blobs},
	functionDocString:        {"doc_string", blob},
	functionOpsetImport:      {"opset_import", blobs},
	functionDomain:           {"domain", blob},
	functionAttributeDefault: {"attribute_proto", blobs},
	functionValueInfo:        {"value_info", blobs},
	functionOverload:         {"overload", blob},
}

func (*Function) schema() *schema { return &functionSchema }

func (fn *Function) set(f field) error {
	switch f.number {
	case functionName:
		return f.setString(&fn.Name)
	case functionInput:
		return f.appendString(&fn.Inputs)
	case functionOutput:
		return f.appendString(&fn.Outputs)
	case functionAttribute:
		return f.appendString(&fn.Attributes)
	case functionNode:
		return appendNode(f, &fn.Nodes)
	case functionDocString:
		return f.setString(&fn.DocString)
	case functionOpsetImport:
		return appendValue(f, &fn.OpsetImports)
	case functionDomain:
		return f.setString(&fn.Domain)
	case functionAttributeDefault:
		return appendMessage(f, &fn.AttributeDefaults)
	case functionValueInfo:
		return appendMessage(f, &fn.ValueInfo)
	case functionOverload:
		return f.setString(&fn.Overload)
	}
	return nil
}

func (fn *Function) encode(e *encoder) {
	e.string(functionName, fn.Name)
	e.strings(functionInput, fn.Inputs...)
	e.strings(functionOutput, fn.Outputs...)
	e.strings(functionAttribute, fn.Attributes...)
	messages(e, functionNode, fn.Nodes)
	e.string(functionDocString, fn.DocString)
	values(e, functionOpsetImport, fn.OpsetImports)
	e.string(functionDomain, fn.Domain)
	messages(e, functionAttributeDefault, fn.AttributeDefaults)
	messages(e, functionValueInfo, fn.ValueInfo)
	e.string(functionOverload, fn.Overload)
}

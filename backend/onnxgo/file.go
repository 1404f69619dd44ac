package onnxgo

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/owulveryck/onnx-go"
	"gorgonia.org/tensor"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/ops"
)

// The fields of ModelProto, OperatorSetIdProto, GraphProto, ValueInfoProto, NodeProto
// and AttributeProto that are written.
const (
	modelIRVersion   = 1
	modelGraph       = 7
	modelOpsetImport = 8

	opsetDomain  = 1
	opsetVersion = 2

	graphNode        = 1
	graphInitializer = 5
	graphInput       = 11
	graphOutput      = 12

	infoName = 1

	nodeInput     = 1
	nodeOutput    = 2
	nodeOpType    = 4
	nodeAttribute = 5
	nodeDomain    = 7

	attributeName    = 1
	attributeF       = 2
	attributeI       = 3
	attributeS       = 4
	attributeT       = 5
	attributeFloats  = 7
	attributeInts    = 8
	attributeStrings = 9
	attributeType    = 20
)

// irVersion is a version of the file format that knows all that is written.
const irVersion = 8

// microsoft is the domain of operators that onnxruntime adds.
const microsoft = "com.microsoft"

// modelFile is an ONNX file that is being written. Each node, weight, input and
// output is a GraphProto of its own: a reader merges them.
type modelFile struct{ graph []byte }

// fileNode is a node of the file; an empty name omits an input or output.
type fileNode struct {
	op, domain      string
	inputs, outputs []string
	attributes      [][]byte
}

// opsetPlace is where bytes writes the version of the operator set.
const opsetPlace = 5

// bytes gives the file, which imports version opset < 128 of the operator set. It is
// the same memory in each call.
func (f *modelFile) bytes(opset int) []byte {
	f.graph[opsetPlace] = byte(opset)
	return f.graph
}

// begin writes what stands before the graph.
func (f *modelFile) begin() {
	f.graph = appendVarint(nil, modelIRVersion, irVersion)
	f.graph = appendBlob(f.graph, modelOpsetImport, appendVarint(nil, opsetVersion, 1))
	other := appendVarint(appendBlob(nil, opsetDomain, microsoft), opsetVersion, 1)
	f.graph = appendBlob(f.graph, modelOpsetImport, other)
}

// part adds a field of the graph.
func (f *modelFile) part(field int, data []byte) {
	if f.graph == nil {
		f.begin()
	}
	head := appendLength(nil, field, len(data))
	f.graph = appendLength(f.graph, modelGraph, len(head)+len(data))
	f.graph = append(append(f.graph, head...), data...)
}

// input declares an input of any type.
func (f *modelFile) input(name string) { f.part(graphInput, appendBlob(nil, infoName, name)) }

// output declares an output of any type.
func (f *modelFile) output(name string) { f.part(graphOutput, appendBlob(nil, infoName, name)) }

// weight adds a constant.
func (f *modelFile) weight(name string, t *tconv.Tensor) error {
	data, err := tconv.MarshalTensor(t, name)
	if err == nil {
		f.part(graphInitializer, data)
	}
	return err
}

// node adds a node.
func (f *modelFile) node(n fileNode) {
	var m []byte
	for _, name := range n.inputs {
		m = appendBlob(m, nodeInput, name)
	}
	for _, name := range n.outputs {
		m = appendBlob(m, nodeOutput, name)
	}
	m = appendBlob(m, nodeOpType, n.op)
	for _, a := range n.attributes {
		m = appendBlob(m, nodeAttribute, a)
	}
	f.part(graphNode, appendBlob(m, nodeDomain, n.domain))
}

// attributes writes the attributes of an operation in the order of their names.
func attributes(o onnx.Operation) ([][]byte, error) {
	var list [][]byte
	for _, name := range slices.Sorted(maps.Keys(o.Attributes)) {
		kind, value, err := attribute(o.Attributes[name])
		if err != nil {
			return nil, fmt.Errorf("attribute %.256q of %.256q: %w", name, o.Name, err)
		}
		list = append(list, append(appendVarint(appendBlob(nil, attributeName, name), attributeType, int64(kind)), value...))
	}
	return list, nil
}

// attribute writes the value of an attribute and tells its kind. The Go types are
// those that onnx-go gives, and int, []int and float64 for what is written by hand.
func attribute(value any) (ops.AttrKind, []byte, error) {
	var m []byte
	switch v := value.(type) {
	case int64:
		return ops.AttrInt, appendVarint(m, attributeI, v), nil
	case int:
		return ops.AttrInt, appendVarint(m, attributeI, int64(v)), nil
	case float32:
		return ops.AttrFloat, appendFloat(m, attributeF, v), nil
	case float64:
		return ops.AttrFloat, appendFloat(m, attributeF, float32(v)), nil
	case string:
		return ops.AttrString, appendBlob(m, attributeS, v), nil
	case []int64:
		return ops.AttrInts, appendInts(m, v), nil
	case []int:
		return ops.AttrInts, appendInts(m, v), nil
	case []float32:
		for _, f := range v {
			m = appendFloat(m, attributeFloats, f)
		}
		return ops.AttrFloats, m, nil
	case []string:
		for _, s := range v {
			m = appendBlob(m, attributeStrings, s)
		}
		return ops.AttrStrings, m, nil
	case tensor.Tensor:
		t, err := fromGorgonia(v)
		if err != nil {
			return 0, nil, err
		}
		data, err := tconv.MarshalTensor(t, "")
		return ops.AttrTensor, appendBlob(m, attributeT, data), err
	case struct{}:
		return 0, nil, fmt.Errorf("%w: its type is not given, and onnx-go leaves the value out then", tconv.ErrUnsupported)
	}
	return 0, nil, fmt.Errorf("%w: its value is a Go %T", tconv.ErrUnsupported, value)
}

// appendVarint appends a protobuf field that is an integer.
func appendVarint(m []byte, field int, v int64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(m, uint64(field)<<3), uint64(v))
}

// appendInts appends the value of a list of integers.
func appendInts[T int | int64](m []byte, values []T) []byte {
	for _, v := range values {
		m = appendVarint(m, attributeInts, int64(v))
	}
	return m
}

// appendFloat appends a protobuf field that is a float.
func appendFloat(m []byte, field int, v float32) []byte {
	return binary.LittleEndian.AppendUint32(binary.AppendUvarint(m, uint64(field)<<3|5), math.Float32bits(v))
}

// appendLength appends what stands before n bytes of a field.
func appendLength(m []byte, field, n int) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(m, uint64(field)<<3|2), uint64(n))
}

// appendBlob appends a protobuf field that is a text, bytes or a message.
func appendBlob[T string | []byte](m []byte, field int, data T) []byte {
	return append(appendLength(m, field, len(data)), data...)
}

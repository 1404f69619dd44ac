package ops

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// AttrKind is the type of an attribute's value.
type AttrKind uint8

// The types of attribute values; the numbers are those of ONNX AttributeProto.
const (
	AttrUndefined AttrKind = 0
	AttrFloat     AttrKind = 1
	AttrInt       AttrKind = 2
	AttrString    AttrKind = 3
	AttrTensor    AttrKind = 4
	AttrGraph     AttrKind = 5
	AttrFloats    AttrKind = 6
	AttrInts      AttrKind = 7
	AttrStrings   AttrKind = 8
	AttrTensors   AttrKind = 9
	AttrGraphs    AttrKind = 10
	AttrSparse    AttrKind = 11
	AttrSparses   AttrKind = 12
	AttrType      AttrKind = 13
	AttrTypes     AttrKind = 14
)

// String gives the ONNX word for the kind.
func (k AttrKind) String() string {
	names := [...]string{"undefined", "float", "int", "string", "tensor", "graph", "floats", "ints", "strings",
		"tensors", "graphs", "sparse_tensor", "sparse_tensors", "type_proto", "type_protos"}
	if int(k) < len(names) {
		return names[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// Attr is one attribute of a node: its kind says which field holds the value.
type Attr struct {
	Name    string
	Kind    AttrKind
	I       int64
	F       float32
	S       string
	T       *Tensor
	Ints    []int64
	Floats  []float32
	Strings []string
	Tensors []*Tensor
	Body    any   // AttrGraph: a sub-graph, which only package graph understands
	Type    *Spec // AttrType: the type that is named; its Shape may be nil
}

// IntAttr makes an attribute of kind int.
func IntAttr(name string, v int) Attr { return Attr{Name: name, Kind: AttrInt, I: int64(v)} }

// FloatAttr makes an attribute of kind float.
func FloatAttr(name string, v float32) Attr { return Attr{Name: name, Kind: AttrFloat, F: v} }

// StringAttr makes an attribute of kind string.
func StringAttr(name, v string) Attr { return Attr{Name: name, Kind: AttrString, S: v} }

// TensorAttr makes an attribute of kind tensor.
func TensorAttr(name string, v *Tensor) Attr { return Attr{Name: name, Kind: AttrTensor, T: v} }

// FloatsAttr makes an attribute of kind floats.
func FloatsAttr(name string, v ...float32) Attr {
	return Attr{Name: name, Kind: AttrFloats, Floats: v}
}

// IntsAttr makes an attribute of kind ints.
func IntsAttr(name string, v ...int) Attr {
	a := Attr{Name: name, Kind: AttrInts}
	for _, x := range v {
		a.Ints = append(a.Ints, int64(x))
	}
	return a
}

// StringsAttr makes an attribute of kind strings.
func StringsAttr(name string, v ...string) Attr {
	return Attr{Name: name, Kind: AttrStrings, Strings: v}
}

// maxListed is how many elements of a list stand in the text of an attribute.
const maxListed = 16

// listed writes a list, cut when it is long.
func listed[T any](list []T, write func(T) string) string {
	var parts []string
	for i, v := range list {
		if i == maxListed {
			parts = append(parts, fmt.Sprintf("... %d in all", len(list)))
			break
		}
		parts = append(parts, write(v))
	}
	return "[" + strings.Join(parts, " ") + "]"
}

// String writes the attribute as name=value; tensors by type and shape. What a
// file makes long is cut.
func (a Attr) String() string {
	name := a.Name
	if !plainName(name) {
		name = quoted(name)
	}
	return name + "=" + a.valueText()
}

// plainName reports whether a name can stand in a text as it is.
func plainName(s string) bool {
	letter := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("_-.:/", r)
	}
	return s != "" && len(s) <= maxQuotedBytes && strings.IndexFunc(s, func(r rune) bool { return !letter(r) }) < 0
}

// valueText writes the value of an attribute.
func (a Attr) valueText() string {
	switch a.Kind {
	case AttrFloat:
		return fmt.Sprint(a.F)
	case AttrInt:
		return strconv.FormatInt(a.I, 10)
	case AttrString:
		return quoted(a.S)
	case AttrTensor:
		return a.T.String()
	case AttrFloats:
		return listed(a.Floats, func(v float32) string { return fmt.Sprint(v) })
	case AttrInts:
		return listed(a.Ints, func(v int64) string { return strconv.FormatInt(v, 10) })
	case AttrStrings:
		return listed(a.Strings, quoted)
	}
	return fmt.Sprintf("<%v>", a.Kind)
}

// Node is what a constructor sees of a node: version, which inputs are given and
// outputs asked for, and the attributes, read by name. The first fault sticks:
// a constructor reads everything it needs and ends with [Node.Err].
type Node struct {
	Op, Domain string
	Opset      int    // the version of the domain that the model imports
	Inputs     []bool // which inputs are given; trailing omitted ones may be absent
	Outputs    []bool // which outputs are asked for; likewise

	attrs  []Attr
	read   []bool
	consts map[int]*Tensor
	err    error
}

// NewNode describes a node. The number of inputs and outputs counts positions
// from the first; use the fields to mark single ones as omitted.
func NewNode(op, domain string, opset, inputs, outputs int, attrs ...Attr) *Node {
	n := &Node{Op: op, Domain: domain, Opset: opset, attrs: attrs, read: make([]bool, len(attrs))}
	n.Inputs = slices.Repeat([]bool{true}, inputs)
	n.Outputs = slices.Repeat([]bool{true}, outputs)
	return n
}

// HasInput reports whether input i is given.
func (n *Node) HasInput(i int) bool { return i < len(n.Inputs) && n.Inputs[i] }

// HasOutput reports whether somebody asks for output i.
func (n *Node) HasOutput(i int) bool { return i < len(n.Outputs) && n.Outputs[i] }

// Fail records a fault; the first one stays.
func (n *Node) Fail(format string, args ...any) {
	if n.err == nil {
		n.err = fmt.Errorf(format, args...)
	}
}

// Unsupported records that the node wants something that ONNX allows and tconv
// does not do; the first fault stays.
func (n *Node) Unsupported(format string, args ...any) {
	if n.err == nil {
		n.err = unsupportedf(format, args...)
	}
}

// Err gives the first fault, or an error that lists the attributes which nobody
// read: an attribute that is not understood must not be passed over.
func (n *Node) Err() error {
	if n.err != nil {
		return n.err
	}
	var unread []string
	for i, a := range n.attrs {
		if n.read[i] {
			continue
		}
		if len(unread) == maxListed {
			unread = append(unread, "...")
			break
		}
		unread = append(unread, a.String())
	}
	if unread != nil {
		return unsupportedf("attribute %s is not known to %s at opset %d", strings.Join(unread, ", "), n.Op, n.Opset)
	}
	return nil
}

// find gives the attribute and marks it as read; a wrong kind is a fault.
func (n *Node) find(name string, kind AttrKind) *Attr {
	for i := range n.attrs {
		a := &n.attrs[i]
		if a.Name != name {
			continue
		}
		n.read[i] = true
		if a.Kind != kind {
			n.Fail("attribute %s is of type %v, want %v", name, a.Kind, kind)
			return nil
		}
		return a
	}
	return nil
}

// Has reports whether the attribute is there, without reading it.
func (n *Node) Has(name string) bool {
	return slices.ContainsFunc(n.attrs, func(a Attr) bool { return a.Name == name })
}

// Ignore marks an attribute as read that changes nothing about the result.
func (n *Node) Ignore(names ...string) {
	for i, a := range n.attrs {
		if slices.Contains(names, a.Name) {
			n.read[i] = true
		}
	}
}

// Int reads an attribute of kind int; def is its value when absent.
func (n *Node) Int(name string, def int) int {
	if a := n.find(name, AttrInt); a != nil {
		if v := clampInt(a.I); int64(v) == a.I {
			return v
		}
		n.Fail("attribute %s is %d, which is out of range", name, a.I)
	}
	return def
}

// Bool reads an attribute of kind int that must be 0 or 1.
func (n *Node) Bool(name string, def bool) bool {
	a := n.find(name, AttrInt)
	if a == nil {
		return def
	}
	if a.I != 0 && a.I != 1 {
		n.Fail("attribute %s is %d, want 0 or 1", name, a.I)
	}
	return a.I != 0
}

// Float reads an attribute of kind float; def is its value when absent.
func (n *Node) Float(name string, def float32) float32 {
	if a := n.find(name, AttrFloat); a != nil {
		return a.F
	}
	return def
}

// Str reads an attribute of kind string. With a list of allowed values any other
// is a fault.
func (n *Node) Str(name, def string, allowed ...string) string {
	a := n.find(name, AttrString)
	if a == nil {
		return def
	}
	if len(allowed) > 0 && !slices.Contains(allowed, a.S) {
		n.Fail("attribute %s is %s, want one of %q", name, quoted(a.S), allowed)
		return def
	}
	return a.S
}

// Ints reads an attribute of kind ints; nil when absent.
func (n *Node) Ints(name string) []int {
	a := n.find(name, AttrInts)
	if a == nil {
		return nil
	}
	out := make([]int, len(a.Ints))
	for i, v := range a.Ints {
		out[i] = clampInt(v)
	}
	return out
}

// Floats reads an attribute of kind floats; nil when absent.
func (n *Node) Floats(name string) []float32 {
	if a := n.find(name, AttrFloats); a != nil {
		return a.Floats
	}
	return nil
}

// Strings reads an attribute of kind strings; nil when absent.
func (n *Node) Strings(name string) []string {
	if a := n.find(name, AttrStrings); a != nil {
		return a.Strings
	}
	return nil
}

// Tensor reads an attribute of kind tensor; nil when absent.
func (n *Node) Tensor(name string) *Tensor {
	if a := n.find(name, AttrTensor); a != nil {
		return a.T
	}
	return nil
}

// Body reads an attribute of kind graph; nil when absent.
func (n *Node) Body(name string) any {
	if a := n.find(name, AttrGraph); a != nil {
		return a.Body
	}
	return nil
}

// Type reads an attribute of kind type_proto; nil when absent.
func (n *Node) Type(name string) *Spec {
	if a := n.find(name, AttrType); a != nil {
		return a.Type
	}
	return nil
}

// DType reads an attribute of kind int that names an element type.
func (n *Node) DType(name string, def DType) DType {
	a := n.find(name, AttrInt)
	if a == nil {
		return def
	}
	if a.I < 0 || a.I > 255 || !DType(a.I).Valid() {
		n.Fail("attribute %s is %d, want the number of an element type", name, a.I)
		return def
	}
	return DType(a.I)
}

// ConstInput hands an attribute of an old version back as the constant input i
// that newer versions have in its place, so that Infer and Run have one form.
func (n *Node) ConstInput(i int, t *Tensor) {
	if n.HasInput(i) {
		n.Fail("input %d and the attribute that it replaced are both given", i)
		return
	}
	if n.consts == nil {
		n.consts = map[int]*Tensor{}
	}
	n.consts[i] = t
}

// ConstInputs gives the constants that the constructor handed back, by input index.
func (n *Node) ConstInputs() map[int]*Tensor { return n.consts }

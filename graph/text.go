package graph

import (
	"fmt"
	"strings"
	"unicode"
)

// String writes the graph as text, one line per input, node and output, in order:
//
//	in  x: tensor(float)[1, 3, 8, 8]
//	y: tensor(float)[1, 4, 8, 8] = Conv-11(x, w) {pads=[1 1 1 1]}
//	out y
//
// Constants are named by their values' names. It is what `inspect --stage` prints
// and what the tests of passes compare.
func (g *Graph) String() string {
	var b strings.Builder
	for _, id := range g.Inputs {
		v := g.Value(id)
		fmt.Fprintf(&b, "in  %s: %v\n", v.Name, v.Spec)
	}
	for _, n := range g.Nodes {
		fmt.Fprintf(&b, "%s = %s\n", g.typedNames(n.Outputs), g.nodeText(n))
	}
	for _, id := range g.Outputs {
		fmt.Fprintf(&b, "out %s\n", g.Value(id).Name)
	}
	return b.String()
}

// nodeText writes an operator with its inputs and attributes.
func (g *Graph) nodeText(n *Node) string {
	names := make([]string, len(n.Inputs))
	for i, id := range n.Inputs {
		names[i] = "_"
		if id != NoValue {
			names[i] = g.Value(id).Name
		}
	}
	text := fmt.Sprintf("%s(%s)", n.OpName(), strings.Join(names, ", "))
	if len(n.Attrs) == 0 {
		return text
	}
	attrs := make([]string, len(n.Attrs))
	for i, a := range n.Attrs {
		attrs[i] = a.String()
	}
	return text + " {" + strings.Join(attrs, " ") + "}"
}

// typedNames writes values with what is known of them.
func (g *Graph) typedNames(ids []ValueID) string {
	names := make([]string, len(ids))
	for i, id := range ids {
		switch {
		case id == NoValue:
			names[i] = "_"
		case g.Value(id).Spec.Omitted():
			names[i] = g.Value(id).Name
		default:
			names[i] = fmt.Sprintf("%s: %v", g.Value(id).Name, g.Value(id).Spec)
		}
	}
	return strings.Join(names, ", ")
}

// OpName writes the operator and the version whose rules it follows: Resize-11.
// What is no identifier is quoted, since a file may write anything there.
func (n *Node) OpName() string {
	if n.Def != nil {
		return n.Def.String()
	}
	name := plain(n.Op)
	if n.Domain != "" {
		name = plain(n.Domain) + "." + name
	}
	return fmt.Sprintf("%s-%d", name, n.Opset)
}

// plain writes a name as it is where it is short and made of letters, digits and
// what domains hold, else quoted.
func plain(name string) string {
	odd := func(r rune) bool {
		return !(unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("._-/:", r))
	}
	if name == "" || len(name) > maxNameBytes || strings.ContainsFunc(name, odd) {
		return quote(name)
	}
	return name
}

package graph

import (
	"iter"
	"slices"

	"github.com/tconv/tconv/backend/cpu"
	"github.com/tconv/tconv/ops"
)

// ValueID names a value within its graph.
type ValueID int32

// NoValue stands for an optional input that was omitted, or an output that
// nobody asked for.
const NoValue ValueID = -1

// Value is one edge of the graph: a graph input, a constant, or an output of a node.
type Value struct {
	Name string
	Spec ops.Spec // what is known; the zero Spec where only a run will tell
	Dims []string // of graph inputs and outputs: the declared dimensions as text, "?" where nothing is said
}

// Node is one operator applied to values.
type Node struct {
	Name            string // as in the file, or made from its place: "Conv_12"
	Op              string
	Domain          string // "" is the default domain
	Opset           int    // the version of the domain that the model imports
	Def             *ops.Def
	Impl            ops.Op
	Attrs           []ops.Attr
	Inputs, Outputs []ValueID

	halos []cpu.Halo // by input: the zeros that are read around it, see assignLayouts
}

// looksAround reports whether the node reads the zeros around a value in channel blocks.
func (n *Node) looksAround(id ValueID) bool {
	for i, h := range n.halos { // few have any, even of those with many inputs
		if n.Inputs[i] == id && h != (cpu.Halo{}) {
			return true
		}
	}
	return false
}

// Graph is a model in the form that passes rewrite. Nodes are kept in an order
// in which every value is made before it is read.
type Graph struct {
	Name    string
	Values  []Value
	Nodes   []*Node
	Inputs  []ValueID // what the caller gives; initializers are not among them
	Outputs []ValueID
	// Declared is what the file says of each output; the zero Spec where it says nothing.
	Declared []ops.Spec
	Opsets   map[string]int // by domain
	// Defaults are the values of inputs that a caller may leave out, by name.
	Defaults map[string]*ops.Tensor

	derived *derived // shared with clones

	folding *folding // what is left for constants; nil before the first Infer
}

// Value gives the value with that id.
func (g *Graph) Value(id ValueID) *Value { return &g.Values[id] }

// AddValue adds a value and gives its id.
func (g *Graph) AddValue(v Value) ValueID {
	g.Values = append(g.Values, v)
	return ValueID(len(g.Values) - 1)
}

// AddConst adds a constant and gives its id.
func (g *Graph) AddConst(name string, t *ops.Tensor) ValueID {
	return g.AddValue(Value{Name: name, Spec: t.Spec()})
}

// Const is the value of id where it is a constant, else nil.
func (g *Graph) Const(id ValueID) *ops.Tensor {
	if id == NoValue {
		return nil
	}
	return g.Values[id].Spec.Const
}

// specs gives what is known of the values; omitted ones get the zero Spec.
func (g *Graph) specs(ids []ValueID) []ops.Spec {
	return g.appendSpecs(make([]ops.Spec, 0, len(ids)), ids)
}

// appendSpecs appends what is known of the values.
func (g *Graph) appendSpecs(out []ops.Spec, ids []ValueID) []ops.Spec {
	for _, id := range ids {
		if id == NoValue {
			out = append(out, ops.Spec{})
			continue
		}
		out = append(out, g.Values[id].Spec)
	}
	return out
}

// Clone copies the graph so that the copy can be rewritten. Constants and
// operators, which nobody changes, are shared.
func (g *Graph) Clone() *Graph {
	c := *g
	if g.folding != nil {
		left := *g.folding
		c.folding = &left
	}
	c.Values = slices.Clone(g.Values)
	c.Inputs = slices.Clone(g.Inputs)
	c.Outputs = slices.Clone(g.Outputs)
	nodes := make([]Node, len(g.Nodes))
	c.Nodes = make([]*Node, len(g.Nodes))
	for i, n := range g.Nodes {
		nodes[i] = *n
		nodes[i].Inputs = slices.Clone(n.Inputs)
		nodes[i].Outputs = slices.Clone(n.Outputs)
		c.Nodes[i] = &nodes[i]
	}
	return &c
}

// uses is who makes and who reads each value: an index that passes build once
// and keep true while they rewrite.
type uses struct {
	producer []*Node
	readers  []int  // how many node inputs read the value
	output   []bool // is the value an output of the graph
}

// uses builds the index.
func (g *Graph) uses() *uses {
	u := &uses{
		producer: make([]*Node, len(g.Values)),
		readers:  make([]int, len(g.Values)),
		output:   make([]bool, len(g.Values)),
	}
	for _, n := range g.Nodes {
		for id := range given(n.Outputs) {
			u.producer[id] = n
		}
		for id := range given(n.Inputs) {
			u.readers[id]++
		}
	}
	for _, id := range g.Outputs {
		u.output[id] = true
	}
	return u
}

// onlyReader reports whether exactly one node input reads id and the caller does
// not see it.
func (u *uses) onlyReader(id ValueID) bool { return u.readers[id] == 1 && !u.output[id] }

// given yields the ids that are not omitted.
func given(ids []ValueID) iter.Seq[ValueID] {
	return func(yield func(ValueID) bool) {
		for _, id := range ids {
			if id != NoValue && !yield(id) {
				return
			}
		}
	}
}

// input gives input i of n, or NoValue.
func (n *Node) input(i int) ValueID {
	if i >= len(n.Inputs) {
		return NoValue
	}
	return n.Inputs[i]
}

// output gives output i of n, or NoValue.
func (n *Node) output(i int) ValueID {
	if i >= len(n.Outputs) {
		return NoValue
	}
	return n.Outputs[i]
}

// is reports whether n is an operator of the default domain with one of the names.
func (n *Node) is(names ...string) bool {
	return n.Domain == "" && slices.Contains(names, n.Op)
}

// attr gives the attribute of that name.
func (n *Node) attr(name string) (ops.Attr, bool) {
	for _, a := range n.Attrs {
		if a.Name == name {
			return a, true
		}
	}
	return ops.Attr{}, false
}

// float gives a float attribute, or def where it is not there.
func (n *Node) float(name string, def float32) float32 {
	if a, ok := n.attr(name); ok {
		return a.F
	}
	return def
}

// int gives an integer attribute, or def where it is not there.
func (n *Node) int(name string, def int64) int64 {
	if a, ok := n.attr(name); ok {
		return a.I
	}
	return def
}

// Keep makes the values whose names match outputs as well, and says how many
// there are.
func (g *Graph) Keep(match func(name string) bool) int {
	n := 0
	for _, node := range g.Nodes {
		for id := range given(node.Outputs) {
			if !match(g.Value(id).Name) {
				continue
			}
			n++
			if !slices.Contains(g.Outputs, id) {
				g.Outputs = append(g.Outputs, id)
				g.Declared = append(g.Declared, ops.Spec{})
			}
		}
	}
	return n
}

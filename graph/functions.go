package graph

import (
	"fmt"
	"slices"

	"github.com/tconv/tconv/onnx"
)

// functionKey names a model-local function.
type functionKey struct{ domain, name, overload string }

// inline gives the nodes of the main graph with every call of a model-local
// function replaced by the function's nodes. Values inside a call get the
// caller's names for its inputs and outputs and fresh ones for the rest.
func (im *importer) inline(m *onnx.Model) []*onnx.Node {
	if len(m.Functions) == 0 {
		return m.Graph.Nodes
	}
	in := &inliner{im: im, functions: map[functionKey]*onnx.Function{}, left: im.opt.Limits.InlineBytes + weightBytes(m.Graph)}
	for _, f := range m.Functions {
		key := functionKey{f.Domain, f.Name, f.Overload}
		if in.functions[key] != nil {
			im.invalid.add("function %s of domain %s is defined twice", quote(f.Name), quote(f.Domain))
		}
		in.functions[key] = f
		im.functionOpsets(m, f)
	}
	return in.expanded(m.Graph.Nodes, 0, 0)
}

// functionOpsets makes the domains that only a function imports known, and
// refuses a function that wants another version than the model.
func (im *importer) functionOpsets(m *onnx.Model, f *onnx.Function) {
	for _, o := range f.OpsetImports {
		domain := o.Domain
		if domain == "ai.onnx" {
			domain = ""
		}
		have, ok := im.graph.Opsets[domain]
		if !ok {
			im.opsets([]onnx.OperatorSetID{o})
		} else if int64(have) != o.Version {
			im.unsupported.add(f.Name, fmt.Sprintf("the function imports version %d of domain %q, the model %d; want one version",
				o.Version, domain, have), f.Name)
		}
	}
}

// inliner expands calls of functions.
type inliner struct {
	im        *importer
	functions map[functionKey]*onnx.Function
	nodes     []*onnx.Node // of the graph that is being expanded
	count     int          // nodes of all graphs
	calls     int          // makes names unique
	left      int          // bytes that bodies may still add
	failed    bool
}

// expanded gives the nodes of one graph with calls replaced. depth counts calls
// within calls, level graphs within graphs.
func (in *inliner) expanded(nodes []*onnx.Node, depth, level int) []*onnx.Node {
	outer := in.nodes
	in.nodes = nil
	in.expand(nodes, depth, level)
	made := in.nodes
	in.nodes = outer
	return made
}

// expand appends nodes, replacing calls.
func (in *inliner) expand(nodes []*onnx.Node, depth, level int) {
	for _, n := range nodes {
		if in.failed {
			return
		}
		f := in.functions[functionKey{n.Domain, n.OpType, n.Overload}]
		switch {
		case in.count >= in.im.opt.Limits.Nodes:
			in.fail("the model has more than %d nodes: %w", in.im.opt.Limits.Nodes, ErrLimit)
		case f == nil:
			in.count++
			in.nodes = append(in.nodes, in.withBodies(n, depth, level))
		case depth >= in.im.opt.Limits.FunctionDepth:
			in.fail("function %s calls itself, or functions call each other more than %d deep: %w",
				quote(f.Name), in.im.opt.Limits.FunctionDepth, ErrLimit)
		case len(n.Inputs) > len(f.Inputs) || len(n.Outputs) > len(f.Outputs):
			in.fail("node %s: %d inputs and %d outputs for function %s, want at most %d and %d",
				quote(n.Name), len(n.Inputs), len(n.Outputs), quote(f.Name), len(f.Inputs), len(f.Outputs))
		case !in.afford(n, f):
			in.fail("calls of functions make the model larger than %s (in function %s): %w",
				formatBytes(in.im.opt.Limits.InlineBytes), quote(f.Name), ErrLimit)
		default:
			in.expand(in.body(n, f), depth+1, level)
		}
	}
}

// withBodies gives n with the calls in its sub-graphs replaced. Levels that the
// importer refuses are left alone.
func (in *inliner) withBodies(n *onnx.Node, depth, level int) *onnx.Node {
	if !hasBody(n) || level > maxSubgraphDepth {
		return n
	}
	c := *n
	c.Attributes = slices.Clone(n.Attributes)
	for i, a := range c.Attributes {
		if a.G != nil {
			attr, g := *a, *a.G
			g.Nodes = in.expanded(g.Nodes, depth, level+1)
			attr.G = &g
			c.Attributes[i] = &attr
		}
	}
	return &c
}

// hasBody reports whether an attribute of n is a graph.
func hasBody(n *onnx.Node) bool {
	return slices.ContainsFunc(n.Attributes, func(a *onnx.Attribute) bool { return a.G != nil })
}

// fail records a fault after which expanding makes no sense.
func (in *inliner) fail(format string, args ...any) {
	in.failed = true
	in.im.invalid.add(format, args...)
}

// inlinedNodeBytes is roughly what one more node takes in the forms that a loaded
// model has, its names apart.
const inlinedNodeBytes = 1 << 10

// afford takes the memory of one call off what is left: functions that call
// functions can make a small file grow without bound, even if none holds a node.
func (in *inliner) afford(n *onnx.Node, f *onnx.Function) bool {
	in.left -= inlinedNodeBytes + bodyBytes(f.Nodes, len(n.Name)+len(f.Name), 0)
	return in.left >= 0
}

// bodyBytes is roughly what a copy of the nodes of a function takes, where names
// get a prefix of so many bytes.
func bodyBytes(nodes []*onnx.Node, prefix, level int) int {
	cost := 0
	for _, n := range nodes {
		cost += inlinedNodeBytes + prefix + len(n.Name)
		for _, name := range n.Inputs {
			cost += prefix + len(name)
		}
		for _, name := range n.Outputs {
			cost += prefix + len(name)
		}
		for _, a := range n.Attributes {
			if a.G != nil && level <= maxSubgraphDepth {
				cost += inlinedNodeBytes + bodyBytes(a.G.Nodes, prefix, level+1)
			}
		}
	}
	return cost
}

// weightBytes is the size of the constants that the file holds.
func weightBytes(g *onnx.Graph) int {
	n := 0
	for _, t := range g.Initializers {
		n += storedBytes(t)
	}
	for _, s := range g.SparseInitializers {
		if s.Values != nil {
			n += storedBytes(s.Values)
		}
	}
	return n
}

// body gives the nodes of f as the call n sees them.
func (in *inliner) body(n *onnx.Node, f *onnx.Function) []*onnx.Node {
	in.calls++
	prefix := fmt.Sprintf("%s/%s#%d/", n.Name, f.Name, in.calls)
	names := &renaming{prefix: prefix, names: map[string]string{"": ""}}
	for i, name := range f.Inputs {
		names.names[name] = ""
		if i < len(n.Inputs) {
			names.names[name] = n.Inputs[i]
		}
	}
	for i, name := range f.Outputs {
		if i < len(n.Outputs) && n.Outputs[i] != "" {
			names.names[name] = n.Outputs[i]
		}
	}
	return names.nodes(f.Nodes, attributesOf(n, f), 0)
}

// renaming gives the values inside a call of a function, and of the sub-graphs in
// it, names that nobody else uses.
type renaming struct {
	prefix string
	names  map[string]string
	outer  *renaming // of the graph around a sub-graph
}

// name gives the new name; one that is seen first gets the prefix.
func (r *renaming) name(old string) string {
	for scope := r; scope != nil; scope = scope.outer {
		if name, ok := scope.names[old]; ok {
			return name
		}
	}
	r.names[old] = r.prefix + old
	return r.names[old]
}

func (r *renaming) list(names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = r.name(name)
	}
	return out
}

// nodes copies nodes under new names; attributes that refer to parameters of the
// function get the values that the call gives.
func (r *renaming) nodes(list []*onnx.Node, given map[string]*onnx.Attribute, level int) []*onnx.Node {
	out := make([]*onnx.Node, len(list))
	for i, inner := range list {
		c := *inner
		c.Name = r.prefix + inner.Name
		c.Inputs, c.Outputs = r.list(inner.Inputs), r.list(inner.Outputs)
		c.Attributes = referred(inner.Attributes, given)
		if hasBody(&c) && level <= maxSubgraphDepth {
			c.Attributes = slices.Clone(c.Attributes)
			for k, a := range c.Attributes {
				if a.G != nil {
					attr := *a
					attr.G = r.graph(a.G, given, level+1)
					c.Attributes[k] = &attr
				}
			}
		}
		out[i] = &c
	}
	return out
}

// graph copies a sub-graph: names that it defines are its own, all others those of
// the call around it.
func (r *renaming) graph(g *onnx.Graph, given map[string]*onnx.Attribute, level int) *onnx.Graph {
	own := &renaming{prefix: r.prefix, names: map[string]string{}, outer: r}
	define := func(name string) {
		if name != "" {
			own.names[name] = r.prefix + name
		}
	}
	for _, n := range g.Nodes {
		for _, name := range n.Outputs {
			define(name)
		}
	}
	c := *g
	c.Inputs, c.Initializers = slices.Clone(g.Inputs), slices.Clone(g.Initializers)
	for i, in := range c.Inputs {
		define(in.Name)
		v := *in
		v.Name = own.name(in.Name)
		c.Inputs[i] = &v
	}
	for i, t := range c.Initializers {
		define(t.Name)
		v := *t
		v.Name = own.name(t.Name)
		c.Initializers[i] = &v
	}
	c.SparseInitializers = slices.Clone(g.SparseInitializers)
	for i, s := range c.SparseInitializers {
		if s.Values != nil {
			define(s.Values.Name)
			sparse, values := *s, *s.Values
			values.Name = own.name(values.Name)
			sparse.Values = &values
			c.SparseInitializers[i] = &sparse
		}
	}
	c.Nodes = own.nodes(g.Nodes, given, level)
	c.Outputs = slices.Clone(g.Outputs)
	for i, o := range c.Outputs {
		v := *o
		v.Name = own.name(o.Name)
		c.Outputs[i] = &v
	}
	return &c
}

// attributesOf gives the values of a function's parameters in one call.
func attributesOf(n *onnx.Node, f *onnx.Function) map[string]*onnx.Attribute {
	given := map[string]*onnx.Attribute{}
	for _, a := range f.AttributeDefaults {
		given[a.Name] = a
	}
	for _, a := range n.Attributes {
		given[a.Name] = a
	}
	return given
}

// referred replaces attributes that refer to a parameter by its value; a
// parameter that the call leaves out leaves the attribute out.
func referred(attrs []*onnx.Attribute, given map[string]*onnx.Attribute) []*onnx.Attribute {
	if !slices.ContainsFunc(attrs, func(a *onnx.Attribute) bool { return a.RefAttrName != "" }) {
		return attrs
	}
	out := make([]*onnx.Attribute, 0, len(attrs))
	for _, a := range attrs {
		if a.RefAttrName == "" {
			out = append(out, a)
			continue
		}
		if v := given[a.RefAttrName]; v != nil {
			c := *v
			c.Name = a.Name
			out = append(out, &c)
		}
	}
	return out
}

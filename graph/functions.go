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
	in.expand(m.Graph.Nodes, 0)
	return in.nodes
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
	nodes     []*onnx.Node
	calls     int // makes names unique
	left      int // bytes that bodies may still add
	failed    bool
}

// expand appends nodes, replacing calls. depth counts calls within calls.
func (in *inliner) expand(nodes []*onnx.Node, depth int) {
	for _, n := range nodes {
		if in.failed {
			return
		}
		f := in.functions[functionKey{n.Domain, n.OpType, n.Overload}]
		switch {
		case len(in.nodes) >= in.im.opt.Limits.Nodes:
			in.fail("the model has more than %d nodes: %w", in.im.opt.Limits.Nodes, ErrLimit)
		case f == nil:
			in.nodes = append(in.nodes, n)
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
			in.expand(in.body(n, f), depth+1)
		}
	}
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
	cost := inlinedNodeBytes
	for _, inner := range f.Nodes {
		cost += inlinedNodeBytes + len(n.Name) + len(f.Name) + len(inner.Name)
		for _, name := range inner.Inputs {
			cost += len(name)
		}
		for _, name := range inner.Outputs {
			cost += len(n.Name) + len(f.Name) + len(name)
		}
	}
	in.left -= cost
	return in.left >= 0
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
	names := map[string]string{"": ""}
	bind := func(inner, outer []string) {
		for i, name := range inner {
			names[name] = ""
			if i < len(outer) {
				names[name] = outer[i]
			}
		}
	}
	bind(f.Inputs, n.Inputs)
	for i, name := range f.Outputs {
		if i < len(n.Outputs) && n.Outputs[i] != "" {
			names[name] = n.Outputs[i]
		}
	}
	rename := func(list []string) []string {
		out := make([]string, len(list))
		for i, name := range list {
			renamed, ok := names[name]
			if !ok {
				renamed = prefix + name
				names[name] = renamed
			}
			out[i] = renamed
		}
		return out
	}
	given := attributesOf(n, f)
	nodes := make([]*onnx.Node, len(f.Nodes))
	for i, inner := range f.Nodes {
		c := *inner
		c.Name = prefix + inner.Name
		c.Inputs, c.Outputs = rename(inner.Inputs), rename(inner.Outputs)
		c.Attributes = referred(inner.Attributes, given)
		nodes[i] = &c
	}
	return nodes
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

package graph

import (
	"errors"
	"slices"

	"github.com/tconv/tconv/onnx"
	"github.com/tconv/tconv/ops"
)

// maxSubgraphDepth bounds graphs in nodes of graphs: every level is a call of the
// loader and of a run.
const maxSubgraphDepth = 32

// subgraph is a graph in an attribute of a node: a branch of If, the body of Loop.
// What it reads of the graphs around it are inputs of its own, after those that
// it declares, and inputs of the node, after those that the file gives.
type subgraph struct {
	graph    *Graph
	declared []ops.Spec // what the file says of the inputs that it declares
	// from tells for each input of graph where it comes from: declared input i, or
	// input i of the node as ^i.
	from  []int
	first int // inputs that the file gives the node
}

// scope is where the names of one graph stand.
type scope struct {
	parent   *importer // imports the graph around it; nil for the main graph
	depth    int
	captured []ValueID // values of the parent that the graph reads
	next     ValueID   // outputs from here on belong to nodes that were not imported yet
	nodes    *int      // in all graphs so far
}

// lookup finds a value by name: of the graph itself, or of one around it, which
// becomes an input.
func (im *importer) lookup(name string) (ValueID, bool) {
	if id, ok := im.ids[name]; ok {
		return id, true
	}
	if im.scope.parent == nil {
		return NoValue, false
	}
	outer, ok := im.scope.parent.lookup(name)
	if !ok {
		return NoValue, false
	}
	id := im.graph.AddValue(Value{Name: name})
	im.ids[name] = id
	im.graph.Inputs = append(im.graph.Inputs, id)
	im.scope.captured = append(im.scope.captured, outer)
	return id, true
}

// hides reports whether a value of that name can be seen from the sub-graph: ONNX
// lets the output of no node hide it. The inputs and initializers of a sub-graph
// may, as the ONNX checker has it and exporters write them (loop states that are
// named as what they start from). Nodes behind the one that holds the sub-graph
// are out of sight.
func (im *importer) hides(name string) bool {
	for p := im.scope.parent; p != nil; p = p.scope.parent {
		if id, ok := p.ids[name]; ok && id < p.scope.next {
			return true
		}
	}
	return false
}

// subgraph imports a graph in an attribute of n, to which the file gives first
// inputs. nil stands for a fault, which is recorded.
func (im *importer) subgraph(n *Node, first int, src *onnx.Graph) *subgraph {
	switch {
	case src == nil:
		im.invalid.add("node %s (%s): an attribute holds no graph", quote(n.Name), plain(n.Op))
		return nil
	case im.scope.depth == maxSubgraphDepth:
		im.invalid.add("node %s (%s): graphs in nodes of graphs are more than %d deep: %w", quote(n.Name), plain(n.Op), maxSubgraphDepth, ErrLimit)
		return nil
	}
	child := &importer{
		opt: im.opt, graph: &Graph{Name: src.Name, Opsets: im.graph.Opsets, derived: newDerived()}, ids: map[string]ValueID{},
		invalid: im.invalid, unsupported: im.unsupported, growth: im.growth,
		scope: scope{parent: im, depth: im.scope.depth + 1, nodes: im.scope.nodes},
	}
	child.contents(src, src.Nodes)
	im.growth = child.growth
	if len(im.invalid.Problems) > 0 {
		return nil
	}
	if err := child.arrange(); err != nil {
		im.invalid.add("node %s (%s): %w", quote(n.Name), plain(n.Op), err)
		return nil
	}
	s := &subgraph{graph: child.graph, first: first}
	for i, id := range s.graph.Inputs {
		v := s.graph.Value(id)
		if captured := i - len(s.graph.Inputs) + len(child.scope.captured); captured >= 0 {
			s.from = append(s.from, ^im.capture(n, first, child.scope.captured[captured]))
			continue
		}
		s.from = append(s.from, i)
		s.declared = append(s.declared, v.Spec)
		v.Spec = ops.Spec{} // what a run gives decides, as with onnxruntime
	}
	return s
}

// arrange puts the nodes of a sub-graph in order and makes it compute in float32.
func (im *importer) arrange() error {
	if err := im.graph.sort(); err != nil {
		return err
	}
	if len(im.unsupported.Ops) > 0 {
		return nil // the import fails, and some nodes have no operator
	}
	return im.graph.widenBody()
}

// capture makes a value an input of n, after the first ones, and gives its index.
func (im *importer) capture(n *Node, first int, id ValueID) int {
	if i := slices.Index(n.Inputs[first:], id); i >= 0 {
		return first + i
	}
	n.Inputs = append(n.Inputs, id)
	return len(n.Inputs) - 1
}

// subgraphs are the graphs in the attributes of n.
func (n *Node) subgraphs() []*subgraph {
	var list []*subgraph
	for _, a := range n.Attrs {
		if s, ok := a.Body.(*subgraph); ok && s != nil {
			list = append(list, s)
		}
	}
	return list
}

// bind gives a copy of the sub-graph in which captured values that are known are
// constants, for inputs of the node of which so much is known.
func (s *subgraph) bind(in []ops.Spec) *subgraph {
	c := *s
	c.graph = s.graph.Clone()
	c.absorb(in)
	return &c
}

// absorb makes captured values that are known constants of the sub-graph.
func (s *subgraph) absorb(in []ops.Spec) {
	s.fix(func(from int) *ops.Tensor {
		if from >= 0 {
			return nil
		}
		return in[^from].Const
	})
}

// fix makes inputs constants for which value gives one.
func (s *subgraph) fix(value func(from int) *ops.Tensor) {
	g := s.graph
	var inputs []ValueID
	var from []int
	for k, id := range g.Inputs {
		if c := value(s.from[k]); c != nil {
			g.Value(id).Spec = c.Spec()
			continue
		}
		inputs, from = append(inputs, id), append(from, s.from[k])
	}
	g.Inputs, s.from = inputs, from
}

// infer says what the outputs are for inputs that it declares and those of the node.
func (s *subgraph) infer(f *folder, own, in []ops.Spec) ([]ops.Spec, error) {
	g := *s.graph
	g.Values = slices.Clone(g.Values)
	for k, id := range g.Inputs {
		if from := s.from[k]; from >= 0 {
			g.Values[id].Spec = unvalued(own[from])
		} else {
			g.Values[id].Spec = in[^from]
		}
	}
	if err := f.graph(&g); err != nil {
		return nil, err
	}
	return g.specs(g.Outputs), nil
}

// unvalued is a Spec without the value.
func unvalued(s ops.Spec) ops.Spec {
	s.Const = nil
	return s
}

// load prepares the sub-graphs of a graph's nodes: constants of the graph that
// they read become theirs, and they run the load passes.
func (g *Graph) load(limits Limits, reference bool) error {
	for _, n := range g.Nodes {
		for _, s := range n.subgraphs() {
			s.absorb(g.specs(n.Inputs))
			s.graph.folding = g.folding
			// What fails may stand in a branch that no run takes: then it is left
			// as it is, and a run that takes it says what is wrong.
			if err := s.graph.prepare(limits, ErrInput, reference); errors.Is(err, ErrInternal) {
				return n.at(err)
			}
		}
	}
	return nil
}

// prepare is what loading does to a graph and the graphs in its nodes, before
// shapes are known. Operators that cannot take what is known already are errors of
// the kind fault.
func (g *Graph) prepare(limits Limits, fault error, reference bool) error {
	if err := g.settle(limits, fault, reference); err != nil {
		return err
	}
	if err := g.Rewrite(QuantizedPasses); err != nil {
		return err
	}
	if err := g.load(limits, reference); err != nil || reference {
		return err
	}
	return g.Rewrite(LoadPasses)
}

// settle infers, and as long as conditions turn out to be constant puts the
// branches that they choose in place of If.
func (g *Graph) settle(limits Limits, fault error, reference bool) error {
	for {
		if err := g.infer(limits, fault); err != nil || reference {
			return err
		}
		if found, err := g.inlineBranches(); err != nil || !found {
			return err
		}
		if err := foldConstants(g); err != nil {
			return err
		}
	}
}

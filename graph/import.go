package graph

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/tconv/tconv/onnx"
	"github.com/tconv/tconv/ops"
)

// ImportOptions is what an import needs beside the model.
type ImportOptions struct {
	External *onnx.ExternalData // reads external tensor data; nil refuses it
	Source   *Source            // reads what UnmarshalFile left in the file; nil where it left nothing
	Limits   Limits
	// Given names graph inputs that also are initializers, which a run may replace:
	// they are inputs then, and their initializers stand in Graph.Defaults. Others
	// of that kind are constants.
	Given []string
}

// Import turns a parsed model into a graph: names become ids, initializers become
// constants, every node gets its operator. It reports every problem at once: an
// [InvalidError] for what breaks the rules, an [UnsupportedError] for what tconv
// cannot run. Initializers may alias the bytes from which the model was parsed.
func Import(m *onnx.Model, opt ImportOptions) (*Graph, error) {
	opt.Limits = opt.Limits.withDefaults()
	im := &importer{
		opt:         opt,
		graph:       &Graph{Name: m.Graph.Name, Opsets: map[string]int{}, derived: newDerived(), Defaults: map[string]*ops.Tensor{}},
		ids:         map[string]ValueID{},
		invalid:     &InvalidError{},
		unsupported: &UnsupportedError{},
		scope:       scope{nodes: new(int)},
	}
	im.growth = opt.Limits.GrowthBytes + constantGrowth*weightBytes(m.Graph)
	im.opsets(m.OpsetImports)
	im.contents(m.Graph, im.inline(m))
	if err := im.invalid.orNil(); err != nil {
		return nil, err
	}
	if err := im.unsupported.orNil(); err != nil {
		return nil, err
	}
	for _, name := range opt.Given {
		if im.graph.Defaults[name] == nil {
			return nil, fmt.Errorf("%w: the model has no input %s with an initializer", ErrInput, quote(name))
		}
	}
	if err := im.graph.sort(); err != nil {
		return nil, err
	}
	if err := im.graph.widenHalf(); err != nil {
		return nil, err
	}
	return im.graph, nil
}

// importer is the state of one import.
type importer struct {
	opt         ImportOptions
	graph       *Graph
	ids         map[string]ValueID
	invalid     *InvalidError
	unsupported *UnsupportedError
	growth      int // bytes that sparse initializers may still become
	scope       scope
}

// contents imports a graph; its nodes are given apart, since calls of functions
// were replaced in them.
func (im *importer) contents(g *onnx.Graph, nodes []*onnx.Node) {
	if *im.scope.nodes += len(nodes); *im.scope.nodes > im.opt.Limits.Nodes {
		im.invalid.add("the model has more than %d nodes: %w", im.opt.Limits.Nodes, ErrLimit)
		return
	}
	im.initializers(g)
	im.inputs(g)
	im.scope.next = ValueID(len(im.graph.Values))
	im.declareOutputs(nodes)
	for i, n := range nodes {
		im.node(i, n)
	}
	im.outputs(g)
}

// opsets records the versions of the domains and refuses those that are too new.
func (im *importer) opsets(imports []onnx.OperatorSetID) {
	for _, o := range imports {
		domain := o.Domain
		if domain == "ai.onnx" {
			domain = ""
		}
		if domain == ops.InternalDomain {
			im.invalid.add("the model imports the domain %q, which is reserved", domain)
			continue
		}
		if domain == "" && o.Version > ops.NewestOpset {
			im.unsupported.add("opset", fmt.Sprintf("version %d is newer than the newest tested, %d; export the model with opset %d or older",
				o.Version, ops.NewestOpset, ops.NewestOpset), "model")
		}
		if o.Version < 1 || o.Version > 1<<30 {
			im.invalid.add("opset version of domain %s is %d, want 1 or more", quote(domain), o.Version)
			continue
		}
		im.graph.Opsets[domain] = int(o.Version)
	}
	if len(im.graph.Opsets) == 0 {
		im.graph.Opsets[""] = 1 // what ONNX says of models older than opset imports
	}
}

// define makes a value under a name that must be new.
func (im *importer) define(name, what string, v Value) ValueID {
	if old, ok := im.ids[name]; ok {
		im.invalid.add("%s %s has the name of another value", what, quote(name))
		return old
	}
	v.Name = name
	id := im.graph.AddValue(v)
	im.ids[name] = id
	return id
}

// initializers makes a constant of each.
func (im *importer) initializers(g *onnx.Graph) {
	for _, t := range g.Initializers {
		if t.Name == "" {
			im.invalid.add("an initializer has no name")
			continue
		}
		if c := im.tensor("initializer "+quote(t.Name), t); c != nil && im.replaceable(g, t.Name) {
			if d := c.Deferred(); d != nil {
				d.Keep()
			}
			im.graph.Defaults[t.Name] = c
		} else if c != nil {
			im.define(t.Name, "initializer", Value{Spec: c.Spec()})
		}
	}
	for _, s := range g.SparseInitializers {
		if s.Values == nil || s.Values.Name == "" {
			im.invalid.add("a sparse initializer has no name")
			continue
		}
		dense, err := s.Dense(im.opt.External, int64(im.denseLimit(s)))
		if err != nil {
			im.invalid.add("sparse initializer %s: %w", quote(s.Values.Name), err)
			continue
		}
		if c := im.tensor("sparse initializer "+quote(s.Values.Name), dense); c != nil {
			im.define(s.Values.Name, "sparse initializer", Value{Spec: c.Spec()})
			im.growth -= heldBytes(c)
		}
	}
}

// denseLimit is how many bytes a sparse initializer may become: a few bytes of a
// file can ask for gigabytes of zeros, as with nodes that are folded.
func (im *importer) denseLimit(s *onnx.SparseTensor) int {
	l := im.opt.Limits
	return max(0, min(l.TensorBytes, im.growth, max(l.FoldSmall, l.FoldGrowth*storedBytes(s.Values))))
}

// storedBytes is the size of the elements that a file holds.
func storedBytes(t *onnx.Tensor) int {
	if t.Left != nil {
		return int(t.Left.Size)
	}
	return len(t.RawData) + 4*(len(t.FloatData)+len(t.Int32Data)) + 8*(len(t.Int64Data)+len(t.DoubleData)+len(t.Uint64Data)) +
		stringHeaderBytes*len(t.StringData)
}

// replaceable reports whether an initializer of the main graph is only the default
// of an input that runs may give.
func (im *importer) replaceable(g *onnx.Graph, name string) bool {
	return im.scope.parent == nil && slices.Contains(im.opt.Given, name) &&
		slices.ContainsFunc(g.Inputs, func(in *onnx.ValueInfo) bool { return in.Name == name })
}

// tensor converts a tensor; a fault is recorded and gives nil.
func (im *importer) tensor(what string, t *onnx.Tensor) *ops.Tensor {
	c, err := im.convert(t)
	if err != nil {
		im.invalid.add("%s: %w", what, err)
		return nil
	}
	return c
}

// convert is ConvertTensor, also for a tensor whose elements were left in the file.
func (im *importer) convert(t *onnx.Tensor) (*ops.Tensor, error) {
	if t.Left == nil {
		c, err := ConvertTensor(t, im.opt.External)
		if err == nil && im.opt.Source != nil && c.DType() != ops.String && c.ByteLen() < leastLarge {
			c = c.Clone() // nothing small holds on to what was read of the file
		}
		return c, err
	}
	shape, err := convertDims(t.Dims)
	if err != nil {
		return nil, err
	}
	return im.opt.Source.tensor(t, shape)
}

// leastLarge is the size in bytes from which a constant may stay in the bytes that were
// read of a file.
const leastLarge = 64 << 10

// inputs makes a value of each graph input. One that also is an initializer is a
// constant: old files list all initializers so.
func (im *importer) inputs(g *onnx.Graph) {
	initial := map[string]bool{}
	for _, t := range g.Initializers {
		initial[t.Name] = im.graph.Defaults[t.Name] == nil
	}
	for _, in := range g.Inputs {
		switch {
		case in.Name == "":
			im.invalid.add("a graph input has no name")
		case initial[in.Name] && im.scope.parent != nil:
			im.invalid.add("input %s of a sub-graph is an initializer too", quote(in.Name))
		case initial[in.Name]:
		default:
			spec, dims, err := convertType(in.Type)
			if err != nil {
				im.invalid.add("input %s: %w", quote(in.Name), err)
				continue
			}
			im.graph.Inputs = append(im.graph.Inputs, im.define(in.Name, "input", Value{Spec: spec, Dims: dims}))
		}
	}
}

// declareOutputs makes a value of every node output, so that nodes may stand in
// any order in the file.
func (im *importer) declareOutputs(nodes []*onnx.Node) {
	for _, n := range nodes {
		for _, name := range n.Outputs {
			if name == "" {
				continue
			}
			if im.hides(name) {
				im.invalid.add("node output %s of a sub-graph has the name of a value of the graph around it", quote(name))
			}
			im.define(name, "node output", Value{})
		}
	}
}

// node resolves the names of a node and builds its operator.
func (im *importer) node(index int, src *onnx.Node) {
	n := &Node{Name: src.Name, Op: src.OpType, Domain: src.Domain}
	if n.Domain == "ai.onnx" {
		n.Domain = ""
	}
	if n.Name == "" {
		n.Name = src.OpType + "_" + strconv.Itoa(index)
	}
	opset, ok := im.graph.Opsets[n.Domain]
	if !ok {
		im.invalid.add("node %s (%s): the model does not import the domain %s", quote(n.Name), plain(n.Op), quote(n.Domain))
		return
	}
	n.Opset = opset
	n.Inputs = im.resolve(n, src.Inputs)
	for len(n.Inputs) > 0 && n.Inputs[len(n.Inputs)-1] == NoValue { // omitted at the end is not there
		n.Inputs = n.Inputs[:len(n.Inputs)-1]
	}
	n.Outputs = im.resolve(n, src.Outputs)
	if err := im.attributes(n, src.Attributes); err != nil {
		im.invalid.add("node %s (%s): %w", quote(n.Name), plain(n.Op), err)
		return
	}
	if im.subgraphs(n) {
		im.build(n)
	}
	im.graph.Nodes = append(im.graph.Nodes, n)
	for id := range given(n.Outputs) {
		im.scope.next = max(im.scope.next, id+1)
	}
}

// subgraphs imports the graphs in the attributes of n; false means a fault.
func (im *importer) subgraphs(n *Node) bool {
	if n.is("Loop") { // M and cond may be left out at the end
		for len(n.Inputs) < 2 {
			n.Inputs = append(n.Inputs, NoValue)
		}
	}
	first := len(n.Inputs)
	for i, a := range n.Attrs {
		if a.Kind != ops.AttrGraph {
			continue
		}
		src, _ := a.Body.(*onnx.Graph)
		s := im.subgraph(n, first, src)
		if s == nil {
			return false
		}
		n.Attrs[i].Body = s
	}
	return true
}

// resolve gives the ids of names; "" is an omitted value.
func (im *importer) resolve(n *Node, names []string) []ValueID {
	ids := make([]ValueID, len(names))
	for i, name := range names {
		ids[i] = NoValue
		if name == "" {
			continue
		}
		id, ok := im.lookup(name)
		if !ok {
			im.invalid.add("node %s (%s): input %s is made by no node, is no initializer and no graph input", quote(n.Name), plain(n.Op), quote(name))
			continue
		}
		ids[i] = id
	}
	return ids
}

// maxAttributes bounds the attributes of one node: they are looked up one by one.
// No operator of ONNX has more than 20.
const maxAttributes = 256

// attributes converts the attributes of a node.
func (im *importer) attributes(n *Node, src []*onnx.Attribute) error {
	if len(src) > maxAttributes {
		return fmt.Errorf("%d attributes, want at most %d: %w", len(src), maxAttributes, ErrLimit)
	}
	for _, a := range src {
		if _, ok := n.attr(a.Name); ok {
			return fmt.Errorf("attribute %s is given twice", quote(a.Name))
		}
		attr, err := convertAttribute(a, im.opt.External)
		if err != nil {
			return fmt.Errorf("attribute %s: %w", quote(a.Name), err)
		}
		n.Attrs = append(n.Attrs, attr)
	}
	return nil
}

// build finds the operator and runs its constructor; a fault is recorded.
func (im *importer) build(n *Node) {
	err := im.graph.build(n)
	switch {
	case err == nil:
	case isUnsupported(err):
		im.unsupported.add(n.OpName(), err.Error(), n.Name)
	default:
		im.invalid.add("node %s (%s): %w", quote(n.Name), n.OpName(), err)
	}
}

// build finds the Def of n and constructs its operator; constants that the
// constructor hands back become inputs.
func (g *Graph) build(n *Node) error {
	def, err := ops.Lookup(n.Domain, n.Op, n.Opset)
	if err != nil {
		return err
	}
	n.Def = def
	view := ops.NewNode(n.Op, n.Domain, n.Opset, len(n.Inputs), len(n.Outputs), n.Attrs...)
	for i, id := range n.Inputs {
		view.Inputs[i] = id != NoValue
	}
	for i, id := range n.Outputs {
		view.Outputs[i] = id != NoValue
	}
	if n.Impl, err = construct(def, view); err != nil {
		return err
	}
	for i, t := range view.ConstInputs() {
		for len(n.Inputs) <= i {
			n.Inputs = append(n.Inputs, NoValue)
		}
		n.Inputs[i] = g.AddConst(fmt.Sprintf("%s.input%d", n.Name, i), t)
	}
	return nil
}

// construct runs an operator's constructor. A panic, which is a bug of tconv,
// becomes an error.
func construct(def *ops.Def, view *ops.Node) (op ops.Op, err error) {
	defer recovered(&err)
	return def.Build(view)
}

// outputs resolves the graph outputs.
func (im *importer) outputs(g *onnx.Graph) {
	if len(g.Outputs) == 0 {
		im.invalid.add("the graph has no outputs")
	}
	for _, out := range g.Outputs {
		id, ok := im.lookup(out.Name)
		if !ok {
			im.invalid.add("graph output %s is made by no node", quote(out.Name))
			continue
		}
		spec, dims, err := convertType(out.Type)
		if err != nil {
			im.invalid.add("output %s: %w", quote(out.Name), err)
			continue
		}
		v := im.graph.Value(id)
		v.Dims = dims
		im.graph.Declared = append(im.graph.Declared, spec)
		im.graph.Outputs = append(im.graph.Outputs, id)
	}
}

package onnxgo

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/graph"
	"github.com/tconv/tconv/ops"
)

// network is a Graph as a tconv model.
type network struct {
	model   *tconv.Model
	cleanup runtime.Cleanup // closes the model when nobody reaches the graph
	opset   int
	inputs  map[string]*value
	outputs map[string]*value
}

// run computes the outputs; number is that of the run.
func (n *network) run(ctx context.Context, number int) error {
	in := tconv.Tensors{}
	for name, v := range n.inputs {
		t, err := fromGorgonia(v.tensor)
		if err != nil {
			return fmt.Errorf("input %v: %w", v, err)
		}
		in[name] = t
	}
	out, err := n.model.Run(ctx, in)
	if err != nil {
		return err
	}
	for name, v := range n.outputs {
		t, err := toGorgonia(out[name])
		if err != nil {
			return fmt.Errorf("output %v: %w", v, err)
		}
		v.tensor, v.run = t, number
	}
	return nil
}

// build makes the model of the operations collected so far.
func (g *Graph) build() (*network, error) {
	if len(g.operations) == 0 {
		return nil, fmt.Errorf("%w: the graph has no operations", tconv.ErrInvalidModel)
	}
	b := &builder{graph: g, names: map[*value]string{}, read: map[*value]bool{}, newestDeclared: g.newestDeclared(),
		network: &network{inputs: map[string]*value{}, outputs: map[string]*value{}}}
	for _, op := range g.operations {
		if err := b.node(op); err != nil {
			return nil, err
		}
	}
	if len(b.missing) > 0 {
		return nil, fmt.Errorf("%w: no tensor was set for input %s", tconv.ErrInput, strings.Join(b.missing, ", "))
	}
	b.outputs()
	return b.network, b.load()
}

// newestDeclared is the id of the newest node that an operation makes and that was
// given a tensor. onnx-go makes the nodes of a file in this order: inputs, value_info,
// outputs, each with a tensor of the declared type; then initializers that are no
// inputs.
func (g *Graph) newestDeclared() int64 {
	newest := int64(-1)
	for _, op := range g.operations {
		for _, n := range op.outputs {
			if n.value.omitted() {
				continue
			}
			for _, node := range n.value.nodes {
				if node.sets > 0 {
					newest = max(newest, node.id)
				}
			}
		}
	}
	return newest
}

// builder is the state of one build.
type builder struct {
	graph          *Graph
	network        *network
	file           modelFile
	names          map[*value]string // of the values that the model has so far
	read           map[*value]bool   // values that operations read
	missing        []string          // inputs that have no tensor
	newestDeclared int64
}

// node adds an operation, and the inputs and weights that it reads.
func (b *builder) node(op operation) error {
	n := fileNode{op: op.Name, domain: domainOf(op.Name)}
	for _, in := range op.inputs {
		name := ""
		if in != nil && !in.value.omitted() && !isFake(op, n.domain) {
			var err error
			if name, err = b.operand(in.value); err != nil {
				return err
			}
		}
		n.inputs = append(n.inputs, name)
	}
	for _, out := range op.outputs {
		name := ""
		if !out.value.omitted() {
			name = b.name(out.value)
		}
		n.outputs = append(n.outputs, name)
	}
	var err error
	if n.attributes, err = attributes(op.Operation); err != nil {
		return err
	}
	b.file.node(n)
	return nil
}

// domainOf finds the domain of an operator, which onnx-go does not tell: that of
// ONNX, unless only onnxruntime has one of the name.
func domainOf(op string) string {
	if _, err := ops.Lookup("", op, ops.NewestOpset); err == nil {
		return ""
	}
	if _, err := ops.Lookup(microsoft, op, 1); err == nil {
		return microsoft
	}
	return ""
}

// isFake reports whether the input of an operation is the one that onnx-go makes up
// for a node without inputs, Constant say.
func isFake(op operation, domain string) bool {
	if len(op.inputs) != 1 || op.inputs[0] == nil {
		return false
	}
	v := op.inputs[0].value
	if v.made || v.tensor != nil || !strings.HasSuffix(v.name, "/input") {
		return false
	}
	def, err := ops.Lookup(domain, op.Name, ops.NewestOpset)
	return err == nil && (len(def.Inputs) == 0 || strings.HasSuffix(def.Inputs[0], "?"))
}

// name gives the name of a value in the model.
func (b *builder) name(v *value) string {
	name, ok := b.names[v]
	if ok {
		return name
	}
	name = v.name
	for i := 0; name == ""; i++ {
		name = strings.Repeat("#", i) + fmt.Sprint("#", v.id)
		if b.graph.values[name] != nil {
			name = ""
		}
	}
	b.names[v] = name
	return name
}

// operand gives the name of a value that an operation reads. One that no operation
// makes becomes an input or a weight of the model the first time.
func (b *builder) operand(v *value) (string, error) {
	if b.read[v] {
		return b.name(v), nil
	}
	b.read[v] = true
	name := b.name(v)
	switch {
	case v.made:
	case v.tensor == nil || v.setAt != b.graph.changes && b.placeholder(v):
		b.missing = append(b.missing, v.String())
	case v.setAt == b.graph.changes:
		b.network.inputs[name] = v
		b.file.input(name)
	default:
		t, err := fromGorgonia(v.tensor)
		if err != nil {
			return "", fmt.Errorf("weight %v: %w", v, err)
		}
		return name, b.file.weight(name, t)
	}
	return name, nil
}

// placeholder reports whether the tensor of a value that no operation makes only
// tells the declared type of an input: a weight's node is given a second one, or was
// made after all that are declared.
func (b *builder) placeholder(v *value) bool {
	for _, n := range v.nodes {
		if n.sets > 1 || n.sets == 1 && n.id > b.newestDeclared {
			return false
		}
	}
	return true
}

// outputs declares what the model computes: what GetTensor asked for, and what no
// operation reads. Of these onnx-go gives a tensor to the outputs of the file, so
// that an unused second result of an operator can be told from them.
func (b *builder) outputs() {
	var ends, declared []*value
	for _, op := range b.graph.operations {
		for _, n := range op.outputs {
			v := n.value
			switch {
			case v.omitted():
			case v.wanted:
				b.output(v)
			case b.read[v]:
			case v.declared():
				declared = append(declared, v)
			default:
				ends = append(ends, v)
			}
		}
	}
	switch {
	case len(declared) > 0:
		ends = declared
	case len(ends) == 0 && len(b.network.outputs) == 0: // a cycle, which Load describes
		ends = []*value{b.graph.operations[0].outputs[0].value}
	}
	for _, v := range ends {
		b.output(v)
	}
}

func (b *builder) output(v *value) {
	b.network.outputs[b.name(v)] = v
	b.file.output(b.name(v))
}

// load makes the model by the rules of the operator set that the caller told, or
// else of the first that fits.
func (b *builder) load() error {
	var best error
	fewest := 0
	for _, opset := range b.candidates() {
		m, err := tconv.Load(b.file.bytes(opset), b.graph.options...)
		if err == nil {
			b.network.model, b.network.opset = m, opset
			return nil
		}
		if n := misfits(err, opset); best == nil || n < fewest {
			best, fewest = err, n
		}
	}
	return best
}

// firstOpset is the version that is tried first: that of onnx-go's own tests.
const firstOpset = 9

// candidates are the operator sets to try, in order.
func (b *builder) candidates() []int {
	if b.graph.opset != 0 {
		return []int{b.graph.opset}
	}
	var list []int
	for v := firstOpset; v <= ops.NewestOpset; v++ {
		list = append(list, v)
	}
	for v := firstOpset - 1; v > 0; v-- {
		list = append(list, v)
	}
	return list
}

// misfits weighs what an operator set does not explain, to find the error that tells
// the user most: faults count twice; one more where they hide operators that tconv
// lacks; two more where the fault may be that tconv lacks old versions.
func misfits(err error, opset int) int {
	var invalid *graph.InvalidError
	var unsupported *tconv.UnsupportedError
	n := 0
	switch {
	case errors.As(err, &unsupported):
		n = 2 * len(unsupported.Ops)
	case errors.As(err, &invalid):
		n = 2*len(invalid.Problems) + 1
	}
	if opset < firstOpset {
		n += 2
	}
	return n
}

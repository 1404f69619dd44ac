package onnxgo

import (
	"context"
	"fmt"
	"runtime"

	"github.com/owulveryck/onnx-go"
	"gonum.org/v1/gonum/graph"
	"gonum.org/v1/gonum/graph/simple"

	"github.com/tconv/tconv"
)

// Graph is a backend of onnx-go: it implements backend.ComputationBackend. Edges
// lead from what an operation makes to what it reads; their weight is the place
// among the inputs.
//
// A Graph belongs to one goroutine at a time. Methods of gonum's interfaces return
// no errors: what is wrong there is returned by ApplyOperation or Run.
type Graph struct {
	g          *simple.WeightedDirectedGraph
	options    []tconv.Option
	opset      int               // that the caller told; 0: to be found
	values     map[string]*value // by name
	operations []operation
	fault      error // the first one of a method that cannot return it
	changes    int   // counts nodes, edges and operations
	runs       int
	network    *network // nil: made by the next run
}

// operation is one node of the file.
type operation struct {
	onnx.Operation
	inputs, outputs []*Node
}

// NewGraph makes an empty backend. The options are those of a tconv model.
func NewGraph(options ...tconv.Option) *Graph {
	return &Graph{g: simple.NewWeightedDirectedGraph(0, -1), options: options, values: map[string]*value{}}
}

// Opset is the version of the operator set by whose rules the last run computed; 0
// before the first.
func (g *Graph) Opset() int {
	if g.network == nil {
		return 0
	}
	return g.network.opset
}

// fail records a fault; the first one stays.
func (g *Graph) fail(format string, args ...any) {
	if g.fault == nil {
		g.fault = fmt.Errorf("%w: %w", tconv.ErrInvalidModel, fmt.Errorf(format, args...))
	}
}

// changed notes that the network is another one than before.
func (g *Graph) changed() {
	g.changes++
	g.release()
}

// release gives the model back; the next run makes a new one.
func (g *Graph) release() {
	if g.network != nil {
		g.network.cleanup.Stop()
		g.network.model.Close()
		g.network = nil
	}
}

// Close gives memory and goroutines back. A Graph that nobody reaches any more is
// closed by the garbage collector.
func (g *Graph) Close() error {
	g.release()
	return nil
}

// own gives n as a node of this graph, or nil and records the fault.
func (g *Graph) own(n graph.Node) *Node {
	node, ok := n.(*Node)
	if !ok || node == nil || node.graph != g {
		g.fail("a node of type %T, want one that NewNode of this graph gave", n)
		return nil
	}
	return node
}

// ApplyOperation adds an operation that makes the nodes.
func (g *Graph) ApplyOperation(o onnx.Operation, nodes ...graph.Node) error {
	g.changed()
	op := operation{Operation: o}
	given := (*Node)(nil)
	for _, n := range nodes {
		node := g.own(n)
		if node == nil {
			return g.fault
		}
		op.outputs = append(op.outputs, node)
		if node.value.omitted() {
			continue
		}
		if node.value.made {
			g.fail("%.256q makes %v, which another operation makes", o.Name, node.value)
			return g.fault
		}
		node.value.made = true
		if given == nil {
			given = node
		}
	}
	if given != nil { // else nobody asks for a result
		op.inputs = given.inputs
		g.operations = append(g.operations, op)
	}
	return g.fault
}

// Run computes the outputs from the tensors that the inputs have.
func (g *Graph) Run() error { return g.RunContext(context.Background()) }

// RunContext is Run until ctx ends.
func (g *Graph) RunContext(ctx context.Context) (err error) {
	defer recovered(&err)
	if g.fault != nil {
		return g.fault
	}
	if g.network == nil {
		network, err := g.build()
		if err != nil {
			return classified(err)
		}
		g.network = network
		network.cleanup = runtime.AddCleanup(g, func(m *tconv.Model) { m.Close() }, network.model)
	}
	if err := g.network.run(ctx, g.runs+1); err != nil {
		return classified(err)
	}
	g.runs++
	return nil
}

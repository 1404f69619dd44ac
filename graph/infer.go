package graph

import (
	"context"
	"errors"
	"fmt"

	"github.com/tconv/tconv/ops"
)

// Bind says which shapes the caller's inputs have: dimensions that the model
// leaves open become known.
func (g *Graph) Bind(inputs []ops.Spec) {
	for i, id := range g.Inputs {
		g.Value(id).Spec = inputs[i]
	}
}

// Infer finds the type and shape of every value that the inputs and constants
// decide, and the value itself where it is constant: exporters compute sizes by
// chains of Shape, Gather and Concat, which become numbers here. Values that only
// a run will tell keep the zero Spec, and so does everything behind them.
//
// Constants are computed within the limits of folding; what is beyond them stays
// a node.
func (g *Graph) Infer(limits Limits) error { return g.infer(limits, ErrInvalidModel) }

// infer is Infer; operators that cannot take their shapes are errors of the kind
// fault: it is the model that is wrong, or what the caller gives it.
func (g *Graph) infer(limits Limits, fault error) error {
	limits = limits.withDefaults()
	if g.folding == nil { // the first time; the plans of a model go on where loading ended
		g.folding = &folding{bytes: limits.GrowthBytes + constantGrowth*g.ConstBytes(), work: limits.FoldNanoseconds}
	}
	f := &folder{limits: limits, fault: fault, folding: g.folding}
	return f.graph(g)
}

// graph infers the values of one graph, or of a graph in one of its nodes.
func (f *folder) graph(g *Graph) error {
	for _, n := range g.Nodes {
		out, err := f.infer(g, n)
		if err != nil {
			return n.at(err)
		}
		for i, id := range n.Outputs {
			if id != NoValue {
				g.Value(id).Spec = out[i]
			}
		}
	}
	return nil
}

// folder computes constants within limits.
type folder struct {
	limits Limits
	fault  error
	in     []ops.Spec // of the node at hand: memory that is used again
	*folding
}

// folding is what computing constants may still take.
type folding struct {
	bytes int
	work  int // nanoseconds, by the operators' own estimates
}

// infer gives the Specs of the outputs of n, one for each of its Outputs.
func (f *folder) infer(g *Graph, n *Node) ([]ops.Spec, error) {
	if fl, ok := n.Impl.(flow); ok { // infers its bodies with f
		return fl.inferIn(f, n, g.specs(n.Inputs))
	}
	in := g.appendSpecs(f.in[:0], n.Inputs)
	f.in = in
	unknown := make([]ops.Spec, len(n.Outputs))
	constant := true
	for i, id := range n.Inputs {
		if id == NoValue {
			continue
		}
		if in[i].Kind == ops.KindTensor && !in[i].Static() || in[i].Omitted() {
			return unknown, nil
		}
		constant = constant && in[i].Const != nil
	}
	out, err := n.infer(in)
	if err != nil {
		return nil, as(f.fault, err)
	}
	if constant && !n.Def.Random && !allConst(out) && f.allows(n, in, out) {
		return f.compute(n, in, out)
	}
	for i := range out {
		if out[i].Kind == ops.KindTensor && out[i].Shape == nil {
			out[i] = ops.Spec{} // only a run will tell
		}
	}
	return out, nil
}

// infer gives one Spec for each of n's Outputs. A panic of the operator, which is
// a bug of tconv, becomes an error.
func (n *Node) infer(in []ops.Spec) (out []ops.Spec, err error) {
	defer recovered(&err)
	for i, s := range in {
		if s.Kind != ops.KindTensor && !n.Def.Members {
			return nil, fmt.Errorf("input %d is a %v, want a tensor", i, s.Kind)
		}
	}
	out, err = n.Impl.Infer(in)
	if err == nil && len(out) < len(n.Outputs) {
		err = fmt.Errorf("%w: %d outputs inferred, %d asked for", ErrInternal, len(out), len(n.Outputs))
	}
	if err != nil {
		return nil, err
	}
	return out[:len(n.Outputs)], nil
}

// allConst reports whether Infer gave every value itself.
func allConst(specs []ops.Spec) bool {
	for _, s := range specs {
		if s.Const == nil {
			return false
		}
	}
	return true
}

// allows reports whether computing the outputs stays within the limits. A tiny
// node may ask for gigabytes (ConstantOfShape, Tile, Expand).
func (f *folder) allows(n *Node, in, out []ops.Spec) bool {
	var inBytes, outBytes int
	for _, s := range in {
		if s.Kind != ops.KindTensor {
			return false
		}
		if !s.Omitted() {
			inBytes += s.Bytes()
		}
	}
	for _, s := range out {
		if s.Kind != ops.KindTensor || !s.Static() {
			return false
		}
		outBytes += s.Bytes()
	}
	if outBytes > f.limits.FoldBytes || outBytes > f.bytes {
		return false
	}
	return outBytes <= f.limits.FoldSmall || outBytes/f.limits.FoldGrowth <= inBytes
}

// compute runs a node on constants by its plain definition. One that would take
// long stays a node.
func (f *folder) compute(n *Node, in, want []ops.Spec) ([]ops.Spec, error) {
	args := make([]*ops.Tensor, len(in))
	for i, s := range in {
		args[i] = s.Const
	}
	results := make([]*ops.Tensor, len(want))
	for i, s := range want {
		results[i] = ops.NewTensor(s.DType, s.Shape)
		f.bytes -= s.Bytes()
	}
	call := ops.NewCall(context.Background(), nil).WithAllocator(&allowance{f.limits.FoldBytes}).WithWork(f.work)
	err := runGuarded(n.Impl, call, args, results)
	f.work = call.Work()
	if call.Stop().Load() || errors.Is(err, ErrLimit) {
		return want, nil
	}
	if err != nil {
		return nil, as(ErrInvalidModel, err)
	}
	out := make([]ops.Spec, len(want))
	for i, r := range results {
		out[i] = r.Spec()
	}
	return out, nil
}

// allowance is an allocator that gives so many bytes and no more.
type allowance struct{ left int }

// Alloc is for what an operator needs beside its outputs.
func (a *allowance) Alloc(n int) ([]byte, error) {
	if n > a.left {
		return nil, fmt.Errorf("%w: %s more than a constant may need", ErrLimit, formatBytes(n))
	}
	a.left -= n
	return ops.NewTensor(ops.Uint8, ops.Shape{n}).Bytes(), nil
}

// runner is what an Op and a Step have in common.
type runner interface {
	Run(c *ops.Call, in, out []*ops.Tensor) error
}

// runGuarded runs an operator and turns a panic, which is a bug of tconv, into
// an error.
func runGuarded(r runner, c *ops.Call, in, out []*ops.Tensor) (err error) {
	defer recovered(&err)
	return r.Run(c, in, out)
}

// recovered, deferred, turns a panic into an error that wraps ErrInternal.
func recovered(err *error) {
	if v := recover(); v != nil {
		*err = fmt.Errorf("%w: panic: %v", ErrInternal, v)
	}
}

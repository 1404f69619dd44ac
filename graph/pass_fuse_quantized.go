package graph

import (
	"slices"

	"github.com/tconv/tconv/ops"
)

// fuseQuantized makes one operator on integers of an operator on floats between DQs
// and a Q, as onnxruntime does at its extended level.
//
//	before: y = Conv(DequantizeLinear(x), DequantizeLinear(w), DequantizeLinear(b)); q = QuantizeLinear(y)
//	after:  q = QLinearConv(x, w, q's scale and zero point, b)
//
// Likewise MatMul, Gemm, Add, Mul, Concat, Sigmoid, LeakyRelu, Softmax, AveragePool and
// GlobalAveragePool. Operators that move values, and MaxPool and Resize, work on the
// quantised values where DQ and Q have the same parameters.
//
// It must not fire when somebody else reads y, when an input is not dequantised, when
// parameters are not constant, or when activations have several scales, other types
// than 8 bits, or types that differ between inputs and output; nor for Conv and MatMul
// of int8 activations (see unsignQuantized).
func fuseQuantized(g *Graph) error {
	u, readers := g.uses(), g.readerIndex()
	dead := map[*Node]bool{}
	for i, n := range g.Nodes {
		fuse := quantizedFusions[n.Op]
		if n.Domain != "" || fuse == nil {
			continue
		}
		group, ok := g.quantizedGroup(u, readers, n)
		if !ok {
			continue
		}
		replacement, err := fuse(g, group)
		if err != nil {
			return n.at(err)
		}
		if replacement != nil {
			g.Nodes[i] = replacement
			dead[group.out.node] = true
		}
	}
	g.deleteNodes(dead)
	return dropDead(g)
}

// quantizedGroup is an operator with the DQs and the Q around it.
type quantizedGroup struct {
	node *Node
	in   []quantized // those of its leading inputs that are dequantised
	out  quantized
}

// quantizedGroup finds the DQs and the Q of n: of every input that is given, or, for
// operators whose further inputs are no values to compute with, of the first.
func (g *Graph) quantizedGroup(u *uses, readers [][]*Node, n *Node) (*quantizedGroup, bool) {
	group := &quantizedGroup{node: n}
	for i, id := range n.Inputs {
		if i > 0 && isMover(n) {
			break
		}
		if id == NoValue {
			return nil, false
		}
		q, ok := g.dequantized(u, id)
		if !ok {
			return nil, false
		}
		group.in = append(group.in, q)
	}
	out, ok := g.quantizedOutput(u, readers, n)
	if !ok || !out.isBytes() || len(group.in) == 0 || !group.in[0].isBytes() || group.in[0].dtype != out.dtype {
		return nil, false
	}
	group.out = out
	return group, true
}

// quantizedMovers work on quantised values as they are.
var quantizedMovers = []string{
	"Expand", "Flatten", "Gather", "GatherElements", "Reshape", "Slice", "Squeeze", "Tile", "Transpose", "Unsqueeze",
	"MaxPool", "Resize",
}

func isMover(n *Node) bool { return slices.Contains(quantizedMovers, n.Op) }

// quantizedFusions make the operator on integers; nil where it cannot be.
var quantizedFusions = map[string]func(*Graph, *quantizedGroup) (*Node, error){}

func init() {
	for _, op := range quantizedMovers {
		quantizedFusions[op] = fuseMover
	}
	for _, op := range []string{"Sigmoid", "LeakyRelu", "AveragePool", "GlobalAveragePool", "Softmax"} {
		quantizedFusions[op] = fuseQuantizedUnary
	}
	quantizedFusions["Add"], quantizedFusions["Mul"] = fuseQuantizedBinary, fuseQuantizedBinary
	quantizedFusions["Concat"] = fuseQuantizedConcat
	quantizedFusions["Conv"] = fuseQuantizedConv
	quantizedFusions["MatMul"] = fuseQuantizedMatMul
	quantizedFusions["Gemm"] = fuseQuantizedGemm
}

// replace builds the node that takes the group's place.
func (g *Graph) replace(p *quantizedGroup, domain, op string, in []ValueID, attrs ...ops.Attr) (*Node, error) {
	n := &Node{Name: p.node.Name, Op: op, Domain: domain, Opset: ops.NewestOpset, Inputs: in, Outputs: []ValueID{p.out.value}, Attrs: attrs}
	if domain != "" {
		n.Opset = 1
	}
	return n, g.build(n)
}

// inputs are the value, the scale and the zero point.
func (q quantized) inputs() []ValueID { return []ValueID{q.value, q.scale, q.zero} }

// parametersOf are the scale and the zero point.
func (q quantized) parametersOf() []ValueID { return []ValueID{q.scale, q.zero} }

// fuseMover lets an operator move quantised values.
func fuseMover(g *Graph, p *quantizedGroup) (*Node, error) {
	in, out := p.in[0], p.out
	same := func(a, b ValueID) bool { return string(g.Const(a).Bytes()) == string(g.Const(b).Bytes()) }
	if !same(in.scale, out.scale) || !same(in.zero, out.zero) {
		return nil, nil
	}
	if scale := ops.Data[float32](g.Const(in.scale))[0]; p.node.Op == "MaxPool" && !(scale > 0) {
		return nil, nil
	}
	n := *p.node
	n.Inputs = slices.Clone(p.node.Inputs)
	n.Inputs[0] = in.value
	n.Outputs = append([]ValueID{out.value}, p.node.Outputs[1:]...)
	if err := g.build(&n); err != nil {
		return nil, err
	}
	if _, err := n.Impl.Infer(g.specs(n.Inputs)); err != nil && g.Value(in.value).Spec.Static() {
		return nil, nil // it does not take 8 bits
	}
	return &n, nil
}

// fuseQuantizedUnary makes QLinearSigmoid and the like.
func fuseQuantizedUnary(g *Graph, p *quantizedGroup) (*Node, error) {
	attrs := p.node.Attrs
	if p.node.Op == "Softmax" {
		attrs = append(slices.Clone(attrs), ops.IntAttr("opset", p.node.Opset))
		if _, has := p.node.attr("axis"); !has && p.node.Opset < 13 {
			attrs = append(attrs, ops.IntAttr("axis", 1))
		}
	}
	in := append(p.in[0].inputs(), p.out.parametersOf()...)
	return g.replace(p, ops.MicrosoftDomain, "QLinear"+p.node.Op, in, attrs...)
}

// fuseQuantizedBinary makes QLinearAdd and QLinearMul.
func fuseQuantizedBinary(g *Graph, p *quantizedGroup) (*Node, error) {
	if len(p.in) != 2 || !p.in[1].isBytes() || p.in[1].dtype != p.out.dtype {
		return nil, nil
	}
	in := append(append(p.in[0].inputs(), p.in[1].inputs()...), p.out.parametersOf()...)
	return g.replace(p, ops.MicrosoftDomain, "QLinear"+p.node.Op, in)
}

// fuseQuantizedConcat makes QLinearConcat.
func fuseQuantizedConcat(g *Graph, p *quantizedGroup) (*Node, error) {
	in := p.out.parametersOf()
	for _, q := range p.in {
		if !q.isBytes() || q.dtype != p.out.dtype {
			return nil, nil
		}
		in = append(in, q.inputs()...)
	}
	return g.replace(p, ops.MicrosoftDomain, "QLinearConcat", in, p.node.Attrs...)
}

// isWeights reports whether q can be the second operand of a product whose channels
// lie on the given axis of a value of the given rank.
func (q quantized) isWeights(axis, rank int) bool {
	return (q.dtype == ops.Uint8 || q.dtype == ops.Int8) && (q.scalar || q.axis == axis || q.axis == axis-rank)
}

// rank is the number of axes of a value, or -1.
func (g *Graph) rank(id ValueID) int {
	if s := g.Value(id).Spec; s.Shape != nil {
		return s.Shape.Rank()
	}
	return -1
}

// fuseQuantizedConv makes QLinearConv.
func fuseQuantizedConv(g *Graph, p *quantizedGroup) (*Node, error) {
	if p.in[0].dtype != ops.Uint8 || len(p.in) < 2 || !p.in[1].isWeights(0, g.rank(p.in[1].value)) {
		return nil, nil
	}
	in := append(append(p.in[0].inputs(), p.in[1].inputs()...), p.out.parametersOf()...)
	if len(p.in) > 2 {
		if p.in[2].dtype != ops.Int32 {
			return nil, nil
		}
		in = append(in, p.in[2].value)
	}
	return g.replace(p, "", "QLinearConv", in, p.node.Attrs...)
}

// fuseQuantizedMatMul makes QLinearMatMul.
func fuseQuantizedMatMul(g *Graph, p *quantizedGroup) (*Node, error) {
	rank := g.rank(p.in[1].value)
	if p.in[0].dtype != ops.Uint8 || !p.in[1].scalar && rank != 2 || !p.in[1].isWeights(1, rank) {
		return nil, nil
	}
	return g.replace(p, "", "QLinearMatMul", append(append(p.in[0].inputs(), p.in[1].inputs()...), p.out.parametersOf()...))
}

// fuseQuantizedGemm makes QGemm.
func fuseQuantizedGemm(g *Graph, p *quantizedGroup) (*Node, error) {
	channels := 1
	if t, has := p.node.attr("transB"); has && t.I != 0 {
		channels = 0
	}
	if !p.in[1].isWeights(channels, 2) || p.in[0].dtype == ops.Int8 && p.in[1].dtype != ops.Int8 {
		return nil, nil
	}
	in := append(p.in[0].inputs(), p.in[1].inputs()...)
	if len(p.in) > 2 {
		if beta, has := p.node.attr("beta"); p.in[2].dtype != ops.Int32 || has && beta.F != 1 {
			return nil, nil
		}
		in = append(in, p.in[2].value)
	} else {
		in = append(in, NoValue)
	}
	attrs := slices.DeleteFunc(slices.Clone(p.node.Attrs), func(a ops.Attr) bool { return a.Name == "beta" })
	return g.replace(p, ops.MicrosoftDomain, "QGemm", append(in, p.out.parametersOf()...), attrs...)
}

package graph

import (
	"math"

	"github.com/tconv/tconv/ops"
)

// fuseActivation attaches an activation to the convolution that feeds it.
//
//	before: y = Conv(x, W, B);  z = Relu(y)
//	after:  z = tconv.Conv(x, W, B) {activation="Relu"}
//
// It must not fire when somebody else reads y, and takes only activations with
// constant parameters: Relu, LeakyRelu, PRelu of one slope, Clip, Sigmoid, Tanh,
// HardSigmoid, HardSwish, Swish of alpha 1.
func fuseActivation(g *Graph) error {
	u := g.uses()
	dead := map[*Node]bool{}
	for _, n := range g.Nodes {
		conv := g.fusableConv(u, n)
		if conv == nil {
			continue
		}
		if _, has := conv.attr("activation"); has {
			continue
		}
		attrs, ok := g.activationAttrs(n)
		if !ok {
			continue
		}
		if err := g.makeInternal(conv, attrs...); err != nil {
			return err
		}
		g.takeOutput(conv, n, u)
		dead[n] = true
	}
	g.deleteNodes(dead)
	return nil
}

// fusableConv gives the convolution that alone feeds input 0 of n.
func (g *Graph) fusableConv(u *uses, n *Node) *Node {
	id := n.input(0)
	if id == NoValue || n.output(0) == NoValue || !u.onlyReader(id) {
		return nil
	}
	conv := u.producer[id]
	if conv == nil || !isConv(conv) || g.Value(id).Spec.DType != ops.Float32 {
		return nil
	}
	return conv
}

// isConv reports whether n is a convolution, plain or with something attached.
func isConv(n *Node) bool {
	return (n.Domain == "" || n.Domain == ops.InternalDomain) && (n.Op == "Conv" || n.Op == "ConvTranspose")
}

// makeInternal turns a convolution into its internal form with more attributes.
func (g *Graph) makeInternal(conv *Node, attrs ...ops.Attr) error {
	conv.Domain, conv.Opset = ops.InternalDomain, 1
	conv.Attrs = append(append([]ops.Attr(nil), conv.Attrs...), attrs...)
	return g.build(conv)
}

// takeOutput lets conv make what n made.
func (g *Graph) takeOutput(conv, n *Node, u *uses) {
	conv.Outputs[0] = n.Outputs[0]
	u.producer[n.Outputs[0]] = conv
}

// activationAttrs writes an activation node as attributes of a convolution.
func (g *Graph) activationAttrs(n *Node) ([]ops.Attr, bool) {
	if n.Domain != "" {
		return nil, false
	}
	kind := ops.StringAttr("activation", n.Op)
	switch n.Op {
	case "Relu", "Sigmoid", "Tanh", "HardSwish":
		return []ops.Attr{kind}, true
	case "Swish":
		return []ops.Attr{kind}, n.float("alpha", 1) == 1
	case "LeakyRelu":
		return []ops.Attr{kind, ops.FloatAttr("activation_alpha", n.float("alpha", 0.01))}, true
	case "HardSigmoid":
		alpha, beta := n.float("alpha", 0.2), n.float("beta", 0.5)
		return []ops.Attr{kind, ops.FloatAttr("activation_alpha", alpha), ops.FloatAttr("activation_beta", beta)}, true
	case "PRelu":
		slope := g.Const(n.input(1))
		if slope == nil || slope.DType() != ops.Float32 || slope.Len() != 1 {
			return nil, false
		}
		return []ops.Attr{ops.StringAttr("activation", "LeakyRelu"), ops.FloatAttr("activation_alpha", ops.Data[float32](slope)[0])}, true
	case "Clip":
		lo, okLo := g.clipBound(n, 1, -math.MaxFloat32)
		hi, okHi := g.clipBound(n, 2, math.MaxFloat32)
		if !okLo || !okHi || !(lo <= hi) {
			return nil, false
		}
		return []ops.Attr{kind, ops.FloatAttr("activation_alpha", lo), ops.FloatAttr("activation_beta", hi)}, true
	}
	return nil, false
}

// clipBound gives a bound of a Clip node where it is constant; def where it is omitted.
func (g *Graph) clipBound(n *Node, input int, def float32) (float32, bool) {
	id := n.input(input)
	if id == NoValue {
		return def, true
	}
	c := g.Const(id)
	if c == nil || c.DType() != ops.Float32 || c.Len() != 1 {
		return 0, false
	}
	return ops.Data[float32](c)[0], true
}

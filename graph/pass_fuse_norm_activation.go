package graph

import "github.com/tconv/tconv/ops"

// fuseNormActivation attaches an activation to the normalization that feeds it.
//
//	before: y = InstanceNormalization(x, scale, B);  z = Relu(y)
//	after:  z = tconv.InstanceNormalization(x, scale, B) {activation="Relu"}
//
// The same for tconv.GroupNormalization and GroupNormalization since version 21. It
// must not fire when somebody else reads y, and takes the activations that
// fuseActivation takes, and Swish.
func fuseNormActivation(g *Graph) error {
	u := g.uses()
	dead := map[*Node]bool{}
	for _, n := range g.Nodes {
		norm := g.fusableNorm(u, n)
		if norm == nil {
			continue
		}
		if _, has := norm.attr("activation"); has {
			continue
		}
		attrs, ok := g.normActivationAttrs(n)
		if !ok {
			continue
		}
		if err := g.makeInternal(norm, attrs...); err != nil {
			return err
		}
		g.takeOutput(norm, n, u)
		dead[n] = true
	}
	g.deleteNodes(dead)
	return nil
}

// fusableNorm gives the normalization that alone feeds input 0 of n.
func (g *Graph) fusableNorm(u *uses, n *Node) *Node {
	id := n.input(0)
	if id == NoValue || n.output(0) == NoValue || !u.onlyReader(id) || g.Value(id).Spec.DType != ops.Float32 {
		return nil
	}
	norm := u.producer[id]
	if norm == nil || norm.Domain != "" && norm.Domain != ops.InternalDomain {
		return nil
	}
	if norm.Op == "InstanceNormalization" || norm.Op == "GroupNormalization" && (norm.Opset >= 21 || norm.Domain != "") {
		return norm
	}
	return nil
}

// normActivationAttrs writes an activation node as attributes of a normalization.
func (g *Graph) normActivationAttrs(n *Node) ([]ops.Attr, bool) {
	if n.is("Swish") || n.Domain == ops.InternalDomain && n.Op == "Swish" {
		if a, ok := n.attr("alpha"); ok && a.F != 1 {
			return nil, false
		}
		return []ops.Attr{ops.StringAttr("activation", "Swish")}, true
	}
	return g.activationAttrs(n)
}

package graph

import "github.com/tconv/tconv/ops"

// recogniseSwish puts together what exporters write for SiLU.
//
//	before: s = Sigmoid(x);  y = Mul(x, s)
//	after:  y = Swish(x)
//
// It must not fire when somebody else reads s.
func recogniseSwish(g *Graph) error {
	u := g.uses()
	dead := map[*Node]bool{}
	for _, n := range g.Nodes {
		if !n.is("Mul") || len(n.Inputs) != 2 {
			continue
		}
		for side := range 2 {
			x, s := n.Inputs[side], n.Inputs[1-side]
			sigmoid := u.producer[s]
			if x == s || sigmoid == nil || !sigmoid.is("Sigmoid") || sigmoid.input(0) != x || !u.onlyReader(s) || g.Value(x).Spec.DType != ops.Float32 {
				continue
			}
			n.Op, n.Opset, n.Attrs, n.Inputs = "Swish", 24, nil, []ValueID{x}
			if err := g.build(n); err != nil {
				return err
			}
			dead[sigmoid] = true
			break
		}
	}
	g.deleteNodes(dead)
	return nil
}

package graph

import "slices"

// foldConstants drops the nodes whose outputs all became constants in Infer.
//
//	before: s = Shape(x); i = Gather(s, 2)   with i known to be 8
//	after:  i is a constant
func foldConstants(g *Graph) error {
	g.Nodes = slices.DeleteFunc(g.Nodes, func(n *Node) bool {
		for id := range given(n.Outputs) {
			if g.Const(id) == nil {
				return false
			}
		}
		return true
	})
	return nil
}

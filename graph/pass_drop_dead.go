package graph

import "slices"

// dropDead drops the nodes of whose outputs nobody reads any, and marks single
// outputs that nobody reads as not asked for: a MaxPool without readers of Indices
// runs as one that has none.
func dropDead(g *Graph) error {
	live := make([]bool, len(g.Values))
	for _, id := range g.Outputs {
		live[id] = true
	}
	keep := make(map[*Node]bool, len(g.Nodes))
	for _, n := range slices.Backward(g.Nodes) {
		for id := range given(n.Outputs) {
			keep[n] = keep[n] || live[id]
		}
		if !keep[n] {
			continue
		}
		for i, id := range n.Outputs {
			if id != NoValue && !live[id] {
				n.Outputs[i] = NoValue
			}
		}
		for id := range given(n.Inputs) {
			live[id] = true
		}
	}
	g.Nodes = slices.DeleteFunc(g.Nodes, func(n *Node) bool { return !keep[n] })
	return nil
}

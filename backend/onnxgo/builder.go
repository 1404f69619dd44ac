package onnxgo

import (
	"gonum.org/v1/gonum/graph"
)

// maxInputs bounds the place of an input that an edge can name.
const maxInputs = 1 << 20

// NewNode gives a new node, which AddNode adds.
func (g *Graph) NewNode() graph.Node {
	n := &Node{id: g.g.NewNode().ID(), graph: g}
	n.value = &value{id: n.id, nodes: []*Node{n}, setAt: -1}
	return n
}

// AddNode adds a node that NewNode gave.
func (g *Graph) AddNode(n graph.Node) {
	node := g.own(n)
	if node == nil {
		return
	}
	if g.g.Node(node.id) != nil {
		g.fail("node %d is added twice", node.id)
		return
	}
	g.changed()
	g.g.AddNode(node)
}

// NewWeightedEdge gives a new edge, which SetWeightedEdge adds.
func (g *Graph) NewWeightedEdge(from, to graph.Node, weight float64) graph.WeightedEdge {
	return g.g.NewWeightedEdge(from, to, weight)
}

// SetWeightedEdge says that e.From is made from e.To, its input number e.Weight.
func (g *Graph) SetWeightedEdge(e graph.WeightedEdge) {
	from, to := g.own(e.From()), g.own(e.To())
	if from == nil || to == nil {
		return
	}
	place := int(e.Weight())
	if float64(place) != e.Weight() || place < 0 || place >= maxInputs {
		g.fail("the weight of the edge from %v to %v is %v, want the place of an input", from.value, to.value, e.Weight())
		return
	}
	g.changed()
	for len(from.inputs) <= place {
		from.inputs = append(from.inputs, nil)
	}
	from.inputs[place] = to
	if from.id != to.id { // gonum's graph panics; making the model finds the cycle
		g.g.SetWeightedEdge(e)
	}
}

// Node gives the node with that id, nil if there is none.
func (g *Graph) Node(id int64) graph.Node { return g.g.Node(id) }

// Nodes gives all nodes.
func (g *Graph) Nodes() graph.Nodes { return g.g.Nodes() }

// From gives what the node is made from.
func (g *Graph) From(id int64) graph.Nodes { return g.g.From(id) }

// To gives what is made from the node.
func (g *Graph) To(id int64) graph.Nodes { return g.g.To(id) }

// HasEdgeBetween reports whether one of two nodes is made from the other.
func (g *Graph) HasEdgeBetween(xid, yid int64) bool { return g.g.HasEdgeBetween(xid, yid) }

// HasEdgeFromTo reports whether node uid is made from vid.
func (g *Graph) HasEdgeFromTo(uid, vid int64) bool { return g.g.HasEdgeFromTo(uid, vid) }

// Edge gives the edge from uid to vid, nil if there is none.
func (g *Graph) Edge(uid, vid int64) graph.Edge { return g.g.Edge(uid, vid) }

package graph

import "slices"

// inlineBranches puts the branch that a constant condition chooses in place of If,
// and reports whether there was one.
//
//	before: y = If(cond, x) {then_branch: a = Relu(x); out a}   with cond known to be true
//	after:  y = Relu(x)
//
// Outputs of the branch that no node of it makes are handed on by Identity. What
// the nodes of the branch give is inferred afterwards.
func (g *Graph) inlineBranches() (found bool, err error) {
	isIf := func(n *Node) bool { _, ok := n.Impl.(*ifOp); return ok }
	if !slices.ContainsFunc(g.Nodes, isIf) {
		return false, nil
	}
	nodes := g.Nodes
	g.Nodes = make([]*Node, 0, len(nodes))
	for _, n := range nodes {
		o, ok := n.Impl.(*ifOp)
		if !ok {
			g.Nodes = append(g.Nodes, n)
			continue
		}
		cond, known, err := knownCondition("cond", g.specs(n.Inputs)[0])
		if err != nil {
			return false, n.at(as(ErrInvalidModel, err))
		}
		if !known {
			g.Nodes = append(g.Nodes, n)
			continue
		}
		found = true
		if err := g.splice(n, o.branches[o.chosen(cond)]); err != nil {
			return false, n.at(err)
		}
	}
	return found, nil
}

// splice appends the nodes of a sub-graph that declares no inputs, in place of n.
func (g *Graph) splice(n *Node, s *subgraph) error {
	ids := make([]ValueID, len(s.graph.Values))
	for i := range ids {
		ids[i] = NoValue
	}
	for k, id := range s.graph.Inputs {
		ids[id] = n.Inputs[^s.from[k]]
	}
	made := make([]bool, len(ids))
	for _, inner := range s.graph.Nodes {
		for id := range given(inner.Outputs) {
			made[id] = true
		}
	}
	outputs := s.graph.Outputs[:len(n.Outputs)]
	for i, id := range outputs {
		if made[id] && ids[id] == NoValue {
			ids[id] = n.Outputs[i] // may be NoValue
		}
	}
	for id := range s.graph.Values {
		if ids[id] == NoValue {
			ids[id] = g.AddValue(s.graph.Values[id])
		}
	}
	for _, inner := range s.graph.Nodes {
		c := *inner
		c.Name = n.Name + "/" + inner.Name
		c.Inputs, c.Outputs = renamed(inner.Inputs, ids), renamed(inner.Outputs, ids)
		g.Nodes = append(g.Nodes, &c)
	}
	for i, id := range outputs {
		if n.Outputs[i] == NoValue || ids[id] == n.Outputs[i] {
			continue
		}
		pass, err := g.newNode(n.Name+"/"+g.Value(n.Outputs[i]).Name, "Identity", []ValueID{ids[id]}, []ValueID{n.Outputs[i]})
		if err != nil {
			return err
		}
		g.Nodes = append(g.Nodes, pass)
	}
	return nil
}

// renamed maps ids; omitted ones stay so.
func renamed(list, ids []ValueID) []ValueID {
	out := make([]ValueID, len(list))
	for i, id := range list {
		out[i] = NoValue
		if id != NoValue {
			out[i] = ids[id]
		}
	}
	return out
}

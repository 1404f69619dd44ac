package graph

// fuseResidual attaches an addition to the convolution that feeds one side of it.
//
//	before: y = Conv(x, W, B);  z = Add(y, r)
//	after:  z = tconv.Conv(x, W, B, r)
//
// It must not fire when somebody else reads y, when the shapes of y and r differ,
// when r is made after the convolution runs, or when an activation is attached
// already, which would then come before the addition.
func fuseResidual(g *Graph) error {
	u := g.uses()
	position := make(map[*Node]int, len(g.Nodes))
	for i, n := range g.Nodes {
		position[n] = i
	}
	dead := map[*Node]bool{}
	for _, n := range g.Nodes {
		if !n.is("Add") || len(n.Inputs) != 2 {
			continue
		}
		for side := range 2 {
			conv := g.residualConv(u, n, side)
			if conv == nil {
				continue
			}
			r := n.Inputs[1-side]
			if p := u.producer[r]; p != nil && position[p] > position[conv] {
				continue
			}
			if err := g.attachResidual(conv, r); err != nil {
				return err
			}
			g.takeOutput(conv, n, u)
			dead[n] = true
			break
		}
	}
	g.deleteNodes(dead)
	return nil
}

// residualConv gives the convolution that makes one side of an addition, where
// the other side can be attached to it.
func (g *Graph) residualConv(u *uses, n *Node, side int) *Node {
	y, r := n.Inputs[side], n.Inputs[1-side]
	if y == r || !u.onlyReader(y) {
		return nil
	}
	conv := u.producer[y]
	if conv == nil || !isConv(conv) || len(conv.Inputs) > 3 {
		return nil
	}
	if _, has := conv.attr("activation"); has || !sameShape(g.Value(y).Spec, g.Value(r).Spec) {
		return nil
	}
	return conv
}

// attachResidual makes r input 3 of conv.
func (g *Graph) attachResidual(conv *Node, r ValueID) error {
	for len(conv.Inputs) < 3 {
		conv.Inputs = append(conv.Inputs, NoValue)
	}
	conv.Inputs = append(conv.Inputs, r)
	return g.makeInternal(conv)
}

package graph

// schedule orders the nodes for small peak memory. Two orders are tried: the one
// that is there, which follows the file, and the one in which values are made
// only when their reader wants them; the one with the smaller peak stays. Both
// take linear time.
func (g *Graph) schedule() {
	lazy := g.lazyOrder()
	if g.orderPeak(lazy) < g.orderPeak(g.Nodes) {
		g.Nodes = lazy
	}
}

// lazyOrder walks back from the outputs and places each node right after the
// nodes that it reads.
func (g *Graph) lazyOrder() []*Node {
	u := g.uses()
	order := make([]*Node, 0, len(g.Nodes))
	placed := make(map[*Node]bool, len(g.Nodes))
	type visit struct {
		node *Node
		next int // which input to look at
	}
	var stack []visit
	push := func(id ValueID) {
		if id == NoValue {
			return
		}
		if n := u.producer[id]; n != nil && !placed[n] {
			stack = append(stack, visit{n, 0})
		}
	}
	for _, out := range g.Outputs {
		push(out)
		for len(stack) > 0 {
			top := &stack[len(stack)-1]
			if placed[top.node] {
				stack = stack[:len(stack)-1]
				continue
			}
			if top.next < len(top.node.Inputs) {
				top.next++
				push(top.node.Inputs[top.next-1])
				continue
			}
			placed[top.node] = true
			order = append(order, top.node)
			stack = stack[:len(stack)-1]
		}
	}
	return order
}

// orderPeak is the most bytes of values that are alive at one time in an order of
// the nodes.
func (g *Graph) orderPeak(nodes []*Node) int {
	readers := make([]int, len(g.Values))
	for _, n := range nodes {
		for id := range given(n.Inputs) {
			readers[id]++
		}
	}
	for _, id := range g.Outputs {
		readers[id]++ // alive to the end
	}
	made := make([]bool, len(g.Values))
	now, peak := 0, 0
	for _, n := range nodes {
		for id := range given(n.Outputs) {
			if s := g.Value(id).Spec; s.Static() && s.Const == nil {
				now += s.Bytes()
				made[id] = true
			}
		}
		peak = max(peak, now)
		for id := range given(n.Inputs) {
			if readers[id]--; readers[id] == 0 && made[id] {
				now -= g.Value(id).Spec.Bytes()
			}
		}
	}
	return peak
}

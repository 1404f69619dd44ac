package graph

import (
	"slices"

	"github.com/tconv/tconv/backend/cpu"
	"github.com/tconv/tconv/ops"
)

// assignLayouts decides which values lie in blocks of k.Block channels, puts
// converters where an operator meets the other layout, and gives every blocked
// value the halo that its readers want.
//
//	before: y = Conv(x, w); z = Relu(y); out z            x, z planar by definition
//	after:  x' = tconv.ToBlocked(x); y = Conv(x', w) (blocked); z' = Relu(y) (blocked);
//	        z = tconv.ToPlanar(z')
//
// An operator that gains from blocks (Choice.Wants) takes them; one that works
// either way follows its inputs, or its readers if it enlarges; the rest stay
// planar. Graph inputs and outputs are planar.
func (g *Graph) assignLayouts(k *cpu.Kernels) error {
	l := &layoutPass{g: g, kernels: k, choices: map[*Node]ops.Choice{}, converted: map[ValueID]ValueID{}}
	l.indexReaders()
	nodes := g.Nodes
	g.Nodes = make([]*Node, 0, len(nodes))
	for _, n := range nodes {
		if err := l.node(n); err != nil {
			return err
		}
	}
	for i, id := range g.Outputs {
		planar, err := l.convert(id, false)
		if err != nil {
			return err
		}
		g.Outputs[i] = planar
	}
	l.assignHalos()
	return nil
}

// layoutPass is the state of one assignLayouts.
type layoutPass struct {
	g         *Graph
	kernels   *cpu.Kernels
	choices   map[*Node]ops.Choice
	readers   map[ValueID][]*Node
	output    map[ValueID]bool
	converted map[ValueID]ValueID // value -> the same in the other layout
}

func (l *layoutPass) indexReaders() {
	l.readers, l.output = map[ValueID][]*Node{}, map[ValueID]bool{}
	for _, n := range l.g.Nodes {
		for id := range given(n.Inputs) {
			l.readers[id] = append(l.readers[id], n)
		}
	}
	for _, id := range l.g.Outputs {
		l.output[id] = true
	}
}

// blocked reports whether the value lies in channel blocks.
func (l *layoutPass) blocked(id ValueID) bool {
	return id != NoValue && !l.g.Value(id).Spec.Layout.Planar()
}

// choice asks the operator how it works on blocks.
func (l *layoutPass) choice(n *Node) (ops.Choice, bool) {
	b, ok := n.Impl.(ops.Blocker)
	if !ok {
		return ops.Choice{}, false
	}
	in, out := l.g.specs(n.Inputs), l.g.specs(n.Outputs)
	if !static(in, n.Inputs) || !static(out, n.Outputs) {
		return ops.Choice{}, false
	}
	return b.Blocked(in, out, l.kernels)
}

// node decides the layouts of one operator and appends it.
func (l *layoutPass) node(n *Node) error {
	c, ok := l.choice(n)
	if ok && !c.Wants {
		ok = l.mixes(n, c) || c.Out[0] && l.enlarges(n) && l.wantedBlocked(n.Outputs[0])
	}
	if !ok {
		c = ops.Choice{In: make([]bool, len(n.Inputs)), Out: make([]bool, len(n.Outputs))}
	}
	if c.PlanarOut && !l.wantedBlocked(n.Outputs[0]) {
		c.Out[0] = false
		c.In[0] = c.In[0] && !(c.PlanarBoth && l.onlyPlanar(n.Inputs[0]))
	}
	for i, id := range n.Inputs {
		if id == NoValue {
			continue
		}
		same, err := l.convert(id, c.In[i])
		if err != nil {
			return err
		}
		n.Inputs[i] = same
	}
	for i, id := range n.Outputs {
		if id != NoValue && c.Out[i] {
			l.g.Value(id).Spec.Layout.Block = l.kernels.Block
		}
	}
	if ok {
		l.choices[n] = c
	}
	l.g.Nodes = append(l.g.Nodes, n)
	return nil
}

// mostFollowers bounds how many values wantedBlocked looks at.
const mostFollowers = 32

// wantedBlocked reports whether some reader of a value gains from having it
// blocked, has another input that is, makes planes from blocks itself, or hands it
// on, in its own layout, to one of these. Where too many would hand it on the
// answer is yes.
func (l *layoutPass) wantedBlocked(id ValueID) bool {
	queue := []ValueID{id}
	seen := map[ValueID]bool{id: true}
	for len(queue) > 0 {
		id, queue = queue[0], queue[1:]
		for _, n := range l.readers[id] {
			c, ok := l.choice(n)
			if !ok || c.Either || !takesBlocked(n, c, id) {
				continue
			}
			if c.Wants || len(seen) == mostFollowers || l.mixes(n, c) || l.makesPlanes(id, c) {
				return true
			}
			if out := n.output(0); out != NoValue && c.Out[0] && !seen[out] {
				seen[out] = true
				queue = append(queue, out)
			}
		}
	}
	return false
}

// mixes reports whether an input that n would read in blocks lies in blocks already.
func (l *layoutPass) mixes(n *Node, c ops.Choice) bool {
	for i, in := range n.Inputs {
		if c.In[i] && l.blocked(in) {
			return true
		}
	}
	return false
}

// enlarges reports whether the output has at least twice as many elements as the
// inputs: then it costs less to convert these.
func (l *layoutPass) enlarges(n *Node) bool {
	elements := 0
	for id := range given(n.Inputs) {
		elements += l.g.Value(id).Spec.Shape.Elements()
	}
	return 2*elements <= l.g.Value(n.Outputs[0]).Spec.Shape.Elements()
}

// makesPlanes reports whether a reader of the value can give planes from blocks, and
// blocks would not be padding in the main.
func (l *layoutPass) makesPlanes(id ValueID, c ops.Choice) bool {
	return (c.PlanarOut || !slices.Contains(c.Out, true)) && 2*l.g.Value(id).Spec.Shape[1] > l.kernels.Block
}

// takesBlocked reports whether n would read the value in blocks.
func takesBlocked(n *Node, c ops.Choice, id ValueID) bool {
	for i, in := range n.Inputs {
		if in == id && c.In[i] {
			return true
		}
	}
	return false
}

// onlyPlanar reports whether a value lies planar and not, so far, in blocks as well.
func (l *layoutPass) onlyPlanar(id ValueID) bool {
	_, both := l.converted[id]
	return !l.blocked(id) && !both
}

// convert gives the value in the wanted layout, adding a converter the first time.
func (l *layoutPass) convert(id ValueID, blocked bool) (ValueID, error) {
	if l.blocked(id) == blocked {
		return id, nil
	}
	if other, ok := l.converted[id]; ok {
		return other, nil
	}
	v := *l.g.Value(id)
	op := "ToPlanar"
	v.Spec.Const, v.Spec.Layout = nil, ops.Layout{}
	if blocked {
		op, v.Spec.Layout.Block = "ToBlocked", l.kernels.Block
	}
	v.Name += "." + op
	other := l.g.AddValue(v)
	n := &Node{Name: v.Name, Op: op, Domain: ops.InternalDomain, Opset: 1, Inputs: []ValueID{id}, Outputs: []ValueID{other}}
	if err := l.g.build(n); err != nil {
		return 0, err
	}
	l.g.Nodes = append(l.g.Nodes, n)
	l.converted[id] = other
	return other, nil
}

// assignHalos gives every blocked value the largest halo that a reader wants.
// Values that may lie in one memory get halos with which they do.
func (l *layoutPass) assignHalos() {
	h := halos{layoutPass: l, of: map[ValueID]cpu.Halo{}, last: map[ValueID]*Node{}}
	for _, n := range l.g.Nodes {
		c, ok := l.choices[n]
		n.halos = c.Halo
		for i, id := range n.Inputs {
			if id == NoValue {
				continue
			}
			h.last[id] = n
			if ok && l.blocked(id) && i < len(c.Halo) {
				h.of[id] = h.of[id].Max(c.Halo[i])
			}
		}
	}
	h.align()
	for id, halo := range h.of {
		h.of[id] = l.spread(halo, l.g.Value(id).Spec)
	}
	h.align()
	for id, halo := range h.of {
		l.g.Value(id).Spec.Layout.Halo = halo
	}
}

// halos are those of the blocked values, while they grow.
type halos struct {
	*layoutPass
	of   map[ValueID]cpu.Halo
	last map[ValueID]*Node // that reads a value
}

// mostAlignments bounds the rounds of align. What two ways around a value want of it
// may contradict each other; with halos that differ values are copied.
const mostAlignments = 8

// align makes halos grow until those agree that should. Most grow from the readers to
// what they read, against the order of the nodes.
func (h *halos) align() {
	changed := true
	for round := 0; changed && round < mostAlignments; round++ {
		changed = false
		for _, n := range slices.Backward(h.g.Nodes) {
			changed = h.around(n) || h.common(h.alike(n)) || changed
		}
	}
}

// around gives input 0 of an operator that adds pixels around it the halo of its
// output and as many pixels more; it reports whether one grew.
func (h *halos) around(n *Node) bool {
	added := h.choices[n].Around
	if added == (cpu.Halo{}) || !h.blocked(n.Outputs[0]) {
		return false
	}
	x, y := n.Inputs[0], n.Outputs[0]
	inner := h.of[x].Max(h.of[y].Add(added))
	outer := inner.Sub(added)
	if inner == h.of[x] && outer == h.of[y] {
		return false
	}
	h.of[x], h.of[y] = inner, outer
	return true
}

// alike lists the values of a node that should have one halo: the operands of a
// Concat, whose parts line up only then, and with an operator that can work in place
// its output and the inputs that nobody reads later.
func (h *halos) alike(n *Node) (ids []ValueID) {
	out := n.output(0)
	if !h.blocked(out) {
		return nil
	}
	if n.is("Concat") {
		return append(n.Inputs[:len(n.Inputs):len(n.Inputs)], out)
	}
	for _, i := range h.choices[n].Alike {
		if id := n.Inputs[i]; h.blocked(id) && h.last[id] == n {
			ids = append(ids, id)
		}
	}
	return append(ids, out)
}

// common gives values the largest halo of one of them; it reports whether one grew.
func (h *halos) common(ids []ValueID) (grew bool) {
	var most cpu.Halo
	for _, id := range ids {
		most = most.Max(h.of[id])
	}
	for _, id := range ids {
		if h.of[id] != most {
			h.of[id], grew = most, true
		}
	}
	return grew
}

// pageBytes is the distance at which rows of a map fall into one set of the
// first-level cache.
const pageBytes = 4096

// spread widens the halo by a pixel where rows would lie a multiple of 4 KiB apart.
func (l *layoutPass) spread(h cpu.Halo, s ops.Spec) cpu.Halo {
	width := 1
	if rank := s.Shape.Rank(); rank > 2 {
		width = s.Shape[rank-1]
	}
	row := (h.Before[2] + width + h.After[2]) * l.kernels.Block * s.DType.Size()
	if row%pageBytes == 0 && h != (cpu.Halo{}) {
		h.After[2]++
	}
	return h
}

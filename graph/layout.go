package graph

import (
	"slices"

	"github.com/tconv/tconv/ops"
)

// layouter decides where the values of a plan lie.
type layouter struct {
	p      *Plan
	g      *Graph
	needs  []ops.Needs           // by step
	reads  [][]int               // by ValueID: the steps that read it, directly
	last   []int                 // by ValueID: the last of these
	output []bool                // by ValueID
	root   []ValueID             // by ValueID: whose memory it uses
	users  map[ValueID][]ValueID // by root: the other values in its memory
	live   map[ValueID]*interval
	parts  map[ValueID]place // values that are made inside another one, see claimParts
	nested map[ValueID]bool  // values of which a part has parts
}

func newLayouter(p *Plan, needs []ops.Needs) *layouter {
	g := p.Graph
	p.places = make([]place, len(g.Values))
	l := &layouter{p: p, g: g, needs: needs, live: map[ValueID]*interval{}, users: map[ValueID][]ValueID{}, parts: map[ValueID]place{}, nested: map[ValueID]bool{}}
	l.reads = make([][]int, len(g.Values))
	l.last = make([]int, len(g.Values))
	l.root = make([]ValueID, len(g.Values))
	for i := range l.root {
		l.root[i] = ValueID(i)
		l.last[i] = -1
	}
	l.output = make([]bool, len(g.Values))
	for _, id := range g.Outputs {
		l.output[id] = true
	}
	for i, n := range g.Nodes {
		for id := range given(n.Inputs) {
			l.reads[id], l.last[id] = append(l.reads[id], i), i
		}
	}
	return l
}

// place gives every value its place and lays out the arena.
func (l *layouter) place() {
	for id := range l.g.Values {
		if l.g.Values[id].Spec.Const != nil {
			l.p.places[id] = place{kind: placeConst}
		}
	}
	for i, id := range l.g.Inputs {
		l.p.places[id] = place{kind: placeInput, index: i}
	}
	l.claimParts()
	var intervals []*interval
	spaces := map[int]*interval{} // workspaces by step
	for i := range l.p.Steps {
		for out, id := range l.p.Steps[i].Node.Outputs {
			if id == NoValue {
				continue
			}
			if iv := l.placeOutput(i, out, id); iv != nil {
				intervals = append(intervals, iv)
			}
		}
		if size := l.needs[i].Workspace; size > 0 {
			spaces[i] = &interval{first: i, last: i, size: size}
			intervals = append(intervals, spaces[i])
		}
	}
	l.dropMargins()
	l.splitIntervals()
	l.p.ArenaBytes = layOut(intervals)
	l.p.PeakBytes = peakBytes(intervals)
	for id, iv := range l.live {
		l.p.places[id].rng = Range{iv.offset, iv.size}
	}
	for i, iv := range spaces {
		l.p.Steps[i].Workspace = &Range{iv.offset, iv.size}
	}
}

// placeOutput places output out of step i and gives the interval of the arena
// that it opens, if any.
func (l *layouter) placeOutput(i, out int, id ValueID) *interval {
	spec := l.g.Value(id).Spec
	switch {
	case spec.Const != nil: // Infer knows it although the node computes something else too
		l.p.places[id] = place{kind: placeConst}
		return nil
	case l.p.Steps[i].Dynamic || !spec.Static():
		l.p.places[id] = place{kind: placeDynamic}
		return nil
	case l.output[id]:
		l.p.places[id] = place{kind: placeOutput, index: l.outputIndex(id)}
		l.p.OutputBytes += spec.Bytes()
		return nil
	case l.makeView(i, out, id):
		return nil
	}
	if part, ok := l.parts[id]; ok {
		return l.placePart(i, id, part)
	}
	if l.takeInput(i, out, id) || l.surround(i, out, id) {
		return nil
	}
	return l.open(i, id)
}

// open begins the interval of a value at step i, unless a part of it did.
func (l *layouter) open(i int, id ValueID) *interval {
	if l.live[id] != nil {
		return nil
	}
	iv := &interval{first: i, last: max(i, l.last[id]), size: l.g.Value(id).Spec.Bytes()}
	l.live[id] = iv
	l.p.places[id] = place{kind: placeArena}
	return iv
}

// claimParts finds the values that can be made right inside a later output
// (concatenation without a copy). Such a value is made by a step that gives it
// memory of its own, is no graph output, and is claimed by one output only.
func (l *layouter) claimParts() {
	u := l.g.uses()
	step := map[*Node]int{}
	for i, n := range l.g.Nodes {
		step[n] = i
	}
	for i, n := range l.g.Nodes {
		for _, p := range l.needs[i].Parts {
			id, whole := n.Inputs[p.In], n.Outputs[p.Out]
			maker := u.producer[id]
			if maker == nil || l.output[id] || l.output[whole] || l.g.Const(id) != nil {
				continue
			}
			at := step[maker]
			if _, taken := l.parts[id]; taken || l.p.Steps[at].Dynamic || len(l.needs[at].Views) > 0 {
				continue
			}
			size := l.g.Value(id).Spec.Bytes()
			l.parts[id] = place{kind: placePart, of: whole, rng: Range{p.Offset, size}}
		}
	}
}

// placePart puts a value inside another one, whose memory lives from here on.
func (l *layouter) placePart(i int, id ValueID, part place) *interval {
	l.p.places[id] = part
	root := part.of
	for {
		outer, ok := l.parts[root]
		if !ok {
			break
		}
		root = outer.of
	}
	iv := l.open(i, root)
	l.settle(id, root)
	l.live[root].last = max(l.live[root].last, l.last[id])
	if root == part.of {
		l.live[root].pieces = append(l.live[root].pieces, piece{part.rng.Offset, part.rng.Size, i})
	} else {
		l.nested[root] = true
	}
	return iv
}

// splitIntervals completes the pieces of values of which parts are made in place: what
// lies between the parts is wanted when the step runs that makes the value. A value
// with parts of parts stays whole.
func (l *layouter) splitIntervals() {
	for i := range l.p.Steps {
		for id := range given(l.p.Steps[i].Node.Outputs) {
			iv := l.live[id]
			switch {
			case iv == nil || iv.pieces == nil:
			case l.nested[id]:
				iv.pieces = nil
			default:
				iv.complete(i)
			}
		}
	}
}

// outputIndex is the first position of id among the graph outputs.
func (l *layouter) outputIndex(id ValueID) int {
	for i, o := range l.g.Outputs {
		if o == id {
			return i
		}
	}
	panic("BUG: not an output")
}

// makeView lets the output be its input's memory under another shape.
func (l *layouter) makeView(i, out int, id ValueID) bool {
	for _, v := range l.needs[i].Views {
		if v.Out != out {
			continue
		}
		source := l.p.Steps[i].Node.input(v.In)
		if kind := l.p.places[source].kind; kind == placeDynamic || kind == placeNone {
			return false
		}
		l.p.Steps[i].View = true
		l.share(id, source)
		return true
	}
	return false
}

// takeInput lets the output have the memory of an input that dies here.
func (l *layouter) takeInput(i, out int, id ValueID) bool {
	n := l.p.Steps[i].Node
	for _, v := range l.needs[i].InPlace {
		source := n.input(v.In)
		if v.Out != out || source == NoValue {
			continue
		}
		root := l.root[source]
		iv := l.live[root]
		if iv == nil || iv.last != i || iv.size != l.g.Value(id).Spec.Bytes() ||
			l.g.Value(id).Spec.Layout != l.g.Value(source).Spec.Layout || l.readTwice(n, root) {
			continue
		}
		l.share(id, source)
		return true
	}
	return false
}

// surround lets the output have the memory of an input that lies in its middle, and
// may be read later by steps that do not look around it.
func (l *layouter) surround(i, out int, id ValueID) bool {
	n := l.p.Steps[i].Node
	for _, v := range l.needs[i].Around {
		source := n.input(v.In)
		if v.Out == out && l.live[l.root[source]] != nil && l.looselyRead(i, source) {
			l.share(id, source)
			return true
		}
	}
	return false
}

// dropMargins forgets the halos whose zeros nobody reads: values have them to lie as
// others do.
func (l *layouter) dropMargins() {
	for i := range l.p.Steps {
		s := &l.p.Steps[i]
		for k := range s.Margins {
			m := &s.Margins[k]
			m.Halo = m.Halo && l.haloRead(-1, s.Node.Outputs[m.Out])
		}
		s.Margins = slices.DeleteFunc(s.Margins, func(m Margin) bool { return !m.Halo && !m.Lanes })
	}
}

// haloRead reports whether a step after step i reads the zeros around a value, or a
// view of it might.
func (l *layouter) haloRead(i int, id ValueID) bool {
	return slices.ContainsFunc(l.reads[id], func(s int) bool {
		return s > i && (l.p.Steps[s].View || l.p.Steps[s].Node.looksAround(id))
	})
}

// mostReads bounds how many values and readers looselyRead looks at.
const mostReads = 32

// looselyRead reports whether steps after step i read of the memory of a value only
// the pixels that are the value's own: whoever reads them has them in the same
// layout and reads no halo. Where there is much to look at the answer is no.
func (l *layouter) looselyRead(i int, id ValueID) bool {
	root := l.root[id]
	seen := len(l.users[root])
	for _, o := range append([]ValueID{root}, l.users[root][:min(seen, mostReads)]...) {
		if seen += len(l.reads[o]); seen > mostReads {
			return false
		}
		if l.last[o] > i && (l.g.Value(o).Spec.Layout != l.g.Value(id).Spec.Layout || l.haloRead(i, o)) {
			return false
		}
	}
	return true
}

// readTwice reports whether more than one input of n lies in the memory of root.
func (l *layouter) readTwice(n *Node, root ValueID) bool {
	count := 0
	for id := range given(n.Inputs) {
		if l.root[id] == root {
			count++
		}
	}
	return count > 1
}

// settle notes that id uses the memory of root.
func (l *layouter) settle(id, root ValueID) {
	l.root[id] = root
	l.users[root] = append(l.users[root], id)
}

// share puts id into the memory of source, which lives as long as id then.
func (l *layouter) share(id, source ValueID) {
	root := l.root[source]
	l.settle(id, root)
	l.p.places[id] = place{kind: placeView, of: source}
	if iv := l.live[root]; iv != nil {
		iv.last = max(iv.last, l.last[id])
	}
}

package ops

import "github.com/tconv/tconv/backend/cpu"

// blockWalk cuts channel-blocked maps of one shape into runs of pixels that lie
// side by side in each of them: whole groups, halos included, where all maps have
// one layout, else rows.
type blockWalk struct {
	maps  []cpu.Map
	whole bool
	rows  int // runs
	width int // pixels of one
}

// newBlockWalk plans the walk. byRow asks for rows in any case.
func newBlockWalk(byRow bool, tensors ...*Tensor) *blockWalk {
	w := &blockWalk{whole: !byRow, maps: make([]cpu.Map, len(tensors))}
	for i, t := range tensors {
		w.maps[i] = t.Map()
		w.whole = w.whole && w.maps[0].SameLayout(&w.maps[i])
	}
	m := &w.maps[0]
	w.rows, w.width = m.N*m.Groups(), m.Group/m.Block
	if !w.whole {
		w.rows, w.width = w.rows*m.Size[0]*m.Size[1], m.Size[2]
	}
	return w
}

// pixels is the number of pixels of all runs.
func (w *blockWalk) pixels() int { return w.rows * w.width }

// at is where the pixels of a row begin in map i, in floats.
func (w *blockWalk) at(i, row int) int {
	m := &w.maps[i]
	if w.whole {
		return row * m.Group
	}
	y, plane := row%m.Size[1], row/m.Size[1]
	z, group := plane%m.Size[0], plane/m.Size[0]
	return m.At(group/m.Groups(), group%m.Groups(), z, y, 0)
}

// group is the number of the group of a row, counted through all images.
func (w *blockWalk) group(row int) int {
	if w.whole {
		return row
	}
	return row / (w.maps[0].Size[0] * w.maps[0].Size[1])
}

// blockRun is a piece of a row: pixels of all lanes.
type blockRun struct {
	row, pixel int // where it begins
	n          int // pixels
}

// of gives the elements of a run in map i.
func (w *blockWalk) of(i int, r blockRun) []float32 {
	block := w.maps[i].Block
	return w.maps[i].Data[w.at(i, r.row)+r.pixel*block:][:r.n*block]
}

// parallel calls body with runs that together cover the maps, group after group.
// cost is the rough time of one pixel of all lanes in nanoseconds.
func (w *blockWalk) parallel(c *Call, cost int, body func(r blockRun)) {
	c.stretches(w.rows, w.width, cost, func(row, first, end int) { body(blockRun{row, first, end - first}) })
}

// leastPixels is the shortest run of a group that costs no more than a long one: caches are read ahead along it.
const leastPixels = 256

// parallelPixels is parallel in the order of most convolutions: all groups of some
// pixels, then of the next ones. So a thread mostly finds in its cache what it wrote.
// Where the groups are so many that a chunk has few pixels of each, they go one after
// the other.
func (w *blockWalk) parallelPixels(c *Call, cost int, body func(r blockRun)) {
	groups := w.maps[0].Groups()
	if cost*groups*leastPixels > walkCost {
		w.parallel(c, cost, body)
		return
	}
	rows := w.rows / (w.maps[0].N * groups) // of a group of an image
	c.stretches(w.rows/groups, w.width, cost*groups, func(row, first, end int) {
		row += row / rows * (groups - 1) * rows // of group 0
		for g := range groups {
			body(blockRun{row + g*rows, first, end - first})
		}
	})
}

// stretches calls body with stretches [first, end) of rows of the same width that
// together cover them. cost is the rough time of one item in nanoseconds.
func (c *Call) stretches(rows, width, cost int, body func(row, first, end int)) {
	c.parallel(rows*width, cost, walkCost, func(lo, hi int) {
		for lo < hi {
			row, first := lo/width, lo%width
			end := min(width, first+hi-lo)
			body(row, first, end)
			lo += end - first
		}
	})
}

// vecChunk is the number of elements in which planar arrays are handed out.
const vecChunk = 16

// mapStep is an operator y = f(x), element by element, on floats, planar or in
// channel blocks. Input 0 is x; the others are known.
type mapStep struct {
	name  string
	f     func(y, x []float32)
	cost  int // of vecChunk elements, in nanoseconds
	needs Needs
}

// bindMap binds a function over slices of one length, which may be the same one.
func bindMap(b *Binding, name string, cost int, f func(y, x []float32)) Step {
	s := &mapStep{name: name, f: f, cost: cost}
	x, y := b.In[0], b.Out[0]
	if x.Layout == y.Layout {
		s.needs = elementwiseShare()
	}
	if !y.Layout.Planar() {
		padding := []float32{0}
		f(padding, padding)
		s.needs.DirtyLanes = padding[0] != 0
	}
	return s
}

// bindVec binds a function that the kernels have.
func bindVec(b *Binding, v cpu.VecFunc) Step {
	k := b.Kernels
	return bindMap(b, "vec "+string(k.Tier), vecCost(k, v.Kind.Cost()), func(y, x []float32) { k.Map(v, y, x) })
}

// vecCost is the rough time of vecChunk elements in nanoseconds. cost is that of
// the assembly.
func vecCost(k *cpu.Kernels, cost int) int {
	if k.Tier == cpu.Generic {
		return 8 * cost
	}
	return cost
}

func (s *mapStep) Needs() Needs   { return s.needs }
func (s *mapStep) Kernel() string { return s.name }

// Run computes y.
func (s *mapStep) Run(c *Call, in, out []*Tensor) error {
	if !out[0].Layout().Planar() {
		w := newBlockWalk(false, in[0], out[0])
		cost := s.cost * max(1, w.maps[0].Block/vecChunk)
		w.parallelPixels(c, cost, func(r blockRun) { s.f(w.of(1, r), w.of(0, r)) })
		return nil
	}
	s.runPlanar(c, out[0].Shape(), Data[float32](in[0]), Data[float32](out[0]))
	return nil
}

// runPlanar computes a planar y, some pixels of all planes of an image after the other.
func (s *mapStep) runPlanar(c *Call, shape Shape, x, y []float32) {
	planes, pixels := planesOf(shape, s.cost)
	images := len(y) / max(1, planes*pixels)
	chunks := (pixels + vecChunk - 1) / vecChunk // of a plane
	c.stretches(images, chunks, s.cost*planes, func(image, first, end int) {
		for plane := image * planes; plane < (image+1)*planes; plane++ {
			lo, hi := plane*pixels+first*vecChunk, plane*pixels+min(end*vecChunk, pixels)
			s.f(y[lo:hi], x[lo:hi])
		}
	})
}

// planesOf sees a planar array as images of several planes where a chunk, of which
// vecChunk elements cost so much, has enough pixels of each for a call, else as a
// single plane: of the rows of a transformer, of which each is a plane here, a chunk
// would have few elements each.
func planesOf(shape Shape, cost int) (planes, pixels int) {
	const enough = 1024
	if len(shape) > 2 {
		planes, pixels = shape[1], shape[2:].Elements()
		if pixels >= enough && planes*cost <= walkCost/(enough/vecChunk) {
			return planes, pixels
		}
	}
	return 1, shape.Elements()
}

// followInput is the Choice of an operator y = f(x), element by element, with more
// inputs that are planar.
func followInput(in []Spec) (Choice, bool) {
	if !Blockable(in[0]) || in[0].Shape.Elements() == 0 {
		return Choice{}, false
	}
	c := Choice{In: make([]bool, len(in)), Out: []bool{true}, Alike: []int{0}}
	c.In[0] = true
	return c, true
}

// sharedStep is the plain definition with what it allows of memory.
type sharedStep struct {
	Sharer
	needs Needs
}

// bindPlain binds the plain definition.
func bindPlain(op Sharer, b *Binding) Step { return &sharedStep{op, op.Share(b.In)} }

func (s *sharedStep) Needs() Needs { return s.needs }
func (*sharedStep) Kernel() string { return "plain" }

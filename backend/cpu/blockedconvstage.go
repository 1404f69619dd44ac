package cpu

import (
	"sync/atomic"
	"unsafe"
)

// A convolution to a planar tensor with many channels runs in pieces: all outputs of some rows of the input grid, or of
// a stretch of one row, - with a transposed convolution: all phases of them - by one or two output groups are made in a
// small blocked map, the stage, which stays in L2, and from there go to their planes. So the output is written to memory
// once.

// stagedCut is a plan cut into such pieces.
type stagedCut struct {
	step   [3]int // outputs per position of the grid along each axis
	rows   int    // rows of the grid per piece
	cols   int    // columns of the grid per piece: all, unless it is one row, of which each phase has the same pixels
	pieces int    // of all rows per depth position of the grid of one image
	across int    // pieces of a row
	depths int    // of the grid
	items  []blockedItem
}

// stageFloats is the size that a stage should have: 128 KiB.
const stageFloats = 32 << 10

// newStagedCut cuts a plan.
func (p *BlockedConvPlan) newStagedCut() stagedCut {
	g := &p.geom
	if len(p.parts) == 0 || len(p.cut.items) == 0 {
		return stagedCut{}
	}
	c := stagedCut{step: p.parts[0].step}
	for a := range 3 {
		c.step[a] = min(c.step[a], g.Out[a])
	}
	first := p.cut.items[0].part
	for _, it := range p.cut.items {
		if it.part == first {
			c.items = append(c.items, it)
		}
	}
	c.depths = ceilDiv(g.Out[0], c.step[0])
	rows := ceilDiv(g.Out[1], c.step[1])
	row := c.step[0] * c.step[1] * g.Out[2] * p.panel * p.k.Block
	c.rows = min(rows, max(1, stageFloats/row))
	c.pieces = ceilDiv(rows, c.rows)
	c.rows = ceilDiv(rows, c.pieces)
	c.across = 1
	if c.rows == 1 && c.step[1] == 1 {
		c.across = ceilDiv(row, stageFloats)
	}
	cols := ceilDiv(g.Out[2], c.step[2])
	c.cols = ceilDiv(cols, c.across)
	c.across = ceilDiv(cols, c.cols)
	return c
}

// all is the number of pieces.
func (c *stagedCut) all(images int) int { return images * c.depths * c.pieces * c.across }

// FitsStaged says whether RunToPlanar is a good way to planes: a piece is of one image, which must have pixels for whole
// tiles, or else each image would read all weights for the little work that they do together.
func (k *Kernels) FitsStaged(g ConvGeom, transposed bool) bool {
	grid := volume(g.Out)
	if transposed {
		grid = volume(g.In)
	}
	return g.N == 1 || grid >= k.tileFor(tileGroups).rows()
}

func (c *stagedCut) chunks(images int) int { return c.all(images) * len(c.items) }

// stageSize is the size of the stage's map.
func (c *stagedCut) stageSize(g *ConvGeom) [3]int {
	return [3]int{c.step[0], c.rows * c.step[1], min(g.Out[2], c.cols*c.step[2])}
}

// stageFloats is the memory of one worker: the stage and, where a group is not full, planes of all its lanes.
func (p *BlockedConvPlan) stageFloats() (stage, planes int) {
	size := p.staged.stageSize(&p.geom)
	if p.out%p.k.Block != 0 {
		planes = size[1] * size[2] * p.k.Block
	}
	return MapFloats(p.k.Block, 1, p.panel*p.k.Block, size, Halo{}), planes
}

// StagedWorkspaceFloats is the workspace that RunToPlanar needs with a pool of up to that many threads.
func (p *BlockedConvPlan) StagedWorkspaceFloats(threads int) int {
	stage, planes := p.stageFloats()
	return threads * alignUp(stage+planes)
}

// RunToPlanar is Run with a planar y [N, M, Out...]; residual is nil or planar of y's shape, and may be y. ws holds
// StagedWorkspaceFloats, best aligned to 64 bytes.
func (p *BlockedConvPlan) RunToPlanar(pool *Pool, stop *atomic.Bool, ws []float32, x *Map, residual, y []float32) {
	p.checkInput(x)
	checkWeights(len(y), p.geom.N*p.geom.M*volume(p.geom.Out))
	if residual != nil {
		checkWeights(len(residual), len(y))
	}
	checkWorkspace(ws, p.StagedWorkspaceFloats(pool.Threads()))
	if len(y) == 0 {
		return
	}
	r := p.take()
	r.beginStaged(pool.Threads(), ws, x, residual, y)
	pool.RunUntil(stop, p.staged.chunks(p.geom.N), r.stagedBody)
	r.end()
}

func (r *blockedRun) beginStaged(threads int, ws []float32, x *Map, residual, y []float32) {
	p := r.plan
	r.begin(threads, x, nil, &Map{})
	r.planar, r.planarRes = y, residual
	size := p.staged.stageSize(&p.geom)
	stage, planes := p.stageFloats()
	for i := range threads {
		w, own := &r.workers[i], ws[i*alignUp(stage+planes):]
		w.stage = NewMap(own[:stage], p.k.Block, 1, p.panel*p.k.Block, size, Halo{})
		w.planes = own[stage:][:planes]
		w.y = &w.stage
		if residual != nil {
			w.residual = &w.stage
		}
	}
}

// stagedPiece is the outputs of one piece.
type stagedPiece struct {
	image, depth, row, col int // position in the grid
	size                   [3]int
}

// at returns a piece and its item. Neighbours share the piece's input.
func (c *stagedCut) at(g *ConvGeom, chunk int) (stagedPiece, blockedItem) {
	it := c.items[chunk%len(c.items)]
	chunk /= len(c.items)
	s := stagedPiece{col: chunk % c.across * c.cols}
	chunk /= c.across
	s.row = chunk % c.pieces * c.rows
	chunk /= c.pieces
	s.depth, s.image = chunk%c.depths, chunk/c.depths
	s.size = [3]int{
		min(c.step[0], g.Out[0]-s.depth*c.step[0]),
		min(c.rows*c.step[1], g.Out[1]-s.row*c.step[1]),
		min(c.cols*c.step[2], g.Out[2]-s.col*c.step[2]),
	}
	return s, it
}

// stagedChunk makes one piece.
func (r *blockedRun) stagedChunk(worker, chunk int) {
	p, w := r.plan, &r.workers[worker]
	s, it := p.staged.at(&p.geom, chunk)
	if s.size[1] <= 0 {
		return
	}
	w.firstGroup = (it.group*p.out + it.column) / p.k.Block
	if r.planarRes != nil {
		r.load(w, s, it)
	}
	for i := range p.parts {
		it.part = i
		w.lines = r.pieceLines(w, s, &p.parts[i])
		r.item(w, it, 0, w.lines.count())
	}
	r.store(w, s, it)
}

// pieceLines returns the lines of a part within a piece, from the input to the stage.
func (r *blockedRun) pieceLines(w *blockedWorker, s stagedPiece, part *blockedPart) blockedLines {
	l := newLines(part, w.x, w.residual, w.y)
	l.extent[0] = 1
	l.extent[1] = max(0, min(1, part.grid[0]-s.depth))
	l.extent[2] = max(0, min(r.plan.staged.rows, part.grid[1]-s.row))
	l.extent[3] = max(0, min(r.plan.staged.cols, part.grid[2]-s.col))
	l.setAxis()
	l.src += s.col * l.in[3]
	if w.x != &w.strip { // which begins with the piece's rows
		l.src += s.image*l.in[0] + s.depth*l.in[1] + s.row*l.in[2]
	}
	return l
}

// store moves a piece from the stage to its planes.
func (r *blockedRun) store(w *blockedWorker, s stagedPiece, it blockedItem) {
	plane := volume(r.plan.geom.Out)
	r.eachSlab(w, s, it, r.planar, func(stage, planes []float32, channels, pixels int) {
		if channels == r.plan.k.Block {
			r.movePixels(w, stage, planes, plane, pixels, r.plan.k.maps.apart)
			return
		}
		// By way of planes for all lanes: the kernel is slow where lanes have none.
		r.movePixels(w, stage, w.planes, pixels, pixels, r.plan.k.maps.apart)
		for c := range channels {
			copy(planes[c*plane:][:pixels], w.planes[c*pixels:])
		}
	})
}

// load moves the residual of a piece into the stage.
func (r *blockedRun) load(w *blockedWorker, s stagedPiece, it blockedItem) {
	plane := volume(r.plan.geom.Out)
	r.eachSlab(w, s, it, r.planarRes, func(stage, planes []float32, channels, pixels int) {
		if channels == r.plan.k.Block {
			r.movePixels(w, stage, planes, plane, pixels, r.plan.k.maps.interleave)
			return
		}
		interleave(stage, planes, plane, channels, r.plan.k.Block)
	})
}

// eachSlab calls f with the consecutive pixels of each output group and depth of a piece, and with its channels' place
// in a planar tensor.
func (r *blockedRun) eachSlab(w *blockedWorker, s stagedPiece, it blockedItem, planar []float32, f func(stage, planes []float32, channels, pixels int)) {
	p, step := r.plan, &r.plan.staged.step
	g := &p.geom
	plane, pixels := volume(g.Out), s.size[1]*s.size[2]
	for j := range it.groups {
		first := it.column + j*p.k.Block
		channels := min(p.k.Block, p.out-first)
		for z := range s.size[0] {
			at := (s.image*g.M+it.group*p.out+first)*plane + ((s.depth*step[0]+z)*g.Out[1]+s.row*step[1])*g.Out[2] + s.col*step[2]
			f(w.stage.Data[w.stage.At(0, j, z, 0, 0):][:pixels*p.k.Block], planar[at:at+(channels-1)*plane+pixels], channels, pixels)
		}
	}
}

// allLanes marks all lanes of a block.
var allLanes = laneMask(lineFloats)

// movePixels calls move for as many pixels at a time as a call may take; planes lie plane floats apart.
func (r *blockedRun) movePixels(w *blockedWorker, stage, planes []float32, plane, pixels int, move func(*mapTransposeArgs)) {
	const most = mapCallPixels / lineFloats * lineFloats
	for from := 0; from < pixels; from += most {
		w.move = mapTransposeArgs{
			pixel: unsafe.Pointer(&stage[from*r.plan.k.Block]), planes: unsafe.Pointer(&planes[from]),
			pitch: 4 * plane, pixels: min(most, pixels-from), lanes: &allLanes[0], step: floatSize * r.plan.k.Block,
		}
		move(&w.move)
	}
}

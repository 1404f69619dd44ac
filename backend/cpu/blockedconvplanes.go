package cpu

import "sync/atomic"

// A convolution from planes to planes, both of many channels, runs in the pieces of a run to a planar tensor, each with
// all its output groups: the rows of the input that a piece reads are brought into a small blocked map, the strip, that
// stays in L2. So neither the input nor the output exists in blocks as a whole, and both pass through memory once.

// Limits of FitsPlanes.
const (
	planesStrip  = 96 << 10 // floats of a strip: 384 KiB, which leave room for weights and a stage in L2
	planesPieces = 12       // pieces that even out the load of several threads
)

// FitsPlanes says whether RunPlanes is the way to make a transposed convolution of geometry g from planes to planes
// with the direct algorithm: whether its pieces are many, fit into L2 and use the weights often enough.
func (k *Kernels) FitsPlanes(g ConvGeom) bool {
	if !k.FitsBlockedTranspose(g) || g.lanewise() {
		return false
	}
	p := &BlockedConvPlan{}
	p.setUp(k, g, g.transposeParts(), k.Block)
	p.cut.items = p.items()
	p.staged = p.newStagedCut()
	c := &p.staged
	return c.across == 1 && c.rows*g.In[2] >= stripPixels && c.all(g.N) >= planesPieces && p.stripFloats() <= planesStrip
}

// stripMap describes a strip without its memory. Its pixel 0 is the input that the first output of a piece sees without
// an offset; what the taps reach around it is the halo.
func (p *BlockedConvPlan) stripMap() Map {
	size := [3]int{1, 1, p.geom.In[2]}
	if len(p.parts) > 0 {
		size[1] = (max(1, p.staged.rows)-1)*p.parts[0].stride[1] + 1
	}
	var h Halo
	for i := range p.parts {
		part := &p.parts[i]
		if len(part.taps) == 0 {
			continue
		}
		for a := range 2 {
			h.Before[a] = max(h.Before[a], -part.low[a])
			h.After[a] = max(h.After[a], part.high[a])
		}
	}
	h.Before[2], h.After[2] = p.halo.Before[2], p.halo.After[2]
	return MapLike(p.k.Block, 1, p.geom.C, size, h)
}

// stripFloats is the memory of a strip.
func (p *BlockedConvPlan) stripFloats() int {
	m := p.stripMap()
	return m.Image
}

// PlanesWorkspaceFloats is the workspace that RunPlanes needs with a pool of up to that many threads.
func (p *BlockedConvPlan) PlanesWorkspaceFloats(threads int) int {
	return p.StagedWorkspaceFloats(threads) + threads*alignUp(p.stripFloats())
}

// RunPlanes is RunToPlanar with a planar x [N, C, In...]. ws holds PlanesWorkspaceFloats, best aligned to 64 bytes.
func (p *BlockedConvPlan) RunPlanes(pool *Pool, stop *atomic.Bool, ws, x, residual, y []float32) {
	p.geom.checkOperands(x, residual, y)
	checkWorkspace(ws, p.PlanesWorkspaceFloats(pool.Threads()))
	if len(y) == 0 {
		return
	}
	r := p.take()
	r.beginPlanes(pool.Threads(), ws, x, residual, y)
	pool.RunUntil(stop, p.staged.all(p.geom.N), r.planesBody)
	r.end()
}

func (r *blockedRun) beginPlanes(threads int, ws, x, residual, y []float32) {
	p := r.plan
	strip, size := p.stripMap(), alignUp(p.stripFloats())
	r.beginStaged(threads, ws[threads*size:], &strip, residual, y)
	r.planes = x
	for i := range threads {
		w := &r.workers[i]
		w.strip = strip
		w.strip.Data = ws[i*size:][:strip.Image]
		w.x = &w.strip
	}
}

// planesChunk makes one piece with all its items.
func (r *blockedRun) planesChunk(worker, piece int) {
	w, items := &r.workers[worker], len(r.plan.staged.items)
	s, _ := r.plan.staged.at(&r.plan.geom, piece*items)
	r.fillStrip(w, s)
	for i := range items {
		r.stagedChunk(worker, piece*items+i)
	}
}

// fillStrip brings the input of a piece into the worker's strip.
func (r *blockedRun) fillStrip(w *blockedWorker, s stagedPiece) {
	g, m := &r.plan.geom, &w.strip
	firstZ, firstY := 0, 0 // of the input: where the strip's pixel 0 lies
	if parts := r.plan.parts; len(parts) > 0 {
		firstZ, firstY = s.depth*parts[0].stride[0], s.row*parts[0].stride[1]
	}
	plane := volume(g.In)
	for group := range m.Groups() {
		channel := group * m.Block
		channels := min(m.Block, g.C-channel)
		planes := r.planes[(s.image*g.C+channel)*plane:][:channels*plane]
		for z := -m.Halo.Before[0]; z < m.Size[0]+m.Halo.After[0]; z++ {
			slab := m.Data[m.At(0, group, z, -m.Halo.Before[1], -m.Halo.Before[2]):][:m.Plane]
			if at := firstZ + z; at >= 0 && at < g.In[0] {
				r.fillSlab(w, slab, planes[at*g.In[1]*g.In[2]:], firstY-m.Halo.Before[1], channels)
			} else {
				clear(slab)
			}
		}
	}
}

// fillSlab fills the rows of one group and depth of a strip, the first of which is row first of the input.
func (r *blockedRun) fillSlab(w *blockedWorker, slab, planes []float32, first, channels int) {
	g, m, k := &r.plan.geom, &w.strip, r.plan.k
	rows := len(slab) / m.Row
	lo := min(rows, max(0, -first))
	hi := max(lo, min(rows, g.In[1]-first))
	clear(slab[:lo*m.Row])
	clear(slab[hi*m.Row:])
	left, row := m.Halo.Before[2]*m.Block, m.rowFloats()
	each := 1
	if row == m.Row {
		each = max(1, hi-lo) // neighbours in the planes are neighbours in the strip
	}
	for y := lo; y < hi; y += each {
		pixels := slab[y*m.Row:][:each*m.Row]
		clear(pixels[:left])
		clear(pixels[left+each*row:])
		k.join(&w.scratch, pixels[left:left+each*row], planes[(first+y)*g.In[2]:], volume(g.In), channels)
	}
}

package cpu

import (
	"slices"
	"sort"
	"sync/atomic"
)

// ConvTransposePlan is a transposed convolution ready to run, any number of times and by several goroutines at once.
// Its result does not depend on the number of threads. It has no column buffer: each phase of the output is a
// convolution with stride 1 (see axisPhase), and phases that see the same input through the same taps - all of them
// where kernel equals stride - share what is packed of it.
type ConvTransposePlan struct {
	geom    ConvGeom
	weights *PackedConvTransposeWeights
	ep      Epilogue
	parts   []*transposePart
	plane   *depthwisePlan // instead of the parts
	last    atomic.Pointer[transposeCut]
}

// transposePart is one or several phases that share their input: one product with an A per phase.
type transposePart struct {
	plan    *ConvTransposePlan
	phases  []phase
	input   tapInput
	product product
}

// NewConvTranspose packs the weights and returns a plan.
func NewConvTranspose(k *Kernels, g ConvGeom, weights []float32, ep Epilogue) *ConvTransposePlan {
	return NewConvTransposePacked(k, g, PackConvTransposeWeights(k, g, weights), ep)
}

// NewConvTransposePacked returns a plan on weights packed for k.
func NewConvTransposePacked(k *Kernels, g ConvGeom, w *PackedConvTransposeWeights, ep Epilogue) *ConvTransposePlan {
	checkWeights(w.Floats(), g.weights())
	p := &ConvTransposePlan{geom: g, weights: w, ep: ep}
	if g.depthwise() {
		p.plane = &depthwisePlan{k: k, geom: g, weights: w.raw, ep: ep, transposed: true}
		return p
	}
	for _, f := range g.phases() {
		if part := p.partFor(f); part != nil {
			part.phases = append(part.phases, f)
			part.product.as++
			continue
		}
		p.parts = append(p.parts, p.newPart(k, f))
	}
	return p
}

// partFor returns the part whose phases have the same input as f, or nil.
func (p *ConvTransposePlan) partFor(f phase) *transposePart {
	for _, part := range p.parts {
		if part.input.grid == f.grid && slices.Equal(part.input.taps, f.taps) {
			return part
		}
	}
	return nil
}

func (p *ConvTransposePlan) newPart(k *Kernels, f phase) *transposePart {
	g := &p.geom
	part := &transposePart{plan: p, phases: []phase{f}}
	part.input = tapInput{
		k: k, in: g.In, grid: f.grid, stride: [3]int{1, 1, 1}, taps: f.taps, channels: g.channelsIn(), groups: g.Group,
	}
	part.product = newProduct(k, g.channelsOut(), g.channelsIn()*len(f.taps), g.N*volume(f.grid))
	part.product.bs = g.Group
	return part
}

// WorkspaceFloats is the workspace that Run needs with a pool of up to that many threads.
func (p *ConvTransposePlan) WorkspaceFloats(threads int) int { return threads * p.scratchFloats() }

func (p *ConvTransposePlan) scratchFloats() int {
	if p.plane != nil {
		return p.plane.scratchFloats()
	}
	size := 0
	for _, part := range p.parts {
		size = max(size, part.product.scratchFloats())
	}
	return size
}

// transposeCut is how the parts are cut for a number of chunks: ends[i] is the number of chunks of parts 0..i.
type transposeCut struct {
	want int
	cuts []partition
	ends []int
}

// cut returns the partition of all parts, remembering the last one.
func (p *ConvTransposePlan) cut(want int) *transposeCut {
	if t := p.last.Load(); t != nil && t.want == want {
		return t
	}
	t := &transposeCut{want: want}
	end := 0
	for _, part := range p.parts {
		q := part.product.partition((want + len(p.parts) - 1) / len(p.parts))
		end += q.chunks
		t.cuts, t.ends = append(t.cuts, q), append(t.ends, end)
	}
	p.last.Store(t)
	return t
}

// Run computes y = act(convTranspose(x) + bias + residual). residual is nil or of y's shape, and may be y; apart from
// that y overlaps nothing. ws holds WorkspaceFloats, best aligned to 64 bytes. Run stops early, leaving y undefined,
// when stop becomes true; stop may be nil.
func (p *ConvTransposePlan) Run(pool *Pool, stop *atomic.Bool, ws, x, residual, y []float32) {
	p.geom.checkOperands(x, residual, y)
	checkWorkspace(ws, p.WorkspaceFloats(pool.Threads()))
	if p.plane != nil {
		p.plane.run(pool, stop, ws, x, residual, y)
		return
	}
	if len(y) == 0 {
		return
	}
	t, size := p.cut(chunksFor(pool.Threads())), p.scratchFloats()
	runs := make([]transposeRun, len(p.parts))
	for i, part := range p.parts {
		runs[i] = transposeRun{part, x, residual, y}
	}
	pool.RunUntil(stop, t.ends[len(t.ends)-1], func(worker, i int) {
		part := sort.SearchInts(t.ends, i+1)
		if part > 0 {
			i -= t.ends[part-1]
		}
		p.parts[part].product.runChunk(t.cuts[part], i, ws[worker*size:][:size], &runs[part])
	})
}

// transposeRun is a part with the operands of one run.
type transposeRun struct {
	*transposePart
	x, residual, y []float32
}

func (r *transposeRun) packedA(group, a int) []float32 {
	return r.plan.weights.group(r.phases[a].residue, group)
}

func (r *transposeRun) panelsOfB(scratch []float32, group int, b block) ([]float32, int) {
	r.input.pack(scratch, r.x, group, b)
	return scratch, (b.k1 - b.k0) * r.input.k.NR
}

// store finishes a tile in place, then spreads its columns over the outputs of the phase.
func (r *transposeRun) store(tile []float32, at spot) {
	f := &r.phases[at.a]
	channel := at.b*r.plan.geom.channelsOut() + at.row
	if r.residual != nil {
		r.spread(tile, at, f, channel, r.residual, addStep)
	}
	nr := r.input.k.NR
	r.input.k.finish(finishArgs{dst: tile, tile: tile, ldd: nr, rows: at.rows, cols: at.cols}, &r.plan.ep, channel)
	r.spread(tile, at, f, channel, r.y, putStep)
}

// spread calls move with each row of each run of the tile's columns and where that run begins in t, which has the
// shape of the output.
func (r *transposeRun) spread(tile []float32, at spot, f *phase, channel int, t []float32, move func(t, row []float32, step int)) {
	g := &r.plan.geom
	plane, step := volume(g.Out), g.Stride[2]
	for lane := 0; lane < at.cols; {
		run := r.input.runAt(at.col+lane, at.cols-lane)
		z, y := f.first[0]+run.z*g.Stride[0], f.first[1]+run.y*g.Stride[1]
		off := (run.image*g.M+channel)*plane + (z*g.Out[1]+y)*g.Out[2] + f.first[2] + run.x*step
		for i := range at.rows {
			row := tile[i*r.input.k.NR+lane:][:run.n]
			move(t[off+i*plane:][:(run.n-1)*step+1], row, step)
		}
		lane += run.n
	}
}

// putStep writes row to every step-th float of t.
func putStep(t, row []float32, step int) {
	if step == 1 {
		copy(t, row)
		return
	}
	for i, v := range row {
		t[i*step] = v
	}
}

// addStep adds every step-th float of t to row.
func addStep(t, row []float32, step int) {
	for i := range row {
		row[i] += t[i*step]
	}
}

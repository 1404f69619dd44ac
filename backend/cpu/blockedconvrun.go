package cpu

import (
	"math"
	"unsafe"
)

// blockedRun is a plan with the operands of one run.
type blockedRun struct {
	plan              *BlockedConvPlan
	x, y, res         Map
	planarRes, planar []float32 // of a run to a planar tensor
	planes            []float32 // the input of a run from planes to planes
	steps             *blockedSteps
	workers           []blockedWorker
	body, stagedBody  func(worker, chunk int)
	planesBody        func(worker, piece int)
}

// blockedWorker is what one worker writes, apart from the other workers' cache lines.
type blockedWorker struct {
	args       tileArgs
	lines      blockedLines
	x, y       *Map
	residual   *Map // or nil
	firstGroup int  // output group of the convolution that is the first one of y and residual

	stage  Map // y of a run to a planar tensor
	planes []float32
	move   mapTransposeArgs

	strip   Map // x of a run from planes to planes
	scratch mapScratch
	_       [128]byte
}

// take returns a run at rest or a new one.
func (p *BlockedConvPlan) take() *blockedRun {
	r, _ := p.idle.Get().(*blockedRun)
	if r == nil {
		r = &blockedRun{plan: p}
		r.body, r.stagedBody, r.planesBody = r.chunk, r.stagedChunk, r.planesChunk
	}
	return r
}

// begin sets the operands of a run; residual may be nil.
func (r *blockedRun) begin(threads int, x, residual, y *Map) {
	r.x, r.y = *x, *y
	if residual != nil {
		r.res = *residual
		residual = &r.res
	}
	r.steps = r.plan.stepsFor(x)
	if len(r.workers) < threads {
		r.workers = make([]blockedWorker, threads)
	}
	for i := range r.workers {
		w := &r.workers[i]
		w.x, w.y, w.residual = &r.x, &r.y, residual
	}
}

// end forgets the operands, which the caller may release.
func (r *blockedRun) end() {
	r.x.Data, r.y.Data, r.res.Data, r.planar, r.planarRes, r.planes = nil, nil, nil, nil, nil, nil
	clear(r.workers)
	r.plan.idle.Put(r)
}

// chunk makes one chunk of the cut.
func (r *blockedRun) chunk(worker, i int) {
	strip, items := r.plan.cut.at(i)
	w := &r.workers[worker]
	if r.plan.addsUp() {
		r.sumChunk(w, strip, items)
		return
	}
	part := -1
	for _, it := range items {
		if it.part != part {
			part = it.part
			w.lines = newLines(&r.plan.parts[part], w.x, w.residual, w.y)
			w.lines.cut(r.plan.cut.strips, r.plan.k.tileFor(r.plan.panel).rows())
		}
		n := w.lines.count()
		r.item(w, it, strip*n/r.plan.cut.strips, (strip+1)*n/r.plan.cut.strips)
	}
}

// sumChunk makes one chunk of parts that add up.
func (r *blockedRun) sumChunk(w *blockedWorker, strip int, items []blockedItem) {
	for _, it := range items {
		part := &r.plan.parts[it.part]
		w.lines = newLines(part, w.x, w.residual, w.y)
		w.lines.band(part, r.plan.geom.Out, strip, r.plan.cut.strips)
		r.item(w, it, 0, w.lines.count())
	}
}

// maxTileLanes is the most lanes of one call of a kernel: weights of 512 KiB, which stay in L2 while the pixels of a
// strip pass, and some 30 us.
const maxTileLanes = 4096

// item makes one item for the lines [first, last): block by block of the steps, each adding to what the last one stored.
func (r *blockedRun) item(w *blockedWorker, it blockedItem, first, last int) {
	if first == last {
		return
	}
	p := r.plan
	part := &p.parts[it.part]
	offsets := r.steps.offsets[it.part]
	blocks := max(1, ceilDiv(len(part.taps)*p.in, maxTileLanes))
	for b := range blocks {
		s0, s1 := b*len(offsets)/blocks, (b+1)*len(offsets)/blocks
		r.setSteps(&w.args, it, offsets, s0, s1)
		begins := b == 0 && !part.adds
		r.setEpilogue(&w.args, it, begins, b == blocks-1 && !part.unfinished)
		r.sweep(w, it, first, last, !begins)
	}
	if p.applyAfter && !part.unfinished {
		r.activate(w, it, first, last)
	}
}

// setSteps sets the steps [s0, s1) of an item and their weights.
func (r *blockedRun) setSteps(a *tileArgs, it blockedItem, offsets []int, s0, s1 int) {
	p := r.plan
	part := &p.parts[it.part]
	full, tailLanes := p.stepLanes(len(offsets))
	a.nsteps = max(0, min(full, s1)-s0)
	a.tailSteps, a.tailLanes = s1-s0-a.nsteps, tailLanes
	a.steps = nil
	if s1 > s0 {
		a.steps = &offsets[s0]
	}
	before := min(s0, full)*p.inBlock + max(0, s0-full)*tailLanes
	if p.depthwise {
		before = s0
	}
	at := it.group*p.weights.group + p.weights.parts[part.residue] + it.column*p.in*len(part.taps)
	a.weights = unsafe.Pointer(unsafe.SliceData(p.weights.data[at+before*it.groups*p.k.Block:]))
}

// zeroBias is the bias of a sum that is continued.
var zeroBias = AlignedFloats(tileGroups * lineFloats)

// setEpilogue sets what a sum starts from and what is done to it in the end.
func (r *blockedRun) setEpilogue(a *tileArgs, it blockedItem, begins, ends bool) {
	p := r.plan
	column := it.group*p.out + it.column
	a.bias = unsafe.Pointer(&zeroBias[0])
	if begins {
		a.bias = unsafe.Pointer(&p.bias[column])
	}
	a.act = tileLinear
	if ends {
		a.setActivation(&p.ep.Act)
	}
	if p.slope != nil {
		a.slope = unsafe.Pointer(&p.slope[column])
	}
}

// setActivation sets the activation where the kernels know it.
func (a *tileArgs) setActivation(act *Activation) {
	switch act.Kind {
	case ActRelu:
		a.act, a.lo, a.hi = tileClamp, 0, float32(math.Inf(1))
	case ActClip:
		a.act, a.lo, a.hi = tileClamp, act.A, act.B
	case ActLeakyRelu, ActPRelu:
		a.act = tileLeaky
	case ActHardSwish:
		a.act, a.lo, a.hi = tileGate, 1.0/6, 0.5
	}
}

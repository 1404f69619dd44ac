package cpu

import "sync/atomic"

// winoRun is a plan with the operands of one run.
type winoRun struct {
	*WinogradConv
	space          *winoSpace
	x, residual, y Map
	hasResidual    bool
	stop           *atomic.Bool
	ws             []float32
	workers        []winoWorker

	blockBody, phaseBody, inputStage, productStage, outputStage func(worker, chunk int)
}

// winoWorker is one worker of a run: scratch memory, and the arguments of its kernels, which must not lie on a stack for
// calls through a table.
type winoWorker struct {
	run               *winoRun
	v, m, strip, tile []float32
	planes            []int // which input plane each part of v holds, plus 1
	in                winoInputArgs
	product           tileArgs
	out               winoOutputArgs
	_                 [128]byte // apart from the other workers' cache lines
}

func newWinoRun(p *WinogradConv) *winoRun {
	r := &winoRun{WinogradConv: p}
	r.blockBody, r.phaseBody = r.blockChunk, r.phaseChunk
	r.inputStage, r.productStage, r.outputStage = r.inputChunk, r.productChunk, r.outputChunk
	return r
}

func (r *winoRun) begin(threads int, stop *atomic.Bool, ws []float32, x, residual, y *Map) {
	r.x, r.y, r.hasResidual = *x, *y, residual != nil
	if residual != nil {
		r.residual = *residual
	}
	r.stop, r.ws, r.space = stop, ws, r.spaceFor(threads)
	if len(r.workers) < threads {
		r.workers = make([]winoWorker, threads)
	}
}

// end forgets the operands, which the caller may release.
func (r *winoRun) end() {
	r.x.Data, r.residual.Data, r.y.Data, r.ws, r.stop = nil, nil, nil, nil, nil
	for i := range r.workers {
		r.workers[i] = winoWorker{planes: r.workers[i].planes}
	}
}

// run does the work in the order of the plan.
func (r *winoRun) run(pool *Pool) {
	s := r.space
	switch s.order {
	case winoByBlocks:
		pool.RunUntil(r.stop, r.inputPhases()*s.count*ceilDiv(r.geom.Out[0], s.depth), r.blockBody)
	case winoByPhases:
		if pool.RunUntil(r.stop, r.geom.In[0]*r.x.Groups(), r.inputStage) {
			pool.RunUntil(r.stop, r.phases()*s.count, r.phaseBody)
		}
	case winoByStages:
		points, pairs := r.weights.filter.tile.points(), r.weights.pairs()
		if pool.RunUntil(r.stop, r.inputPhases()*r.geom.In[0]*r.x.Groups(), r.inputStage) &&
			pool.RunUntil(r.stop, r.phases()*points*pairs, r.productStage) {
			pool.RunUntil(r.stop, r.phases()*r.geom.Out[0]*r.y.Groups(), r.outputStage)
		}
	}
}

// worker returns a worker with its scratch memory.
func (r *winoRun) worker(i int) *winoWorker {
	w, s := &r.workers[i], r.space
	if w.run != nil {
		return w
	}
	w.run = r
	shared, own := r.ws, r.ws[s.shared()+i*s.own():]
	from := &own
	if s.order != winoByBlocks {
		from = &shared
	}
	w.v = take(from, s.v)
	if s.order == winoByPhases {
		from = &own
	}
	w.m = take(from, s.m)
	w.strip, w.tile = take(&own, s.strip), take(&own, s.tile)
	w.planes = grown(w.planes, s.planes)
	return w
}

// winoTaps are the depth taps [from, to) that see the input, of an output plane that sees plane first through tap 0.
type winoTaps struct{ first, from, to int }

func (r *winoRun) depthTaps(z int) winoTaps {
	g := &r.geom
	first := z - g.PadBegin[0]
	from, to := max(0, -first), min(g.Kernel[0], g.In[0]-first)
	if from >= to {
		return winoTaps{first, 0, 0}
	}
	return winoTaps{first, from, to}
}

// stopped says whether the caller wants the run to stop.
func (r *winoRun) stopped() bool { return r.stop != nil && r.stop.Load() }

// blockChunk makes the outputs of one block of tiles in a stretch of planes, of all phases that share them.
func (r *winoRun) blockChunk(worker, i int) {
	w, s := r.worker(worker), r.space
	blocks, stretches := s.count, ceilDiv(r.geom.Out[0], s.depth)
	first, n := s.block(i % blocks)
	next, _ := s.block(i%blocks + 1)
	clear(w.planes)
	from, to := 0, r.phases()
	if r.weights.filter.apart {
		from = i / blocks / stretches
		to = from + 1
	}
	z := i / blocks % stretches * s.depth
	for end := min(z+s.depth, r.geom.Out[0]); z < end; z++ {
		taps := r.depthTaps(z)
		for tap := taps.from; tap < taps.to; tap++ {
			w.plane(from, winoPart{taps.first + tap, first, min(n+r.weights.filter.segments-1, r.tiles()-first), 0, r.x.Groups(), next})
		}
		for phase := from; phase < to; phase++ {
			w.multiply(phase, taps, 0, n)
			w.finish(phase, winoPart{z, first, n, 0, r.y.Groups(), next}, w.m)
			if r.stopped() {
				return
			}
		}
	}
}

// plane transforms an input plane into its part of v, unless it is there.
func (w *winoWorker) plane(phase int, p winoPart) {
	s := w.run.space
	at := p.z % s.planes
	if w.planes[at] == p.z+1 {
		return
	}
	w.planes[at] = p.z + 1
	w.transform(phase, p, w.v[at*s.vPlane:])
}

// phaseChunk makes the outputs of one phase of one block of tiles.
func (r *winoRun) phaseChunk(worker, i int) {
	w, s := r.worker(worker), r.space
	phase := i % r.phases()
	first, n := s.block(i / r.phases())
	next, _ := s.block(i/r.phases() + 1)
	for z := range r.geom.Out[0] {
		w.multiply(phase, r.depthTaps(z), first, n)
		w.finish(phase, winoPart{z, first, n, 0, r.y.Groups(), next}, w.m)
		if r.stopped() {
			return
		}
	}
}

// inputChunk transforms one input group of a plane, for one of inputPhases.
func (r *winoRun) inputChunk(worker, i int) {
	w, group := r.worker(worker), i%r.x.Groups()
	i /= r.x.Groups()
	phase, z := i/r.geom.In[0], i%r.geom.In[0]
	w.transform(phase, winoPart{z, 0, r.tiles(), group, group + 1, r.tiles()}, w.v[phase*r.space.vPhase+z*r.space.vPlane:])
}

// productChunk makes the products of a pair of output groups at one point of a phase.
func (r *winoRun) productChunk(worker, i int) {
	w, s := r.worker(worker), r.space
	pairs, points := r.weights.pairs(), r.weights.filter.tile.points()
	at := winoPair{i / pairs / points, i / pairs % points, i % pairs}
	for z := range r.geom.Out[0] {
		w.multiplyPair(at, r.depthTaps(z), 0, r.tiles(), w.m[(at.phase*r.geom.Out[0]+z)*s.mPlane:])
	}
}

// outputChunk makes the outputs of one group of a plane of a phase.
func (r *winoRun) outputChunk(worker, i int) {
	w, group := r.worker(worker), i%r.y.Groups()
	i /= r.y.Groups()
	w.finish(i/r.geom.Out[0], winoPart{i % r.geom.Out[0], 0, r.tiles(), group, group + 1, r.tiles()}, w.m[i*r.space.mPlane:])
}

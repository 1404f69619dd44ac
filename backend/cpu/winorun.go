package cpu

import "sync/atomic"

// winoRun is a plan with the operands of one run.
type winoRun struct {
	*WinogradConv
	x, residual, y Map
	hasResidual    bool
	stop           *atomic.Bool
	ws             []float32
	workers        []winoWorker

	body, inputStage, productStage, outputStage func(worker, chunk int)
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
	r.body, r.inputStage, r.productStage, r.outputStage = r.chunk, r.inputChunk, r.productChunk, r.outputChunk
	return r
}

func (r *winoRun) begin(threads int, stop *atomic.Bool, ws []float32, x, residual, y *Map) {
	r.x, r.y, r.hasResidual = *x, *y, residual != nil
	if residual != nil {
		r.residual = *residual
	}
	r.stop, r.ws = stop, ws
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

// worker returns a worker with its scratch memory.
func (r *winoRun) worker(i int) *winoWorker {
	w, s := &r.workers[i], &r.block
	if w.run != nil {
		return w
	}
	w.run = r
	ws, own := r.ws, r.ws[s.shared()+i*s.own():][:s.own()]
	if !s.staged {
		ws = own
	}
	w.v, w.m = take(&ws, s.v), take(&ws, s.m)
	if !s.staged {
		own = ws
	}
	w.strip, w.tile = take(&own, s.strip), take(&own, s.tile)
	if w.planes == nil {
		w.planes = make([]int, s.planes)
	}
	return w
}

// chunk makes the outputs of one block of tiles.
func (r *winoRun) chunk(worker, i int) {
	w, g := r.worker(worker), &r.geom
	first := i * r.block.tiles
	n := min(r.block.tiles, r.tiles()-first)
	clear(w.planes)
	for z := range g.Out[0] {
		taps := r.depthTaps(z)
		for tap := taps.from; tap < taps.to; tap++ {
			w.plane(winoPart{taps.first + tap, first, n, 0, r.x.Groups()})
		}
		for phase := range r.phases() {
			w.multiply(phase, taps, n)
			w.finish(phase, winoPart{z, first, n, 0, r.y.Groups()}, w.m)
			if r.stop != nil && r.stop.Load() {
				return
			}
		}
	}
}

// winoTaps are the depth taps [from, to) that see the input, of an output plane that sees plane first through tap 0.
type winoTaps struct{ first, from, to int }

func (r *winoRun) depthTaps(z int) winoTaps {
	g := &r.geom
	first := z - g.PadBegin[0]
	from := min(g.Kernel[0], max(0, -first))
	return winoTaps{first, from, max(from, min(g.Kernel[0], g.In[0]-first))}
}

// plane transforms an input plane into its part of v, unless it is there.
func (w *winoWorker) plane(p winoPart) {
	planes := w.run.block.planes
	at := p.z % planes
	if w.planes[at] == p.z+1 {
		return
	}
	w.planes[at] = p.z + 1
	w.transform(p, w.v[at*len(w.v)/planes:][:len(w.v)/planes])
}

package cpu

import (
	"sync/atomic"
	"unsafe"
)

// winoRun is a plan with the operands of one run.
type winoRun struct {
	*WinogradConv
	x, residual, y Map
	hasResidual    bool
	stop           *atomic.Bool
	ws             []float32
	workers        []winoWorker
	body           func(worker, chunk int)
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

// stopped says whether the caller asked to stop.
func (r *winoRun) stopped() bool { return r.stop != nil && r.stop.Load() }

// worker returns a worker with its scratch memory.
func (r *winoRun) worker(i int) *winoWorker {
	w, s := &r.workers[i], &r.block
	if w.run != nil {
		return w
	}
	w.run = r
	ws := r.ws[i*s.floats():][:s.floats()]
	w.v, w.m = take(&ws, s.v), take(&ws, s.m)
	w.strip, w.tile = take(&ws, s.strip), take(&ws, s.tile)
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
			w.plane(taps.first+tap, first, n)
		}
		for phase := range len(r.rows.phases) * len(r.cols.phases) {
			w.multiply(phase, taps, n)
			w.finish(phase, z, first, n)
			if r.stopped() {
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

// plane transforms an input plane of n tiles into its part of v, unless it is there.
func (w *winoWorker) plane(z, first, n int) {
	s := &w.run.block
	at := z % s.planes
	if w.planes[at] == z+1 {
		return
	}
	w.planes[at] = z + 1
	v := w.v[at*len(w.v)/s.planes:][:len(w.v)/s.planes]
	for i := 0; i < n; {
		t := w.run.tilesAt(first+i, n-i)
		w.transform(v[i*w.run.x.Block:], z, t)
		i += t.n
	}
}

// winoTiles is a run of n tiles of one row of tiles.
type winoTiles struct{ image, latticeY, latticeX, y, x, n int }

// tilesAt returns the run that begins at a tile of the numbering of all tiles and has at most n of them.
func (r *winoRun) tilesAt(tile, n int) (t winoTiles) {
	t.x, tile = tile%r.cols.tiles, tile/r.cols.tiles
	t.y, tile = tile%r.rows.tiles, tile/r.rows.tiles
	t.latticeX, tile = tile%len(r.cols.lattices), tile/len(r.cols.lattices)
	t.latticeY, t.image = tile%len(r.rows.lattices), tile/len(r.rows.lattices)
	t.n = min(n, r.cols.tiles-t.x)
	return t
}

// transform transforms a run of tiles of all input groups of a plane.
func (w *winoWorker) transform(v []float32, z int, t winoTiles) {
	r, s := w.run, &w.run.block
	x := &r.x
	w.in = winoInputArgs{
		strip: unsafe.Pointer(unsafe.SliceData(w.strip)),
		row:   4 * x.Row * r.rows.step, col: 4 * x.Block * r.cols.step, step: r.cols.tile.outputs,
		point: 4 * s.vPoint, tile: 4 * x.Block, tiles: t.n,
	}
	at := x.At(t.image, 0, z, r.rows.input(t.latticeY, t.y), r.cols.input(t.latticeX, t.x))
	for g := range x.Groups() {
		w.in.src = unsafe.Pointer(&x.Data[at+g*x.Group])
		w.in.dst = unsafe.Pointer(&v[g*s.vGroup])
		r.input(&w.in)
	}
}

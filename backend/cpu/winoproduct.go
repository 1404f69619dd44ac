package cpu

import "unsafe"

// multiply makes the products of all points and output groups of a phase over n tiles of v.
func (w *winoWorker) multiply(phase int, taps winoTaps, first, n int) {
	weights := w.run.weights
	for point := range weights.filter.tile.points() {
		for pair := range weights.pairs() {
			w.multiplyPair(winoPair{phase, point, pair}, taps, first, n, w.m)
		}
	}
}

// winoPair is a pair of output groups of a point of a phase.
type winoPair struct{ phase, point, pair int }

// multiplyPair makes the products of one pair over n tiles of v; m begins with those of the phase and plane.
func (w *winoWorker) multiplyPair(p winoPair, taps winoTaps, first, n int, m []float32) {
	r, s, weights := w.run, w.run.space, w.run.weights
	block := r.k.Block
	groups := min(tileGroups, weights.width()/block-p.pair*tileGroups)
	w.product = tileArgs{srcPixel: 4 * block, dstPixel: 4 * block, dstGroup: 4 * s.mGroup, bias: unsafe.Pointer(&zeroBias[0])}
	v := w.v[w.setSteps(p.phase, taps):]
	from := weights.offset(p.phase, p.point, p.pair) + taps.from*r.x.Groups()*block*groups*block // from > 0 with depth taps only
	w.product.weights = unsafe.Pointer(unsafe.SliceData(weights.data[from:]))
	w.sweep(groups, v[p.point*s.vPoint+first*block:], m[p.point*s.mPoint+p.pair*tileGroups*s.mGroup:], n)
}

// setSteps sets the steps for the depth taps of a phase and returns where in v they begin.
func (w *winoWorker) setSteps(phase int, taps winoTaps) (offset int) {
	r, s := w.run, w.run.space
	groups := r.x.Groups() * r.weights.filter.segments
	var steps []int
	if s.order == winoByBlocks {
		steps = s.steps[floorMod(taps.first, s.planes)][taps.from*groups : taps.to*groups]
	} else if taps.to > taps.from {
		steps = s.steps[0][:(taps.to-taps.from)*groups]
		offset = phase*s.vPhase + (taps.first+taps.from)*s.vPlane
	}
	w.product.steps, w.product.nsteps = unsafe.SliceData(steps), len(steps)
	if tail := r.geom.C % r.k.Block; tail > 0 && len(steps) > 0 && r.weights.filter.steps() == 1 {
		w.product.nsteps, w.product.tailSteps, w.product.tailLanes = len(steps)-1, 1, tail
	}
	return offset
}

// sweep runs the micro-kernel over n tiles.
func (w *winoWorker) sweep(groups int, v, m []float32, n int) {
	block := w.run.k.Block
	kernels := w.run.k.tileFor(groups)
	parts := ceilDiv(n, kernels.rows())
	for i := range parts {
		from, to := i*n/parts, (i+1)*n/parts
		w.product.base = unsafe.Pointer(&v[from*block])
		w.product.dst = unsafe.Pointer(&m[from*block])
		kernels.call(to-from, &w.product)
	}
}

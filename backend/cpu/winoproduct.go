package cpu

import "unsafe"

// multiply makes the products of all points and output groups of a phase over the first n tiles of v.
func (w *winoWorker) multiply(phase int, taps winoTaps, n int) {
	weights := w.run.weights
	for point := range weights.filter.tile.points() {
		for pair := range weights.pairs() {
			w.multiplyPair(winoPair{phase, point, pair}, taps, n, w.m)
		}
	}
}

// winoPair is a pair of output groups of a point of a phase.
type winoPair struct{ phase, point, pair int }

// multiplyPair makes the products of one pair over the first n tiles of v; m begins with those of the phase.
func (w *winoWorker) multiplyPair(p winoPair, taps winoTaps, n int, m []float32) {
	r, s, weights := w.run, &w.run.block, w.run.weights
	groups := min(tileGroups, weights.width()/r.k.Block-p.pair*tileGroups)
	w.product = tileArgs{
		srcPixel: 4 * r.k.Block, dstPixel: 4 * r.k.Block, dstGroup: 4 * s.vGroup,
		bias: unsafe.Pointer(&zeroBias[0]),
	}
	before := w.setSteps(taps)
	from := weights.offset(p.phase, p.point, p.pair) + before*groups*r.k.Block
	w.product.weights = unsafe.Pointer(unsafe.SliceData(weights.data[from:]))
	w.sweep(groups, w.v[p.point*s.vPoint:], m[p.point*s.mPoint+p.pair*tileGroups*s.vGroup:], n)
}

// setSteps sets the steps for the depth taps and returns how many lanes of weights come before them.
func (w *winoWorker) setSteps(taps winoTaps) (before int) {
	r, s := w.run, &w.run.block
	groups := r.x.Groups()
	steps := s.steps[floorMod(taps.first, s.planes)][taps.from*groups : taps.to*groups]
	w.product.nsteps = len(steps)
	if tail := r.geom.C % r.k.Block; tail > 0 && len(steps) > 0 && s.planes == 1 {
		w.product.nsteps, w.product.tailSteps, w.product.tailLanes = len(steps)-1, 1, tail
	}
	w.product.steps = unsafe.SliceData(steps)
	return taps.from * groups * r.k.Block
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

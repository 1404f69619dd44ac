package cpu

import "unsafe"

// multiply makes the products of all points and output groups of a phase over the first n tiles of v.
func (w *winoWorker) multiply(phase int, taps winoTaps, n int) {
	r, s := w.run, &w.run.block
	weights := r.weights
	pairs := ceilDiv(weights.width(), weights.pairLanes())
	w.product = tileArgs{
		srcPixel: 4 * r.k.Block, dstPixel: 4 * r.k.Block, dstGroup: 4 * s.vGroup,
		bias: unsafe.Pointer(&zeroBias[0]),
	}
	before := w.setSteps(taps)
	for point := range weights.filter.tile.points() {
		for pair := range pairs {
			groups := min(tileGroups, weights.width()/r.k.Block-pair*tileGroups)
			from := weights.offset(phase, point, pair) + before*groups*r.k.Block
			w.product.weights = unsafe.Pointer(unsafe.SliceData(weights.data[from:]))
			w.sweep(groups, w.v[point*s.vPoint:], w.m[point*s.mPoint+pair*tileGroups*s.vGroup:], n)
		}
	}
}

// setSteps sets the steps for the depth taps and returns how many lanes of weights come before them.
func (w *winoWorker) setSteps(taps winoTaps) (before int) {
	r, s := w.run, &w.run.block
	groups := r.x.Groups()
	steps := s.steps[floorMod(taps.first, s.planes)][taps.from*groups : taps.to*groups]
	w.product.nsteps = len(steps)
	if tail := r.geom.C % r.k.Block; tail > 0 && s.planes == 1 {
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

package cpu

// A layer with few tiles and many weights would read all weights for each block of tiles, and has too few blocks for
// several workers. It is made in three stages instead, of all tiles: inputs, products, outputs. Then weights are read
// once, and the workers share the points and the channels.

// stages runs the three stages.
func (r *winoRun) stages(pool *Pool) {
	phases := r.phases()
	if pool.RunUntil(r.stop, r.x.Groups(), r.inputStage) &&
		pool.RunUntil(r.stop, phases*r.weights.filter.tile.points()*r.weights.pairs(), r.productStage) {
		pool.RunUntil(r.stop, phases*r.y.Groups(), r.outputStage)
	}
}

func (r *winoRun) inputChunk(worker, group int) {
	w := r.worker(worker)
	w.transform(winoPart{0, 0, r.tiles(), group, group + 1}, w.v)
}

func (r *winoRun) productChunk(worker, i int) {
	pairs, points := r.weights.pairs(), r.weights.filter.tile.points()
	at := winoPair{i / pairs / points, i / pairs % points, i % pairs}
	w := r.worker(worker)
	w.multiplyPair(at, winoTaps{0, 0, 1}, r.tiles(), w.m[at.phase*r.block.mPhase:])
}

func (r *winoRun) outputChunk(worker, i int) {
	phase, group := i/r.y.Groups(), i%r.y.Groups()
	w := r.worker(worker)
	w.finish(phase, winoPart{0, 0, r.tiles(), group, group + 1}, w.m[phase*r.block.mPhase:])
}

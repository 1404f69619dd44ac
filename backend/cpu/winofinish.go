package cpu

import "unsafe"

// finish makes the outputs of a phase from its sums.
func (w *winoWorker) finish(phase int, p winoPart, m []float32) {
	r, s := w.run, w.run.space
	w.out = winoOutputArgs{
		scratch: unsafe.Pointer(unsafe.SliceData(w.tile)),
		point:   4 * s.mPoint, tile: 4 * r.k.Block,
		row: 4 * r.y.Row * r.rows.out, col: 4 * r.k.Block * r.cols.out, lo: r.lo, hi: r.hi,
	}
	w.out.next = w.out.col * r.cols.tile.outputs
	if r.hasResidual {
		w.out.resRow = 4 * r.residual.Row * r.rows.out
	}
	for i := 0; i < p.n; {
		t := r.tilesAt(p.first+i, p.n-i)
		w.out.ahead = r.ahead(t, p.next+i, func(t winoTiles) int {
			y, _, _ := r.rows.outputs(t.latticeY, 0, t.y)
			x, _, _ := r.cols.outputs(t.latticeX, 0, t.x)
			return r.y.At(t.image, 0, 0, y, x)
		})
		w.finishRow(phase, p, t, m[i*r.k.Block:])
		i += t.n
	}
}

// finishRow makes the outputs of a run of tiles whose sums begin at m: whole tiles together, those at the edges alone.
func (w *winoWorker) finishRow(phase int, p winoPart, t winoTiles, m []float32) {
	r := w.run
	phaseY, phaseX := r.phase(phase)
	y, row0, rows := r.rows.outputs(t.latticeY, phaseY, t.y)
	if rows == 0 {
		return
	}
	w.out.row0, w.out.rows = row0, rows
	y += row0 * r.rows.out
	for i := 0; i < t.n; i += w.out.tiles {
		x, col0, cols := r.cols.outputs(t.latticeX, phaseX, t.x+i)
		w.out.tiles = 1
		if cols == r.cols.tile.outputs {
			w.out.tiles = r.cols.wholeFrom(t.latticeX, phaseX, t.x+i, t.n-i)
		}
		if cols > 0 {
			w.out.col0, w.out.cols = col0, cols
			w.finishTiles(p, [4]int{t.image, p.z, y, x + col0*r.cols.out}, m[i*r.k.Block:])
		}
	}
}

// finishTiles makes the outputs of some tiles; at is the image and the pixel of the first one.
func (w *winoWorker) finishTiles(p winoPart, at [4]int, m []float32) {
	r, block := w.run, w.run.k.Block
	for g := p.from; g < p.to; g++ {
		dst := r.y.Data[r.y.At(at[0], g, at[1], at[2], at[3]):]
		w.out.src = unsafe.Pointer(&m[g*r.space.mGroup])
		w.out.dst = unsafe.Pointer(&dst[0])
		w.out.bias = unsafe.Pointer(&r.bias[g*block])
		if r.slopes != nil {
			w.out.slope = unsafe.Pointer(&r.slopes[g*block])
		}
		if r.hasResidual {
			w.out.residual = unsafe.Pointer(&r.residual.Data[r.residual.At(at[0], g, at[1], at[2], at[3])])
		}
		r.output(&w.out)
		raceWriteRows(dst, w.out.rows, block, r.y.Row*r.rows.out)
		if r.later {
			w.activate(g, at)
		}
	}
}

// activate applies an activation that the transforms do not know.
func (w *winoWorker) activate(g int, at [4]int) {
	r := w.run
	act := r.ep.Act.vector(0)
	cols, run := w.out.cols+(w.out.tiles-1)*r.cols.tile.outputs, 1
	if r.cols.out == 1 {
		cols, run = 1, cols // the pixels of a row lie side by side
	}
	for i := range w.out.rows {
		for j := range cols {
			at := r.y.At(at[0], g, at[1], at[2]+i*r.rows.out, at[3]+j*r.cols.out)
			pixels := r.y.Data[at:][:run*r.k.Block]
			r.k.Map(act, pixels, pixels)
		}
	}
}

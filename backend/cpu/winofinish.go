package cpu

import "unsafe"

// finish makes the outputs of a phase in plane z from the sums of n tiles.
func (w *winoWorker) finish(phase, z, first, n int) {
	r, s := w.run, &w.run.block
	w.out = winoOutputArgs{
		scratch: unsafe.Pointer(unsafe.SliceData(w.tile)),
		point:   4 * s.mPoint, tile: 4 * r.k.Block,
		row: 4 * r.y.Row * r.rows.out, col: 4 * r.k.Block * r.cols.out, lo: r.lo, hi: r.hi,
	}
	w.out.next = w.out.col * r.cols.tile.outputs
	if r.hasResidual {
		w.out.resRow, w.out.resCol, w.out.resNext = 4*r.residual.Row*r.rows.out, w.out.col, w.out.next
	}
	for i := 0; i < n; {
		t := r.tilesAt(first+i, n-i)
		w.finishRow(phase, z, t, w.m[i*r.k.Block:])
		i += t.n
	}
}

// finishRow makes the outputs of a run of tiles whose sums begin at m: whole tiles together, those at the edges alone.
func (w *winoWorker) finishRow(phase, z int, t winoTiles, m []float32) {
	r := w.run
	phaseY, phaseX := phase/len(r.cols.phases), phase%len(r.cols.phases)
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
			w.finishTiles([4]int{t.image, z, y, x + col0*r.cols.out}, m[i*r.k.Block:])
		}
	}
}

// finishTiles makes the outputs of all groups of some tiles; at is the image and the pixel of the first one.
func (w *winoWorker) finishTiles(at [4]int, m []float32) {
	r, block := w.run, w.run.k.Block
	for g := range r.y.Groups() {
		w.out.src = unsafe.Pointer(&m[g*r.block.vGroup])
		w.out.dst = unsafe.Pointer(&r.y.Data[r.y.At(at[0], g, at[1], at[2], at[3])])
		w.out.bias = unsafe.Pointer(&r.bias[g*block])
		if r.slopes != nil {
			w.out.slope = unsafe.Pointer(&r.slopes[g*block])
		}
		if r.hasResidual {
			w.out.residual = unsafe.Pointer(&r.residual.Data[r.residual.At(at[0], g, at[1], at[2], at[3])])
		}
		r.output(&w.out)
	}
	if r.later {
		w.activate(at)
	}
}

// activate applies an activation that the transforms do not know.
func (w *winoWorker) activate(at [4]int) {
	r := w.run
	cols := w.out.cols + (w.out.tiles-1)*r.cols.tile.outputs
	for g := range r.y.Groups() {
		for i := range w.out.rows {
			for j := range cols {
				pixel := r.y.At(at[0], g, at[1], at[2]+i*r.rows.out, at[3]+j*r.cols.out)
				r.ep.Act.Apply(r.y.Data[pixel:][:r.k.Block], 0)
			}
		}
	}
}

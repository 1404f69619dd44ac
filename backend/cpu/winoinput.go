package cpu

import "unsafe"

// winoPart is what a step of a run works on: n tiles of plane z, and of them the channel groups [from, to). next is the
// first tile of the next block, or past all tiles.
type winoPart struct{ z, first, n, from, to, next int }

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

// ahead is how many bytes further than those of the tiles t lies what the next block needs: its tile number next is to be
// prefetched. 0 where there is none. Prefetching gains 5 % with maps of 8 MiB and more.
func (r *winoRun) ahead(t winoTiles, next int, place func(winoTiles) int) int {
	if next >= r.tiles() {
		return 0
	}
	return 4 * (place(r.tilesAt(next, 1)) - place(t))
}

// transform transforms inputs, those that a phase reads, into v.
func (w *winoWorker) transform(phase int, p winoPart, v []float32) {
	for i := 0; i < p.n; {
		t := w.run.tilesAt(p.first+i, p.n-i)
		w.transformRow(phase, p, t, v[i*w.run.x.Block:], p.next+i)
		i += t.n
	}
}

// transformRow transforms a run of tiles; next is the tile that the next block has in their place.
func (w *winoWorker) transformRow(phase int, p winoPart, t winoTiles, v []float32, next int) {
	r, s := w.run, w.run.space
	x := &r.x
	w.in = winoInputArgs{
		strip: unsafe.Pointer(unsafe.SliceData(w.strip)),
		row:   4 * x.Row * r.rows.step, col: 4 * x.Block * r.cols.step, step: r.cols.tile.outputs,
		point: 4 * s.vPoint, tile: 4 * x.Block, tiles: t.n,
	}
	phaseY, phaseX := r.phase(phase)
	place := func(t winoTiles) int {
		return x.At(t.image, 0, p.z, r.rows.input(t.latticeY, phaseY, t.y), r.cols.input(t.latticeX, phaseX, t.x))
	}
	at := place(t)
	w.in.ahead = r.ahead(t, next, place)
	for g := p.from; g < p.to; g++ {
		w.in.src = unsafe.Pointer(&x.Data[at+g*x.Group])
		w.in.dst = unsafe.Pointer(&v[g*s.vGroup])
		r.input(&w.in)
		for y := range r.rows.tile.points() {
			raceRead(x.Data[at+g*x.Group+y*x.Row*r.rows.step:][:x.Block])
		}
	}
}

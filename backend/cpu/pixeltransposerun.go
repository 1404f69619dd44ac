package cpu

import "unsafe"

// zipRun is a PixelConvTransposePlan with the operands of one run.
type zipRun struct {
	pixelRun
	transpose *PixelConvTransposePlan
	zips      []zipWorker
	stream    int // see pixelArgs
	body      func(worker, chunk int)
}

// zipWorker is what one worker writes beside its pixelWorker.
type zipWorker struct {
	rows     [pixelRows]zipRow // of a tile
	segments [pixelRows]pixelSegment
	next     zipAhead
	_        [128]byte
}

// zipRow is where a row of the grid lies in a tile: outputs [lo, end) counted from output 0 of the tile's first pixel,
// which would be output at of its row.
type zipRow struct{ row, at, lo, end int }

func (r *zipRun) begin(threads int, ws []float32, o pixelOperands) {
	r.pixelRun.begin(threads, ws, o)
	if len(r.zips) < threads {
		r.zips = make([]zipWorker, threads)
	}
	r.stream = 0
	if r.transpose.streams(o.y) {
		r.stream = 1
	}
}

// end forgets the operands, which the caller may release.
func (r *zipRun) end() {
	r.pixelRun.end()
	clear(r.zips)
}

// streams says whether the output is larger than caches and has aligned rows: it need not be read first, nor push
// anything else out. k2s2 of 128 to 64 channels of 128x128 takes 8 % less on Zen 4.
func (p *PixelConvTransposePlan) streams(y []float32) bool {
	aligned := p.crop[2] == 0 && p.out.Out[2]%lineFloats == 0 && uintptr(unsafe.Pointer(&y[0]))%(floatSize*lineFloats) == 0
	return len(y) > zipStreamed && aligned && !p.applyAfter
}

// chunk makes one piece: all runs of a tile, which stays in L1, and then the next one.
func (r *zipRun) chunk(worker, i int) {
	p, w, z := r.transpose, &r.workers[worker], &r.zips[worker]
	piece := p.cut.at(&p.geom, i)
	if p.blocks {
		r.fillFromBlocks(w, piece)
	} else {
		r.fillFromPlanes(w, piece)
	}
	image := p.out.M * volume(p.out.Out)
	w.args = pixelArgs{
		steps: &p.steps[0], nsteps: len(p.steps), srcTile: floatSize * p.cut.pitch, mask: unsafe.Pointer(&allLanes[0]),
		dst: unsafe.Pointer(&r.y[piece.image*image]), dstTile: floatSize * p.phases[1] * p.out.Out[2],
		phases: p.zips, wide: p.phases[2], pixel: floatSize * p.phases[2], segments: &z.segments[0],
	}
	w.args.setActivation(&p.ep.Act)
	tiles := p.tiles(piece)
	r.look(z, i+1, tiles.count())
	for i := range tiles.count() {
		at, width := tiles.at(i)
		if p.flat {
			r.flatTile(w, z, piece, at*p.k.Block, width)
		} else {
			r.tilesBelow(w, z, piece, at*p.k.Block, width)
		}
	}
	r.finish(piece)
}

// tiles cuts the vectors of a piece's rows, or of all of them where they are one, into tiles.
func (p *PixelConvTransposePlan) tiles(piece pixelPiece) panels {
	cols := piece.cols
	if p.flat {
		cols += (piece.rows - 1) * p.cut.pitch
	}
	_, runs := p.runs.at(0)
	return panels{ceilDiv(cols, p.k.Block), p.k.pixel.vectors(runs * p.zips)}
}

// flatTile makes a tile that goes on with the next row where one ends.
func (r *zipRun) flatTile(w *pixelWorker, z *zipWorker, piece pixelPiece, at, width int) {
	p, a := r.transpose, &w.args
	row, col := at/p.cut.pitch, at%p.cut.pitch
	a.tiles, a.nsegments = 1, 0
	for ; row < piece.rows && col+width*p.k.Block > 0; row++ {
		z.rows[a.nsegments] = p.rowAt(piece, row, col)
		a.nsegments++
		col -= p.cut.pitch
	}
	a.base = unsafe.Pointer(&w.scratch[at])
	r.passes(a, z, width)
}

// tilesBelow makes a tile of each row, as many at a time as pads cut off the same rows of.
func (r *zipRun) tilesBelow(w *pixelWorker, z *zipWorker, piece pixelPiece, col, width int) {
	p, a := r.transpose, &w.args
	a.nsegments = 1
	inner := (p.out.Out[1] + p.crop[1]) / p.phases[1] // rows of the grid up to there have all phases, unless pads come first
	for row := 0; row < piece.rows; row += a.tiles {
		a.tiles = 1
		if at := piece.row + row; at*p.phases[1] >= p.crop[1] && at < inner {
			a.tiles = min(piece.row+piece.rows-at, inner-at, max(1, maxPixelSteps/a.nsteps))
		}
		z.rows[0] = p.rowAt(piece, row, col)
		a.base = unsafe.Pointer(&w.scratch[row*p.cut.pitch+col])
		r.passes(a, z, width)
	}
}

// rowAt is where a row of a piece lies in a tile that begins at column col.
func (p *PixelConvTransposePlan) rowAt(piece pixelPiece, row, col int) zipRow {
	at := (piece.col+col)*p.phases[2] - p.crop[2]
	x, end := p.span(piece)
	return zipRow{row: piece.row + row, at: at, lo: x - at, end: end - at}
}

// span is the outputs [x, end) of a row that a piece stores.
func (p *PixelConvTransposePlan) span(piece pixelPiece) (x, end int) {
	wide, crop := p.phases[2], p.crop[2]
	return max(0, piece.col*wide-crop), min(p.out.Out[2], (piece.col+piece.cols)*wide-crop)
}

// passes makes all runs of a tile.
func (r *zipRun) passes(a *pixelArgs, z *zipWorker, width int) {
	p := r.transpose
	first := &z.rows[0]
	a.whole, a.stream = 0, 0
	if first.at%lineFloats == 0 { // a tile of several rows may begin anywhere
		a.stream = r.stream
	}
	if a.nsegments == 1 && p.zips == a.wide && first.lo <= 0 && first.end >= width*p.k.Block*a.wide {
		a.whole = 1
	}
	for i := range p.runs.count() {
		run, runs := p.runs.at(i)
		z.next.advance()
		for s, row := range z.rows[:a.nsegments] {
			p.segment(&z.segments[s], row, p.places[run:run+runs])
		}
		output, outputs := run*p.zips, runs*p.zips
		a.weights = unsafe.Pointer(&p.weights.data[output*a.nsteps])
		a.bias, a.slope = unsafe.Pointer(&p.bias[output]), unsafe.Pointer(&p.slope[output])
		p.k.pixel[outputs][width](a)
	}
}

// segment sets what some runs store of a row of the grid. Where a row has parts, there is one run.
func (p *PixelConvTransposePlan) segment(s *pixelSegment, row zipRow, runs []zipPlace) {
	part, high := runs[0].part, p.out.Out[1]
	s.lo, s.end = int32(row.lo-part), int32(row.end-part)
	for i, run := range runs {
		s.rows[i] = pixelNoRow
		if y := row.row*p.phases[1] + run.y; y >= 0 && y < high {
			s.rows[i] = floatSize * (run.channel + y*p.out.Out[2] + row.at + part)
		}
	}
}

// finish applies an activation that the kernels do not know to a piece, and tells the race detector about it.
func (r *zipRun) finish(piece pixelPiece) {
	p := r.transpose
	if !p.applyAfter && !raceEnabled {
		return
	}
	g, high := &p.out, p.phases[1]
	x, end := p.span(piece)
	first, last := max(0, piece.row*high-p.crop[1]), min(g.Out[1], (piece.row+piece.rows)*high-p.crop[1])
	if x >= end || first >= last {
		return
	}
	for m := range g.M {
		rows := r.y[(piece.image*g.M+m)*volume(g.Out)+first*g.Out[2]+x:]
		raceWriteRows(rows, last-first, end-x, g.Out[2])
		if p.applyAfter {
			p.activateRows(m*volume(p.phases), rows, last-first, end-x, g.Out[2])
		}
	}
}

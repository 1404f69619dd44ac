package cpu

import "unsafe"

// pixelLines says which rows of the input a piece reads, and how each lies in a row of the scratch planes.
type pixelLines struct {
	depth, row, rows int // of the input: depth of the first tap, first row, number of rows
	col, lo, hi, end int // columns [lo, hi) of a row of scratch are those of the input from col on, the others to end zero
}

// lines returns those of a piece.
func (p *PixelConvPlan) lines(piece pixelPiece) pixelLines {
	g := &p.geom
	l := pixelLines{
		depth: piece.depth*g.Stride[0] - g.PadBegin[0],
		row:   piece.row*g.Stride[1] - g.PadBegin[1],
		rows:  p.cut.inRows(g, piece.rows),
		end:   roundUp(piece.cols, p.k.Block) + (g.Kernel[2]-1)*g.Dilation[2],
	}
	first := piece.col - g.PadBegin[2]
	l.lo = min(l.end, max(0, -first))
	l.hi = max(l.lo, min(l.end, g.In[2]-first))
	l.col = max(0, first)
	return l
}

// each calls f for every row of every depth tap of a piece with its place in a channel's scratch, and whether it lies
// in the input.
func (p *PixelConvPlan) each(l pixelLines, f func(z, y, at int, inside bool)) {
	g := &p.geom
	for tap := range g.Kernel[0] {
		z := l.depth + tap*g.Dilation[0]
		for row := range l.rows {
			y := l.row + row
			f(z, y, tap*p.cut.plane+row*p.cut.pitch, z >= 0 && z < g.In[0] && y >= 0 && y < g.In[1] && l.lo < l.hi)
		}
	}
}

// fillFromPlanes copies the input of a piece.
func (r *pixelRun) fillFromPlanes(w *pixelWorker, piece pixelPiece) {
	p := r.plan
	g, l := &p.geom, p.lines(piece)
	for c := range g.C {
		x := r.x[(piece.image*g.C+c)*volume(g.In):][:volume(g.In)]
		to := w.scratch[c*p.cut.channel:][:p.cut.channel]
		p.each(l, func(z, y, at int, inside bool) {
			line := to[at:][:l.end]
			if !inside {
				clear(line)
				return
			}
			clear(line[:l.lo])
			copy(line[l.lo:l.hi], x[(z*g.In[1]+y)*g.In[2]+l.col:])
			clear(line[l.hi:])
		})
	}
}

// fillFromBlocks is fillFromPlanes for a map; scratch planes of its padding lanes get anything.
func (r *pixelRun) fillFromBlocks(w *pixelWorker, piece pixelPiece) {
	p := r.plan
	l := p.lines(piece)
	for group := range r.blocks.Groups() {
		to := w.scratch[group*p.k.Block*p.cut.channel:]
		p.each(l, func(z, y, at int, inside bool) {
			lo, hi := l.lo, l.hi
			if inside {
				r.takeApart(w, to[at+lo:], r.blocks.Data[r.blocks.At(piece.image, group, z, y, l.col):][:(hi-lo)*p.k.Block])
			} else {
				lo, hi = 0, 0
			}
			for c := range p.k.Block {
				line := to[c*p.cut.channel+at:][:l.end]
				clear(line[:lo])
				clear(line[hi:])
			}
		})
	}
}

// takeApart copies consecutive pixels of a group to the scratch planes of its channels.
func (r *pixelRun) takeApart(w *pixelWorker, to, pixel []float32) {
	k := r.plan.k
	for len(pixel) > 0 {
		n := min(len(pixel)/k.Block, mapCallPixels)
		w.move = mapTransposeArgs{
			pixel: unsafe.Pointer(&pixel[0]), planes: unsafe.Pointer(&to[0]), pitch: 4 * r.plan.cut.channel,
			pixels: n, lanes: &allLanes[0], step: floatSize * k.Block,
		}
		k.maps.apart(&w.move)
		pixel, to = pixel[n*k.Block:], to[n:]
	}
}

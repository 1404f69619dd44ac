package cpu

// winoGrid is how tiles cover one axis of a plan. Tile t makes the outputs
//
//	o = out·(first + t·outputs + j) + lattice.out + phase.out    for j < outputs, where 0 <= o < size
//
// from the inputs step·(first + t·outputs + i) + lattice.in + phase.in for i < points. A convolution has
// out = step = dilation and one lattice per residue of the dilation, a transposed convolution out = stride and one phase
// per residue of it: all phases read the same inputs, or each has tiles apart, which begin with its first output. A filter
// in segments reads as many tiles more, less one, than it has outputs in: the last tiles have none.
type winoGrid struct {
	tile             winoAxis
	first, tiles     int
	step, out        int
	size             int
	lattices, phases []winoOffset
}

// winoOffset is where a lattice or a phase begins in the input and in the output.
type winoOffset struct{ in, out int }

// grids are the grids of rows and columns.
func (f *winoFilter) grids(g *ConvGeom) (rows, cols winoGrid) {
	if f.transposed {
		return transposeGrid(g, 1, f.tile.rows, f.apart), transposeGrid(g, 2, f.tile.cols, f.apart)
	}
	return convGrid(g, 1, f.tile.rows), convGrid(g, 2, f.tile.cols)
}

// winoHalo is the halo that the tiles of a plan read.
func winoHalo(g *ConvGeom, rows, cols *winoGrid) (h Halo) {
	h.Before[1], h.After[1] = rows.halo(g.In[1])
	h.Before[2], h.After[2] = cols.halo(g.In[2])
	return h
}

// convGrid is the grid of a convolution along an axis.
func convGrid(g *ConvGeom, axis int, tile winoAxis) winoGrid {
	d := g.Dilation[axis]
	w := winoGrid{tile: tile, step: d, out: d, size: g.Out[axis], phases: []winoOffset{{}}}
	for r := range min(d, g.Out[axis]) {
		w.lattices = append(w.lattices, winoOffset{r - g.PadBegin[axis], r})
	}
	w.tiles = ceilDiv(ceilDiv(g.Out[axis], d), tile.outputs) + ceilDiv(g.Kernel[axis], tile.taps) - 1
	return w
}

// transposeGrid is the grid of a transposed convolution along an axis. With o + PadBegin = Stride·q + ρ, output o of phase
// ρ is the sum of the inputs q-j times the weights ρ + Stride·j. Phases begin with q = floor(PadBegin/Stride) or with the
// next one, and have q up to one apart too: tiles of their own cover exactly n inputs where shared ones cover n+1, of
// which tiles of 4 outputs need a fourth more on 16 pixels, and twice as many on 4.
func transposeGrid(g *ConvGeom, axis int, tile winoAxis, apart bool) winoGrid {
	s, pad := g.Stride[axis], g.PadBegin[axis]
	w := winoGrid{tile: tile, step: 1, out: s, size: g.Out[axis], lattices: []winoOffset{{1 - tile.taps, 0}}}
	w.first = floorDiv(pad, s)
	for r := range s {
		last, shift := floorDiv(g.Out[axis]-1+pad, s), 0
		if apart {
			last, shift = floorDiv(g.Out[axis]-1+pad-r, s), ceilDiv(pad-r, s)-w.first
		}
		w.phases = append(w.phases, winoOffset{shift, r - pad + s*shift})
		w.tiles = max(w.tiles, ceilDiv(last+1-w.first-shift, tile.outputs))
	}
	return w
}

// input is the input position of the first point of a tile.
func (w *winoGrid) input(lattice, phase, tile int) int {
	return w.step*(w.first+tile*w.tile.outputs) + w.lattices[lattice].in + w.phases[phase].in
}

// outputs returns the first output of a tile, and which of its outputs exist: n of them from number j on.
func (w *winoGrid) outputs(lattice, phase, tile int) (first, j, n int) {
	first = w.out*(w.first+tile*w.tile.outputs) + w.lattices[lattice].out + w.phases[phase].out
	j = max(0, ceilDiv(-first, w.out))
	end := min(w.tile.outputs, ceilDiv(w.size-first, w.out))
	return first, j, max(0, end-j)
}

// halo is how far the tiles read beyond an input of some size, before and after it.
func (w *winoGrid) halo(in int) (before, after int) {
	for l := range w.lattices {
		for p := range w.phases {
			before = max(before, -w.input(l, p, 0))
			after = max(after, w.input(l, p, w.tiles-1)+w.step*(w.tile.points()-1)-(in-1))
		}
	}
	return before, after
}

// wholeFrom returns how many of the n tiles from one on, which is whole, are whole: have all their outputs.
func (w *winoGrid) wholeFrom(lattice, phase, tile, n int) int {
	first, _, _ := w.outputs(lattice, phase, tile)
	return min(n, ((w.size-1-first)/w.out+1)/w.tile.outputs)
}

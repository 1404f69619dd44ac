package cpu

import (
	"slices"
	"sync/atomic"
)

// transposeBand is part of a transposed convolution's output: all rows of one phase in depth and height, and in them
// a window of neighbouring phases in width. A chunk makes its phases one after the other and sets their results side
// by side in a staging buffer, so that whole stretches of rows go to memory: writing every stride-th float there
// takes a multiple of the time of a product with little depth.
type transposeBand struct {
	geom   *ConvGeom
	first  [3]int // its first output
	grid   [3]int // how many outputs the window's first phase has along each axis; the others may have one fewer
	phases []bandPhase
}

// bandPhase is one phase of a band, a product.
type bandPhase struct {
	residue   [3]int
	input     tapInput
	product   product
	sameInput bool // as the phase before it, so that a B that was packed whole is packed once
}

const (
	maxWindow     = 32       // phases of a band
	stagingCols   = 512      // outputs of a row in staging, except where one tile gives more
	stagingFloats = 64 << 10 // 256 KiB
)

// bands cuts the output of g into bands.
func (g *ConvGeom) bands(k *Kernels) []*transposeBand {
	var bands []*transposeBand
	width := g.axisPhases(2)
	for _, z := range g.axisPhases(0) {
		for _, y := range g.axisPhases(1) {
			for from := 0; from < len(width); from += maxWindow {
				window := width[from:min(from+maxWindow, len(width))]
				bands = append(bands, g.newBand(k, z, y, window))
			}
		}
	}
	return bands
}

func (g *ConvGeom) newBand(k *Kernels, z, y axisPhase, window []axisPhase) *transposeBand {
	b := &transposeBand{
		geom:  g,
		first: [3]int{z.first, y.first, window[0].first},
		grid:  [3]int{z.count, y.count, window[0].count},
	}
	nc := max(k.NR, stagingCols/len(window)/k.NR*k.NR)
	for i, x := range window {
		f := bandPhase{residue: [3]int{z.residue, y.residue, x.residue}}
		f.input = tapInput{
			k: k, in: g.In, grid: b.grid, stride: [3]int{1, 1, 1}, channels: g.channelsIn(), groups: g.Group,
		}
		f.input.setTaps(tapOffsets(z, y, x))
		f.product = newProduct(k, g.channelsOut(), g.channelsIn()*len(f.input.taps), g.N*volume(b.grid))
		f.product.pairs = g.Group
		f.sameInput = i > 0 && slices.Equal(f.input.taps, b.phases[i-1].input.taps)
		nc = min(nc, f.product.nc)
		b.phases = append(b.phases, f)
	}
	for i := range b.phases {
		b.phases[i].product.nc, b.phases[i].product.room = nc, min(tilesFloats, stagingFloats/len(window))
	}
	return b
}

// tapOffsets lists the offsets of the taps of a phase, in the order of their weights.
func tapOffsets(z, y, x axisPhase) [][3]int {
	var taps [][3]int
	for _, oz := range z.offsets {
		for _, oy := range y.offsets {
			for _, ox := range x.offsets {
				taps = append(taps, [3]int{oz, oy, ox})
			}
		}
	}
	return taps
}

// scratchFloats is the scratch memory of one worker: of the largest product, then staging.
func (b *transposeBand) scratchFloats() int { return b.productFloats() + b.stagingFloats() }

func (b *transposeBand) productFloats() int {
	n := 0
	for i := range b.phases {
		n = max(n, b.phases[i].product.scratchFloats())
	}
	return n
}

func (b *transposeBand) stagingFloats() int {
	p := &b.phases[0].product
	return alignUp(p.chunkFloats()*len(b.phases) + p.k.NR) // the last row of a tile is read in whole tiles
}

// bandChunk is the making of one chunk of a band, with the operands of the run.
type bandChunk struct {
	plan           *ConvTransposePlan
	x, residual, y []float32

	*transposeBand
	phase     int // under way
	part      chunkPart
	row, rows int       // of the chunk in its group
	staging   []float32 // [rows][ld]
	ld        int
}

// run makes part i of a partition of the band's products.
func (c *bandChunk) run(q *partition, i int, scratch []float32, stop *atomic.Bool) {
	c.part = q.part(i)
	c.row, _ = q.a.at(c.part.first)
	last, height := q.a.at(c.part.last - 1)
	c.rows = last + height - c.row
	c.ld = q.width * len(c.phases)
	c.staging = scratch[c.productFloats():]
	for c.phase = range c.phases {
		c.phases[c.phase].product.runChunk(c.part, scratch, c, stop)
	}
	c.flush()
}

func (c *bandChunk) packedA(group int) []float32 {
	return c.plan.weights.group(c.phases[c.phase].residue, group)
}

func (c *bandChunk) panelsOfB(scratch []float32, group int, r block) ([]float32, int) {
	f := &c.phases[c.phase]
	if !f.sameInput || f.product.blocked() {
		f.input.pack(scratch, c.x, group, r)
	}
	return scratch, (r.k1 - r.k0) * f.input.k.NR
}

func (c *bandChunk) place(spot) ([]float32, int) { return nil, 0 }

// store sets a tile's columns between those of the other phases.
func (c *bandChunk) store(tile []float32, at spot) {
	step, nr := len(c.phases), c.phases[0].input.k.NR
	for i := range at.rows {
		row := tile[i*nr:][:at.cols]
		dst := c.staging[(at.row-c.row+i)*c.ld+(at.col-c.part.col)*step+c.phase:]
		putStep(dst, row, step)
	}
}

// flush finishes what is staged and writes it to y, stretch by stretch.
func (c *bandChunk) flush() {
	g, window := c.geom, len(c.phases)
	for lane := 0; lane < c.part.cols; {
		r := c.phases[0].input.runAt(c.part.col+lane, c.part.cols-lane)
		if window < g.Stride[2] {
			r.n = 1 // other bands lie between
		}
		channel := c.part.pair*g.channelsOut() + c.row
		z, y, x := c.first[0]+r.z*g.Stride[0], c.first[1]+r.y*g.Stride[1], c.first[2]+r.x*g.Stride[2]
		off := (r.image*g.M+channel)*volume(g.Out) + (z*g.Out[1]+y)*g.Out[2] + x
		c.finish(channel, off, lane*window, min(r.n*window, g.Out[2]-x))
		lane += r.n
	}
}

// finish writes n outputs of each row from element staged of its staging to offset off of y.
func (c *bandChunk) finish(channel, off, staged, n int) {
	k := c.phases[0].input.k
	for at := 0; at < n; at += k.NR {
		f := finishArgs{
			dst: c.y[off+at:], tile: c.staging[staged+at:],
			ldd: volume(c.geom.Out), ldt: c.ld, rows: c.rows, cols: min(k.NR, n-at),
		}
		if c.residual != nil {
			f.residual = c.residual[off+at:]
		}
		k.finish(f, &c.plan.ep, channel)
	}
}

// putStep writes row to every step-th float of t.
func putStep(t, row []float32, step int) {
	if step == 1 {
		copy(t, row)
		return
	}
	t = t[:(len(row)-1)*step+1]
	for i, v := range row {
		t[i*step] = v
	}
}

package cpu

import (
	"sync/atomic"
	"unsafe"
)

// PixelConvTransposePlan is a transposed convolution from a planar tensor, or from channel blocks, to a planar tensor,
// whose kernel is a multiple of its stride: counted without pads, all phases of an output position see the same inputs.
// So it is a forward convolution with stride 1 that has an output channel for each phase of each channel, made by the
// pixel kernels, and the phases of a row are set side by side on their way to the output. There are no padding
// channels, and a planar input needs no blocks.
type PixelConvTransposePlan struct {
	PixelConvPlan // of the phases
	out           ConvGeom
	phases        [3]int // along each axis
	crop          [3]int // outputs of the first position that the pad cuts off
	unit          int    // channels that are made at a time
	stage         pixelStage
}

// pixelStage is how the phases of a unit lie in a worker's scratch: rows of planes. Sizes are floats. Where it is flat,
// all rows are made as one, with the halo between them, as that takes fewer vectors.
type pixelStage struct {
	pitch, plane, floats int
	flat                 bool
}

// zipGeom is the geometry of the phases of a transposed convolution, and what the pads cut off the first ones.
func (g ConvGeom) zipGeom() (f ConvGeom, crop [3]int) {
	f = g
	f.Stride, f.Dilation = [3]int{1, 1, 1}, [3]int{1, 1, 1}
	f.M *= volume(g.Stride)
	for a := range 3 {
		crop[a] = floorMod(g.PadBegin[a], g.Stride[a])
		first := (g.PadBegin[a] - crop[a]) / g.Stride[a] // position of output 0
		f.Kernel[a] = g.Kernel[a] / g.Stride[a]
		f.PadBegin[a] = f.Kernel[a] - 1 - first
		f.Out[a] = ceilDiv(g.Out[a]+crop[a], g.Stride[a])
	}
	return f, crop
}

// FitsPixelTranspose says whether a PixelConvTransposePlan of k can make a transposed convolution of geometry g: one
// group, one or two axes, kernels that are multiples of the strides, and a stride along the width that zip kernels have.
func (k *Kernels) FitsPixelTranspose(g ConvGeom) bool {
	if g.Group != 1 || g.In[0] != 1 || g.Out[0] != 1 || g.Kernel[0] != 1 || g.Stride[0] != 1 || g.PadBegin[0] != 0 {
		return false
	}
	for a := range 3 {
		if g.Kernel[a]%g.Stride[a] != 0 || g.Kernel[a] > g.Stride[a] && g.Dilation[a] != 1 || g.Dilation[a] != 1 && g.Kernel[a] > 1 {
			return false
		}
	}
	if g.Stride[2] >= len(k.zip) || k.zip[g.Stride[2]] == nil || g.Stride[1] > pixelMostPhases {
		return false
	}
	f, _ := g.zipGeom()
	return k.FitsPixels(f)
}

// Sizes of pieces.
const (
	pixelMostPhases = 64       // along the height
	pixelStageMost  = 10 << 10 // floats of a stage, if that is enough for two rows or more: half of L1
	pixelScratch    = 64 << 10 // floats of a piece's input: a quarter of L2
	zipPieces       = 8        // that even out the load of several threads
)

// NewPixelConvTranspose returns a plan on weights packed by PackPixelConvTransposeWeights for k; blocks says that x is a
// map of channel blocks. g must fit (see FitsPixelTranspose).
func NewPixelConvTranspose(k *Kernels, g ConvGeom, w *PackedPixelWeights, ep Epilogue, blocks bool) *PixelConvTransposePlan {
	if !k.FitsPixelTranspose(g) {
		panic("BUG: a geometry that does not fit the pixel kernels")
	}
	checkWeights(w.Floats(), g.weights())
	f, crop := g.zipGeom()
	p := &PixelConvTransposePlan{out: g, phases: g.Stride, crop: crop, unit: k.zipUnit(g)}
	each := volume(g.Stride)
	p.PixelConvPlan = PixelConvPlan{k: k, geom: f, blocks: blocks, weights: w, ep: ep.repeated(each, g.M)}
	p.setEpilogue()
	p.cut = p.zipCut()
	p.steps = p.offsets(p.cut.channel)
	return p
}

// repeated is the epilogue of a convolution that has each output channel several times.
func (e Epilogue) repeated(times, channels int) Epilogue {
	all := func(x []float32) (y []float32) {
		if x == nil {
			return nil
		}
		for _, v := range x[:channels] {
			for range times {
				y = append(y, v)
			}
		}
		return y
	}
	e.Bias, e.Act.Slope = all(e.Bias), all(e.Act.Slope)
	return e
}

// zipUnit is how many channels are made at a time: those that fill the outputs of a kernel.
func (k *Kernels) zipUnit(g ConvGeom) int {
	return max(1, k.pixel.outputs()/volume(g.Stride))
}

// unitPasses cuts the phases of so many channels into those that a kernel makes at a time.
func (p *PixelConvTransposePlan) unitPasses(channels int) panels {
	return panels{channels * volume(p.phases), p.k.pixel.outputs()}
}

// zipCut cuts the output into pieces of whole rows, unless a row is too long for the scratch.
func (p *PixelConvTransposePlan) zipCut() pixelCut {
	g := &p.geom
	c := pixelCut{rows: min(pixelRows, max(1, g.Out[1])), cols: max(1, g.Out[2]), channels: g.C}
	if p.blocks {
		c.channels = roundUp(g.C, p.k.Block)
	}
	for {
		p.layOut(&c)
		large := c.floats > pixelScratch || p.stage.floats > pixelStageMost && c.rows > 2 || c.pieces(g) < zipPieces
		switch {
		case large && c.rows > 1:
			c.rows = (c.rows + 1) / 2
		case c.floats > pixelScratch && c.cols > 4*p.k.Block:
			c.cols = roundUp(c.cols/2, p.k.Block)
		default:
			c.floats = alignUp(c.floats)
			return c
		}
	}
}

// layOut lays out the scratch and the stage for the piece's size.
func (p *PixelConvTransposePlan) layOut(c *pixelCut) {
	c.layOut(&p.PixelConvPlan)
	s := &p.stage
	s.pitch, s.flat = roundUp(c.cols, p.k.Block), false
	s.plane = c.rows * s.pitch
	if pitch := c.cols + p.geom.Kernel[2] - 1; c.strips == 1 && roundUp(c.rows*pitch, p.k.Block) < s.plane {
		s.pitch, s.plane, s.flat = pitch, roundUp(c.rows*pitch, p.k.Block), true
		c.pitch, c.plane = pitch, c.inRows(&p.geom, c.rows)*pitch
		c.channel = alignUp(c.plane + 2*p.k.Block) // a row is filled, and the last one read, in whole vectors
		if c.channel%(4<<10/4) == 0 {
			c.channel += lineFloats
		}
		c.floats = c.channels * c.channel
	}
	s.floats = alignUp(p.unit * volume(p.phases) * s.plane)
}

// PackPixelConvTransposeWeights packs w [C, M, Kernel...]; g must fit. The packed form serves every plan with the same
// C, M, Kernel and Stride.
func PackPixelConvTransposeWeights(k *Kernels, g ConvGeom, w []float32) *PackedPixelWeights {
	checkWeights(len(w), g.weights())
	f, _ := g.zipGeom()
	p := &PackedPixelWeights{newWeightMemory(nil, len(w))}
	each, terms := volume(g.Stride), f.pixelTerms()
	unit := k.zipUnit(g)
	rows := make([]float32, unit*each*terms)
	for m := 0; m < g.M; m += unit {
		n := min(unit, g.M-m)
		for i := range n * each {
			g.phaseRow(rows[i*terms:][:terms], w, m+i/each, i%each, f.Kernel)
		}
		packPixelPasses(p.data[m*each*terms:], rows, terms, panels{n * each, k.pixel.outputs()})
	}
	return p
}

// phaseRow gathers the weights of a phase of an output channel, as those of a forward convolution: [C][taps].
func (g *ConvGeom) phaseRow(dst, w []float32, m, phase int, taps [3]int) {
	y, x := phase/g.Stride[2], phase%g.Stride[2]
	i := 0
	for c := range g.C {
		from := w[(c*g.M+m)*volume(g.Kernel):][:volume(g.Kernel)]
		eachTap(taps, func(at [3]int) { // the last tap sees the first input
			row := y + g.Stride[1]*(taps[1]-1-at[1])
			dst[i] = from[row*g.Kernel[2]+x+g.Stride[2]*(taps[2]-1-at[2])]
			i++
		})
	}
}

// WorkspaceFloats is the workspace that Run needs with a pool of up to that many threads.
func (p *PixelConvTransposePlan) WorkspaceFloats(threads int) int {
	return threads * (p.cut.floats + p.stage.floats)
}

// Run computes y = act(convTranspose(x) + bias) of a planar x [N, C, In...]. y is planar [N, M, Out...] and overlaps
// nothing. ws holds WorkspaceFloats, best aligned to 64 bytes. Run stops early, leaving y undefined, when stop becomes
// true; stop may be nil.
func (p *PixelConvTransposePlan) Run(pool *Pool, stop *atomic.Bool, ws, x, y []float32) {
	if p.blocks {
		panic("BUG: planes for a plan that reads blocks")
	}
	checkWeights(len(x), p.geom.N*p.geom.C*volume(p.geom.In))
	p.zip(pool, stop, ws, pixelOperands{x: x, y: y})
}

// RunBlocks is Run with x in channel blocks; of its halo nothing is read.
func (p *PixelConvTransposePlan) RunBlocks(pool *Pool, stop *atomic.Bool, ws []float32, x *Map, y []float32) {
	if !p.blocks {
		panic("BUG: blocks for a plan that reads planes")
	}
	x.check("x", p.k.Block, p.geom.N, p.geom.C, p.geom.In)
	p.zip(pool, stop, ws, pixelOperands{blocks: *x, y: y})
}

func (p *PixelConvTransposePlan) zip(pool *Pool, stop *atomic.Bool, ws []float32, o pixelOperands) {
	checkWeights(len(o.y), p.out.N*p.out.M*volume(p.out.Out))
	checkWorkspace(ws, p.WorkspaceFloats(pool.Threads()))
	if len(o.y) == 0 {
		return
	}
	r, _ := p.idle.Get().(*zipRun)
	if r == nil {
		r = &zipRun{transpose: p}
		r.plan = &p.PixelConvPlan
		r.body = r.chunk
	}
	r.begin(pool.Threads(), ws, o)
	pool.RunUntil(stop, p.cut.pieces(&p.geom), r.body)
	r.end()
	p.idle.Put(r)
}

// zipRun is a PixelConvTransposePlan with the operands of one run.
type zipRun struct {
	pixelRun
	transpose *PixelConvTransposePlan
	zips      []zipWorker
	body      func(worker, chunk int)
}

// zipWorker is what one worker writes beside its pixelWorker.
type zipWorker struct {
	args  zipArgs
	stage []float32
	_     [128]byte
}

func (r *zipRun) begin(threads int, ws []float32, o pixelOperands) {
	p := r.transpose
	r.pixelRun.begin(threads, ws, o)
	if len(r.zips) < threads {
		r.zips = make([]zipWorker, threads)
	}
	ws = ws[threads*p.cut.floats:]
	for i := range threads {
		r.zips[i].stage = ws[i*p.stage.floats:][:p.stage.floats]
	}
}

func (r *zipRun) end() {
	r.pixelRun.end()
	clear(r.zips)
}

// chunk makes one piece.
func (r *zipRun) chunk(worker, i int) {
	p, w, z := r.transpose, &r.workers[worker], &r.zips[worker]
	piece := p.cut.at(&p.geom, i)
	if p.blocks {
		r.fillFromBlocks(w, piece)
	} else {
		r.fillFromPlanes(w, piece)
	}
	w.args = pixelArgs{steps: &p.steps[0], nsteps: len(p.steps), plane: floatSize * p.stage.plane, whole: 1, mask: unsafe.Pointer(&w.mask)}
	w.args.setActivation(&p.ep.Act)
	for first := 0; first < p.out.M; first += p.unit {
		channels := min(p.unit, p.out.M-first)
		r.phases(w, z, piece, first, channels)
		for m := range channels {
			r.store(z, piece, first, m)
		}
	}
}

// phases makes all phases of some channels in the stage.
func (r *zipRun) phases(w *pixelWorker, z *zipWorker, piece pixelPiece, first, channels int) {
	p, a := r.transpose, &w.args
	each, block := volume(p.phases), p.k.Block
	passes := p.unitPasses(channels)
	most := max(1, maxPixelSteps/a.nsteps)
	for i := range passes.count() {
		at, outputs := passes.at(i)
		phase := first*each + at
		a.weights = unsafe.Pointer(&p.weights.data[phase*a.nsteps])
		a.bias, a.slope = unsafe.Pointer(&p.bias[phase]), unsafe.Pointer(&p.slope[phase])
		a.srcTile, a.dstTile = floatSize*p.cut.pitch, floatSize*p.stage.pitch
		rows, cols := piece.rows, piece.cols
		if p.stage.flat {
			rows, cols = 1, (rows-1)*p.stage.pitch+cols
		}
		vectors := panels{ceilDiv(cols, block), p.k.pixel.vectors(outputs)}
		for v := range vectors.count() {
			col, width := vectors.at(v)
			for row := 0; row < rows; row += most {
				a.tiles = min(most, rows-row)
				a.base = unsafe.Pointer(&w.scratch[row*p.cut.pitch+col*block])
				a.dst = unsafe.Pointer(&z.stage[at*p.stage.plane+row*p.stage.pitch+col*block])
				p.k.pixel[outputs][width](a)
			}
		}
	}
	if p.applyAfter {
		for m := range channels {
			staged := z.stage[m*each*p.stage.plane:][:each*p.stage.plane]
			p.k.Map(p.ep.Act.vector((first+m)*each), staged, staged)
		}
	}
}

// store brings the phases of channel first+m from the stage to the output.
func (r *zipRun) store(z *zipWorker, piece pixelPiece, first, m int) {
	p, g := r.transpose, &r.transpose.out
	high, wide := p.phases[1], p.phases[2]
	x := piece.col*wide - p.crop[2] // of the first staged output
	skip := max(0, -x)
	count := min(g.Out[2], (piece.col+piece.cols)*wide-p.crop[2]) - (x + skip)
	if count <= 0 {
		return
	}
	plane := r.y[(piece.image*g.M+first+m)*volume(g.Out):][:volume(g.Out)]
	for phase := range high {
		y := piece.row*high + phase - p.crop[1]
		row := 0
		if y < 0 { // before the first row of the output
			row, y = 1, y+high
		}
		rows := min(piece.rows-row, ceilDiv(g.Out[1]-y, high))
		if rows <= 0 {
			continue
		}
		to := plane[y*g.Out[2]+x+skip:]
		raceWriteRows(to, rows, count, high*g.Out[2])
		z.args = zipArgs{
			dst: unsafe.Pointer(&to[0]), dstRow: floatSize * high * g.Out[2],
			src:   unsafe.Pointer(&z.stage[(m*volume(p.phases)+phase*wide)*p.stage.plane+row*p.stage.pitch]),
			plane: floatSize * p.stage.plane, srcRow: floatSize * p.stage.pitch,
			rows: rows, skip: skip, count: count,
		}
		p.k.zip[wide](&z.args)
	}
}

package cpu

import "sync/atomic"

// PixelConvTransposePlan is a transposed convolution from a planar tensor, or from channel blocks, to a planar tensor,
// whose kernel is a multiple of its stride: counted without pads, all phases of an output position see the same inputs.
// So it is a forward convolution with stride 1 that has an output channel for each phase of each channel, made by the
// pixel kernels, which set the phases of a row side by side. There are no padding channels, and a planar input needs no
// blocks.
type PixelConvTransposePlan struct {
	PixelConvPlan // of the phases
	out           ConvGeom
	phases        [3]int // along each axis
	crop          [3]int // outputs of the first position that the pad cuts off
	zips          int    // phases of a row that a kernel sets side by side: a run
	runs          panels // of all channels, by the passes of the kernels
	places        []zipPlace
	flat          bool // the rows of a piece are made as one, with the halo between them, as that takes fewer vectors
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
// group, one or two axes, kernels that are multiples of the strides, and a stride along the width whose phases the kernels
// set side by side.
func (k *Kernels) FitsPixelTranspose(g ConvGeom) bool {
	if g.Group != 1 || g.In[0] != 1 || g.Out[0] != 1 || g.Kernel[0] != 1 || g.Stride[0] != 1 || g.PadBegin[0] != 0 {
		return false
	}
	for a := range 3 {
		if g.Kernel[a]%g.Stride[a] != 0 || g.Kernel[a] > g.Stride[a] && g.Dilation[a] != 1 || g.Dilation[a] != 1 && g.Kernel[a] > 1 {
			return false
		}
	}
	if k.pixel.zips(g.Stride[2]) == 0 || max(g.Stride[1], g.Stride[2]) > pixelMostPhases {
		return false
	}
	f, _ := g.zipGeom()
	return k.FitsPixels(f)
}

// pixelMostPhases bounds the phases along an axis: beyond, the outputs of one position are enough for other kernels.
const pixelMostPhases = 64

// Sizes of pieces.
const (
	pixelScratch = 64 << 10 // floats of a piece's input: a quarter of L2
	zipStreamed  = 1 << 20  // floats of an output that goes past the caches
	zipPieces    = 8        // that even out the load of several threads, those of fewer rows not counted
)

// NewPixelConvTranspose returns a plan on weights packed by PackPixelConvTransposeWeights for k; blocks says that x is a
// map of channel blocks. g must fit (see FitsPixelTranspose).
func NewPixelConvTranspose(k *Kernels, g ConvGeom, w *PackedPixelWeights, ep Epilogue, blocks bool) *PixelConvTransposePlan {
	if !k.FitsPixelTranspose(g) {
		panic("BUG: a geometry that does not fit the pixel kernels")
	}
	checkWeights(w.Floats(), g.weights())
	f, crop := g.zipGeom()
	p := &PixelConvTransposePlan{out: g, phases: g.Stride, crop: crop, zips: k.pixel.zips(g.Stride[2]), runs: k.zipPasses(g)}
	each := volume(g.Stride)
	p.PixelConvPlan = PixelConvPlan{k: k, geom: f, blocks: blocks, weights: w, ep: ep.repeated(each, g.M)}
	p.setEpilogue()
	p.places = p.newPlaces()
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

// zipPasses cuts the runs of phases of all channels into those that a kernel makes at a time.
func (k *Kernels) zipPasses(g ConvGeom) panels {
	zips := k.pixel.zips(g.Stride[2])
	return panels{g.M * volume(g.Stride) / zips, k.pixel.outputs() / zips}
}

// zipPlace is where a run begins in an image of the output: its channel's index and phase within the row, and the number
// of the first row among those that there would be without pads.
type zipPlace struct{ channel, part, y int }

// newPlaces lists the runs.
func (p *PixelConvTransposePlan) newPlaces() (places []zipPlace) {
	for m := range p.out.M {
		for y := range p.phases[1] {
			for part := 0; part < p.phases[2]; part += p.zips {
				places = append(places, zipPlace{m * volume(p.out.Out), part, y - p.crop[1]})
			}
		}
	}
	return places
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
		large := c.floats > pixelScratch
		few := g.N*(g.Out[1]/c.rows)*c.strips < zipPieces
		switch {
		case (large || few) && c.rows > 1:
			c.rows = (c.rows + 1) / 2
		case large && c.cols > 4*p.k.Block:
			c.cols = roundUp(c.cols/2, p.k.Block)
		default:
			c.floats = alignUp(c.floats)
			return c
		}
	}
}

// layOut lays out the scratch for the piece's size.
func (p *PixelConvTransposePlan) layOut(c *pixelCut) {
	c.layOut(&p.PixelConvPlan)
	pitch := c.cols + p.geom.Kernel[2] - 1
	p.flat = c.strips == 1 && roundUp(c.rows*pitch, p.k.Block) < c.rows*roundUp(c.cols, p.k.Block)
	if !p.flat {
		return
	}
	c.pitch, c.plane = pitch, c.inRows(&p.geom, c.rows)*pitch
	c.setChannel(alignUp(c.plane + 2*p.k.Block)) // a row is filled, and the last one read, in whole vectors
}

// PackPixelConvTransposeWeights packs w [C, M, Kernel...]; g must fit. The packed form serves every plan with the same
// C, M, Kernel and Stride.
func PackPixelConvTransposeWeights(k *Kernels, g ConvGeom, w []float32) *PackedPixelWeights {
	checkWeights(len(w), g.weights())
	f, _ := g.zipGeom()
	p := &PackedPixelWeights{newWeightMemory(nil, len(w))}
	terms, passes := f.pixelTerms(), k.zipPasses(g)
	zips := k.pixel.zips(g.Stride[2])
	outputs := make([]float32, passes.max*zips*terms)
	for i := range passes.count() {
		first, n := passes.at(i)
		first, n = first*zips, n*zips
		for j := range n {
			g.phaseRow(outputs[j*terms:][:terms], w, (first+j)/volume(g.Stride), (first+j)%volume(g.Stride), f.Kernel)
		}
		packPixelPasses(p.data[first*terms:], outputs, terms, panels{n, n})
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
func (p *PixelConvTransposePlan) WorkspaceFloats(threads int) int { return threads * p.cut.floats }

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

package cpu

import "sync/atomic"

// PackedConvWeights are the weights of a convolution in the order in which the kernels of one tier read them. They
// serve every plan with the same C, M, Group and Kernel, whatever its spatial sizes, strides, dilations and pads.
type PackedConvWeights struct {
	groups []*PackedA // one per group: rows are output channels, k is (channel, tap); nil for depthwise
	raw    []float32  // depthwise: [M, taps]
}

// PackConvWeights packs w [M, C/Group, Kernel...]; only C, M, Group and Kernel of g are read.
func PackConvWeights(k *Kernels, g ConvGeom, w []float32) *PackedConvWeights {
	checkWeights(len(w), g.weights())
	if g.depthwise() {
		return &PackedConvWeights{raw: append([]float32(nil), w...)}
	}
	p := &PackedConvWeights{groups: make([]*PackedA, g.Group)}
	depth := g.channelsIn() * volume(g.Kernel)
	for i := range p.groups {
		p.groups[i] = PackA(k, g.channelsOut(), depth, w[i*g.channelsOut()*depth:], depth, false)
	}
	return p
}

// Floats returns the size of the packed form.
func (p *PackedConvWeights) Floats() int {
	n := len(p.raw)
	for _, a := range p.groups {
		n += a.Floats()
	}
	return n
}

// ConvPlan is a convolution ready to run, any number of times and by several goroutines at once. Its result does not
// depend on the number of threads.
type ConvPlan struct {
	geom    ConvGeom
	weights *PackedConvWeights
	ep      Epilogue
	product product
	input   tapInput
	plane   *depthwisePlan // instead of the product
}

// NewConv packs the weights and returns a plan.
func NewConv(k *Kernels, g ConvGeom, weights []float32, ep Epilogue) *ConvPlan {
	return NewConvPacked(k, g, PackConvWeights(k, g, weights), ep)
}

// NewConvPacked returns a plan on weights packed for k.
func NewConvPacked(k *Kernels, g ConvGeom, w *PackedConvWeights, ep Epilogue) *ConvPlan {
	p := &ConvPlan{geom: g, weights: w, ep: ep}
	if g.depthwise() {
		checkWeights(len(w.raw), g.weights())
		p.plane = &depthwisePlan{k: k, geom: g, weights: w.raw, ep: ep}
		return p
	}
	checkWeights(w.Floats(), g.weights())
	p.input = tapInput{k: k, in: g.In, grid: g.Out, stride: g.Stride, channels: g.channelsIn(), groups: g.Group}
	var taps [][3]int
	eachTap(g.Kernel, func(at [3]int) {
		for i := range at {
			at[i] = at[i]*g.Dilation[i] - g.PadBegin[i]
		}
		taps = append(taps, at)
	})
	p.input.setTaps(taps)
	if g.pointwise() {
		p.input.flatten()
	}
	p.product = newProduct(k, g.channelsOut(), g.channelsIn()*volume(g.Kernel), g.N*volume(g.Out))
	p.product.pairs = g.Group
	return p
}

// NewConvInBlocks is NewConvPacked with a stated order of sums: over (channel, tap), one fused multiply-add after the
// other, each block of products in a sum of its own, and those added up in order. (The generic kernels round products;
// depthwise convolutions sum as ever.)
func NewConvInBlocks(k *Kernels, g ConvGeom, w *PackedConvWeights, ep Epilogue, block int) *ConvPlan {
	p := NewConvPacked(k, g, w, ep)
	if p.plane == nil {
		p.product.inBlocks(block)
	}
	return p
}

// WorkspaceFloats is the workspace that Run needs with a pool of up to that many threads.
func (p *ConvPlan) WorkspaceFloats(threads int) int {
	if p.plane != nil {
		return threads * p.plane.scratchFloats()
	}
	return threads * p.product.scratchFloats()
}

// Run computes y = act(conv(x) + bias + residual). residual is nil or of y's shape, and may be y; apart from that y
// overlaps nothing. ws holds WorkspaceFloats, best aligned to 64 bytes. Run stops early, leaving y undefined, when
// stop becomes true; stop may be nil.
func (p *ConvPlan) Run(pool *Pool, stop *atomic.Bool, ws, x, residual, y []float32) {
	p.geom.checkOperands(x, residual, y)
	checkWorkspace(ws, p.WorkspaceFloats(pool.Threads()))
	if p.plane != nil {
		p.plane.run(pool, stop, ws, x, residual, y)
		return
	}
	r := &convRun{p, x, residual, y}
	size := p.product.scratchFloats()
	q := p.product.partition(chunksFor(pool.Threads()))
	pool.RunUntil(stop, q.chunks, func(worker, i int) {
		p.product.runChunk(q.part(i), ws[worker*size:][:size], r, stop)
	})
}

// convRun is a plan with the operands of one run.
type convRun struct {
	*ConvPlan
	x, residual, y []float32
}

func (r *convRun) packedA(group int) []float32 { return r.weights.groups[group].data }

func (r *convRun) panelsOfB(scratch []float32, group int, b block) ([]float32, int) {
	r.input.pack(scratch, r.x, group, b)
	return scratch, (b.k1 - b.k0) * r.input.k.NR
}

func (r *convRun) place(spot) ([]float32, int) { return nil, 0 }

// store finishes the part of a tile that belongs to each image.
func (r *convRun) store(tile []float32, at spot) {
	plane := volume(r.geom.Out)
	channel := at.pair*r.geom.channelsOut() + at.row
	for lane := 0; lane < at.cols; {
		image, pixel := (at.col+lane)/plane, (at.col+lane)%plane
		n := min(at.cols-lane, plane-pixel)
		off := (image*r.geom.M+channel)*plane + pixel
		f := finishArgs{dst: r.y[off:], tile: tile[lane : lane+len(tile)], ldd: plane, ldt: r.input.k.NR, rows: at.rows, cols: n}
		if r.residual != nil {
			f.residual = r.residual[off:]
		}
		r.input.k.finish(f, &r.ep, channel)
		lane += n
	}
}

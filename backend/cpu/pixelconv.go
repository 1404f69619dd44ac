package cpu

import (
	"sync"
	"sync/atomic"
)

// PixelConvPlan is a forward convolution from a planar tensor, or from channel blocks, to a planar tensor, with stride 1
// along the width: its lanes are consecutive pixels. It is for few output channels, where lanes that are channels would
// mostly be padding. It is ready to run, any number of times and by several goroutines at once; its result does not
// depend on the number of threads.
//
// A piece of the output at a time, it copies the input of the piece, with its padding, to planes that stay in L2, and
// makes all output channels from there; a 1x1 convolution of planes without padding reads them where they are.
type PixelConvPlan struct {
	k       *Kernels
	geom    ConvGeom
	blocks  bool // x is a map of channel blocks
	weights *PackedPixelWeights
	passes  panels

	ep          Epilogue
	bias, slope []float32 // one per output channel
	applyAfter  bool      // the kernels do not know the activation

	cut   pixelCut
	steps []int // offsets of the channels and taps of a group in the scratch planes, bytes
	place []int // the same in x, where the kernels may read that; else nil
	idle  sync.Pool
}

// FitsPixels says whether a PixelConvPlan of k can make a convolution of geometry g.
func (k *Kernels) FitsPixels(g ConvGeom) bool {
	return g.Stride[2] == 1 && g.pixelTerms() > 0 && g.pixelTerms() <= maxPixelSteps
}

// NewPixelConv returns a plan on weights packed by PackPixelConvWeights for k; blocks says that x is a map of channel
// blocks. g must fit (see FitsPixels).
func NewPixelConv(k *Kernels, g ConvGeom, w *PackedPixelWeights, ep Epilogue, blocks bool) *PixelConvPlan {
	if !k.FitsPixels(g) {
		panic("BUG: a geometry that does not fit the pixel kernels")
	}
	checkWeights(w.Floats(), g.weights())
	if g.pointwise() && !blocks {
		for _, size := range []*[3]int{&g.In, &g.Out} {
			*size = [3]int{1, 1, volume(*size)}
		}
	}
	p := &PixelConvPlan{k: k, geom: g, blocks: blocks, weights: w, passes: k.pixelPasses(g), ep: ep}
	p.setEpilogue()
	p.cut = p.newCut()
	p.steps = p.offsets(p.cut.channel)
	if g.pointwise() && !blocks {
		p.place = p.offsets(volume(g.In))
	}
	return p
}

func (p *PixelConvPlan) setEpilogue() {
	p.bias, p.slope = make([]float32, p.geom.M), make([]float32, p.geom.M)
	copy(p.bias, p.ep.Bias)
	for m := range p.slope {
		p.slope[m] = p.ep.Act.A
	}
	if p.ep.Act.Kind == ActPRelu {
		copy(p.slope, p.ep.Act.Slope)
	}
	var a pixelArgs
	p.applyAfter = !a.setActivation(&p.ep.Act)
}

// offsets lists the steps where channels lie so many floats apart.
func (p *PixelConvPlan) offsets(channel int) (steps []int) {
	g, c := &p.geom, &p.cut
	for i := range g.channelsIn() {
		eachTap(g.Kernel, func(at [3]int) {
			steps = append(steps, 4*(i*channel+at[0]*c.plane+at[1]*g.Dilation[1]*c.pitch+at[2]*g.Dilation[2]))
		})
	}
	return steps
}

// WorkspaceFloats is the workspace that Run needs with a pool of up to that many threads.
func (p *PixelConvPlan) WorkspaceFloats(threads int) int { return threads * p.cut.floats }

// Run computes y = act(conv(x) + bias + residual) of a planar x [N, C, In...]. y is planar [N, M, Out...]; residual is
// nil or of y's shape, and may be y; apart from that y overlaps nothing. ws holds WorkspaceFloats, best aligned to 64
// bytes. Run stops early, leaving y undefined, when stop becomes true; stop may be nil.
func (p *PixelConvPlan) Run(pool *Pool, stop *atomic.Bool, ws, x, residual, y []float32) {
	if p.blocks {
		panic("BUG: planes for a plan that reads blocks")
	}
	checkWeights(len(x), p.geom.N*p.geom.C*volume(p.geom.In))
	p.run(pool, stop, ws, pixelOperands{x: x, residual: residual, y: y})
}

// RunBlocks is Run with x in channel blocks; of its halo nothing is read.
func (p *PixelConvPlan) RunBlocks(pool *Pool, stop *atomic.Bool, ws []float32, x *Map, residual, y []float32) {
	if !p.blocks {
		panic("BUG: blocks for a plan that reads planes")
	}
	x.check("x", p.k.Block, p.geom.N, p.geom.C, p.geom.In)
	p.run(pool, stop, ws, pixelOperands{blocks: *x, residual: residual, y: y})
}

func (p *PixelConvPlan) run(pool *Pool, stop *atomic.Bool, ws []float32, o pixelOperands) {
	checkWeights(len(o.y), p.geom.N*p.geom.M*volume(p.geom.Out))
	if o.residual != nil {
		checkWeights(len(o.residual), len(o.y))
	}
	checkWorkspace(ws, p.WorkspaceFloats(pool.Threads()))
	if len(o.y) == 0 {
		return
	}
	r, _ := p.idle.Get().(*pixelRun)
	if r == nil {
		r = &pixelRun{plan: p}
		r.body = r.chunk
	}
	r.begin(pool.Threads(), ws, o)
	pool.RunUntil(stop, p.cut.pieces(&p.geom), r.body)
	r.end()
	p.idle.Put(r)
}

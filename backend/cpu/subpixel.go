package cpu

import "sync/atomic"

// SubPixelPlan is a transposed convolution to few planes as a sub-pixel convolution: one with stride 1 that has a channel
// for each pixel of a block of stride x stride outputs, made by Winograd's algorithm, whose map is then taken apart to
// planes. Both are the same map (Shi et al., arXiv:1609.07009); phase by phase, most lanes of a block of channels would
// be padding.
type SubPixelPlan struct {
	conv    *WinogradConv
	m       Map // what conv makes, without its memory
	shuffle *DepthToPlanes
}

// Bounds of a SubPixelPlan.
const (
	subPixelMostSide     = 8
	subPixelMostChannels = 64      // of the sub-pixel convolution: more outputs fill blocks phase by phase
	subPixelMostOutputs  = 1 << 28 // of an image: places in its map are 32-bit numbers
)

// subPixelGeom is the geometry of the sub-pixel convolution of a transposed one, and that of the transposed one once taps
// of zero make its kernel whole blocks that begin where a block of outputs does. ok is false where there is none: the
// outputs are no whole blocks, strides differ, there are groups, dilations or a third axis, or a bound is passed.
func (g ConvGeom) subPixelGeom() (f, wide ConvGeom, ok bool) {
	side := g.Stride[2]
	if side < 2 || side > subPixelMostSide || g.Stride != [3]int{1, side, side} ||
		g.M > subPixelMostChannels/(side*side) || g.M*volume(g.Out) > subPixelMostOutputs ||
		g.Group != 1 || g.In[0] != 1 || g.Out[0] != 1 || g.Kernel[0] != 1 || g.PadBegin[0] != 0 {
		return f, wide, false
	}
	wide = g
	for a := 1; a < 3; a++ {
		if g.Out[a] == 0 || g.Out[a]%side != 0 || g.Dilation[a] != 1 {
			return f, wide, false
		}
		before := floorMod(-g.PadBegin[a], side)
		wide.PadBegin[a] += before
		wide.Kernel[a] = roundUp(g.Kernel[a]+before, side)
	}
	f, _ = wide.zipGeom()
	return f, wide, true
}

// subPixelWeights gives w [C, M, Kernel...] as the weights [M·side², C, taps...] of the sub-pixel convolution.
func (g ConvGeom) subPixelWeights(w []float32) []float32 {
	f, wide, _ := g.subPixelGeom()
	widened := make([]float32, wide.weights())
	top, left := wide.PadBegin[1]-g.PadBegin[1], wide.PadBegin[2]-g.PadBegin[2]
	for i := range g.C * g.M {
		from, to := w[i*volume(g.Kernel):], widened[i*volume(wide.Kernel):]
		for y := range g.Kernel[1] {
			copy(to[(top+y)*wide.Kernel[2]+left:], from[y*g.Kernel[2]:][:g.Kernel[2]])
		}
	}
	terms, pixels := f.pixelTerms(), volume(g.Stride)
	out := make([]float32, f.M*terms)
	for i := range f.M {
		wide.phaseRow(out[i*terms:][:terms], widened, i/pixels, i%pixels, f.Kernel)
	}
	return out
}

// PackSubPixelWeights packs w [C, M, Kernel...] of a transposed convolution; alg is what ChooseSubPixel says. The packed
// form serves every plan with the same C, M, Kernel and Stride, and pads that are as far from a multiple of Stride.
func PackSubPixelWeights(pool *Pool, k *Kernels, g ConvGeom, alg Algorithm, w []float32) *WinogradWeights {
	checkWeights(len(w), g.weights())
	f, _, ok := g.subPixelGeom()
	if !ok {
		panic("BUG: a geometry without a sub-pixel convolution")
	}
	return PackWinogradWeights(pool, k, f, alg, g.subPixelWeights(w))
}

// NewSubPixel returns a plan of a transposed convolution on weights packed by PackSubPixelWeights for k.
func NewSubPixel(k *Kernels, g ConvGeom, w *WinogradWeights, ep Epilogue) *SubPixelPlan {
	f, _, ok := g.subPixelGeom()
	if !ok {
		panic("BUG: a geometry without a sub-pixel convolution")
	}
	side := g.Stride[2]
	p := &SubPixelPlan{conv: NewWinogradConv(k, f, w, ep.repeated(side*side, g.M))}
	p.m = MapLike(k.Block, f.N, f.M, f.Out, Halo{})
	p.shuffle = NewDepthToPlanes(k, side, g.M, &p.m, func(c, i, j int) int { return (c*side+i)*side + j })
	return p
}

// Halo is the halo that the input must have.
func (p *SubPixelPlan) Halo() Halo { return p.conv.Halo() }

// mapFloats is the size of what conv makes, in whole cache lines.
func (p *SubPixelPlan) mapFloats() int { return alignUp(p.m.N * p.m.Image) }

// WorkspaceFloats is the workspace that Run needs with a pool of that many threads.
func (p *SubPixelPlan) WorkspaceFloats(threads int) int {
	return p.mapFloats() + p.conv.WorkspaceFloats(threads)
}

// Run computes y [N, M, Out...] = act(conv transpose(x) + bias). ws holds WorkspaceFloats, best aligned to 64 bytes. Run
// stops early, leaving y undefined, when stop becomes true; stop may be nil.
func (p *SubPixelPlan) Run(pool *Pool, stop *atomic.Bool, ws []float32, x *Map, y []float32) {
	checkWorkspace(ws, p.WorkspaceFloats(pool.Threads()))
	checkWeights(len(y), p.mapOutputs())
	m := p.m
	m.Data = ws[:p.mapFloats()]
	p.conv.Run(pool, stop, ws[p.mapFloats():], x, nil, &m)
	if stop == nil || !stop.Load() {
		p.shuffle.Run(pool, stop, &m, y)
	}
}

// mapOutputs is the number of outputs: every channel of the map that is not padding becomes pixels.
func (p *SubPixelPlan) mapOutputs() int { return p.m.N * p.m.C * volume(p.m.Size) }

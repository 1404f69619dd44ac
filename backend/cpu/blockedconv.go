package cpu

import (
	"fmt"
	"sync"
	"sync/atomic"
)

// BlockedConvPlan is a convolution over channel-blocked maps, forward or transposed, ready to run, any number of times
// and by several goroutines at once. Its result does not depend on the number of threads: each output is summed up in
// one order, which the geometry gives.
type BlockedConvPlan struct {
	blockedBase
	weights *PackedBlockedWeights

	ep          Epilogue
	bias, slope []float32 // one per output lane, whole vectors
	applyAfter  bool      // the kernels do not know the activation

	cut    blockedCut
	staged stagedCut
	idle   sync.Pool // *blockedRun
}

// NewBlockedConv returns a plan of a forward convolution on weights packed by PackBlockedConvWeights for k.
// g must fit (see FitsBlocked).
func NewBlockedConv(k *Kernels, g ConvGeom, w *PackedBlockedWeights, ep Epilogue) *BlockedConvPlan {
	return newBlockedPlan(k, g, g.convParts(), w, ep)
}

// NewBlockedConvTranspose returns a plan of a transposed convolution on weights packed by
// PackBlockedConvTransposeWeights for k. g must fit (see FitsBlockedTranspose). It has no column buffer: each phase of the output
// is a convolution with stride 1 that stores every Stride-th pixel.
func NewBlockedConvTranspose(k *Kernels, g ConvGeom, w *PackedBlockedWeights, ep Epilogue) *BlockedConvPlan {
	return newBlockedPlan(k, g, g.transposeParts(), w, ep)
}

func newBlockedPlan(k *Kernels, g ConvGeom, parts []blockedPart, w *PackedBlockedWeights, ep Epilogue) *BlockedConvPlan {
	if !k.FitsBlocked(g) || w.inBlock != k.Block {
		panic("BUG: a geometry that does not fit the blocked kernels, or weights of another kind")
	}
	p := &BlockedConvPlan{}
	p.init(k, g, parts, w, ep)
	return p
}

// init sets a new plan up.
func (p *BlockedConvPlan) init(k *Kernels, g ConvGeom, parts []blockedPart, w *PackedBlockedWeights, ep Epilogue) {
	p.setUp(k, g, parts, w.inBlock)
	p.weights, p.ep = w, ep
	if w.blockedShape != p.blockedShape {
		panic("BUG: weights packed for another geometry")
	}
	columns := p.groups * roundUp(p.out, k.Block)
	checkWeights(w.Floats(), volume(g.Kernel)*p.in*columns)
	p.checkPacked(w.parts)
	p.setEpilogue(columns)
	p.cut = p.newCut()
	p.staged = p.newStagedCut()
}

// setEpilogue fills the vectors of bias and slope.
func (p *BlockedConvPlan) setEpilogue(columns int) {
	p.bias = AlignedFloats(columns)
	copy(p.bias, p.ep.Bias)
	switch p.ep.Act.Kind {
	case ActNone, ActRelu, ActClip, ActHardSwish:
	case ActLeakyRelu:
		p.slope = AlignedFloats(columns)
		for i := range p.slope {
			p.slope[i] = p.ep.Act.A
		}
	case ActPRelu:
		p.slope = AlignedFloats(columns)
		copy(p.slope, p.ep.Act.Slope)
	default:
		p.applyAfter = true
	}
}

// Run computes y = act(conv(x) + bias + residual). x is a map of C channels with the halo's zeros and zeros in its
// padding lanes; y one of M channels. residual is nil or a map of y's channels and size, and may be y; apart from that y
// overlaps nothing. Halo and padding lanes of y: the halo stays as it is, padding lanes get anything.
// Run stops early, leaving y undefined, when stop becomes true; stop may be nil.
func (p *BlockedConvPlan) Run(pool *Pool, stop *atomic.Bool, x, residual, y *Map) {
	p.checkMaps(x, residual, y)
	if p.cut.chunks() == 0 {
		return
	}
	r := p.take()
	r.begin(pool.Threads(), x, residual, y)
	pool.RunUntil(stop, p.cut.chunks(), r.body)
	r.end()
}

// checkMaps panics where a map is not what the geometry says: the kernels trust it.
func (p *BlockedConvPlan) checkMaps(x, residual, y *Map) {
	g := &p.geom
	p.checkInput(x)
	y.check("y", p.k.Block, g.N, g.M, g.Out)
	if residual != nil {
		residual.check("residual", p.k.Block, g.N, g.M, g.Out)
	}
}

// check panics where the map has another shape, or its pixels and halo do not lie within its memory.
func (m *Map) check(name string, block, n, c int, size [3]int) {
	if m.Block != block || m.N != n || m.C != c || m.Size != size {
		panic(fmt.Sprintf("BUG: %s is a map of %d x %d x %v by %d, want %d x %d x %v by %d",
			name, m.N, m.C, m.Size, m.Block, n, c, size, block))
	}
	if n*c*volume(size) == 0 {
		return
	}
	h := &m.Halo
	first := m.At(0, 0, -h.Before[0], -h.Before[1], -h.Before[2])
	last := m.At(n-1, m.Groups()-1, size[0]-1+h.After[0], size[1]-1+h.After[1], size[2]-1+h.After[2])
	if first < 0 || last+block > len(m.Data) {
		panic(fmt.Sprintf("BUG: %s reaches from %d to %d in %d floats", name, first, last+block, len(m.Data)))
	}
}

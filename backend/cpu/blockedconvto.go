package cpu

import (
	"sync"
	"sync/atomic"
)

// ToPlanarConvPlan is a convolution, forward or transposed, from a channel-blocked map to a planar tensor with few
// channels: the last layer of a network. Its lanes are input channels, which are summed up in the end, so that it makes
// no padding outputs. Its result does not depend on the number of threads.
type ToPlanarConvPlan struct {
	blockedBase
	weights *PackedToPlanarWeights
	ep      Epilogue
	rowsOf  int // parts that share rows of the output: the phases along the width

	strips, segments int       // chunks, and segments into which each row is cut for them
	idle             sync.Pool // *toPlanarRun
}

// Limits of FitsToPlanar: what a worker keeps for a row of the output, and the steps of one call of a kernel.
const (
	toPlanarOutputs = 32
	toPlanarStride  = 32
	toPlanarSteps   = 1 << 14
)

// FitsToPlanar says whether a ToPlanarConvPlan of k can make a convolution of geometry g, forward or transposed. It is
// faster than a blocked map and its conversion for up to 8 outputs per group or so.
func (k *Kernels) FitsToPlanar(g ConvGeom) bool {
	return (g.Group == 1 || g.channelsIn()%k.Block == 0) && g.channelsOut() <= toPlanarOutputs &&
		g.spread().Stride[2] <= toPlanarStride && k.toPlanarSteps(g) <= toPlanarSteps && fewPhases(g)
}

// toPlanarSteps is the most steps of a part.
func (k *Kernels) toPlanarSteps(g ConvGeom) int {
	return ceilDiv(g.channelsIn(), k.Block) * volume(g.Kernel)
}

// PackedToPlanarWeights are the weights of a ToPlanarConvPlan in the order in which its kernels read them. They serve
// every plan with the same C, M, Group, Kernel - transposed: also Stride, Dilation and which sizes of In are 1.
//
// Group by group, part by part, pass by pass of up to four outputs: [input group][tap][output][lane], lanes beyond C zero.
type PackedToPlanarWeights struct {
	*weightMemory
	parts    map[[3]int]int // by residue: where its panels begin
	group    int            // floats of one group of the convolution
	channels int
}

// PackToPlanarConvWeights packs w [M, C/Group, Kernel...]; only C, M, Group and Kernel of g are read.
func PackToPlanarConvWeights(k *Kernels, g ConvGeom, w []float32) *PackedToPlanarWeights {
	p, taps := newConvPacker(k, g, w, k.Block)
	return p.packToPlanar(taps)
}

// PackToPlanarConvTransposeWeights packs w [C, M/Group, Kernel...]; only C, M, Group, Kernel, Stride, Dilation and -
// whether they are 1 - the sizes In of g are read.
func PackToPlanarConvTransposeWeights(k *Kernels, g ConvGeom, w []float32) *PackedToPlanarWeights {
	p, taps := newTransposePacker(k, g, w, k.Block)
	return p.packToPlanar(taps)
}

func (p *blockedPacker) packToPlanar(byResidue map[[3]int][]int) *PackedToPlanarWeights {
	packed := &PackedToPlanarWeights{parts: map[[3]int]int{}, channels: p.in}
	lanes := roundUp(p.in, p.block)
	for residue, taps := range byResidue {
		packed.parts[residue] = packed.group
		packed.group += len(taps) * lanes * p.out
	}
	packed.weightMemory = newWeightMemory(nil, packed.group*p.groups)
	for residue, taps := range byResidue {
		for group := range p.groups {
			p.packPasses(packed.data[group*packed.group+packed.parts[residue]:], group, taps)
		}
	}
	return packed
}

// packPasses packs all passes of some taps of one group.
func (p *blockedPacker) packPasses(dst []float32, group int, taps []int) {
	passes := panels{p.out, dotOutputs}
	for i := range passes.count() {
		first, outputs := passes.at(i)
		for c := 0; c < p.in; c += p.block {
			for _, tap := range taps {
				for m := first; m < first+outputs; m++ {
					src := p.w[group*p.groupPitch+m*p.mPitch+c*p.cPitch+tap:]
					gatherWeights(dst[:min(p.block, p.in-c)], src, p.cPitch)
					dst = dst[p.block:]
				}
			}
		}
	}
}

// NewToPlanarConv returns a plan of a forward convolution on weights packed by PackToPlanarConvWeights for k. g must fit.
func NewToPlanarConv(k *Kernels, g ConvGeom, w *PackedToPlanarWeights, ep Epilogue) *ToPlanarConvPlan {
	return newToPlanarPlan(k, g, g.convParts(), w, ep)
}

// NewToPlanarConvTranspose returns a plan of a transposed convolution on weights packed by
// PackToPlanarConvTransposeWeights for k. g must fit.
func NewToPlanarConvTranspose(k *Kernels, g ConvGeom, w *PackedToPlanarWeights, ep Epilogue) *ToPlanarConvPlan {
	return newToPlanarPlan(k, g, g.transposeParts(), w, ep)
}

func newToPlanarPlan(k *Kernels, g ConvGeom, parts []blockedPart, w *PackedToPlanarWeights, ep Epilogue) *ToPlanarConvPlan {
	if !k.FitsToPlanar(g) {
		panic("BUG: a geometry that does not fit the kernels")
	}
	checkWeights(w.Floats(), g.Group*roundUp(g.channelsIn(), k.Block)*g.channelsOut()*volume(g.Kernel))
	p := &ToPlanarConvPlan{weights: w, ep: ep}
	p.setUp(k, g, parts, k.Block)
	p.checkPacked(w.parts)
	if len(parts) > 0 {
		p.rowsOf = min(parts[0].step[2], g.Out[2])
		p.setStrips()
	}
	return p
}

// setStrips cuts the rows of all images and phases, or segments of them, into chunks of 30 us or more.
func (p *ToPlanarConvPlan) setStrips() {
	rows := p.geom.N * p.geom.Out[0] * p.geom.Out[1]
	products := float64(p.geom.M) * float64(volume(p.geom.Out)*p.geom.N) * float64(p.toPlanarTerms())
	strips := max(1, int(products/toPlanarChunk))
	p.segments = max(1, min(ceilDiv(p.parts[0].grid[2], p.k.NR), ceilDiv(strips, max(1, rows))))
	p.strips = max(1, min(rows*p.segments, strips))
}

// toPlanarTerms is about how many products an output has, and what else it costs.
func (p *ToPlanarConvPlan) toPlanarTerms() int {
	return p.k.Block*p.k.toPlanarSteps(p.geom)*len(p.parts[0].taps)/volume(p.geom.Kernel) + 4*p.k.Block
}

const toPlanarChunk = 2e6 // products

// WorkspaceFloats is the workspace that Run needs with a pool of up to that many threads.
func (p *ToPlanarConvPlan) WorkspaceFloats(threads int) int { return threads * p.scratchFloats() }

// scratchFloats is the scratch of one worker: the lanes of a block of pixels of a pass, their sums, and the block of all
// outputs of all phases along the width.
func (p *ToPlanarConvPlan) scratchFloats() int {
	nr := p.k.NR
	return dotOutputs*nr*p.k.Block + dotOutputs*nr + p.geom.channelsOut()*p.stageWidth() + nr
}

// stageWidth is the columns of the stage: a block of pixels of each phase along the width.
func (p *ToPlanarConvPlan) stageWidth() int { return p.rowsOf * p.k.NR }

// Run computes y = act(conv(x) + bias + residual) of a map x of C channels with the halo's zeros and zeros in its padding
// lanes. y is planar [N, M, Out...]; residual is nil or of y's shape, and may be y; apart from that y overlaps nothing.
// ws holds WorkspaceFloats. Run stops early, leaving y undefined, when stop becomes true; stop may be nil.
func (p *ToPlanarConvPlan) Run(pool *Pool, stop *atomic.Bool, ws []float32, x *Map, residual, y []float32) {
	g := &p.geom
	p.checkInput(x)
	checkWeights(len(y), g.N*g.M*volume(g.Out))
	if residual != nil {
		checkWeights(len(residual), len(y))
	}
	checkWorkspace(ws, p.WorkspaceFloats(pool.Threads()))
	if len(y) == 0 {
		return
	}
	r, _ := p.idle.Get().(*toPlanarRun)
	if r == nil {
		r = &toPlanarRun{plan: p}
		r.body = r.chunk
	}
	r.begin(pool.Threads(), ws, x, residual, y)
	pool.RunUntil(stop, p.strips, r.body)
	r.end()
	p.idle.Put(r)
}

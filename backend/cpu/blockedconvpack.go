package cpu

// PackedBlockedWeights are the weights of a convolution, forward or transposed, in the order in which the blocked
// micro-kernel reads them. They serve every plan with the same C, M, Group, Kernel - transposed: also Stride,
// Dilation and which sizes of In are 1 - whatever its other sizes.
//
// Group by group, part by part (see blockedPart), pair by pair of output groups: a panel
// [input group][tap][lane of that group][32 or 16 outputs], outputs beyond M zero. A last output group without a partner
// has a panel half as wide. Depthwise: [output group][tap][lane].
type PackedBlockedWeights struct {
	blockedShape
	*weightMemory
	parts map[[3]int]int // by residue: where its panels begin
	group int            // floats of one group of the convolution
}

// PackBlockedConvWeights packs w [M, C/Group, Kernel...] for maps of k.Block channels per group; only C, M, Group and
// Kernel of g are read.
func PackBlockedConvWeights(k *Kernels, g ConvGeom, w []float32) *PackedBlockedWeights {
	return packConv(k, g, w, k.Block)
}

// PackPlanarConvWeights packs w [M, C/Group, Kernel...] for a planar input; only C, M, Group and Kernel of g are read.
func PackPlanarConvWeights(k *Kernels, g ConvGeom, w []float32) *PackedBlockedWeights {
	return packConv(k, g, w, 1)
}

func packConv(k *Kernels, g ConvGeom, w []float32, inBlock int) *PackedBlockedWeights {
	p, taps := newConvPacker(k, g, w, inBlock)
	return p.pack(taps)
}

// PackBlockedConvTransposeWeights packs w [C, M/Group, Kernel...] for maps of k.Block channels per group; only C, M,
// Group, Kernel, Stride, Dilation and - whether they are 1 - the sizes In of g are read.
func PackBlockedConvTransposeWeights(k *Kernels, g ConvGeom, w []float32) *PackedBlockedWeights {
	p, taps := newTransposePacker(k, g, w, k.Block)
	return p.pack(taps)
}

// blockedPacker packs weights from an array where they lie at group*groupPitch + m*mPitch + c*cPitch + tap.
type blockedPacker struct {
	blockedShape
	w                          []float32
	block                      int
	mPitch, cPitch, groupPitch int
}

// newConvPacker returns the packer of a forward convolution's weights and its taps by residue: there is one.
func newConvPacker(k *Kernels, g ConvGeom, w []float32, inBlock int) (p *blockedPacker, byResidue map[[3]int][]int) {
	taps := make([]int, volume(g.Kernel))
	for i := range taps {
		taps[i] = i
	}
	p = newBlockedPacker(k, g, w, inBlock)
	p.mPitch, p.cPitch = p.in*len(taps), len(taps)
	return p, map[[3]int][]int{{}: taps}
}

// newTransposePacker returns the packer of a transposed convolution's weights and its taps by residue.
func newTransposePacker(k *Kernels, g ConvGeom, w []float32, inBlock int) (p *blockedPacker, byResidue map[[3]int][]int) {
	p = newBlockedPacker(k, g, w, inBlock)
	p.mPitch, p.cPitch = volume(g.Kernel), p.out*volume(g.Kernel)
	spread := g.spread()
	return p, spread.tapsByResidue()
}

func newBlockedPacker(k *Kernels, g ConvGeom, w []float32, inBlock int) *blockedPacker {
	checkWeights(len(w), g.weights())
	p := &blockedPacker{blockedShape: k.shape(g, inBlock), w: w, block: k.Block}
	p.groupPitch = p.in * p.out * volume(g.Kernel)
	return p
}

// columns is the outputs of a group of the convolution in whole vectors.
func (p *blockedPacker) columns() int { return roundUp(p.out, p.block) }

func (p *blockedPacker) pack(byResidue map[[3]int][]int) *PackedBlockedWeights {
	packed := &PackedBlockedWeights{blockedShape: p.blockedShape, parts: map[[3]int]int{}}
	for residue, taps := range byResidue {
		packed.parts[residue] = packed.group
		packed.group += len(taps) * p.in * p.columns()
	}
	packed.weightMemory = newWeightMemory(nil, packed.group*p.groups)
	for residue, taps := range byResidue {
		for group := range p.groups {
			p.packPart(packed.data[group*packed.group+packed.parts[residue]:], group, taps)
		}
	}
	return packed
}

// packPart packs all panels of some taps of one group.
func (p *blockedPacker) packPart(dst []float32, group int, taps []int) {
	wide := p.panel * p.block
	for first := 0; first < p.columns(); first += wide {
		width := min(wide, p.columns()-first)
		outputs := min(width, p.out-first)
		src := p.w[group*p.groupPitch+first*p.mPitch:]
		for c := 0; c < p.in; c += p.inBlock {
			for _, tap := range taps {
				for lane := c; lane < min(c+p.inBlock, p.in); lane++ {
					gatherWeights(dst[:outputs], src[lane*p.cPitch+tap:], p.mPitch)
					dst = dst[width:]
				}
			}
		}
	}
}

// gatherWeights fills dst with floats that lie pitch apart.
func gatherWeights(dst, src []float32, pitch int) {
	for j := range dst {
		dst[j] = src[j*pitch]
	}
}

package cpu

// PackedBlockedWeights are the weights of a convolution, forward or transposed, in the order in which the blocked
// micro-kernel reads them. They serve every plan with the same C, M, Group, Kernel - transposed: also Stride and
// Dilation - whatever its other sizes.
//
// Group by group, part by part (see blockedPart), pair by pair of output groups: a panel
// [channels of an input group][tap][lane of that group][32 or 16 outputs], outputs beyond M zero. A last output group
// without a partner has a panel of its own half as wide.
type PackedBlockedWeights struct {
	data    []float32
	parts   map[[3]int]int // by residue: where its panels begin
	group   int            // floats of one group of the convolution
	inBlock int            // channels per group of the input map
}

// Floats returns the size of the packed form.
func (p *PackedBlockedWeights) Floats() int { return len(p.data) }

// PackBlockedConvWeights packs w [M, C/Group, Kernel...] for maps of k.Block channels per group; only C, M, Group and
// Kernel of g are read.
func PackBlockedConvWeights(k *Kernels, g ConvGeom, w []float32) *PackedBlockedWeights {
	return packConvFor(k, g, w, k.Block)
}

func packConvFor(k *Kernels, g ConvGeom, w []float32, inBlock int) *PackedBlockedWeights {
	taps := volume(g.Kernel)
	all := make([]int, taps)
	for i := range all {
		all[i] = i
	}
	p := newBlockedPacker(k, g, w, inBlock)
	p.mPitch, p.cPitch, p.groupPitch = g.channelsIn()*taps, taps, g.channelsOut()*g.channelsIn()*taps
	return p.pack(map[[3]int][]int{{}: all})
}

// PackBlockedConvTransposeWeights packs w [C, M/Group, Kernel...]; only C, M, Group, Kernel, Stride and Dilation of g
// are read.
func PackBlockedConvTransposeWeights(k *Kernels, g ConvGeom, w []float32) *PackedBlockedWeights {
	taps := volume(g.Kernel)
	p := newBlockedPacker(k, g, w, k.Block)
	p.mPitch, p.cPitch, p.groupPitch = taps, g.channelsOut()*taps, g.channelsIn()*g.channelsOut()*taps
	return p.pack(g.tapsByResidue())
}

// blockedPacker packs weights from an array where they lie at group*groupPitch + m*mPitch + c*cPitch + tap.
type blockedPacker struct {
	g                          ConvGeom
	w                          []float32
	outBlock, inBlock          int
	mPitch, cPitch, groupPitch int
}

func newBlockedPacker(k *Kernels, g ConvGeom, w []float32, inBlock int) *blockedPacker {
	checkWeights(len(w), g.weights())
	return &blockedPacker{g: g, w: w, outBlock: k.Block, inBlock: inBlock}
}

// columns is the outputs of a group of the convolution in whole vectors.
func (p *blockedPacker) columns() int { return roundUp(p.g.channelsOut(), p.outBlock) }

func (p *blockedPacker) pack(byResidue map[[3]int][]int) *PackedBlockedWeights {
	packed := &PackedBlockedWeights{parts: map[[3]int]int{}, inBlock: p.inBlock}
	for residue, taps := range byResidue {
		packed.parts[residue] = packed.group
		packed.group += len(taps) * p.g.channelsIn() * p.columns()
	}
	packed.data = AlignedFloats(packed.group * p.g.Group)
	for residue, taps := range byResidue {
		for group := range p.g.Group {
			p.packPart(packed.data[group*packed.group+packed.parts[residue]:], group, taps)
		}
	}
	return packed
}

// packPart packs all panels of some taps of one group.
func (p *blockedPacker) packPart(dst []float32, group int, taps []int) {
	wide := tileGroups * p.outBlock
	for first := 0; first < p.columns(); first += wide {
		columns := min(wide, p.columns()-first)
		real := min(columns, p.g.channelsOut()-first)
		src := p.w[group*p.groupPitch+first*p.mPitch:]
		for c := 0; c < p.g.channelsIn(); c += p.inBlock {
			lanes := min(p.inBlock, p.g.channelsIn()-c)
			for _, tap := range taps {
				for lane := range lanes {
					from := src[(c+lane)*p.cPitch+tap:]
					for j := range real {
						dst[j] = from[j*p.mPitch]
					}
					dst = dst[columns:]
				}
			}
		}
	}
}

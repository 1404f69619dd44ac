package cpu

// A transposed convolution is split by phase. Along one axis, output o receives tap k exactly where
// o + PadBegin - k*Dilation is a multiple of Stride, so the outputs with the same residue
//
//	r = (o + PadBegin) mod Stride
//
// share their taps: those with k*Dilation ≡ r. The outputs of one residue are first, first+Stride, first+2*Stride...
// and number q of them reads input q + offset of each tap, where offset = (first + PadBegin - k*Dilation) / Stride: an
// ordinary convolution with stride 1. In three dimensions a phase is a triple of residues. Its packed weights depend
// on kernel, stride and dilation, its offsets on PadBegin, its size on Out.

// axisPhase is the outputs of one residue along one axis.
type axisPhase struct {
	residue      int
	first, count int
	offsets      []int // one per tap that reaches the residue
}

// axisPhases lists the residues that have outputs along an axis.
func (g *ConvGeom) axisPhases(axis int) []axisPhase {
	stride, pad := g.Stride[axis], g.PadBegin[axis]
	var phases []axisPhase
	for first := range min(stride, g.Out[axis]) {
		p := axisPhase{residue: floorMod(first+pad, stride), first: first}
		p.count = (g.Out[axis]-first-1)/stride + 1
		for k := range g.Kernel[axis] {
			if distance := first + pad - k*g.Dilation[axis]; floorMod(distance, stride) == 0 {
				p.offsets = append(p.offsets, distance/stride)
			}
		}
		phases = append(phases, p)
	}
	return phases
}

// PackedConvTransposeWeights are the weights of a transposed convolution, packed by phase for the kernels of one tier.
// They serve every plan with the same C, M, Group, Kernel, Stride and Dilation, whatever its sizes and pads.
type PackedConvTransposeWeights struct {
	phases map[[3]int][]*PackedA // by residues, one per group: rows are output channels, k is (channel, tap)
	raw    []float32             // depthwise: [M, taps]
	floats int
}

// PackConvTransposeWeights packs w [C, M/Group, Kernel...]; only C, M, Group, Kernel, Stride and Dilation of g are read.
func PackConvTransposeWeights(k *Kernels, g ConvGeom, w []float32) *PackedConvTransposeWeights {
	checkWeights(len(w), g.weights())
	p := &PackedConvTransposeWeights{floats: len(w)}
	if g.depthwise() {
		p.raw = append([]float32(nil), w...)
		return p
	}
	p.phases = map[[3]int][]*PackedA{}
	for residue, taps := range g.tapsByResidue() {
		for group := range g.Group {
			a := gatherTaps(&g, w, group, taps)
			depth := g.channelsIn() * len(taps)
			p.phases[residue] = append(p.phases[residue], PackA(k, g.channelsOut(), depth, a, depth, false))
		}
	}
	return p
}

// Floats returns the size of the packed form.
func (p *PackedConvTransposeWeights) Floats() int { return p.floats }

// group returns the packed weights of a phase, nil where no tap reaches it.
func (p *PackedConvTransposeWeights) group(residue [3]int, group int) []float32 {
	groups := p.phases[residue]
	if groups == nil {
		return nil
	}
	return groups[group].data
}

// tapsByResidue lists, for each residue that a tap reaches, its taps as indices of the kernel, in their order.
func (g *ConvGeom) tapsByResidue() map[[3]int][]int {
	byResidue := map[[3]int][]int{}
	tap := 0
	eachTap(g.Kernel, func(k [3]int) {
		var residue [3]int
		for a := range k {
			residue[a] = k[a] * g.Dilation[a] % g.Stride[a]
		}
		byResidue[residue] = append(byResidue[residue], tap)
		tap++
	})
	return byResidue
}

// gatherTaps returns the weights of some taps of one group as the matrix [M/Group, C/Group * len(taps)].
func gatherTaps(g *ConvGeom, w []float32, group int, taps []int) []float32 {
	channels, rows, kernel := g.channelsIn(), g.channelsOut(), volume(g.Kernel)
	a := make([]float32, 0, rows*channels*len(taps))
	for m := range rows {
		for c := range channels {
			from := w[((group*channels+c)*rows+m)*kernel:][:kernel]
			for _, tap := range taps {
				a = append(a, from[tap])
			}
		}
	}
	return a
}

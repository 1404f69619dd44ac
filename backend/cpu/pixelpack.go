package cpu

// PackedPixelWeights are the weights of a PixelConvPlan in the order in which its kernels read them. They serve every
// plan with the same C, M, Group and Kernel.
//
// Group by group, pass by pass of as many outputs as a kernel makes: [input channel][tap][output].
type PackedPixelWeights struct{ *weightMemory }

// PackPixelConvWeights packs w [M, C/Group, Kernel...]; only C, M, Group and Kernel of g are read.
func PackPixelConvWeights(k *Kernels, g ConvGeom, w []float32) *PackedPixelWeights {
	checkWeights(len(w), g.weights())
	p := &PackedPixelWeights{newWeightMemory(nil, len(w))}
	outputs := g.channelsOut() * g.pixelTerms()
	for group := range g.Group {
		packPixelPasses(p.data[group*outputs:], w[group*outputs:][:outputs], g.pixelTerms(), k.pixelPasses(g))
	}
	return p
}

// packPixelPasses packs w [outputs][terms], pass by pass.
func packPixelPasses(dst, w []float32, terms int, passes panels) {
	for i := range passes.count() {
		first, outputs := passes.at(i)
		for m := range outputs {
			src := w[(first+m)*terms:][:terms]
			for s, v := range src {
				dst[s*outputs+m] = v
			}
		}
		dst = dst[terms*outputs:]
	}
}

// pixelTerms is the products of an output: the steps of a pixel kernel.
func (g *ConvGeom) pixelTerms() int { return g.channelsIn() * volume(g.Kernel) }

// pixelPasses cuts the outputs of a group into those that a kernel makes at a time.
func (k *Kernels) pixelPasses(g ConvGeom) panels { return panels{g.channelsOut(), k.pixel.outputs()} }

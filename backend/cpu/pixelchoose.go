package cpu

// ChoosePixels says whether a forward convolution is made by a PixelConvPlan, whether its input is planar or in channel
// blocks, rather than by the other kernels. It depends on the geometry alone.
func (k *Kernels) ChoosePixels(g ConvGeom) bool {
	if !k.FitsPixels(g) || g.lanewise() || g.depthwise() || g.channelsOut() > pixelMostOutputs || ChooseConv(k, g, false) != Direct {
		return false
	}
	return k.pixelCost(&g) < pixelGain*k.lanesCost(&g)
}

// Costs are multiply-adds per pixel of the output, as those of ChooseConv: a core that made one vector of them with
// each FMA would take as long. Measured on Zen 4, 4 to 64 channels to 1 to 24, kernels of 1 to 11 and 3x3.
const (
	pixelMostOutputs = 16      // of a group: the readers of more are likely to want blocks
	pixelGain        = 0.9     // less would not pay for converting what is between
	pixelFillCost    = 5.0     // to copy an input pixel of a lane to the scratch planes
	pixelFetchCost   = 16.0    // the same where blocks come from memory
	pixelFetched     = 1 << 20 // floats of an input that comes from there
	pixelConvertCost = 11.0    // to convert an output channel to blocks
	pixelEfficiency  = 0.95    // of the pixel kernels
	dotEfficiency    = 0.9     // of the dot kernels, and
	dotPixelCost     = 200.0   // what they take for a pixel
	dotOutputCost    = 40.0    // and for one of its outputs
)

// pixelCost is the cost of the pixel kernels. Where outputs are more than inputs their readers are likely to want blocks.
func (k *Kernels) pixelCost(g *ConvGeom) float64 {
	lanes, fill := roundUp(g.C, k.Block), pixelFillCost
	switch {
	case g.C <= FewChannels:
		lanes = g.C
	case g.N*g.C*volume(g.In) > pixelFetched:
		fill = pixelFetchCost
	}
	cost := fill * float64(lanes) * float64(volume(g.In)) / float64(volume(g.Out))
	if g.M > FewChannels && g.M > g.C {
		cost += pixelConvertCost * float64(g.M)
	}
	passes, width := k.pixelPasses(*g), ceilDiv(g.Out[2], k.Block)
	waste := float64(width*k.Block) / float64(g.Out[2])
	for i := range passes.count() {
		_, outputs := passes.at(i)
		products := float64(outputs * g.pixelTerms() * g.Group)
		cost += products * waste / (pixelEfficiency * k.pixelShare(outputs, width))
	}
	return cost
}

// FewChannels is up to how many input channels a forward convolution reads a planar map, and up to how many outputs a
// convolution writes one: a block of 16 channels would be mostly padding. Measured at 3 -> 64 and 64 -> 3 channels.
const FewChannels = 8

// pixelShare is the share of the peak that the loads of a step leave: two for each vector, which is not aligned, and one
// for each output go on at the time of the products. Portable Go is not that fast.
func (k *Kernels) pixelShare(outputs, width int) float64 {
	if k.Tier == Generic {
		return 1
	}
	vectors := min(width, k.pixel.vectors(outputs))
	return min(1, float64(outputs*vectors)/float64(outputs+2*vectors))
}

// lanesCost is the least cost of the kernels that have channels in their lanes.
func (k *Kernels) lanesCost(g *ConvGeom) float64 {
	if !k.FitsBlocked(*g) && !k.FitsPlanar(*g) {
		return k.productCost(g)
	}
	cost := k.blockedCost(g)
	if g.M <= FewChannels && k.FitsToPlanar(*g) {
		terms := roundUp(g.channelsIn(), k.Block) * volume(g.Kernel)
		dot := float64(g.M*terms)/dotEfficiency + dotPixelCost*float64(g.Group) + dotOutputCost*float64(g.M)
		cost = min(cost, dot)
	}
	return cost
}

// blockedCost is the cost of the blocked kernels: of pairs of output groups and of single ones, whose broadcasts serve
// one product each.
func (k *Kernels) blockedCost(g *ConvGeom) float64 {
	single := map[Tier]float64{AVX512: 0.75, AVX2: 0.87}[k.Tier]
	if single == 0 {
		single = 1
	}
	groups := ceilDiv(g.channelsOut(), k.Block)
	vectors := float64(groups-groups%2)/0.97 + float64(groups%2)/single
	return float64(g.Group*k.Block*(g.pixelTerms()+2)) * vectors
}

// productCost is the cost of a matrix product for each group of the convolution, which copies each operand.
func (k *Kernels) productCost(g *ConvGeom) float64 {
	const copyCost = 3
	terms := float64(g.Group * g.pixelTerms())
	return terms * (float64(g.channelsOut()) + copyCost)
}

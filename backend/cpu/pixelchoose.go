package cpu

import "math"

// ChoosePixels says whether a forward convolution is made by a PixelConvPlan, whether its input is planar or in channel
// blocks, rather than by the other kernels. It depends on the geometry alone.
func (k *Kernels) ChoosePixels(g ConvGeom) bool {
	if !k.FitsPixels(g) || g.lanewise() || g.depthwise() || g.channelsOut() > pixelMostOutputs {
		return false
	}
	widens := g.M > FewChannels && g.M > g.C // its readers are likely to want blocks
	if widens && k.readsPlanes(&g) || !k.readsPlanes(&g) && ChooseConv(k, g, false) != Direct {
		return false
	}
	return k.pixelCost(&g) < pixelGain*k.lanesCost(&g)
}

// pixelsBound is what a Winograd convolution may cost that is to be better than the pixel kernels, its way to planes
// included.
func (k *Kernels) pixelsBound(g *ConvGeom) float64 {
	if !k.FitsPixels(*g) {
		return math.Inf(1)
	}
	return float64(g.N*volume(g.Out)) * (pixelGain*k.pixelCost(g) - blocksNearCost*float64(k.Block))
}

// Costs are multiply-adds per pixel of the output, as those of ChooseConv: a core that made one vector of them with
// each FMA would take as long. Measured on Zen 4, 4 to 64 channels to 1 to 24, kernels of 1 to 11 and 3x3.
const (
	pixelMostOutputs = 16      // of a group: the readers of more are likely to want blocks
	pixelGain        = 0.9     // less would not pay for converting what is between
	pixelFillCost    = 5.0     // to copy an input pixel of a lane to the scratch planes
	pixelFetchCost   = 16.0    // the same where blocks come from memory
	pixelFetched     = 1 << 20 // floats of an input that comes from there
	planarFillCost   = 8.0     // to copy one for a PlanarConvPlan
	pixelEfficiency  = 0.95    // of the pixel kernels
	dotEfficiency    = 0.9     // of the dot kernels, and
	dotPixelCost     = 200.0   // what they take for a pixel
	dotOutputCost    = 40.0    // and for one of its outputs
	dotPhaseCost     = 200.0   // and to put a pixel of a phase between those of the others
)

// pixelCost is the cost of the pixel kernels.
func (k *Kernels) pixelCost(g *ConvGeom) float64 {
	lanes, fill, efficiency := roundUp(g.C, k.Block), pixelFillCost, pixelEfficiency
	if k.Tier == Generic {
		efficiency = 0.8
	}
	switch {
	case g.C <= FewChannels:
		lanes = g.C
	case g.N*g.C*volume(g.In) > pixelFetched:
		fill = pixelFetchCost
	}
	cost := fill * float64(lanes) * float64(volume(g.In)) / float64(volume(g.Out))
	passes, width := k.pixelPasses(*g), ceilDiv(g.Out[2], k.Block)
	waste := float64(width*k.Block) / float64(g.Out[2])
	for i := range passes.count() {
		_, outputs := passes.at(i)
		products := float64(outputs * g.pixelTerms() * g.Group)
		cost += products * waste / (efficiency * k.pixelShare(outputs, width))
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

// readsPlanes says whether the blocked kernels read the input from planes, directly whatever ChooseConv says.
func (k *Kernels) readsPlanes(g *ConvGeom) bool { return g.C <= FewChannels && k.FitsPlanar(*g) }

// lanesCost is the least cost of the kernels that have channels in their lanes.
func (k *Kernels) lanesCost(g *ConvGeom) float64 {
	if !k.FitsBlocked(*g) && !k.FitsPlanar(*g) {
		return k.productCost(g)
	}
	cost := k.blockedCost(g, g.pixelTerms())
	if k.readsPlanes(g) {
		cost += planarFillCost * float64(g.C)
	}
	if g.M <= FewChannels && k.FitsToPlanar(*g) {
		cost = min(cost, k.dotCost(g, volume(g.Kernel)))
	}
	return cost
}

// ChooseDots says whether a convolution from channel blocks to few planes is made by a ToPlanarConvPlan rather than in
// blocks that are then taken apart. g must fit (see FitsToPlanar).
func (k *Kernels) ChooseDots(g ConvGeom, transposed bool) bool {
	taps, phases := volume(g.Kernel), 1
	if transposed {
		phases = volume(g.spread().Stride)
		taps = ceilDiv(taps, phases)
	}
	dots := k.dotCost(&g, taps)
	if phases > 1 {
		dots += dotPhaseCost
	}
	apart := pixelFillCost * float64(g.Group*roundUp(g.channelsOut(), k.Block))
	return !k.FitsBlocked(g) || dots < k.blockedCost(&g, g.channelsIn()*taps)+apart
}

// dotCost is the cost of the dot kernels where each output has so many taps.
func (k *Kernels) dotCost(g *ConvGeom, taps int) float64 {
	terms := roundUp(g.channelsIn(), k.Block) * taps
	return float64(g.M*terms)/dotEfficiency + dotPixelCost*float64(g.Group) + dotOutputCost*float64(g.M)
}

// blockedCost is the cost of the blocked kernels, of so many products per output: of pairs of output groups and of
// single ones, whose broadcasts serve one product each.
func (k *Kernels) blockedCost(g *ConvGeom, terms int) float64 {
	single := map[Tier]float64{AVX512: 0.75, AVX2: 0.87}[k.Tier]
	if single == 0 {
		single = 1
	}
	groups := ceilDiv(g.channelsOut(), k.Block)
	vectors := float64(groups-groups%2)/0.97 + float64(groups%2)/single
	return float64(g.Group*k.Block*(terms+2)) * vectors
}

// productCost is the cost of a matrix product for each group of the convolution, which copies each operand.
func (k *Kernels) productCost(g *ConvGeom) float64 {
	const copyCost = 3
	terms := float64(g.Group * g.pixelTerms())
	return terms * (float64(g.channelsOut()) + copyCost)
}

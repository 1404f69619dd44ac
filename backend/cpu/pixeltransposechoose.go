package cpu

// ChoosePixelTranspose says whether a transposed convolution with a planar output is made by a PixelConvTransposePlan,
// whether its input is planar or in channel blocks, rather than by the other kernels: where their lanes, which are
// channels, would be padding, or their way to planes long. It depends on the geometry alone.
func (k *Kernels) ChoosePixelTranspose(g ConvGeom) bool {
	if k.Tier == Generic || k.Conv != AnyAlgorithm || !k.FitsPixelTranspose(g) {
		return false
	}
	return k.zipCost(&g) < k.lanesTransposeCost(&g)
}

// Costs are multiply-adds, as those of ChooseConv. Measured on Zen 4 over kernels and strides 2 and 2, 4 and 2, 4 and 4,
// 8 and 4, of 16 to 256 channels to 1 to 128, maps of 16 to 128 pixels along an axis, from planes and from blocks: over
// 484 cases the choices cost 0.5 % more than the best ones in the geometric mean.
const (
	zipEfficiency  = 0.97  // of the pixel kernels
	zipFetchCost   = 11.0  // to copy an input pixel of a lane from memory
	zipRowCost     = 400.0 // to copy a row of the input, beside its pixels
	zipOutputCost  = 2.0   // to set an output in its place in the cache,
	zipFarCost     = 4.0   // and in memory
	blocksNearCost = 11.0  // to convert a lane to planes in the cache,
	blocksFarCost  = 24.0  // and by way of memory
	weightReadings = 2.0   // times weightCost of Winograd's weights, which are many for many phases
)

// zipCost is the cost of a PixelConvTransposePlan.
func (k *Kernels) zipCost(g *ConvGeom) float64 {
	f, _ := g.zipGeom()
	p := PixelConvTransposePlan{out: *g, phases: g.Stride, runs: k.zipPasses(*g)}
	p.k, p.geom = k, f
	c := p.zipCut()
	width := ceilDiv(c.cols, k.Block)
	pixels := c.rows * width * k.Block
	if p.flat {
		width = ceilDiv(c.rows*c.pitch, k.Block)
		pixels = width * k.Block
	}
	_, runs := p.runs.at(0)
	outputs := runs * k.pixel.zips(g.Stride[2])
	products := float64(c.pieces(&f)) * float64(pixels) * float64(f.M*f.pixelTerms())

	fill, out := pixelFillCost, zipOutputCost
	if g.N*g.C*volume(g.In) > pixelFetched {
		fill = zipFetchCost
	}
	outs := g.N * g.M * volume(g.Out)
	if outs > pixelFetched {
		out = zipFarCost
	}
	rows := float64(g.N*roundUp(g.C, k.Block)*g.In[1]) * float64(c.inRows(&f, c.rows)) / float64(c.rows)
	cost := products / (zipEfficiency * k.pixelShare(outputs, width))
	return cost + (fill*float64(g.In[2])+zipRowCost)*rows + out*float64(outs)
}

// lanesTransposeCost is the least cost of the kernels that have channels in their lanes, the way to planes included.
func (k *Kernels) lanesTransposeCost(g *ConvGeom) float64 {
	outs := float64(g.N * roundUp(g.M, k.Block) * volume(g.Out))
	taps := volume(g.Kernel) / volume(g.Stride)
	cost := k.blockedCost(g, g.C*taps)*float64(g.N*volume(g.Out)) + blocksNearCost*outs
	convert := blocksNearCost
	if outs > pixelFetched {
		convert = blocksFarCost
	}
	for _, alg := range winoAlgorithms {
		f, ok := newWinoFilter(g, true, alg)
		if !ok || g.C < k.Block || g.M < k.Block {
			continue
		}
		c, _ := k.winogradCost(g, true, alg)
		weights := 4 * f.tile.points() * f.phases[0] * f.phases[1] * f.lanes(k.Block) * roundUp(g.M, k.Block)
		cost = min(cost, c+weightReadings*k.weightCost()*float64(weights)+convert*outs)
	}
	if g.M <= FewChannels && k.FitsToPlanar(*g) {
		dot := k.dotCost(g, taps) + dotPhaseCost
		cost = min(cost, dot*float64(g.N*volume(g.Out)))
	}
	return cost
}

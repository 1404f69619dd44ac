package cpu

// WinogradHalo is the halo of zeros that the input of a Winograd plan needs, and whether the algorithm can make the
// convolution.
func WinogradHalo(g ConvGeom, transposed bool, alg Algorithm) (h Halo, ok bool) {
	f, ok := newWinoFilter(&g, transposed, alg)
	if !ok {
		return h, false
	}
	rows, cols := f.grids(&g)
	return winoHalo(&g, &rows, &cols), true
}

// leastWinogradWork is the multiply-adds below which a convolution is always direct: small cases keep the rounding
// of the definition, and packing transformed weights would cost more than it gains.
const leastWinogradWork = 1 << 20

// ChooseConv chooses the algorithm of a convolution, forward or transposed, from its geometry alone: results must
// depend neither on timings nor on the number of threads. A forced algorithm (k.Conv) is taken where it can make the
// convolution; elsewhere the choice is Direct.
func ChooseConv(k *Kernels, g ConvGeom, transposed bool) Algorithm {
	if k.Conv != AnyAlgorithm {
		if _, ok := newWinoFilter(&g, transposed, k.Conv); !ok {
			return Direct
		}
		return k.Conv
	}
	if multiplyAdds(&g, transposed) < leastWinogradWork || g.C < k.Block || g.M < k.Block && (transposed || g.M <= FewChannels) {
		return Direct
	}
	best, cost := Direct, winoLeastGain*k.directCost(&g, transposed)
	if g.M < k.Block { // lanes of padding: the pixel kernels have none
		cost = min(cost, k.pixelsBound(&g))
	}
	for _, alg := range winoAlgorithms {
		if alg != F2 && best != Direct && heavyWeights(&g, transposed, alg, k.Block) {
			continue
		}
		if c, ok := k.winogradCost(&g, transposed, alg); ok && c < cost {
			best, cost = alg, winoMoreGain*c
		}
	}
	return best
}

// Above mostWeights bytes of transformed weights, of which each is used by fewer than leastTiles tiles, an algorithm with
// fewer points is good enough: F4 has 2.25 times as many as F2. A network's deepest layers, with most of its weights and little of its arithmetic,
// decide how much memory it takes: 512 to 512 channels have 36 MiB as F4 and 16 as F2, and cost 1.4 times as much on
// 16 x 16.
const (
	mostWeights = 24 << 20
	leastTiles  = 32
)

// heavyWeights reports whether an algorithm would take much memory for little work.
func heavyWeights(g *ConvGeom, transposed bool, alg Algorithm, block int) bool {
	f, ok := newWinoFilter(g, transposed, alg)
	if !ok {
		return false
	}
	rows, cols := f.grids(g)
	tiles := g.N * g.Out[0] * len(rows.lattices) * len(cols.lattices) * rows.tiles * cols.tiles
	bytes := 4 * f.tile.points() * f.phases[0] * f.phases[1] * f.lanes(block) * roundUp(g.M, block)
	return bytes > mostWeights && tiles < leastTiles
}

// Costs are multiply-adds, of which one Zen 4 core makes 58e9 a second with AVX-512 as with AVX2. Measured there (1 MiB
// L2, memory at 28 GB/s) over 3x3 layers of 32 to 512 channels, blocks of 14 to 84 tiles.
const (
	winoInputCost   = 12.0 // to make a point of a tile of an input channel: 9 with 4x4 points, 9 to 17 with 6x6
	winoOutputCost  = 8.5  // to use a point of a tile of an output channel: 6.5 with 4x4 points, 8 to 12 with 6x6
	winoRowCost     = 0.5  // of both, along columns alone: 8 to 10 together at 32 to 128 channels
	winoProductCost = 1.05 // of a product: short sums, more rows of weights
	winoLeastGain   = 0.8  // of the direct cost: less would not pay for the memory of the weights
	winoMoreGain    = 0.95 // of the cost with fewer points: more are less accurate and have more weights
)

// weightCost is the cost of a byte of weights, which comes from memory as a network's weights fill the caches. It counts
// where a weight has few products: products and memory go on at the same time.
func (k *Kernels) weightCost() float64 {
	if k.Tier == Generic {
		return 0.1
	}
	return 2.1
}

// multiplyAdds is the multiply-adds of the definition.
func multiplyAdds(g *ConvGeom, transposed bool) float64 {
	pixels := volume(g.Out)
	if transposed {
		pixels = volume(g.In)
	}
	return float64(g.N) * float64(pixels) * float64(g.M) * float64(g.channelsIn()) * float64(volume(g.Kernel))
}

func (k *Kernels) directCost(g *ConvGeom, transposed bool) float64 {
	lanes := float64(roundUp(g.M, k.Block)) / float64(g.M)
	return max(multiplyAdds(g, transposed)*lanes, 4*float64(g.weights())*k.weightCost())
}

// winogradCost is the cost of one of the Winograd algorithms, and whether it can make the convolution.
func (k *Kernels) winogradCost(g *ConvGeom, transposed bool, alg Algorithm) (cost float64, ok bool) {
	f, ok := newWinoFilter(g, transposed, alg)
	if !ok {
		return 0, false
	}
	rows, cols := f.grids(g)
	tiles := float64(g.N * len(rows.lattices) * len(cols.lattices) * rows.tiles * cols.tiles)
	points, phases := float64(f.tile.points()), float64(f.phases[0]*f.phases[1])
	in, out := float64(roundUp(g.C, k.Block)), float64(roundUp(g.M, k.Block))
	weights := points * phases * float64(f.lanes(k.Block)) * out
	products := winoProductCost * tiles * float64(g.Out[0]) * weights
	inputs := 1.0 // forms of a tile
	if f.apart {
		inputs = phases
	}
	transforms := tiles * points * (winoInputCost*inputs*float64(g.In[0])*in + winoOutputCost*phases*float64(g.Out[0])*out)
	if f.tile.rows.points() == 1 {
		transforms *= winoRowCost
	}
	return max(products, 4*weights*k.weightCost()) + transforms, true
}

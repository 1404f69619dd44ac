package cpu

// WinogradHalo is the halo of zeros that the input of a Winograd plan needs, and whether the algorithm can make the
// convolution.
func WinogradHalo(g ConvGeom, transposed bool, alg Algorithm) (h Halo, ok bool) {
	f, ok := newWinoFilter(&g, transposed, alg)
	if !ok {
		return h, false
	}
	grid := convGrid
	if transposed {
		grid = transposeGrid
	}
	rows, cols := grid(&g, 1, f.tile.rows), grid(&g, 2, f.tile.cols)
	h.Before[1], h.After[1] = rows.halo(g.In[1])
	h.Before[2], h.After[2] = cols.halo(g.In[2])
	return h, true
}

// leastWinogradWork is the multiply-adds below which a convolution is always direct: small cases keep the rounding
// of the definition, and packing transformed weights would cost more than it gains.
const leastWinogradWork = 1 << 20

// ChooseConv chooses the algorithm of a convolution, forward or transposed, from its geometry alone: results must
// depend neither on timings nor on the number of threads. A forced algorithm (k.Conv) is taken where it can make the
// convolution; elsewhere the choice is Direct.
func ChooseConv(k *Kernels, g ConvGeom, transposed bool) Algorithm {
	alg := k.Conv
	if alg == AnyAlgorithm {
		alg = F4
		work := int64(g.N) * int64(volume(g.Out)) * int64(g.M) * int64(g.C/g.Group) * int64(volume(g.Kernel))
		if work < leastWinogradWork || g.C < 2*k.Block || g.M < k.Block || g.Out[1] < 4*g.Dilation[1] || g.Out[2] < 4*g.Dilation[2] {
			return Direct
		}
	}
	if _, ok := newWinoFilter(&g, transposed, alg); !ok {
		return Direct
	}
	return alg
}

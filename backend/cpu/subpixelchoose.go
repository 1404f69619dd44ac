package cpu

// ChooseSubPixel says whether a transposed convolution from channel blocks to planes is made by a SubPixelPlan rather than
// by the other kernels, and with which algorithm. It depends on the geometry alone.
func (k *Kernels) ChooseSubPixel(g ConvGeom) (Algorithm, bool) {
	f, _, ok := g.subPixelGeom()
	if !ok || k.Tier == Generic || k.Conv != AnyAlgorithm {
		return Direct, false
	}
	alg := ChooseConv(k, f, false)
	cost, ok := k.winogradCost(&f, false, alg)
	if !ok {
		return Direct, false
	}
	outs, apart := f.N*f.M*volume(f.Out), subPixelNearCost
	if outs > pixelFetched {
		apart = subPixelFarCost
	}
	others := k.lanesTransposeCost(&g)
	if k.FitsPixelTranspose(g) {
		others = min(others, k.zipCost(&g))
	}
	return alg, cost+apart*float64(outs) < subPixelGain*others
}

// Costs are multiply-adds, as those of ChooseConv, measured on Zen 4.
const (
	subPixelNearCost = 30.0 // to take an output out of the map, in the cache
	subPixelFarCost  = 45.0 // and from memory
	subPixelGain     = 0.8  // of the other kernels' cost: less would not pay for the memory of the map and the second loop
)

// SubPixelHalo is the halo that a SubPixelPlan reads around its input.
func SubPixelHalo(g ConvGeom, alg Algorithm) Halo {
	f, _, _ := g.subPixelGeom()
	h, _ := WinogradHalo(f, false, alg)
	return h
}

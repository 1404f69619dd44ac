package cpu

import "slices"

// WinogradWeights are the weights of a convolution or transposed convolution, transformed for one algorithm and packed
// for the kernels of one tier. They serve every plan with the same C, M, Kernel, Stride and Dilation, whatever its
// sizes and pads.
type WinogradWeights struct {
	filter        winoFilter
	block         int
	*weightMemory // [phase][point][pair of output groups][depth tap or segment, channel][lanes of the pair]
}

// winoFilter is what the transformed weights depend on, apart from the weights.
type winoFilter struct {
	algorithm  Algorithm
	c, m       int
	transposed bool
	kernel     [3]int
	stride     [3]int // of a transposed convolution; each residue is a phase
	tile       winoTile
	segments   int    // of the taps along the columns, see Algorithm.tile; one with several depth taps or transposed
	phases     [2]int // along rows and columns
	apart      bool   // each phase has tiles of its own, which begin with its first output; see transposeGrid
}

// mostSegments bounds the sums of one call of a micro-kernel.
const mostSegments = 4

// newWinoFilter returns the filter of a geometry and whether the algorithm can make it.
func newWinoFilter(g *ConvGeom, transposed bool, alg Algorithm) (f winoFilter, ok bool) {
	f = winoFilter{algorithm: alg, c: g.C, m: g.M, transposed: transposed, kernel: g.Kernel, stride: [3]int{1, 1, 1}, phases: [2]int{1, 1}}
	one := [3]int{1, 1, 1}
	switch {
	case g.Group != 1 || !slices.Contains(winoAlgorithms, alg):
		return f, false
	case !transposed && (g.Stride != one || g.Dilation[0] != 1):
		return f, false
	case transposed && (g.Dilation != one || g.Kernel[0] != 1 || g.Stride[0] != 1 || g.PadBegin[0] != 0):
		return f, false
	}
	taps := [2]int{g.Kernel[1], g.Kernel[2]}
	if transposed {
		f.stride = g.Stride
		f.phases = [2]int{g.Stride[1], g.Stride[2]}
		taps = [2]int{ceilDiv(taps[0], g.Stride[1]), ceilDiv(taps[1], g.Stride[2])}
		f.apart = alg == F3
	}
	f.tile, f.segments = alg.tile(taps)
	_, ok = winoGeneric.output[f.tile]
	return f, ok && (f.segments == 1 || f.segments <= mostSegments && !transposed && g.Kernel[0] == 1)
}

// steps is how many filters, of depth taps or segments, a sum goes over for each channel.
func (f *winoFilter) steps() int { return f.kernel[0] * f.segments }

// lanes is the depth of the products: channels times steps. With several steps each has whole groups.
func (f *winoFilter) lanes(block int) int {
	if f.steps() == 1 {
		return f.c
	}
	return f.steps() * roundUp(f.c, block)
}

// width is the lanes of all output groups.
func (w *WinogradWeights) width() int { return roundUp(w.filter.m, w.block) }

// pointFloats is the size of the weights of one point of one phase.
func (w *WinogradWeights) pointFloats() int { return w.filter.lanes(w.block) * w.width() }

// offset is where the weights of one point of a phase begin, from a pair of output groups on.
func (w *WinogradWeights) offset(phase, point, pair int) int {
	f := &w.filter
	return (phase*f.tile.points()+point)*w.pointFloats() + pair*f.lanes(w.block)*w.pairLanes()
}

// PackWinogradWeights transforms the weights w [M, C, Kernel...] of a convolution. Only C, M, Group, Kernel, Stride and
// Dilation of g are read; CanWinograd must hold.
func PackWinogradWeights(pool *Pool, k *Kernels, g ConvGeom, alg Algorithm, w []float32) *WinogradWeights {
	return packWinograd(pool, k, &g, false, alg, w)
}

// PackWinogradTransposeWeights is PackWinogradWeights for a transposed convolution, w [C, M, Kernel...].
func PackWinogradTransposeWeights(pool *Pool, k *Kernels, g ConvGeom, alg Algorithm, w []float32) *WinogradWeights {
	return packWinograd(pool, k, &g, true, alg, w)
}

func packWinograd(pool *Pool, k *Kernels, g *ConvGeom, transposed bool, alg Algorithm, w []float32) *WinogradWeights {
	checkWeights(len(w), g.weights())
	f, ok := newWinoFilter(g, transposed, alg)
	if !ok {
		panic("BUG: no Winograd form of this convolution")
	}
	p := &WinogradWeights{filter: f, block: k.Block}
	phases := f.phases[0] * f.phases[1]
	p.weightMemory = newWeightMemory(pool, phases*f.tile.points()*p.pointFloats())
	rows, cols := newWinoFactors(f.tile.rows), newWinoFactors(f.tile.cols)
	pool.Run(phases*p.pairs(), func(i int) {
		pack := winoPack{WinogradWeights: p, kernels: k, from: w, rows: &rows, cols: &cols, phase: i % phases, pair: i / phases}
		pack.run()
	})
	return p
}

// pairLanes is the lanes of two output groups, which one micro-kernel makes.
func (w *WinogradWeights) pairLanes() int { return tileGroups * w.block }

// pairs is the number of pairs of output groups; the last one may be a single group.
func (w *WinogradWeights) pairs() int { return ceilDiv(w.width(), w.pairLanes()) }

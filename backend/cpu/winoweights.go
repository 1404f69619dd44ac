package cpu

// WinogradWeights are the weights of a convolution or transposed convolution, transformed for one algorithm and packed
// for the kernels of one tier. They serve every plan with the same C, M, Kernel, Stride and Dilation, whatever its
// sizes and pads.
type WinogradWeights struct {
	filter winoFilter
	block  int
	data   []float32 // [phase][point][pair of output groups][depth tap, channel][lanes of the pair]
}

// winoFilter is what the transformed weights depend on, apart from the weights.
type winoFilter struct {
	algorithm  Algorithm
	c, m       int
	transposed bool
	kernel     [3]int
	stride     [3]int // of a transposed convolution; each residue is a phase
	tile       winoTile
	phases     [2]int // along rows and columns
}

// newWinoFilter returns the filter of a geometry and whether the algorithm can make it.
func newWinoFilter(g *ConvGeom, transposed bool, alg Algorithm) (f winoFilter, ok bool) {
	f = winoFilter{algorithm: alg, c: g.C, m: g.M, transposed: transposed, kernel: g.Kernel, stride: [3]int{1, 1, 1}, phases: [2]int{1, 1}}
	one := [3]int{1, 1, 1}
	switch {
	case g.Group != 1 || (alg != F2 && alg != F4):
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
	}
	f.tile = winoTile{alg.axis(taps[0]), alg.axis(taps[1])}
	_, ok = winoGeneric.output[f.tile]
	return f, ok
}

// lanes is the depth of the products: channels times depth taps. With several depth taps each has whole groups.
func (f *winoFilter) lanes(block int) int {
	if f.kernel[0] == 1 {
		return f.c
	}
	return f.kernel[0] * roundUp(f.c, block)
}

// width is the lanes of all output groups.
func (w *WinogradWeights) width() int { return roundUp(w.filter.m, w.block) }

// pointFloats is the size of the weights of one point of one phase.
func (w *WinogradWeights) pointFloats() int { return w.filter.lanes(w.block) * w.width() }

// Floats returns the size of the packed form.
func (w *WinogradWeights) Floats() int { return len(w.data) }

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
	p.data = AlignedFloats(phases * f.tile.points() * p.pointFloats())
	rows, cols := f.tile.rows.filterMatrix(), f.tile.cols.filterMatrix()
	pool.Run(phases*p.pairs(), func(i int) {
		pack := winoPack{WinogradWeights: p, from: w, rows: rows, cols: cols, phase: i % phases, pair: i / phases}
		pack.run()
	})
	return p
}

// pairLanes is the lanes of two output groups, which one micro-kernel makes.
func (w *WinogradWeights) pairLanes() int { return tileGroups * w.block }

// pairs is the number of pairs of output groups; the last one may be a single group.
func (w *WinogradWeights) pairs() int { return ceilDiv(w.width(), w.pairLanes()) }

// winoPack transforms the weights of one pair of output groups of one phase.
type winoPack struct {
	*WinogradWeights
	from        []float32
	rows, cols  [][]float64 // the matrices G
	phase, pair int
}

func (p *winoPack) run() {
	f := &p.filter
	first := p.pair * p.pairLanes()
	width := min(p.pairLanes(), p.width()-first)
	data := p.data[p.offset(p.phase, 0, p.pair):]
	outputs := min(width, f.m-first)
	lane := 0
	for z := range f.kernel[0] {
		for c := range f.c {
			for m := range outputs {
				p.filterAt(data[lane*width+m:], z, c, first+m)
			}
			lane++
		}
		if f.kernel[0] > 1 {
			lane = roundUp(lane, p.block)
		}
	}
}

// filterAt transforms the filter of one depth tap, input and output channel; its points lie pointFloats apart.
func (p *winoPack) filterAt(dst []float32, z, c, m int) {
	f := &p.filter
	taps := f.tile.cols.taps
	var half [6 * 5]float64 // [points of rows][taps of columns]
	for y := range f.tile.rows.taps {
		for x := range taps {
			tap := p.tap(z, y, x, c, m)
			for i, row := range p.rows {
				half[i*taps+x] += row[y] * tap
			}
		}
	}
	size := p.pointFloats()
	for i := range p.rows {
		for j, col := range p.cols {
			sum := 0.0
			for x, c := range col {
				sum += c * half[i*taps+x]
			}
			dst[(i*len(p.cols)+j)*size] = float32(sum)
		}
	}
}

// tap returns a weight by its place in the filter of the phase, which begins with the lowest input position. Phase ρ of
// a transposed convolution has the taps ρ, ρ + stride, ... in reverse; places beyond the kernel are zero.
func (p *winoPack) tap(z, y, x, c, m int) float64 {
	f := &p.filter
	if !f.transposed {
		return float64(p.from[((m*f.c+c)*f.kernel[0]+z)*f.kernel[1]*f.kernel[2]+y*f.kernel[2]+x])
	}
	y = p.phase/f.phases[1] + f.stride[1]*(f.tile.rows.taps-1-y)
	x = p.phase%f.phases[1] + f.stride[2]*(f.tile.cols.taps-1-x)
	if y >= f.kernel[1] || x >= f.kernel[2] {
		return 0
	}
	return float64(p.from[((c*f.m+m)*f.kernel[1]+y)*f.kernel[2]+x])
}

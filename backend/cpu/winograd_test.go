package cpu

import (
	"math"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// winoTileShapes are the tiles that have kernels.
func winoTileShapes() (tiles []winoTile) {
	for t := range winoGeneric.output {
		tiles = append(tiles, t)
	}
	return tiles
}

// A tile by its matrices is the filter that it stands for.
func TestWinoMatricesFilter(t *testing.T) {
	r := newRand(t, 60)
	for _, tile := range winoTileShapes() {
		for _, a := range []winoAxis{tile.rows, tile.cols} {
			x, w := floats(r, a.points()), floats(r, a.taps)
			g, b, out := a.filterMatrix(), a.inputMatrix(), a.outputMatrix()
			point := make([]float64, a.points())
			for i := range point {
				u, v := 0.0, 0.0
				for j, c := range g[i] {
					u += c * float64(w[j])
				}
				for j, c := range b[i] {
					v += c * float64(x[j])
				}
				point[i] = u * v
			}
			for k := range a.outputs {
				got, want := 0.0, 0.0
				for i, c := range out[k] {
					got += c * point[i]
				}
				for j := range w {
					want += float64(w[j]) * float64(x[k+j])
				}
				require.InDelta(t, want, got, 1e-12, "%+v, output %d", a, k)
			}
		}
	}
}

// winoKind is the forward or the transposed convolution.
type winoKind struct {
	name  string
	naive naiveConv
	pack  func(pool *Pool, k *Kernels, g ConvGeom, alg Algorithm, w []float32) *WinogradWeights
	plan  func(k *Kernels, g ConvGeom, w *WinogradWeights, ep Epilogue) *WinogradConv
}

var (
	winoForward    = winoKind{"conv", convNaive, PackWinogradWeights, NewWinogradConv}
	winoTransposed = winoKind{"transpose", convTransposeNaive, PackWinogradTransposeWeights, NewWinogradConvTranspose}
)

// randomWino returns a geometry that F2 and F4 can make, and F3 where a phase has two taps: sizes up to three tiles and one pixel, pads of any sign, several
// images, dilations, depth taps; transposed, phases of one, two and three taps.
func randomWino(r *rand.Rand, transposed bool) ConvGeom {
	g := ConvGeom{N: 1 + r.IntN(2), C: 1 + r.IntN(36), M: 1 + r.IntN(36), Group: 1}
	one := [3]int{1, 1, 1}
	g.Kernel, g.Stride, g.Dilation, g.In, g.Out = one, one, one, one, one
	axes := 1 + r.IntN(3)
	if transposed {
		axes = 2
	}
	for a := 3 - axes; a < 3; a++ {
		g.Kernel[a] = 3
		g.In[a] = 1 + r.IntN(13)
		g.PadBegin[a] = r.IntN(4) - 1
		switch {
		case a == 0:
			g.In[a] = 1 + r.IntN(5)
		case transposed:
			g.Stride[a] = 2
			g.Kernel[a] = 3 + r.IntN(2)
			g.PadBegin[a] = r.IntN(3)
			g.Out[a] = max(1, (g.In[a]-1)*2+g.Kernel[a]-g.PadBegin[a]-r.IntN(3)+r.IntN(2))
			continue
		case r.IntN(4) == 0:
			g.Dilation[a] = 2 + r.IntN(2)
		}
		g.Out[a] = max(1, g.In[a]+g.PadBegin[a]+r.IntN(4)-1-2*g.Dilation[a])
	}
	if transposed && r.IntN(3) == 0 { // three taps per phase
		g.Stride[1], g.Stride[2] = 3, 3
		g.Kernel[1], g.Kernel[2] = 9, 8
	}
	return g
}

// runWino runs a plan with every map and the workspace between NaN bands and returns y, planar.
func runWino(t testing.TB, r *rand.Rand, k *Kernels, p *WinogradConv, pool *Pool, g ConvGeom, o convOperands) []float32 {
	t.Helper()
	x, checkX := blockedMap(t, k.Block, g.N, g.C, g.In, randomHalo(r, p.Halo()), o.x)
	y, checkY := blockedMap(t, k.Block, g.N, g.M, g.Out, randomHalo(r, Halo{}), nil)
	ws, checkWS := banded(t, nans(p.WorkspaceFloats(pool.Threads())))
	var residual *Map
	if o.residual != nil {
		m, checkR := blockedMap(t, k.Block, g.N, g.M, g.Out, randomHalo(r, Halo{}), o.residual)
		defer checkR()
		residual = &m
	}
	p.Run(pool, nil, ws, &x, residual, &y)
	checkX()
	checkY()
	checkWS()
	requireHaloUntouched(t, &y)
	return planarOf(&y)
}

// winoError returns the largest error of got over the largest sum of |terms| of an output, in units of 2⁻²⁴.
func winoError(g ConvGeom, o convOperands, sum, bound []float64, got []float32) (worst float64) {
	largest, plane := 0.0, volume(g.Out)
	for _, b := range bound {
		largest = max(largest, b)
	}
	for i, v := range sum {
		want := []float32{float32(v)}
		o.ep.Act.Apply(want, i/plane%g.M)
		e := math.Abs(float64(got[i]) - float64(want[0]))
		if e != e { // a NaN
			return math.Inf(1)
		}
		worst = max(worst, e)
	}
	if worst == 0 {
		return 0
	}
	return worst / largest * 0x1p24
}

// winoConstant bounds the error of F3 and F4: at most winoConstant·(K+1)·2⁻²⁴·S, where K is the products of an output and S the
// largest sum of |w·x| of an output. The largest seen over thousands of the shapes of these tests is 1.6.
const winoConstant = 4

func eachWino(t *testing.T, f func(t *testing.T, k *Kernels, kind winoKind, transposed bool)) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		t.Run("conv", func(t *testing.T) { f(t, k, winoForward, false) })
		t.Run("transpose", func(t *testing.T) { f(t, k, winoTransposed, true) })
	})
}

// F2 computes with small integers exactly.
func TestWinogradRandomShapes(t *testing.T) {
	eachWino(t, func(t *testing.T, k *Kernels, kind winoKind, transposed bool) {
		r, pool := newRand(t, 61), newTestPool(t, 2)
		worst := 0.0
		for range 100 {
			g := randomWino(r, transposed)
			o := randomOperands(r, g)
			sum, bound := kind.naive(g, o.x, o.w, o.ep.Bias, o.residual)
			for _, alg := range winoAlgorithms {
				if _, ok := newWinoFilter(&g, transposed, alg); !ok {
					require.Equal(t, F3, alg)
					continue
				}
				y := runWino(t, r, k, kind.plan(k, g, kind.pack(pool, k, g, alg, o.w), o.ep), pool, g, o)
				if alg == F2 {
					checkExact(t, g, o, sum, y)
					continue
				}
				e := winoError(g, o, sum, bound, y) / float64(g.C*volume(g.Kernel)+1)
				require.Less(t, e, float64(winoConstant), "%+v", g)
				worst = max(worst, e)
			}
		}
		t.Logf("largest error %.2f·(K+1)·2⁻²⁴·S", worst)
	})
}

// Every size up to three tiles and one pixel in both dimensions.
func TestWinogradSizes(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 62)
		for height := 1; height <= 7; height++ {
			for width := 1; width <= 13; width++ {
				g := square(1, 3, 5, 0, 3)
				g.In, g.Out = [3]int{1, height, width}, [3]int{1, height, width}
				o := randomOperands(r, g)
				sum, bound := convNaive(g, o.x, o.w, o.ep.Bias, o.residual)
				checkExact(t, g, o, sum, runWino(t, r, k, NewWinogradConv(k, g, PackWinogradWeights(nil, k, g, F2, o.w), o.ep), nil, g, o))
				y := runWino(t, r, k, NewWinogradConv(k, g, PackWinogradWeights(nil, k, g, F4, o.w), o.ep), nil, g, o)
				require.Less(t, winoError(g, o, sum, bound, y), float64(winoConstant)*28, "%+v", g)
			}
		}
	})
}

// 5x5 has F4 alone, 1x3 both.
func TestWinogradOtherFilters(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 63)
		for size := 1; size <= 9; size++ {
			g := square(2, 20, 33, size, 5)
			_, ok := newWinoFilter(&g, false, F2)
			require.False(t, ok)
			o := randomOperands(r, g)
			sum, bound := convNaive(g, o.x, o.w, o.ep.Bias, o.residual)
			y := runWino(t, r, k, NewWinogradConv(k, g, PackWinogradWeights(nil, k, g, F4, o.w), o.ep), nil, g, o)
			require.Less(t, winoError(g, o, sum, bound, y), float64(winoConstant)*501, "%+v", g)
		}
	})
}

// Phases with tiles apart: every size up to three tiles and one pixel, with pads and output pads that begin and end with
// either phase.
func TestWinogradPhasesApart(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 69)
		for size := 1; size <= 13; size++ {
			for cut := range 9 {
				g := transposed2D(2, 3, 5, size, 4, 2, cut/3)
				g.In[1], g.Out[1] = 3, g.Out[2]-2*size+6
				g.Out[2] = max(1, g.Out[2]-cut%3)
				o := randomOperands(r, g)
				sum, bound := convTransposeNaive(g, o.x, o.w, o.ep.Bias, o.residual)
				p := NewWinogradConvTranspose(k, g, PackWinogradTransposeWeights(nil, k, g, F3, o.w), o.ep)
				require.Less(t, winoError(g, o, sum, bound, runWino(t, r, k, p, nil, g, o)), float64(winoConstant)*49, "%+v", g)
			}
		}
	})
	p := transposed2D(1, 16, 16, 8, 4, 2, 1)
	f, ok := newWinoFilter(&p, true, F3)
	require.True(t, ok)
	rows, cols := f.grids(&p)
	require.Equal(t, [2]int{2, 2}, [2]int{rows.tiles, cols.tiles}, "8 outputs of a phase are two tiles of four")
	require.Equal(t, Halo{Before: [3]int{0, 1, 1}, After: [3]int{0, 1, 1}}, winoHalo(&p, &rows, &cols))
}

// Every order of the work gives the same bits, with any number of threads.
func TestWinogradThreadsAndOrders(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 64)
		deep := square(2, 20, 33, 9, 3)
		deep.Kernel[0], deep.In[0], deep.Out[0], deep.PadBegin[0] = 3, 5, 7, 2
		for _, g := range []ConvGeom{square(2, 20, 70, 21, 3), square(1, 70, 20, 11, 3), deep, row1D(2, 20, 40, 90, 3, 2)} {
			checkWinoOrders(t, r, k, g, winoForward, F2, F4)
		}
		checkWinoOrders(t, r, k, row1D(2, 20, 40, 90, 11, 2), winoForward, F4)
		checkWinoOrders(t, r, k, transposed2D(2, 20, 40, 11, 4, 2, 1), winoTransposed, F2, F3, F4)
	})
}

func checkWinoOrders(t *testing.T, r *rand.Rand, k *Kernels, g ConvGeom, kind winoKind, algorithms ...Algorithm) {
	t.Helper()
	o := convOperands{x: floats(r, g.N*g.C*volume(g.In)), w: floats(r, g.weights()), residual: floats(r, g.N*g.M*volume(g.Out))}
	for _, alg := range algorithms {
		p := kind.plan(k, g, kind.pack(nil, k, g, alg, o.w), o.ep)
		first := runWino(t, r, k, p, nil, g, o)
		for _, threads := range []int{1, 2, 3, 7} {
			pool := newTestPool(t, threads)
			for _, order := range []winoOrder{winoByBlocks, winoByPhases, winoByStages} {
				if order == winoByPhases && p.weights.filter.apart {
					continue
				}
				blocks := p.oneBlock()
				if order != winoByStages {
					blocks = p.newBlocks(5+threads, 1, threads)
				}
				space := p.layout(order, blocks, 1+threads)
				p.spaces.Store(threads, &space)
				require.Equal(t, -1, sameBits(first, runWino(t, r, k, p, pool, g, o)), "%+v, %s, order %d, %d threads", g, alg, order, threads)
			}
		}
	}
}

// The root mean square error of F2 is that of the definition, of F3 half more, of F4 about twice that.
func TestWinogradAccuracy(t *testing.T) {
	checkWinoAccuracy(t, square(1, 128, 32, 24, 2), map[Algorithm]float64{F2: 1.2, F3: 2})
	checkWinoAccuracy(t, square(1, 128, 32, 24, 3), map[Algorithm]float64{F2: 1.2, F4: 2.5})
	for _, taps := range []int{5, 7, 11} {
		checkWinoAccuracy(t, row1D(1, 128, 32, 500, taps, 1), map[Algorithm]float64{F4: 2.5})
	}
}

func checkWinoAccuracy(t *testing.T, g ConvGeom, factors map[Algorithm]float64) {
	t.Helper()
	k, r := KernelsFor(Detect()), newRand(t, 65)
	o := convOperands{x: floats(r, g.C*volume(g.In)), w: floats(r, g.weights())}
	sum, _ := convNaive(g, o.x, o.w, nil, nil)
	rms := func(y []float32) float64 {
		e, s := 0.0, 0.0
		for i, v := range sum {
			e += (float64(y[i]) - v) * (float64(y[i]) - v)
			s += v * v
		}
		return math.Sqrt(e / s)
	}
	direct := rms(runBlocked(t, r, k, NewBlockedConv(k, g, PackBlockedConvWeights(k, g, o.w), o.ep), nil, g, o))
	for alg, most := range factors {
		e := rms(runWino(t, r, k, NewWinogradConv(k, g, PackWinogradWeights(nil, k, g, alg, o.w), o.ep), nil, g, o))
		t.Logf("%s: %.2g, direct %.2g", alg, e, direct)
		require.Less(t, e, most*direct, "%s", alg)
	}
}

// A NaN spoils the tiles that read it and nothing else; activations keep it.
func TestWinogradNaN(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 66)
		for _, act := range []Activation{
			{}, {Kind: ActRelu}, {Kind: ActClip, A: -1, B: 1}, {Kind: ActLeakyRelu, A: 0.5}, {Kind: ActPRelu, Slope: floats(r, 5)},
			{Kind: ActSigmoid}, {Kind: ActTanh}, {Kind: ActHardSwish}, {Kind: ActHardSigmoid, A: 0.2, B: 0.5}, {Kind: ActSiLU},
		} {
			g := square(1, 3, 5, 13, 3)
			o := convOperands{x: floats(r, 3*169), w: floats(r, 5*27), ep: Epilogue{Act: act}}
			sum, _ := convNaive(g, o.x, o.w, nil, nil)
			o.x[169+5*13+9] = nan // row 5, column 9: seen by the tiles of rows 4..7, columns 8..11 alone
			y := runWino(t, r, k, NewWinogradConv(k, g, PackWinogradWeights(nil, k, g, F4, o.w), o.ep), nil, g, o)
			for i, v := range y {
				row, col := i%169/13, i%13
				sees := row/4 == 1 && col/4 == 2
				require.Equal(t, sees, v != v, "activation %d, output %d", act.Kind, i)
				want := []float32{float32(sum[i])}
				if act.Apply(want, i/169); !sees {
					require.InDelta(t, want[0], v, 1e-4, "activation %d, output %d", act.Kind, i)
				}
			}
		}
	})
}

func TestWinogradResidualInPlace(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 67)
		g := square(1, 6, 9, 11, 3)
		o := randomOperands(r, g)
		o.residual = integers(r, g.M*volume(g.Out))
		sum, _ := convNaive(g, o.x, o.w, o.ep.Bias, o.residual)
		p := NewWinogradConv(k, g, PackWinogradWeights(nil, k, g, F2, o.w), o.ep)
		x, _ := blockedMap(t, k.Block, 1, g.C, g.In, p.Halo(), o.x)
		y, _ := blockedMap(t, k.Block, 1, g.M, g.Out, Halo{}, o.residual)
		p.Run(nil, nil, AlignedFloats(p.WorkspaceFloats(1)), &x, &y, &y)
		checkExact(t, g, o, sum, planarOf(&y))
	})
}

// One set of weights serves plans of different sizes and pads.
func TestWinogradSharesPackedWeights(t *testing.T) {
	eachWino(t, func(t *testing.T, k *Kernels, kind winoKind, transposed bool) {
		r := newRand(t, 68)
		g := randomWino(r, transposed)
		w := integers(r, g.weights())
		packed := kind.pack(nil, k, g, F2, w)
		for _, size := range []int{3, 8, 17} {
			g.In[2], g.Out[2] = size, size
			g.PadBegin[2] = size % 2
			o := convOperands{x: integers(r, g.N*g.C*volume(g.In)), w: w}
			sum, _ := kind.naive(g, o.x, w, nil, nil)
			checkExact(t, g, o, sum, runWino(t, r, k, kind.plan(k, g, packed, Epilogue{}), nil, g, o))
		}
	})
}

func TestWinogradStop(t *testing.T) {
	k := KernelsFor(Generic)
	for _, size := range []int{4, 80} { // in stages, in blocks
		g := square(1, 8, 8, size, 3)
		p := NewWinogradConv(k, g, PackWinogradWeights(nil, k, g, F4, make([]float32, g.weights())), Epilogue{})
		x, _ := blockedMap(t, k.Block, 1, 8, g.In, p.Halo(), make([]float32, 8*size*size))
		y, _ := blockedMap(t, k.Block, 1, 8, g.Out, Halo{}, nil)
		var stop atomic.Bool
		stop.Store(true)
		p.Run(newTestPool(t, 2), &stop, make([]float32, p.WorkspaceFloats(2)), &x, nil, &y)
		require.Equal(t, -1, firstDifference(y.Data, nans(len(y.Data))), "computed after stop")
	}
}

func TestWinogradRefuses(t *testing.T) {
	k := KernelsFor(Generic)
	g := square(1, 8, 8, 6, 3)
	w := PackWinogradWeights(nil, k, g, F4, make([]float32, g.weights()))
	p := NewWinogradConv(k, g, w, Epilogue{})
	ws := make([]float32, p.WorkspaceFloats(1))
	good, _ := blockedMap(t, k.Block, 1, 8, g.In, p.Halo(), make([]float32, 8*36))
	narrow, _ := blockedMap(t, k.Block, 1, 8, g.In, BlockedConvHalo(g), nil)
	short := good
	short.Data = short.Data[:len(short.Data)-1]
	y, _ := blockedMap(t, k.Block, 1, 8, g.Out, Halo{}, nil)
	p.Run(nil, nil, ws, &good, nil, &y)
	strided, grouped := g, g
	strided.Stride[2], grouped.Group = 2, 2
	for i, bad := range []func(){
		func() { p.Run(nil, nil, ws, &narrow, nil, &y) },
		func() { p.Run(nil, nil, ws, &short, nil, &y) },
		func() { p.Run(nil, nil, ws[1:], &good, nil, &y) },
		func() { NewWinogradConv(k, square(1, 8, 9, 6, 3), w, Epilogue{}) },
		func() { NewWinogradConvTranspose(k, g, w, Epilogue{}) },
		func() { PackWinogradWeights(nil, k, g, F4, make([]float32, 5)) },
		func() { PackWinogradWeights(nil, k, g, Direct, make([]float32, g.weights())) },
		func() { PackWinogradWeights(nil, k, strided, F4, make([]float32, g.weights())) },
		func() { PackWinogradWeights(nil, k, grouped, F4, make([]float32, g.weights()/2)) },
	} {
		require.Panics(t, bad, "case %d", i)
	}
}

// A run in the steady state allocates nothing.
func TestWinogradAllocations(t *testing.T) {
	k := KernelsFor(Detect())
	for _, size := range []int{8, 64} {
		g := square(1, 32, 32, size, 3)
		p := NewWinogradConv(k, g, PackWinogradWeights(nil, k, g, F4, make([]float32, g.weights())), Epilogue{})
		x, _ := blockedMap(t, k.Block, 1, 32, g.In, p.Halo(), make([]float32, 32*size*size))
		y, _ := blockedMap(t, k.Block, 1, 32, g.Out, Halo{}, nil)
		ws := AlignedFloats(p.WorkspaceFloats(1))
		require.LessOrEqual(t, testing.AllocsPerRun(100, func() { p.Run(nil, nil, ws, &x, nil, &y) }), 1.0)
	}
}

func TestAlgorithmFromEnv(t *testing.T) {
	for _, want := range append([]Algorithm{AnyAlgorithm, Direct}, winoAlgorithms...) {
		t.Setenv(AlgorithmVariable, string(want))
		got, err := AlgorithmFromEnv()
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	t.Setenv(AlgorithmVariable, "fft")
	_, err := AlgorithmFromEnv()
	require.EqualError(t, err, `TCONV_CONV: convolution algorithm "fft" is unknown, want one of direct, f2, f3, f4`)
}

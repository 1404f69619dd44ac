package cpu

import (
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// blockedMap returns a map between NaN bands with a halo of at least h, filled from planar data. Its halo is zero, like
// its padding lanes, or of NaN, like its pixels, where x is nil.
func blockedMap(t testing.TB, block, n, c int, size [3]int, h Halo, x []float32) (m Map, check func()) {
	data, check := banded(t, nans(MapFloats(block, n, c, size, h)))
	m = NewMap(data, block, n, c, size, h)
	if x != nil {
		m.FromPlanar(nil, x)
	}
	return m, check
}

// randomHalo is h or somewhat more.
func randomHalo(r *rand.Rand, h Halo) Halo {
	for a := range 3 {
		if r.IntN(3) == 0 {
			h.Before[a] += r.IntN(3)
			h.After[a] += r.IntN(3)
		}
	}
	return h
}

// planarOf returns what a map holds.
func planarOf(m *Map) []float32 {
	y := nans(m.N * m.C * volume(m.Size))
	m.ToPlanar(nil, y)
	return y
}

// requireHaloUntouched fails where the halo of a map that was all NaN is not any more.
func requireHaloUntouched(t testing.TB, m *Map) {
	t.Helper()
	copied := *m
	copied.Data = append([]float32(nil), m.Data...)
	for n := range m.N {
		for g := range m.Groups() {
			copied.eachRow(n, g, func(row []float32, _ int) {
				for i := range row {
					row[i] = nan
				}
			})
		}
	}
	require.Equal(t, -1, firstDifference(copied.Data, nans(len(copied.Data))), "halo written")
}

// runBlocked runs a plan with every map between NaN bands and returns y, planar.
func runBlocked(t testing.TB, r *rand.Rand, k *Kernels, p *BlockedConvPlan, pool *Pool, g ConvGeom, o convOperands) []float32 {
	t.Helper()
	x, checkX := blockedMap(t, k.Block, g.N, g.C, g.In, randomHalo(r, p.Halo()), o.x)
	y, checkY := blockedMap(t, k.Block, g.N, g.M, g.Out, randomHalo(r, Halo{}), nil)
	var residual *Map
	checkR := func() {}
	if o.residual != nil {
		var m Map
		m, checkR = blockedMap(t, k.Block, g.N, g.M, g.Out, randomHalo(r, Halo{}), o.residual)
		residual = &m
	}
	p.Run(pool, nil, &x, residual, &y)
	checkX()
	checkY()
	checkR()
	requireHaloUntouched(t, &y)
	return planarOf(&y)
}

// runStaged runs a plan to a planar tensor with every operand between NaN bands and returns y.
func runStaged(t testing.TB, k *Kernels, p *BlockedConvPlan, pool *Pool, g ConvGeom, o convOperands) []float32 {
	t.Helper()
	x, checkX := blockedMap(t, k.Block, g.N, g.C, g.In, p.Halo(), o.x)
	ws, checkWS := banded(t, nans(p.StagedWorkspaceFloats(pool.Threads())))
	y, checkY := banded(t, nans(g.N*g.M*volume(g.Out)))
	residual, checkR := o.residual, func() {}
	if residual != nil {
		residual, checkR = banded(t, residual)
	}
	p.RunToPlanar(pool, nil, ws, &x, residual, y)
	checkX()
	checkWS()
	checkY()
	checkR()
	return y
}

// runPlanes runs a plan from planes to planes with every operand between NaN bands and returns y.
func runPlanes(t testing.TB, p *BlockedConvPlan, pool *Pool, g ConvGeom, o convOperands) []float32 {
	t.Helper()
	x, checkX := banded(t, o.x)
	ws, checkWS := banded(t, nans(p.PlanesWorkspaceFloats(pool.Threads())))
	y, checkY := banded(t, nans(g.N*g.M*volume(g.Out)))
	p.RunPlanes(pool, nil, ws, x, o.residual, y)
	checkX()
	checkWS()
	checkY()
	return y
}

// blockedKind is the forward or the transposed convolution.
type blockedKind struct {
	name   string
	random func(r *rand.Rand) ConvGeom
	naive  naiveConv
	pack   func(k *Kernels, g ConvGeom, w []float32) *PackedBlockedWeights
	plan   func(k *Kernels, g ConvGeom, w *PackedBlockedWeights, ep Epilogue) *BlockedConvPlan
}

var blockedKinds = []blockedKind{
	{"conv", randomConv, convNaive, PackBlockedConvWeights, NewBlockedConv},
	{"transpose", randomConvTranspose, convTransposeNaive, PackBlockedConvTransposeWeights, NewBlockedConvTranspose},
}

func eachBlocked(t *testing.T, f func(t *testing.T, k *Kernels, kind blockedKind)) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		for _, kind := range blockedKinds {
			t.Run(kind.name, func(t *testing.T) { f(t, k, kind) })
		}
	})
}

// randomBlocked is a random geometry that fits the kernels: one group of any channels, or whole vectors per group.
func randomBlocked(r *rand.Rand, k *Kernels, random func(r *rand.Rand) ConvGeom) ConvGeom {
	g := random(r)
	switch r.IntN(5) {
	case 0:
		g.Group = 1 + r.IntN(3)
		g.C, g.M = g.Group*k.Block*(1+r.IntN(2)), g.Group*k.Block*(1+r.IntN(3))
	case 1: // depthwise
		g.Group = 2 + r.IntN(3*k.Block)
		g.C, g.M = g.Group, g.Group
	default:
		g.Group, g.C, g.M = 1, 1+r.IntN(3*k.Block), 1+r.IntN(5*k.Block)
	}
	return g
}

func TestBlockedConvRandomShapes(t *testing.T) {
	eachBlocked(t, func(t *testing.T, k *Kernels, kind blockedKind) {
		r, pool := newRand(t, 31), newTestPool(t, 2)
		for range 250 {
			g := randomBlocked(r, k, kind.random)
			o := randomOperands(r, g)
			sum, _ := kind.naive(g, o.x, o.w, o.ep.Bias, o.residual)
			p := kind.plan(k, g, kind.pack(k, g, o.w), o.ep)
			checkExact(t, g, o, sum, runBlocked(t, r, k, p, pool, g, o))
			checkExact(t, g, o, sum, runStaged(t, k, p, pool, g, o))
			checkExact(t, g, o, sum, runPlanes(t, p, pool, g, o))
		}
	})
}

// Every width up to three tiles and one pixel.
func TestBlockedConvWidths(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 32)
		for width := 1; width <= 3*k.tileFor(tileGroups).rows()+1; width++ {
			for stride := 1; stride <= 3; stride++ {
				g := square(1, 5, 3*k.Block, 3, 3)
				g.In[2], g.Out[2], g.Stride[2] = width, (width-1)/stride+1, stride
				o := randomOperands(r, g)
				sum, _ := convNaive(g, o.x, o.w, o.ep.Bias, o.residual)
				checkExact(t, g, o, sum, runBlocked(t, r, k, NewBlockedConv(k, g, PackBlockedConvWeights(k, g, o.w), o.ep), nil, g, o))
			}
		}
	})
}

// Sums that go over several calls of a kernel, in place too.
func TestBlockedConvLongSums(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 33)
		g := square(1, maxTileLanes/9*2+5, 20, 5, 3)
		o := randomOperands(r, g)
		o.residual = integers(r, g.M*volume(g.Out))
		sum, _ := convNaive(g, o.x, o.w, o.ep.Bias, o.residual)
		p := NewBlockedConv(k, g, PackBlockedConvWeights(k, g, o.w), o.ep)
		checkExact(t, g, o, sum, runBlocked(t, r, k, p, nil, g, o))

		x, _ := blockedMap(t, k.Block, 1, g.C, g.In, p.Halo(), o.x)
		y, _ := blockedMap(t, k.Block, 1, g.M, g.Out, Halo{}, o.residual)
		p.Run(nil, nil, &x, &y, &y)
		checkExact(t, g, o, sum, planarOf(&y))
	})
}

func TestBlockedConvThreadsAndBound(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		wide := square(1, 3, 40, 70, 3)
		wide.Stride, wide.Out = [3]int{1, 2, 2}, [3]int{1, 35, 35}
		grouped := square(2, 2*k.Block, 6*k.Block, 24, 3)
		grouped.Group = 2
		for _, g := range []ConvGeom{wide, grouped, square(1, 520, 70, 7, 3), square(3, 600, 20, 2, 1)} {
			checkBlockedThreadsAndBound(t, k, g, blockedKinds[0])
		}
		depthwise := transposed2D(2, 2*k.Block+1, 2*k.Block+1, 20, 4, 2, 1)
		depthwise.Group = depthwise.C
		for _, g := range []ConvGeom{
			transposed2D(1, 70, 40, 20, 2, 2, 0), transposed2D(2, 140, 30, 6, 4, 2, 1), transposed2D(1, 5, 5, 5, 16, 8, 4),
			transposed2D(16, 100, 40, 1, 4, 1, 0), transposed2D(1, 33, 33, 1, 3, 2, 1), depthwise,
		} {
			checkBlockedThreadsAndBound(t, k, g, blockedKinds[1])
		}
	})
}

func checkBlockedThreadsAndBound(t *testing.T, k *Kernels, g ConvGeom, kind blockedKind) {
	t.Helper()
	r := newRand(t, 34)
	o := convOperands{x: floats(r, g.N*g.C*volume(g.In)), w: floats(r, g.weights())}
	o.ep.Bias, o.residual = floats(r, g.M), floats(r, g.N*g.M*volume(g.Out))
	sum, bound := kind.naive(g, o.x, o.w, o.ep.Bias, o.residual)
	p := kind.plan(k, g, kind.pack(k, g, o.w), o.ep)
	first := runBlocked(t, r, k, p, nil, g, o)
	for _, threads := range []int{2, 3, 4, 7} {
		y := runBlocked(t, r, k, p, newTestPool(t, threads), g, o)
		require.Equal(t, -1, sameBits(first, y), "%+v, %d threads", g, threads)
		y = runStaged(t, k, p, newTestPool(t, threads), g, o)
		require.Equal(t, -1, sameBits(first, y), "%+v, %d threads, planar", g, threads)
		y = runPlanes(t, p, newTestPool(t, threads), g, o)
		require.Equal(t, -1, sameBits(first, y), "%+v, %d threads, from planes to planes", g, threads)
	}
	requireWithinBound(t, g, first, sum, bound)
}

// requireWithinBound compares with the float64 result: one rounding per term and one for each of bias and residual.
func requireWithinBound(t *testing.T, g ConvGeom, got []float32, sum, bound []float64) {
	t.Helper()
	terms := g.channelsIn()*volume(g.Kernel) + 2
	for i := range sum {
		require.InDelta(t, sum[i], got[i], float64(terms+1)*0x1p-24*bound[i], "%+v, y[%d]", g, i)
	}
}

// Activations, those of the kernels and others, keep a NaN, which spoils no output that does not see it.
func TestBlockedConvNaN(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 35)
		for _, act := range []Activation{
			{}, {Kind: ActRelu}, {Kind: ActClip, A: -1, B: 1}, {Kind: ActLeakyRelu, A: 0.5}, {Kind: ActPRelu, Slope: floats(r, 5)},
			{Kind: ActSigmoid}, {Kind: ActTanh}, {Kind: ActHardSwish}, {Kind: ActHardSigmoid, A: 0.2, B: 0.5}, {Kind: ActSiLU},
		} {
			g := square(1, 3, 5, 11, 3)
			o := convOperands{x: floats(r, 3*121), w: floats(r, 5*27), ep: Epilogue{Act: act}}
			sum, _ := convNaive(g, o.x, o.w, nil, nil)
			o.x[121+5*11+6] = nan
			y := runBlocked(t, r, k, NewBlockedConv(k, g, PackBlockedConvWeights(k, g, o.w), o.ep), nil, g, o)
			for i, v := range y {
				row, col := i%121/11, i%11
				sees := row >= 4 && row <= 6 && col >= 5 && col <= 7
				require.Equal(t, sees, v != v, "activation %d, output %d", act.Kind, i)
				want := []float32{float32(sum[i])}
				if act.Apply(want, i/121); !sees {
					require.InDelta(t, want[0], v, 1e-5, "activation %d, output %d", act.Kind, i)
				}
			}
		}
	})
}

// One set of packed weights serves plans of different sizes.
func TestBlockedConvSharesPackedWeights(t *testing.T) {
	eachBlocked(t, func(t *testing.T, k *Kernels, kind blockedKind) {
		r := newRand(t, 36)
		w := integers(r, 20*20*9)
		packed := kind.pack(k, square(1, 20, 20, 2, 3), w)
		for _, size := range []int{3, 8, 17} {
			g := square(1, 20, 20, size, 3)
			o := convOperands{x: integers(r, 20*size*size), w: w}
			sum, _ := kind.naive(g, o.x, w, nil, nil)
			checkExact(t, g, o, sum, runBlocked(t, r, k, kind.plan(k, g, packed, Epilogue{}), nil, g, o))
		}
	})
}

func TestBlockedConvStop(t *testing.T) {
	k := KernelsFor(Generic)
	g := square(1, 8, 8, 64, 3)
	p := NewBlockedConv(k, g, PackBlockedConvWeights(k, g, make([]float32, g.weights())), Epilogue{})
	x, _ := blockedMap(t, k.Block, 1, 8, g.In, p.Halo(), make([]float32, 8*64*64))
	y, _ := blockedMap(t, k.Block, 1, 8, g.Out, Halo{}, nil)
	var stop atomic.Bool
	stop.Store(true)
	p.Run(newTestPool(t, 2), &stop, &x, nil, &y)
	require.Equal(t, -1, firstDifference(y.Data, nans(len(y.Data))), "computed after stop")
}

func TestBlockedConvRefusesWrongMaps(t *testing.T) {
	k := KernelsFor(Generic)
	g := square(1, 8, 8, 4, 3)
	p := NewBlockedConv(k, g, PackBlockedConvWeights(k, g, make([]float32, g.weights())), Epilogue{})
	good, _ := blockedMap(t, k.Block, 1, 8, g.In, p.Halo(), make([]float32, 8*16))
	narrow, _ := blockedMap(t, k.Block, 1, 8, g.In, Halo{}, nil)
	channels, _ := blockedMap(t, k.Block, 1, 9, g.In, p.Halo(), nil)
	short := good
	short.Data = short.Data[:len(short.Data)-1]
	y, _ := blockedMap(t, k.Block, 1, 8, g.Out, Halo{}, nil)
	p.Run(nil, nil, &good, nil, &y)
	for i, bad := range []func(){
		func() { p.Run(nil, nil, &narrow, nil, &y) },
		func() { p.Run(nil, nil, &channels, nil, &y) },
		func() { p.Run(nil, nil, &short, nil, &y) },
		func() { p.Run(nil, nil, &good, nil, &channels) },
		func() { p.Run(nil, nil, &good, &channels, &y) },
		func() { NewBlockedConv(k, square(1, 8, 9, 4, 3), p.weights, Epilogue{}) },
		func() { PackBlockedConvWeights(k, g, make([]float32, 5)) },
	} {
		require.Panics(t, bad, "case %d", i)
	}
}

// Runs in the steady state allocate nothing; the pools of runs at rest may lose one now and then.
func TestBlockedConvAllocations(t *testing.T) {
	k := KernelsFor(Detect())
	g := square(1, 32, 40, 20, 3)
	w := make([]float32, g.weights())
	p := NewBlockedConv(k, g, PackBlockedConvWeights(k, g, w), Epilogue{})
	few := square(1, 32, 3, 20, 3)
	to := NewToPlanarConv(k, few, PackToPlanarConvWeights(k, few, w[:few.weights()]), Epilogue{})
	from := NewPlanarConv(k, g, PackPlanarConvWeights(k, g, w), Epilogue{})
	planar, input := make([]float32, 40*400), make([]float32, 32*400)
	ws := make([]float32, max(p.PlanesWorkspaceFloats(1), to.WorkspaceFloats(1), from.WorkspaceFloats()))
	x, _ := blockedMap(t, k.Block, 1, 32, g.In, p.Halo(), planar[:32*400])
	y, _ := blockedMap(t, k.Block, 1, 40, g.Out, Halo{}, nil)
	for i, run := range []func(){
		func() { p.Run(nil, nil, &x, nil, &y) },
		func() { p.RunToPlanar(nil, nil, ws, &x, nil, planar) },
		func() { p.RunPlanes(nil, nil, ws, input, nil, planar) },
		func() { to.Run(nil, nil, ws, &x, nil, planar[:3*400]) },
		func() { from.Run(nil, nil, ws, planar[:32*400], nil, &y) },
	} {
		require.LessOrEqual(t, testing.AllocsPerRun(100, run), 1.0, "plan %d", i)
	}
}

func TestFitsStaged(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		require.True(t, k.FitsStaged(transposed2D(1, 8, 8, 1, 4, 1, 0), true), "one image")
		require.False(t, k.FitsStaged(transposed2D(2, 8, 8, 1, 4, 1, 0), true), "images of one pixel")
		require.True(t, k.FitsStaged(transposed2D(2, 8, 8, 4, 4, 2, 1), true), "images of a tile")
		require.False(t, k.FitsStaged(square(2, 8, 8, 1, 1), false), "outputs of one pixel")
	})
}

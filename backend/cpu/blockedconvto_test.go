package cpu

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// toPlanarKind is the forward or the transposed convolution.
type toPlanarKind struct {
	blockedKind
	pack func(k *Kernels, g ConvGeom, w []float32) *PackedToPlanarWeights
	plan func(k *Kernels, g ConvGeom, w *PackedToPlanarWeights, ep Epilogue) *ToPlanarConvPlan
}

var toPlanarKinds = []toPlanarKind{
	{blockedKinds[0], PackToPlanarConvWeights, NewToPlanarConv},
	{blockedKinds[1], PackToPlanarConvTransposeWeights, NewToPlanarConvTranspose},
}

// runToPlanar runs a plan with every operand between NaN bands and returns y.
func runToPlanar(t testing.TB, k *Kernels, p *ToPlanarConvPlan, pool *Pool, g ConvGeom, o convOperands) []float32 {
	t.Helper()
	x, checkX := blockedMap(t, k.Block, g.N, g.C, g.In, p.Halo(), o.x)
	ws, checkWS := banded(t, nans(p.WorkspaceFloats(pool.Threads())))
	y, checkY := banded(t, nans(g.N*g.M*volume(g.Out)))
	residual, checkR := o.residual, func() {}
	if residual != nil {
		residual, checkR = banded(t, residual)
	}
	p.Run(pool, nil, ws, &x, residual, y)
	checkX()
	checkWS()
	checkY()
	checkR()
	return y
}

func TestToPlanarConvRandomShapes(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		for _, kind := range toPlanarKinds {
			r, pool := newRand(t, 51), newTestPool(t, 2)
			for range 250 {
				g := kind.random(r)
				g.Group, g.C, g.M = 1, 1+r.IntN(3*k.Block), 1+r.IntN(9)
				if r.IntN(4) == 0 {
					g.Group = 2
					g.C, g.M = g.Group*k.Block, g.Group*(1+r.IntN(5))
				}
				require.True(t, k.FitsToPlanar(g))
				o := randomOperands(r, g)
				sum, _ := kind.naive(g, o.x, o.w, o.ep.Bias, o.residual)
				p := kind.plan(k, g, kind.pack(k, g, o.w), o.ep)
				checkExact(t, g, o, sum, runToPlanar(t, k, p, pool, g, o))
			}
		}
	})
}

// Every width up to three tiles and one pixel, for every number of outputs of a pass.
func TestToPlanarConvWidths(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 52)
		for m := 1; m <= dotOutputs; m++ {
			for width := 1; width <= k.NR+k.dot.tiles[m-1].rows()+1; width++ {
				g := square(1, 5, m, 3, 3)
				g.In[2], g.Out[2] = width, width
				o := randomOperands(r, g)
				sum, _ := convNaive(g, o.x, o.w, o.ep.Bias, o.residual)
				p := NewToPlanarConv(k, g, PackToPlanarConvWeights(k, g, o.w), o.ep)
				checkExact(t, g, o, sum, runToPlanar(t, k, p, nil, g, o))
			}
		}
	})
}

func TestToPlanarConvThreadsAndBound(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		for i, g := range []ConvGeom{square(2, 40, 3, 70, 3), transposed2D(3, 64, 3, 20, 4, 2, 1)} {
			checkToPlanarThreadsAndBound(t, k, g, toPlanarKinds[i])
		}
	})
}

func checkToPlanarThreadsAndBound(t *testing.T, k *Kernels, g ConvGeom, kind toPlanarKind) *ToPlanarConvPlan {
	t.Helper()
	r := newRand(t, 53)
	o := convOperands{x: floats(r, g.N*g.C*volume(g.In)), w: floats(r, g.weights())}
	o.residual = floats(r, g.N*g.M*volume(g.Out))
	sum, bound := kind.naive(g, o.x, o.w, nil, o.residual)
	p := kind.plan(k, g, kind.pack(k, g, o.w), o.ep)
	require.Greater(t, p.strips, 1)
	first := runToPlanar(t, k, p, nil, g, o)
	for _, threads := range []int{2, 3, 7} {
		require.Equal(t, -1, sameBits(first, runToPlanar(t, k, p, newTestPool(t, threads), g, o)), "%d threads", threads)
	}
	requireWithinBound(t, g, first, sum, bound)
	return p
}

func BenchmarkToPlanarConv(b *testing.B) {
	for _, c := range []struct {
		name string
		kind int
		geom ConvGeom
	}{
		{"1x1_32to1_256", 0, square(1, 32, 1, 256, 1)},
		{"3x3_64to3_192", 0, square(1, 64, 3, 192, 3)},
		{"9x9_32to3_256", 0, square(1, 32, 3, 256, 9)},
		{"3x3_32to8_128", 0, square(1, 32, 8, 128, 3)},
		{"k4s2p1_16x64to3_32", 1, transposed2D(16, 64, 3, 32, 4, 2, 1)},
	} {
		for _, tier := range Available() {
			b.Run(c.name+"/"+string(tier), func(b *testing.B) {
				k, g, r, kind := KernelsFor(tier), c.geom, newRand(b, 1), toPlanarKinds[c.kind]
				p := kind.plan(k, g, kind.pack(k, g, floats(r, g.weights())), Epilogue{})
				x := NewMap(AlignedFloats(MapFloats(k.Block, g.N, g.C, g.In, p.Halo())), k.Block, g.N, g.C, g.In, p.Halo())
				x.FromPlanar(nil, floats(r, g.N*g.C*volume(g.In)))
				y, ws := AlignedFloats(g.N*g.M*volume(g.Out)), AlignedFloats(p.WorkspaceFloats(1))
				products := []func(ConvGeom) int{convProducts, transposeProducts}[c.kind](g)
				benchmarkShare(b, k, products, func() { p.Run(nil, nil, ws, &x, nil, y) })
			})
		}
	}
}

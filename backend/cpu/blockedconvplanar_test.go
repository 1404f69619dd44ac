package cpu

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// runPlanar runs a plan with every operand between NaN bands and returns y, planar.
func runPlanar(t testing.TB, k *Kernels, p *PlanarConvPlan, pool *Pool, g ConvGeom, o convOperands) []float32 {
	t.Helper()
	x, checkX := banded(t, o.x)
	ws, checkWS := banded(t, nans(p.WorkspaceFloats()))
	y, checkY := blockedMap(t, k.Block, g.N, g.M, g.Out, Halo{}, nil)
	var residual *Map
	if o.residual != nil {
		m, _ := blockedMap(t, k.Block, g.N, g.M, g.Out, Halo{}, o.residual)
		residual = &m
	}
	p.Run(pool, nil, ws, x, residual, &y)
	checkX()
	checkWS()
	checkY()
	return planarOf(&y)
}

func TestPlanarConvRandomShapes(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r, pool := newRand(t, 41), newTestPool(t, 2)
		for range 250 {
			g := randomConv(r)
			g.Group, g.C, g.M = 1, 1+r.IntN(6), 1+r.IntN(5*k.Block)
			if r.IntN(4) == 0 {
				g.Group = 2
				g.C, g.M = g.Group*(1+r.IntN(3)), g.Group*k.Block
			}
			require.True(t, k.FitsPlanar(g))
			o := randomOperands(r, g)
			sum, _ := convNaive(g, o.x, o.w, o.ep.Bias, o.residual)
			checkExact(t, g, o, sum, runPlanar(t, k, NewPlanarConv(k, g, PackPlanarConvWeights(k, g, o.w), o.ep), pool, g, o))
		}
	})
}

func TestPlanarConvThreadsAndBound(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 42)
		g := square(2, 3, 40, 70, 7)
		g.Stride, g.Out = [3]int{1, 2, 2}, [3]int{1, 35, 35}
		o := convOperands{x: floats(r, g.N*g.C*volume(g.In)), w: floats(r, g.weights())}
		sum, bound := convNaive(g, o.x, o.w, nil, nil)
		p := NewPlanarConv(k, g, PackPlanarConvWeights(k, g, o.w), o.ep)
		first := runPlanar(t, k, p, nil, g, o)
		for _, threads := range []int{2, 3, 7} {
			require.Equal(t, -1, sameBits(first, runPlanar(t, k, p, newTestPool(t, threads), g, o)), "%d threads", threads)
		}
		requireWithinBound(t, g, first, sum, bound)
	})
}

func BenchmarkPlanarConv(b *testing.B) {
	stem := square(1, 3, 64, 224, 7)
	stem.Stride, stem.Out = [3]int{1, 2, 2}, [3]int{1, 112, 112}
	for _, c := range []struct {
		name string
		geom ConvGeom
	}{
		{"3x3_3to32_256", square(1, 3, 32, 256, 3)},
		{"3x3_3to64_256", square(1, 3, 64, 256, 3)},
		{"7x7s2_3to64_224", stem},
		{"9x9_3to32_256", square(1, 3, 32, 256, 9)},
	} {
		for _, tier := range Available() {
			b.Run(c.name+"/"+string(tier), func(b *testing.B) {
				k, g, r := KernelsFor(tier), c.geom, newRand(b, 1)
				p := NewPlanarConv(k, g, PackPlanarConvWeights(k, g, floats(r, g.weights())), Epilogue{})
				x, ws := floats(r, g.C*volume(g.In)), AlignedFloats(p.WorkspaceFloats())
				y := NewMap(AlignedFloats(MapFloats(k.Block, 1, g.M, g.Out, Halo{})), k.Block, 1, g.M, g.Out, Halo{})
				benchmarkShare(b, k, convProducts(g), func() { p.Run(nil, nil, ws, x, nil, &y) })
			})
		}
	}
}

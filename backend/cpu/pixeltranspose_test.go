package cpu

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// randomPixelTranspose is a random geometry that fits the kernels.
func randomPixelTranspose(r *rand.Rand, k *Kernels) ConvGeom {
	for {
		g := randomConvTranspose(r)
		g.Group, g.C, g.M = 1, 1+r.IntN(2*k.Block), 1+r.IntN(7)
		g.In[0], g.Out[0], g.Kernel[0], g.Stride[0], g.PadBegin[0] = 1, 1, 1, 1, 0
		g.In[2] = 1 + r.IntN(40)
		g.Stride[2] = []int{2, 4, 8, 12, 16, 24, 32}[r.IntN(7)]
		for a := 1; a < 3; a++ {
			g.Dilation[a], g.Kernel[a] = 1, g.Stride[a]*(1+r.IntN(2))
			g.PadBegin[a] = r.IntN(g.Kernel[a]+2) - 2
			g.Out[a] = max(1, (g.In[a]-1)*g.Stride[a]+g.Kernel[a]-g.PadBegin[a]+r.IntN(9)-4)
		}
		if k.FitsPixelTranspose(g) {
			return g
		}
	}
}

// runPixelTranspose runs a plan with every operand between NaN bands and returns y.
func runPixelTranspose(t testing.TB, k *Kernels, pool *Pool, g ConvGeom, o convOperands, blocks bool) []float32 {
	t.Helper()
	p := NewPixelConvTranspose(k, g, PackPixelConvTransposeWeights(k, g, o.w), o.ep, blocks)
	ws, checkWS := banded(t, nans(p.WorkspaceFloats(pool.Threads())))
	y, checkY := banded(t, nans(g.N*g.M*volume(g.Out)))
	if blocks {
		x, checkX := blockedMap(t, k.Block, g.N, g.C, g.In, Halo{}, o.x)
		p.RunBlocks(pool, nil, ws, &x, y)
		checkX()
	} else {
		x, checkX := banded(t, o.x)
		p.Run(pool, nil, ws, x, y)
		checkX()
	}
	checkWS()
	checkY()
	return y
}

func TestPixelConvTransposeRandomShapes(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r, pool := newRand(t, 96), newTestPool(t, 2)
		for i := range 300 {
			g := randomPixelTranspose(r, k)
			o := randomOperands(r, g)
			o.residual = nil
			sum, _ := convTransposeNaive(g, o.x, o.w, o.ep.Bias, nil)
			checkExact(t, g, o, sum, runPixelTranspose(t, k, pool, g, o, i%2 == 0))
		}
	})
}

func TestPixelConvTransposeThreadsAndBound(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 97)
		for _, g := range []ConvGeom{transposed2D(2, 20, 9, 40, 2, 2, 0), transposed2D(1, 21, 5, 28, 16, 8, 4), transposed2D(1, 33, 3, 30, 4, 2, 1)} {
			if !k.FitsPixelTranspose(g) {
				continue
			}
			o := convOperands{x: floats(r, g.N*g.C*volume(g.In)), w: floats(r, g.weights())}
			o.ep.Bias = floats(r, g.M)
			sum, bound := convTransposeNaive(g, o.x, o.w, o.ep.Bias, nil)
			first := runPixelTranspose(t, k, nil, g, o, false)
			for _, threads := range []int{2, 3, 7} {
				require.Equal(t, -1, sameBits(first, runPixelTranspose(t, k, newTestPool(t, threads), g, o, false)), "%+v, %d threads", g, threads)
			}
			require.Equal(t, -1, sameBits(first, runPixelTranspose(t, k, nil, g, o, true)), "%+v, blocks", g)
			requireWithinBound(t, g, first, sum, bound)
		}
	})
}

// Large outputs go past the caches, where they are aligned.
func TestPixelConvTransposeStreams(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r, pool := newRand(t, 98), newTestPool(t, 2)
		for _, g := range []ConvGeom{
			transposed2D(1, 2, 70, 64, 2, 2, 0),
			transposed2D(1, 2, 7, 199, 4, 2, 0), // tiles that begin within rows of 201 and
			transposed2D(1, 2, 7, 99, 8, 4, 0),  // 101 positions, one of which is halo
			transposed2D(1, 2, 90, 28, 4, 4, 0),
			transposed2D(1, 2, 70, 65, 4, 2, 2),
			transposed2D(1, 2, 24, 14, 16, 16, 0),
		} {
			o := convOperands{x: integers(r, g.N*g.C*volume(g.In)), w: integers(r, g.weights())}
			p := NewPixelConvTranspose(k, g, PackPixelConvTransposeWeights(k, g, o.w), o.ep, false)
			y := AlignedFloats(g.N * g.M * volume(g.Out))
			require.True(t, p.streams(y), "%+v", g)
			sum, _ := convTransposeNaive(g, o.x, o.w, nil, nil)
			p.Run(pool, nil, AlignedFloats(p.WorkspaceFloats(2)), o.x, y)
			checkExact(t, g, o, sum, y)
		}
	})
}

func TestFitsPixelTranspose(t *testing.T) {
	k := KernelsFor(Generic)
	good := transposed2D(1, 4, 4, 8, 4, 2, 1)
	require.True(t, k.FitsPixelTranspose(good))
	for name, change := range map[string]func(g *ConvGeom){
		"groups":                  func(g *ConvGeom) { g.Group = 2 },
		"depth":                   func(g *ConvGeom) { g.In[0], g.Out[0] = 2, 2 },
		"kernel no multiple":      func(g *ConvGeom) { g.Kernel[1] = 3 },
		"dilation":                func(g *ConvGeom) { g.Dilation[2] = 2 },
		"stride without a kernel": func(g *ConvGeom) { g.Stride[2], g.Kernel[2] = 3, 3 },
		"odd stride":              func(g *ConvGeom) { g.Stride[2], g.Kernel[2] = 12, 12 },
		"large stride":            func(g *ConvGeom) { g.Stride[2], g.Kernel[2] = 128, 128 },
	} {
		g := good
		change(&g)
		require.False(t, k.FitsPixelTranspose(g), name)
	}
}

func BenchmarkPixelConvTranspose(b *testing.B) {
	for _, c := range []struct {
		name string
		geom ConvGeom
	}{
		{"k2s2_128to64_128", transposed2D(1, 128, 64, 128, 2, 2, 0)},
		{"k16s8p4_21to21_28", transposed2D(1, 21, 21, 28, 16, 8, 4)},
		{"k4s2p1_64to3_32", transposed2D(16, 64, 3, 32, 4, 2, 1)},
	} {
		for _, tier := range Available() {
			b.Run(c.name+"/"+string(tier), func(b *testing.B) {
				k, g, r := KernelsFor(tier), c.geom, newRand(b, 1)
				p := NewPixelConvTranspose(k, g, PackPixelConvTransposeWeights(k, g, floats(r, g.weights())), Epilogue{}, false)
				x, y, ws := floats(r, g.N*g.C*volume(g.In)), make([]float32, g.N*g.M*volume(g.Out)), AlignedFloats(p.WorkspaceFloats(1))
				benchmarkShare(b, k, int(multiplyAdds(&g, true)), func() { p.Run(nil, nil, ws, x, y) })
			})
		}
	}
}

package cpu

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// runPixels runs a plan with every operand between NaN bands and returns y.
func runPixels(t testing.TB, r *rand.Rand, p *PixelConvPlan, pool *Pool, g ConvGeom, o convOperands) []float32 {
	t.Helper()
	ws, checkWS := banded(t, nans(p.WorkspaceFloats(pool.Threads())))
	y, checkY := banded(t, nans(g.N*g.M*volume(g.Out)))
	residual, checkR := o.residual, func() {}
	if residual != nil {
		residual, checkR = banded(t, residual)
	}
	if p.blocks {
		x, checkX := blockedMap(t, p.k.Block, g.N, g.C, g.In, randomHalo(r, Halo{}), o.x)
		p.RunBlocks(pool, nil, ws, &x, residual, y)
		checkX()
	} else {
		x, checkX := banded(t, o.x)
		p.Run(pool, nil, ws, x, residual, y)
		checkX()
	}
	checkWS()
	checkY()
	checkR()
	return y
}

// randomPixels is a random geometry that fits the kernels.
func randomPixels(r *rand.Rand) ConvGeom {
	g := randomConv(r)
	a := 2
	if g.Stride[a] != 1 {
		g.Out[a] = max(1, (g.Out[a]-1)*g.Stride[a]+1)
		g.Stride[a] = 1
	}
	if r.IntN(3) == 0 { // several vectors and tiles
		grow := r.IntN(200)
		g.In[a], g.Out[a] = g.In[a]+grow, g.Out[a]+grow
	}
	return g
}

func TestPixelConvRandomShapes(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r, pool := newRand(t, 61), newTestPool(t, 2)
		for range 500 {
			g := randomPixels(r)
			require.True(t, k.FitsPixels(g))
			o := randomOperands(r, g)
			sum, _ := convNaive(g, o.x, o.w, o.ep.Bias, o.residual)
			w := PackPixelConvWeights(k, g, o.w)
			for _, blocks := range []bool{false, true} {
				checkExact(t, g, o, sum, runPixels(t, r, NewPixelConv(k, g, w, o.ep, blocks), pool, g, o))
			}
		}
	})
}

// Every width up to two tiles of every number of outputs, in one row and in several.
func TestPixelConvWidths(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 62)
		for m := 1; m <= k.pixel.outputs()+1; m++ {
			vectors := k.pixel.vectors(min(m, k.pixel.outputs()))
			for width := 1; width <= 2*vectors*k.Block+1; width++ {
				g := square(1, 2, m, 1+width%3, 3)
				g.In[2], g.Out[2] = width, width
				o := randomOperands(r, g)
				sum, _ := convNaive(g, o.x, o.w, o.ep.Bias, o.residual)
				p := NewPixelConv(k, g, PackPixelConvWeights(k, g, o.w), o.ep, width%2 == 0)
				checkExact(t, g, o, sum, runPixels(t, r, p, nil, g, o))
			}
		}
	})
}

// The residual may be y, and long rows and sums take several calls of a kernel.
func TestPixelConvInPlace(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 63)
		for _, g := range []ConvGeom{square(1, 700, 3, 5, 3), row1D(1, 3, 5, 9000, 3, 1)} {
			o := randomOperands(r, g)
			o.residual = integers(r, g.M*volume(g.Out))
			sum, _ := convNaive(g, o.x, o.w, o.ep.Bias, o.residual)
			p := NewPixelConv(k, g, PackPixelConvWeights(k, g, o.w), o.ep, false)
			y := append([]float32(nil), o.residual...)
			p.Run(nil, nil, make([]float32, p.WorkspaceFloats(1)), o.x, y, y)
			checkExact(t, g, o, sum, y)
		}
	})
}

func TestPixelConvThreadsAndBound(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 64)
		grouped := square(2, 12, 30, 50, 3)
		grouped.Group = 2
		for i, g := range []ConvGeom{square(2, 20, 9, 70, 3), row1D(1, 8, 16, 5000, 11, 5), grouped, square(1, 40, 21, 90, 1)} {
			o := convOperands{x: floats(r, g.N*g.C*volume(g.In)), w: floats(r, g.weights())}
			o.residual = floats(r, g.N*g.M*volume(g.Out))
			sum, bound := convNaive(g, o.x, o.w, nil, o.residual)
			p := NewPixelConv(k, g, PackPixelConvWeights(k, g, o.w), o.ep, i%2 == 0)
			require.Greater(t, p.cut.pieces(&p.geom), 3)
			first := runPixels(t, r, p, nil, g, o)
			for _, threads := range []int{2, 3, 7} {
				require.Equal(t, -1, sameBits(first, runPixels(t, r, p, newTestPool(t, threads), g, o)), "%d threads", threads)
			}
			requireWithinBound(t, g, first, sum, bound)
		}
	})
}

// An activation that the kernels do not know is applied afterwards, with the error of its vector kernel.
func TestPixelConvOtherActivations(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 65)
		g := square(2, 3, 5, 20, 3)
		o := convOperands{x: integers(r, g.N*g.C*volume(g.In)), w: integers(r, g.weights())}
		for _, kind := range []ActKind{ActSigmoid, ActTanh, ActHardSigmoid, ActHardSwish, ActSiLU} {
			act := Activation{Kind: kind, A: 0.125, B: 0.5}
			w := PackPixelConvWeights(k, g, o.w)
			y := runPixels(t, r, NewPixelConv(k, g, w, Epilogue{Act: act}, false), nil, g, o)
			want := runPixels(t, r, NewPixelConv(k, g, w, Epilogue{}, false), nil, g, o)
			k.Map(act.vector(0), want, want)
			require.Equal(t, -1, sameBits(y, want), "activation %d", kind)
		}
	})
}

func BenchmarkPixelConv(b *testing.B) {
	for _, c := range []struct {
		name   string
		geom   ConvGeom
		blocks bool
	}{
		{"k3_8to8_16384", row1D(1, 8, 8, 16384, 3, 1), false},
		{"k11d5_8to8_16384", row1D(1, 8, 8, 16384, 11, 5), false},
		{"k3_16to16_8192", row1D(1, 16, 16, 8192, 3, 1), false},
		{"k11_16to16_8192", row1D(1, 16, 16, 8192, 11, 1), false},
		{"k7_8to1_16384", row1D(1, 8, 1, 16384, 7, 1), false},
		{"3x3_32to9_224", square(1, 32, 9, 224, 3), false},
		{"blocks_3x3_32to9_224", square(1, 32, 9, 224, 3), true},
		{"blocks_3x3_64to3_192", square(1, 64, 3, 192, 3), true},
		{"blocks_9x9_32to3_256", square(1, 32, 3, 256, 9), true},
		{"blocks_3x3_32to8_128", square(1, 32, 8, 128, 3), true},
		{"blocks_1x1_32to1_256", square(1, 32, 1, 256, 1), true},
		{"blocks_1x1_64to21_256", square(1, 64, 21, 256, 1), true},
		{"1x1_32to1_256", square(1, 32, 1, 256, 1), false},
		{"3x3_3to8_256", square(1, 3, 8, 256, 3), false},
	} {
		for _, tier := range Available() {
			b.Run(c.name+"/"+string(tier), func(b *testing.B) {
				k, g, r := KernelsFor(tier), c.geom, newRand(b, 1)
				p := NewPixelConv(k, g, PackPixelConvWeights(k, g, floats(r, g.weights())), Epilogue{}, c.blocks)
				x := floats(r, g.C*volume(g.In))
				y, ws := AlignedFloats(g.M*volume(g.Out)), AlignedFloats(p.WorkspaceFloats(1))
				if !c.blocks {
					benchmarkShare(b, k, convProducts(g), func() { p.Run(nil, nil, ws, x, nil, y) })
					return
				}
				m := NewMap(AlignedFloats(MapFloats(k.Block, 1, g.C, g.In, Halo{})), k.Block, 1, g.C, g.In, Halo{})
				m.FromPlanar(nil, x)
				benchmarkShare(b, k, convProducts(g), func() { p.RunBlocks(nil, nil, ws, &m, nil, y) })
			})
		}
	}
}

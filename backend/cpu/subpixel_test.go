package cpu

import (
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// randomSubPixel is a random geometry that has a sub-pixel convolution.
func randomSubPixel(r *rand.Rand) ConvGeom {
	side := 2 + r.IntN(4)
	g := transposed2D(1+r.IntN(2), 1+r.IntN(36), 1+r.IntN(subPixelMostChannels/(side*side)), 1, 1, side, 0)
	for a := 1; a < 3; a++ {
		g.Kernel[a] = 1 + r.IntN(3*side)
		g.PadBegin[a] = r.IntN(g.Kernel[a]+4) - 3
		g.In[a] = 1 + r.IntN(14)
		g.Out[a] = side * max(1, g.In[a]+r.IntN(4)-2)
	}
	return g
}

// runSubPixel runs a plan with every operand between NaN bands and returns y.
func runSubPixel(t testing.TB, r *rand.Rand, k *Kernels, p *SubPixelPlan, pool *Pool, g ConvGeom, o convOperands) []float32 {
	t.Helper()
	x, checkX := blockedMap(t, k.Block, g.N, g.C, g.In, randomHalo(r, p.Halo()), o.x)
	y, checkY := banded(t, nans(g.N*g.M*volume(g.Out)))
	ws, checkWS := banded(t, nans(p.WorkspaceFloats(pool.Threads())))
	p.Run(pool, nil, ws, &x, y)
	checkX()
	checkY()
	checkWS()
	return y
}

// subPixelBound is the bound of sums with weights like w for all taps and all outputs that see an input: Winograd's rounding
// depends on transformed weights and inputs, in which neither taps of zero nor outputs that pads cut off are missing.
func subPixelBound(r *rand.Rand, f ConvGeom, x []float32) []float64 {
	for a := 1; a < 3; a++ {
		f.PadBegin[a], f.Out[a] = f.Kernel[a]-1, f.In[a]+f.Kernel[a]-1
	}
	_, bound := convNaive(f, x, integers(r, f.weights()), nil, nil)
	return bound
}

// Strides 2 to 5, kernels that are no multiple of them and differ along the axes, pads of any sign. F2 computes with
// small integers exactly.
func TestSubPixelRandomShapes(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r, pool := newRand(t, 110), newTestPool(t, 2)
		made := map[Algorithm]int{}
		for range 120 {
			g := randomSubPixel(r)
			f, _, ok := g.subPixelGeom()
			require.True(t, ok, "%+v", g)
			o := randomOperands(r, g)
			o.residual = nil
			sum, _ := convTransposeNaive(g, o.x, o.w, o.ep.Bias, nil)
			bound := subPixelBound(r, f, o.x)
			for _, alg := range winoAlgorithms {
				if _, ok := newWinoFilter(&f, false, alg); !ok {
					continue
				}
				made[alg]++
				y := runSubPixel(t, r, k, NewSubPixel(k, g, PackSubPixelWeights(pool, k, g, alg, o.w), o.ep), pool, g, o)
				if alg == F2 {
					checkExact(t, g, o, sum, y)
					continue
				}
				require.Less(t, winoError(g, o, sum, bound, y)/float64(g.C*volume(f.Kernel)+1), float64(winoConstant), "%+v", g)
			}
		}
		require.Len(t, made, len(winoAlgorithms))
	})
}

func TestSubPixelThreads(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 111)
		g := transposed2D(2, 33, 3, 40, 9, 4, 3)
		g.Out[1], g.Out[2] = 160, 160
		o := convOperands{x: floats(r, g.N*g.C*volume(g.In)), w: floats(r, g.weights())}
		p := NewSubPixel(k, g, PackSubPixelWeights(nil, k, g, F4, o.w), o.ep)
		first := runSubPixel(t, r, k, p, nil, g, o)
		for _, threads := range []int{2, 3, 7} {
			require.Equal(t, -1, sameBits(first, runSubPixel(t, r, k, p, newTestPool(t, threads), g, o)), "%d threads", threads)
		}
	})
}

func TestSubPixelGeometry(t *testing.T) {
	good := transposed2D(1, 4, 2, 8, 4, 2, 1)
	_, _, ok := good.subPixelGeom()
	require.True(t, ok)
	for name, change := range map[string]func(g *ConvGeom){
		"groups":                      func(g *ConvGeom) { g.Group = 2 },
		"a third axis":                func(g *ConvGeom) { g.In[0] = 2 },
		"strides that differ":         func(g *ConvGeom) { g.Stride[1] = 4 },
		"no stride":                   func(g *ConvGeom) { g.Stride = [3]int{1, 1, 1} },
		"a dilation":                  func(g *ConvGeom) { g.Dilation[2] = 2 },
		"an output of no whole block": func(g *ConvGeom) { g.Out[1]-- },
		"many channels":               func(g *ConvGeom) { g.M = 17 },
		"large blocks":                func(g *ConvGeom) { g.Stride, g.M, g.Out = [3]int{1, 16, 16}, 1, [3]int{1, 128, 128} },
		"no outputs":                  func(g *ConvGeom) { g.Out[2] = 0 },
		"too many outputs":            func(g *ConvGeom) { g.Out = [3]int{1, 1 << 14, 1 << 14} },
	} {
		g := good
		change(&g)
		_, _, ok := g.subPixelGeom()
		require.False(t, ok, name)
		require.Panics(t, func() { PackSubPixelWeights(nil, KernelsFor(Generic), g, F4, make([]float32, g.weights())) }, name)
		_, chosen := KernelsFor(Detect()).ChooseSubPixel(g)
		require.False(t, chosen, name)
	}
}

func TestSubPixelStop(t *testing.T) {
	k, g := KernelsFor(Generic), transposed2D(1, 8, 1, 20, 6, 2, 2)
	p := NewSubPixel(k, g, PackSubPixelWeights(nil, k, g, F4, make([]float32, g.weights())), Epilogue{})
	x, _ := blockedMap(t, k.Block, 1, 8, g.In, p.Halo(), make([]float32, 8*volume(g.In)))
	y := nans(volume(g.Out))
	var stop atomic.Bool
	stop.Store(true)
	p.Run(newTestPool(t, 2), &stop, make([]float32, p.WorkspaceFloats(2)), &x, y)
	require.Equal(t, -1, firstDifference(y, nans(len(y))), "computed after stop")
}

// The choices are those that a Zen 4 core with AVX-512 finds faster.
func TestChooseSubPixel(t *testing.T) {
	k := KernelsFor(Detect())
	if k.Tier != AVX512 {
		t.Skip("needs AVX-512, whose times the choices follow")
	}
	same := func(c, m, size, kernel, side, pad int) ConvGeom {
		g := transposed2D(1, c, m, size, kernel, side, pad)
		g.Out = [3]int{1, side * size, side * size}
		return g
	}
	for _, c := range []struct {
		name string
		geom ConvGeom
		want bool
	}{
		{"FSRCNN, three times", same(56, 1, 256, 9, 3, 3), true},
		{"FSRCNN, four times", same(56, 1, 256, 9, 4, 3), true},
		{"colours, four times", same(64, 3, 128, 12, 4, 4), true},
		{"one tap for each output", same(64, 1, 128, 2, 2, 0), false},
		{"generator's last layer", same(64, 3, 32, 4, 2, 1), false},
	} {
		_, got := k.ChooseSubPixel(c.geom)
		require.Equal(t, c.want, got, c.name)
	}
	_, forced := k.WithConv(F4).ChooseSubPixel(same(56, 1, 256, 9, 4, 3))
	require.False(t, forced)
}

package cpu

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// randomSpread is a random geometry that fits the kernels, of any tail.
func randomSpread(r *rand.Rand, k *Kernels) ConvGeom {
	for {
		g := randomConvTranspose(r)
		g.Group = 1 + r.IntN(4)
		g.C, g.M = g.Group, g.Group
		g.In[0], g.Out[0], g.Kernel[0], g.Stride[0], g.PadBegin[0] = 1, 1, 1, 1, 0
		g.Stride[2] = 1 << (1 + r.IntN(4))
		g.In[2] = 1 + r.IntN(80)
		g.Out[2] = max(1, (g.In[2]-1)*g.Stride[2]+(g.Kernel[2]-1)*g.Dilation[2]+1-g.PadBegin[2]+r.IntN(9)-4)
		if k.FitsSpread(g) {
			return g
		}
	}
}

// runSpread runs a plan with every operand between NaN bands and returns y.
func runSpread(t testing.TB, k *Kernels, pool *Pool, g ConvGeom, o convOperands) []float32 {
	t.Helper()
	p := NewSpread(k, g, PackSpreadWeights(k, g, o.w), o.ep)
	x, checkX := banded(t, o.x)
	ws, checkWS := banded(t, nans(p.WorkspaceFloats(pool.Threads())))
	y, checkY := banded(t, nans(g.N*g.M*volume(g.Out)))
	p.Run(pool, nil, ws, x, y)
	checkX()
	checkWS()
	checkY()
	return y
}

func TestSpreadRandomShapes(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r, pool := newRand(t, 91), newTestPool(t, 2)
		for range 400 {
			g := randomSpread(r, k)
			o := randomOperands(r, g)
			o.residual = nil
			sum, _ := convTransposeNaive(g, o.x, o.w, o.ep.Bias, nil)
			checkExact(t, g, o, sum, runSpread(t, k, pool, g, o))
		}
	})
}

// Planes of several bands, on several threads.
func TestSpreadThreadsAndBound(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 92)
		for _, g := range []ConvGeom{transposed2D(2, 5, 5, 100, 4, 2, 1), transposed2D(1, 3, 3, 60, 16, 8, 4), transposed2D(1, 3, 3, 90, 3, 2, 1)} {
			g.Group = g.C
			o := convOperands{x: floats(r, g.N*g.C*volume(g.In)), w: floats(r, g.weights())}
			o.ep.Bias = floats(r, g.M)
			sum, bound := convTransposeNaive(g, o.x, o.w, o.ep.Bias, nil)
			first := runSpread(t, k, nil, g, o)
			for _, threads := range []int{2, 3, 7} {
				require.Equal(t, -1, sameBits(first, runSpread(t, k, newTestPool(t, threads), g, o)), "%+v, %d threads", g, threads)
			}
			requireWithinBound(t, g, first, sum, bound)
		}
	})
}

// A NaN spoils the outputs that see it and no other: those of its phase that have a tap there.
func TestSpreadNaN(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 93)
		g := transposed2D(1, 2, 2, 20, 3, 2, 1)
		g.Group = 2
		o := convOperands{x: floats(r, 2*400), w: floats(r, 2*9)}
		o.x[7*20+9] = nan
		y := runSpread(t, k, nil, g, o)
		for i, v := range y {
			row, col := i%volume(g.Out)/g.Out[2], i%g.Out[2]
			sees := i < volume(g.Out) && row >= 13 && row <= 15 && col >= 17 && col <= 19
			require.Equal(t, sees, v != v, "output %d", i)
		}
	})
}

func TestFitsSpread(t *testing.T) {
	k := KernelsFor(Generic)
	good := transposed2D(1, 4, 4, 8, 4, 2, 1)
	good.Group = 4
	require.True(t, k.FitsSpread(good))
	for name, change := range map[string]func(g *ConvGeom){
		"groups of two":              func(g *ConvGeom) { g.Group = 2 },
		"more outputs":               func(g *ConvGeom) { g.M = 8 },
		"depth":                      func(g *ConvGeom) { g.In[0], g.Out[0] = 2, 2 },
		"stride 1":                   func(g *ConvGeom) { g.Stride[2] = 1 },
		"stride 3":                   func(g *ConvGeom) { g.Stride[2] = 3 },
		"stride above lanes":         func(g *ConvGeom) { g.Stride[2] = 16 },
		"taps beyond one vector":     func(g *ConvGeom) { g.Kernel[2] = 12 },
		"dilation beyond one vector": func(g *ConvGeom) { g.Dilation[2] = 6 },
		"very long rows":             func(g *ConvGeom) { g.Out[2] = 1 << 20 },
	} {
		g := good
		change(&g)
		require.False(t, k.FitsSpread(g), name)
	}
}

func TestSpreadAllocations(t *testing.T) {
	k := KernelsFor(Detect())
	g := transposed2D(1, 4, 4, 16, 4, 2, 1)
	g.Group = 4
	p := NewSpread(k, g, PackSpreadWeights(k, g, make([]float32, g.weights())), Epilogue{})
	x, y, ws := make([]float32, 4*256), make([]float32, 4*volume(g.Out)), make([]float32, p.WorkspaceFloats(1))
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { p.Run(nil, nil, ws, x, y) }), 1.0)
}

func BenchmarkSpread(b *testing.B) {
	for _, tier := range Available() {
		b.Run(string(tier), func(b *testing.B) {
			k, r := KernelsFor(tier), newRand(b, 1)
			g := transposed2D(1, 21, 21, 32, 4, 2, 1)
			g.Group = 21
			p := NewSpread(k, g, PackSpreadWeights(k, g, floats(r, g.weights())), Epilogue{})
			x, y, ws := floats(r, 21*32*32), make([]float32, 21*64*64), AlignedFloats(p.WorkspaceFloats(1))
			benchmarkShare(b, k, 21*32*32*16, func() { p.Run(nil, nil, ws, x, y) })
		})
	}
}

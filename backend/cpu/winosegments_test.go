package cpu

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// randomRow is a convolution along rows whose filters F4 makes with seven points: of 4 to 16 taps, sizes up to some tiles of
// each lattice, pads of any sign. Transposed, phases have four or five taps.
func randomRow(r *rand.Rand, transposed bool) ConvGeom {
	g := row1D(1+r.IntN(2), 1+r.IntN(36), 1+r.IntN(36), 1+r.IntN(40), 4+r.IntN(13), 1)
	g.In[1] = 1 + r.IntN(3)
	g.Out[1] = g.In[1]
	g.PadBegin[2] = r.IntN(8) - 1
	if transposed {
		g.Kernel[2], g.Stride[2] = 7+r.IntN(4), 2
		g.Out[2] = max(1, (g.In[2]-1)*2+g.Kernel[2]-g.PadBegin[2]-r.IntN(6))
		return g
	}
	if r.IntN(3) == 0 {
		g.Dilation[2] = 1 + r.IntN(5)
	}
	g.Out[2] = max(1, g.In[2]+g.PadBegin[2]+r.IntN(8)-1-(g.Kernel[2]-1)*g.Dilation[2])
	return g
}

// winoRowConstant is winoConstant with seven points. The largest seen over thousands of the shapes of these tests is
// 6.8, where an output has few products.
const winoRowConstant = 12

func TestWinogradSegments(t *testing.T) {
	eachWino(t, func(t *testing.T, k *Kernels, kind winoKind, transposed bool) {
		r, pool := newRand(t, 91), newTestPool(t, 2)
		worst := 0.0
		for range 100 {
			g := randomRow(r, transposed)
			o := randomOperands(r, g)
			sum, bound := kind.naive(g, o.x, o.w, o.ep.Bias, o.residual)
			p := kind.plan(k, g, kind.pack(pool, k, g, F4, o.w), o.ep)
			require.Equal(t, 7, p.cols.tile.points())
			e := winoError(g, o, sum, bound, runWino(t, r, k, p, pool, g, o)) / float64(g.C*volume(g.Kernel)+1)
			require.Less(t, e, float64(winoRowConstant), "%+v", g)
			worst = max(worst, e)
		}
		t.Logf("largest error %.2f·(K+1)·2⁻²⁴·S", worst)
	})
}

// A filter of nine taps has three segments: tile t sees the inputs of tiles t to t+2.
func TestWinogradSegmentsHalo(t *testing.T) {
	g := row1D(1, 16, 16, 21, 9, 1)
	h, ok := WinogradHalo(g, false, F4)
	require.True(t, ok)
	require.Equal(t, Halo{Before: [3]int{0, 0, 4}, After: [3]int{0, 0, 10}}, h) // tiles 0 to 7 of 4, 7 points, from -4 on
	g.Kernel[2] = 4*mostSegments + 1
	_, ok = WinogradHalo(g, false, F4)
	require.False(t, ok)
	_, ok = WinogradHalo(row1D(1, 16, 16, 21, 7, 1), false, F2)
	require.False(t, ok)
}

// A NaN spoils the tiles that read it through any segment, and nothing else.
func TestWinogradSegmentsNaN(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 92)
		g := row1D(1, 3, 5, 40, 7, 1)
		o := convOperands{x: floats(r, 3*40), w: floats(r, 5*21)}
		sum, _ := convNaive(g, o.x, o.w, nil, nil)
		o.x[40+17] = nan // input 20 of the tiles, which read 4t to 4t+10 in two segments: tiles 3, 4 and 5
		y := runWino(t, r, k, NewWinogradConv(k, g, PackWinogradWeights(nil, k, g, F4, o.w), o.ep), nil, g, o)
		for i, v := range y {
			sees := i%40 >= 12 && i%40 < 24
			require.Equal(t, sees, v != v, "output %d", i)
			if !sees {
				require.InDelta(t, sum[i], v, 1e-4, "output %d", i)
			}
		}
	})
}

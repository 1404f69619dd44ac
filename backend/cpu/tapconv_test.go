package cpu

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// atrous is a square convolution of 3x3 that keeps its size.
func atrous(n, c, m, size, dilation int) ConvGeom {
	g := square(n, c, m, size, 3)
	g.Dilation, g.PadBegin = [3]int{1, dilation, dilation}, [3]int{0, dilation, dilation}
	return g
}

func TestChooseTaps(t *testing.T) {
	require.True(t, ChooseTaps(atrous(1, 16, 16, 14, 12)), "18² of 42² products")
	require.True(t, ChooseTaps(atrous(1, 16, 16, 33, 24)), "51² of 99² products")
	require.False(t, ChooseTaps(atrous(1, 16, 16, 33, 12)), "75² of 99² products")
	require.False(t, ChooseTaps(square(1, 16, 16, 14, 3)), "an ordinary convolution has little padding")
	require.True(t, ChooseTaps(square(1, 256, 16, 8, 7)), "44² of 56² products")
	require.False(t, ChooseTaps(square(1, 256, 16, 16, 7)), "100² of 112² products")
	require.False(t, ChooseTaps(square(1, 128, 16, 8, 7)), "few channels")
	grouped := atrous(1, 16, 16, 14, 12)
	grouped.Group = 16
	require.False(t, ChooseTaps(grouped))
}

func TestTapParts(t *testing.T) {
	g := atrous(1, 16, 16, 14, 12)
	parts := g.tapParts(true)
	require.Len(t, parts, 10)
	require.Equal(t, [3]int{0, 1, 1}, parts[0].residue, "the middle tap meets the input for all outputs")
	require.False(t, parts[0].adds)
	require.Equal(t, [3]int{1, 2, 14}, parts[2].grid, "the tap above meets it for the last two rows")
	require.Equal(t, [3]int{0, 12, 0}, parts[2].first)
	require.Equal(t, [][3]int{{0, 0, 0}}, parts[2].taps)
	require.Empty(t, parts[9].taps)
	require.False(t, parts[9].unfinished)
	products := 0
	for _, p := range parts {
		products += volume(p.grid) * len(p.taps)
	}
	require.Equal(t, 18*18, products)

	g.Kernel, g.PadBegin = [3]int{1, 2, 2}, [3]int{0, 6, 6}
	parts = g.tapParts(false)
	require.Len(t, parts, 5)
	require.Empty(t, parts[0].taps, "no tap meets the input for all outputs")
}

func TestTapConvRandomShapes(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r, pool := newRand(t, 61), newTestPool(t, 2)
		for i := range 250 {
			g := randomConv(r)
			g.Group, g.C, g.M = 1, 1+r.IntN(3*k.Block), 1+r.IntN(5*k.Block)
			for a := range 3 {
				if g.Kernel[a] > 1 && i%2 == 0 { // far taps, with the outputs that they had
					g.Dilation[a] += r.IntN(g.In[a] + 1)
					g.PadBegin[a] = r.IntN(g.In[a] + g.Dilation[a])
				}
			}
			o := randomOperands(r, g)
			sum, _ := convNaive(g, o.x, o.w, o.ep.Bias, o.residual)
			p := NewTapConv(k, g, PackTapConvWeights(k, g, o.w), o.ep)
			require.Equal(t, Halo{}, p.plan.Halo())
			checkExact(t, g, o, sum, runBlocked(t, r, k, p.plan, pool, g, o))
		}
	})
}

// Inputs that are cut into strips along rows, depths or a single row; y in place of the residual.
func TestTapConvStrips(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 62)
		deep := atrous(1, 150, 35, 30, 25)
		deep.In, deep.Out = [3]int{4, 15, 15}, [3]int{4, 15, 15}
		row := atrous(2, 70, 35, 1, 1)
		row.In[2], row.Out[2], row.Kernel[1], row.PadBegin = 1100, 1100, 1, [3]int{0, 0, 900}
		row.Dilation[2] = 900
		for _, g := range []ConvGeom{atrous(1, 150, 70, 31, 25), deep, row} {
			o := convOperands{x: floats(r, g.N*g.C*volume(g.In)), w: floats(r, g.weights()), residual: floats(r, g.N*g.M*volume(g.Out))}
			o.ep.Bias = floats(r, g.M)
			sum, bound := convNaive(g, o.x, o.w, o.ep.Bias, o.residual)
			p := NewTapConv(k, g, PackTapConvWeights(k, g, o.w), o.ep)
			require.Greater(t, p.plan.cut.strips, 1)
			first := runBlocked(t, r, k, p.plan, nil, g, o)
			requireWithinBound(t, g, first, sum, bound)
			for _, threads := range []int{2, 3, 7} {
				y := runBlocked(t, r, k, p.plan, newTestPool(t, threads), g, o)
				require.Equal(t, -1, sameBits(first, y), "%+v, %d threads", g, threads)
			}
			x, _ := blockedMap(t, k.Block, g.N, g.C, g.In, Halo{}, o.x)
			y, _ := blockedMap(t, k.Block, g.N, g.M, g.Out, Halo{}, o.residual)
			p.Run(nil, nil, &x, &y, &y)
			require.Equal(t, -1, sameBits(first, planarOf(&y)), "in place")
		}
	})
}

func TestTapConvNaN(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 63)
		for _, act := range []Activation{{}, {Kind: ActRelu}, {Kind: ActPRelu, Slope: floats(r, 5)}, {Kind: ActSiLU}} {
			g := atrous(1, 3, 5, 11, 9)
			o := convOperands{x: floats(r, 3*121), w: floats(r, 5*27), ep: Epilogue{Act: act}}
			o.x[121+10*11+5] = nan // seen by its own place and the one 9 above
			for i, v := range runBlocked(t, r, k, NewTapConv(k, g, PackTapConvWeights(k, g, o.w), o.ep).plan, nil, g, o) {
				row, col := i%121/11, i%11
				require.Equal(t, col == 5 && (row == 10 || row == 1), v != v, "activation %d, output %d", act.Kind, i)
			}
		}
	})
}

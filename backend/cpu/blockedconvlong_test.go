package cpu

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// row1D is a convolution of one row, and transposedRow a transposed one.
func row1D(n, c, m, width, kernel, dilation int) ConvGeom {
	return ConvGeom{
		N: n, C: c, M: m, Group: 1, In: [3]int{1, 1, width}, Out: [3]int{1, 1, width}, Kernel: [3]int{1, 1, kernel},
		Stride: [3]int{1, 1, 1}, Dilation: [3]int{1, 1, dilation}, PadBegin: [3]int{0, 0, kernel / 2 * dilation},
	}
}

func transposedRow(n, c, m, width, kernel, stride, pad int) ConvGeom {
	g := transposed2D(n, c, m, width, kernel, stride, pad)
	g.In[1], g.Out[1], g.Kernel[1], g.Stride[1], g.PadBegin[1] = 1, 1, 1, 1, 0
	return g
}

// A single long row is shared by the workers, who cut it in the same way however many they are.
func TestBlockedConvOneLongRow(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		depthwise := row1D(1, 2*k.Block+1, 2*k.Block+1, 30011, 9, 2)
		depthwise.Group = depthwise.C
		strided := row1D(1, 40, 70, 3001, 5, 1)
		strided.Stride[2], strided.Out[2] = 2, 1501
		for _, g := range []ConvGeom{row1D(1, 40, 40, 2003, 7, 3), strided, depthwise} {
			requireSegments(t, k, g, g.convParts()[0], NewBlockedConv(k, g, PackBlockedConvWeights(k, g, make([]float32, g.weights())), Epilogue{}))
			checkBlockedThreadsAndBound(t, k, g, blockedKinds[0])
		}
		g := transposedRow(1, 70, 20, 1901, 5, 2, 1)
		requireSegments(t, k, g, g.transposeParts()[0], NewBlockedConvTranspose(k, g, PackBlockedConvTransposeWeights(k, g, make([]float32, g.weights())), Epilogue{}))
		checkBlockedThreadsAndBound(t, k, g, blockedKinds[1])
	})
}

// requireSegments fails where the plan makes a row in one piece.
func requireSegments(t *testing.T, k *Kernels, g ConvGeom, part blockedPart, p *BlockedConvPlan) {
	t.Helper()
	x, y := MapLike(k.Block, g.N, g.C, g.In, p.Halo()), MapLike(k.Block, g.N, g.M, g.Out, Halo{})
	l := newLines(&part, &x, nil, &y)
	l.cut(p.cut.strips, k.tileFor(p.panel).rows())
	require.Greater(t, l.segments, 1, "%+v", g)
	if row := g.Out[2] * p.panel * k.Block; row > 2*stageFloats {
		require.Greater(t, p.staged.across, 1, "%+v", g)
	}
}

func TestToPlanarConvOneLongRow(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		for i, g := range []ConvGeom{row1D(1, 40, 3, 15001, 7, 2), transposedRow(2, 64, 3, 6001, 5, 2, 1)} {
			p := checkToPlanarThreadsAndBound(t, k, g, toPlanarKinds[i])
			require.Greater(t, p.segments, 1)
		}
	})
}

// Segments are whole tiles, cover the line, and are no more than the strips need.
func TestBlockedLinesCut(t *testing.T) {
	for _, c := range []struct {
		extent         [4]int
		strips, tile   int
		count, segment int
		last           int
	}{
		{[4]int{1, 1, 1, 1000}, 4, 14, 4, 252, 244},
		{[4]int{1, 1, 1, 1000}, 1, 14, 1, 1000, 1000},
		{[4]int{1, 1, 1, 14}, 4, 14, 1, 14, 14},
		{[4]int{1, 1, 1, 15}, 4, 14, 2, 14, 1},
		{[4]int{2, 1, 3, 100}, 6, 14, 6, 100, 100},
		{[4]int{2, 1, 3, 100}, 7, 14, 12, 56, 44},
		{[4]int{500, 1, 1, 2}, 8, 6, 8, 126, 122},
	} {
		l := blockedLines{extent: c.extent}
		l.setAxis()
		l.cut(c.strips, c.tile)
		require.Equal(t, [3]int{c.count, c.segment, c.last}, [3]int{l.count(), l.segment, l.length(l.count() - 1)}, "%+v", c)
		sum := 0
		for line := range l.count() {
			sum += l.length(line)
		}
		require.Equal(t, volume([3]int(c.extent[1:]))*c.extent[0], sum, "%+v", c)
	}
}

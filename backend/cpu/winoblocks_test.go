package cpu

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Blocks cover every tile once, whatever the threads and the cut.
func TestWinogradBlocks(t *testing.T) {
	k, r := KernelsFor(Generic), newRand(t, 93)
	for range 200 {
		g := randomRow(r, r.IntN(4) == 0)
		kind := winoForward
		if g.Stride[2] > 1 {
			kind = winoTransposed
		}
		p := kind.plan(k, g, kind.pack(nil, k, g, F4, make([]float32, g.weights())), Epilogue{})
		for _, b := range []winoBlocks{p.newBlocks(1+r.IntN(20), 1+r.IntN(4), 1+r.IntN(5)), p.newSpace(1 + r.IntN(5)).winoBlocks, p.oneBlock()} {
			seen := make([]int, p.tiles())
			for i := range b.count {
				first, n := b.block(i)
				require.LessOrEqual(t, n, b.tiles)
				for tile := first; tile < first+n; tile++ {
					seen[tile]++
				}
			}
			for tile, times := range seen {
				require.Equal(t, 1, times, "tile %d of %+v, %+v", tile, g, b)
			}
			past, _ := b.block(b.count)
			require.GreaterOrEqual(t, past, p.tiles())
		}
	}
}

// The first half of the blocks of a dilated convolution makes the first half of its outputs, as the first half of an
// elementwise step does, but for what the blocks are rounded by: a tile each.
func TestWinogradBlocksFollowOutputs(t *testing.T) {
	k := KernelsFor(Generic)
	for _, dilation := range []int{1, 3, 5} {
		g := row1D(1, 32, 32, 4096, 11, dilation)
		p := NewWinogradConv(k, g, PackWinogradWeights(nil, k, g, F4, make([]float32, g.weights())), Epilogue{})
		b := p.newSpace(2).winoBlocks
		for i := range b.count {
			first, n := b.block(i)
			r := &winoRun{WinogradConv: p}
			for _, tile := range []int{first, first + n - 1} {
				at := r.tilesAt(tile, 1)
				x, _, _ := p.cols.outputs(at.latticeX, 0, at.x)
				inside := 2047 - x
				if i >= b.count/2 {
					inside = x - 2048
				}
				require.Greater(t, inside, -4*dilation*b.each, "dilation %d, block %d of %d, output %d", dilation, i, b.count, x)
			}
		}
	}
}

// Several threads share layers of few tiles in blocks, one thread and heavy weights go in stages.
func TestWinogradFewTiles(t *testing.T) {
	k := KernelsFor(Detect())
	order := func(channels, size, threads int) winoOrder {
		g := square(1, channels, channels, size, 3)
		return NewWinogradConv(k, g, PackWinogradWeights(nil, k, g, F4, make([]float32, g.weights())), Epilogue{}).newSpace(threads).order
	}
	require.Equal(t, winoByStages, order(32, 32, 1))
	require.Equal(t, winoByBlocks, order(32, 32, 2))
	require.Equal(t, winoByStages, order(32, 4, 2))
	require.Equal(t, winoByStages, order(256, 16, 2))
	require.Equal(t, winoByBlocks, order(32, 256, 1))
}

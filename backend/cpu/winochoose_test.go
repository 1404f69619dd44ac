package cpu

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestChooseConv(t *testing.T) {
	k := *KernelsFor(Generic) // weights are almost free; the assembly tiers choose alike but where noted
	conv := func(size int, channels ...int) ConvGeom {
		return square(1, channels[0], channels[len(channels)-1], size, 3)
	}
	strided, five := conv(64, 64), square(1, 64, 64, 56, 5)
	strided.Stride = [3]int{1, 2, 2}
	row := conv(1, 128)
	row.Kernel, row.In, row.Out = [3]int{1, 1, 3}, [3]int{1, 1, 4096}, [3]int{1, 1, 4096}
	volume := conv(32, 64)
	volume.Kernel[0], volume.In[0], volume.Out[0] = 3, 8, 8
	for _, c := range []struct {
		name       string
		geom       ConvGeom
		transposed bool
		want       Algorithm
	}{
		{"64 at 256", conv(256, 64), false, F4},
		{"256 at 32", conv(32, 256), false, F4},
		{"512 at 16: 36 MiB as F4", conv(16, 512), false, F2},
		{"512 at 28: 36 MiB, but well used", conv(28, 512), false, F4},
		{"16 at 32", conv(32, 16), false, F4},
		{"3x3x3", volume, false, F4},
		{"5x5", five, false, F4},
		{"1x3", row, false, F4},
		{"1x3 of 16", row1D(1, 16, 16, 8192, 3, 1), false, Direct},
		{"1x5", row1D(1, 32, 32, 4096, 5, 1), false, F4},
		{"1x7", row1D(1, 32, 32, 4096, 7, 3), false, F4},
		{"1x11 of 16", row1D(1, 16, 16, 8192, 11, 5), false, F4},
		{"1x17", row1D(1, 64, 64, 4096, 17, 1), false, Direct},
		{"tiny", conv(8, 16), false, Direct},
		{"first layer", conv(256, 3, 64), false, Direct},
		{"last layer", conv(256, 64, 3), false, Direct},
		{"stride 2", strided, false, Direct},
		{"k2s2: phases of one tap", transposed2D(1, 128, 64, 64, 2, 2, 0), true, Direct},
		{"k4s2p1", transposed2D(1, 128, 64, 64, 4, 2, 1), true, F4},
		{"k4s2p1 of 16 by 16", transposed2D(1, 128, 64, 16, 4, 2, 1), true, F3},
		{"k4s2p1 of 4 by 4", transposed2D(16, 512, 256, 4, 4, 2, 1), true, F3},
		{"k9s3p3", transposed2D(1, 64, 64, 64, 9, 3, 3), true, F4},
		{"k3s2p1: a quarter of the phases has four taps", transposed2D(1, 256, 128, 56, 3, 2, 1), true, Direct},
	} {
		require.Equal(t, c.want, ChooseConv(&k, c.geom, c.transposed), c.name)
	}
	k.Conv = F2
	require.Equal(t, F2, ChooseConv(&k, conv(4, 1), false))
	require.Equal(t, Direct, ChooseConv(&k, strided, false))
}

// Where each weight has few products, fewer weights win.
func TestChooseConvByWeights(t *testing.T) {
	for _, tier := range Available() {
		if tier == Generic {
			continue
		}
		k := KernelsFor(tier)
		require.Equal(t, F4, ChooseConv(k, square(1, 384, 384, 16, 3), false))
		require.Equal(t, F2, ChooseConv(k, square(1, 512, 512, 7, 3), false))
		require.Equal(t, Direct, ChooseConv(k, square(1, 512, 512, 4, 3), false))
	}
}

// Outputs that fill more than half a block are worth the block.
func TestChooseConvFewOutputs(t *testing.T) {
	for _, tier := range Available() {
		k := KernelsFor(tier)
		for _, m := range []int{9, 12, 15} {
			g := square(1, 64, m, 56, 3)
			require.Equal(t, F4, ChooseConv(k, g, false), "%d outputs, %s", m, tier)
			require.False(t, k.ChoosePixels(g), "%d outputs, %s", m, tier)
		}
		require.Equal(t, Direct, ChooseConv(k, square(1, 64, 4, 56, 3), false), tier)
	}
}

func TestWinogradHalo(t *testing.T) {
	g := square(1, 16, 16, 13, 3)
	h, ok := WinogradHalo(g, false, F4)
	require.True(t, ok)
	require.Equal(t, Halo{Before: [3]int{0, 1, 1}, After: [3]int{0, 4, 4}}, h) // four tiles end at 16, one beyond their outputs
	g.Stride[1] = 2
	_, ok = WinogradHalo(g, false, F4)
	require.False(t, ok)
}

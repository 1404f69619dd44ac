package cpu

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestChoosePixels(t *testing.T) {
	strided, depthwise, grouped := square(1, 32, 8, 64, 3), square(1, 8, 8, 64, 3), square(1, 16, 16, 64, 3)
	strided.Stride, strided.Out = [3]int{1, 2, 2}, [3]int{1, 32, 32}
	depthwise.Group, grouped.Group = 8, 4
	for _, c := range []struct {
		name  string
		geom  ConvGeom
		tiers []Tier // that choose them
	}{
		{"vocoder of 8 channels", row1D(1, 8, 8, 16384, 7, 3), []Tier{AVX512, AVX2}},
		{"vocoder of 16 channels, dilated", row1D(1, 16, 16, 8192, 3, 5), []Tier{AVX512}},
		{"vocoder of 32 channels", row1D(1, 32, 32, 4096, 7, 3), nil},
		{"last layer of a vocoder", row1D(1, 8, 1, 16384, 7, 1), []Tier{AVX512, AVX2, Generic}},
		{"sub-pixel layer, Winograd's", square(1, 32, 9, 224, 3), nil},
		{"few products for the transforms", square(1, 16, 9, 224, 3), []Tier{AVX512}},
		{"few in, few out", square(1, 3, 4, 256, 3), []Tier{AVX512, AVX2, Generic}},
		{"first layer", square(1, 3, 64, 224, 3), nil},
		{"narrow first layer", square(1, 6, 16, 224, 3), nil},
		{"last layer of many channels", square(1, 64, 3, 192, 3), nil},
		{"Winograd's", square(1, 16, 16, 64, 3), nil},
		{"1x1 head", square(1, 64, 1, 256, 1), nil},
		{"1x1 head of 21 classes", square(1, 128, 21, 32, 1), nil},
		{"stride 2", strided, nil},
		{"depthwise", depthwise, nil},
		{"groups of 4", grouped, []Tier{AVX512, AVX2, Generic}},
	} {
		for _, tier := range Available() {
			got := KernelsFor(tier).ChoosePixels(c.geom)
			require.Equal(t, slices.Contains(c.tiers, tier), got, "%s, %s", c.name, tier)
		}
	}
}

func TestChooseDots(t *testing.T) {
	narrow := transposedRow(1, 16, 8, 8192, 4, 2, 1)
	for _, tier := range Available() {
		k := KernelsFor(tier)
		require.True(t, k.ChooseDots(square(1, 64, 1, 256, 1), false), "1x1 head, %s", tier)
		require.True(t, k.ChooseDots(square(1, 64, 3, 192, 3), false), "last layer, %s", tier)
		require.True(t, k.ChooseDots(transposed2D(1, 64, 3, 32, 4, 2, 1), true), "last layer of a generator, %s", tier)
		require.False(t, k.ChooseDots(narrow, true), "few products, half a block of outputs, %s", tier)
	}
}

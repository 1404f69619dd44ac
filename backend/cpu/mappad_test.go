package cpu

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Pixels around a map in its own memory are those of the padded copy: sources inside, at the edges and constants, on any
// number of axes, and nothing beyond is written.
func TestMapPadAround(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r, pool := newRand(t, 90), newTestPool(t, 2)
		for range 100 {
			var axes [3][]int32
			var around Halo
			size, outer := [3]int{1, 1, 1}, [3]int{1, 1, 1}
			for a := range 3 {
				if a > 0 {
					size[a] = 1 + r.IntN(9)
					around.Before[a], around.After[a] = r.IntN(4), r.IntN(4)
				}
				outer[a] = around.Before[a] + size[a] + around.After[a]
				for i := range outer[a] {
					from := i - around.Before[a]
					if from < 0 || from >= size[a] {
						from = r.IntN(size[a]+1) - 1
					}
					axes[a] = append(axes[a], int32(from))
				}
			}
			n, c, halo := 1+r.IntN(2), 1+r.IntN(20), randomHalo(r, Halo{})
			pad := NewMapPad(axes, 5)
			planar := floats(r, n*c*volume(size))
			x, _ := blockedMap(t, k.Block, n, c, size, halo.Add(around), planar)
			want, _ := blockedMap(t, k.Block, n, c, outer, halo, nil)
			pad.Run(pool, nil, &x, &want)

			y := NewMap(x.Data, k.Block, n, c, outer, halo)
			pad.RunAround(pool, nil, around.Before, &y)
			require.Equal(t, planarOf(&want), planarOf(&y), "size %v, around %v", size, around)
			require.Equal(t, planar, planarOf(&x), "the source")
			zeroed := y
			zeroed.Data = append([]float32(nil), y.Data...)
			zeroed.ZeroMargins(nil, true, false)
			require.Equal(t, -1, sameBits(zeroed.Data, y.Data), "the halo, of zeros before, was written")
		}
	})
}

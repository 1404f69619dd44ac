package cpu

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The kernels' conversions against the loops of Map.
func TestPlanarConversions(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 72)
		pool := NewPool(3)
		defer pool.Close()
		for i := range 150 {
			n, c := 1+r.IntN(2), 1+r.IntN(40)
			size := [3]int{1 + r.IntN(2), 1 + r.IntN(9), 1 + r.IntN(70)}
			if i%50 == 0 {
				size[2] += mapStripPixels // rows that are cut
			}
			if i%10 == 1 {
				size = [3]int{1, 1, 1}
			}
			var halo Halo
			if r.IntN(2) == 0 {
				halo = Halo{[3]int{r.IntN(2), r.IntN(3), r.IntN(3)}, [3]int{0, r.IntN(3), r.IntN(3)}}
			}
			planar := floats(r, n*c*volume(size))
			floats := MapFloats(k.Block, n, c, size, halo)
			want := NewMap(make([]float32, floats), k.Block, n, c, size, halo)
			want.FromPlanar(nil, planar)
			data, check := banded(t, nans(floats))
			got := NewMap(data, k.Block, n, c, size, halo)
			k.FromPlanar(pool, nil, &got, planar)
			got.ZeroMargins(nil, true, false)
			require.Equal(t, -1, firstDifference(want.Data, got.Data), "%d x %d %v %v", n, c, size, halo)
			check()

			back, check := banded(t, nans(len(planar)))
			k.ToPlanar(pool, nil, &got, back)
			require.Equal(t, -1, firstDifference(planar, back), "%d x %d %v %v", n, c, size, halo)
			check()
		}
	})
}

// Margins that are large enough for several threads.
func TestZeroMarginsThreads(t *testing.T) {
	r := newRand(t, 64)
	const block, n, c = 16, 2, 90
	size, halo := [3]int{1, 30, 20}, Halo{[3]int{0, 4, 3}, [3]int{1, 2, 4}}
	planar := floats(r, n*c*volume(size))
	want, _ := blockedMap(t, block, n, c, size, halo, planar)
	for _, threads := range []int{1, 2, 3} {
		got, check := blockedMap(t, block, n, c, size, halo, nil)
		for i := range n {
			for g := range got.Groups() {
				got.eachRow(i, g, func(row []float32, pixel int) {
					from := planar[(i*c+g*block)*volume(size)+pixel:]
					interleave(row, from, volume(size), min(block, c-g*block), block)
					for x := 0; g == got.Groups()-1 && x < len(row); x += block {
						row[x+c%block] = nan
					}
				})
			}
		}
		got.ZeroMargins(newTestPool(t, threads), true, true)
		require.Equal(t, -1, firstDifference(want.Data, got.Data), "%d threads", threads)
		check()
	}
}

package graph

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLayOutByHand(t *testing.T) {
	a := &interval{first: 0, last: 1, size: 100}
	b := &interval{first: 1, last: 2, size: 100}
	c := &interval{first: 2, last: 3, size: 128} // fits where a was
	require.Equal(t, 256, layOut([]*interval{a, b, c}))
	require.Equal(t, []int{0, 128, 0}, []int{a.offset, b.offset, c.offset})
}

// TestLayOutRandom asserts that no two intervals that live at the same time
// overlap, that all are aligned, and that little memory is wasted.
func TestLayOutRandom(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	used, peak := 0, 0
	for range 300 {
		var all []*interval
		for i := range 1 + rng.IntN(60) {
			all = append(all, &interval{first: i, last: i + rng.IntN(8), size: rng.IntN(5000)})
		}
		total := layOut(all)
		used, peak = used+total, peak+peakBytes(all)
		for i, a := range all {
			require.Zero(t, a.offset%arenaAlignment)
			require.LessOrEqual(t, a.offset+a.size, total)
			for _, b := range all[:i] {
				apartInTime := a.last < b.first || b.last < a.first
				apartInSpace := a.offset+a.size <= b.offset || b.offset+b.size <= a.offset
				require.True(t, apartInTime || apartInSpace || a.size == 0 || b.size == 0, "%+v and %+v", a, b)
			}
		}
	}
	require.Less(t, float64(used)/float64(peak), 1.05, "memory over the unavoidable peak")
}

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
		used, peak = used+layOutChecked(t, all), peak+peakBytes(all)
	}
	require.Less(t, float64(used)/float64(peak), 1.05, "memory over the unavoidable peak")
}

// The same with intervals whose pieces begin one after the other.
func TestLayOutPiecesRandom(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	used, peak, whole := 0, 0, 0
	for range 300 {
		var all, plain []*interval
		for i := range 1 + rng.IntN(60) {
			iv := &interval{first: i, last: i + rng.IntN(8), size: rng.IntN(5000)}
			plain = append(plain, &interval{first: iv.first, last: iv.last, size: iv.size})
			if iv.last > i+1 && rng.IntN(2) == 0 {
				for at := rng.IntN(200); at < iv.size; at += rng.IntN(1000) {
					p := piece{at, 1 + rng.IntN(iv.size-at), i + rng.IntN(iv.last-i)}
					iv.pieces = append(iv.pieces, p)
					at += p.size
				}
				rng.Shuffle(len(iv.pieces), func(a, b int) { iv.pieces[a], iv.pieces[b] = iv.pieces[b], iv.pieces[a] })
				if iv.pieces != nil {
					iv.complete(iv.last - 1)
				}
			}
			all = append(all, iv)
		}
		used, peak, whole = used+layOutChecked(t, all), peak+peakBytes(all), whole+layOut(plain)
	}
	require.Less(t, float64(used)/float64(peak), 1.15, "memory over the unavoidable peak")
	require.Less(t, used, whole, "memory of pieces that nobody wants yet is used")
}

// layOutChecked lays intervals out and asserts what any layout must keep, byte by byte
// where pieces meet.
func layOutChecked(t *testing.T, all []*interval) (total int) {
	t.Helper()
	total = layOut(all)
	for i, a := range all {
		require.Zero(t, a.offset%arenaAlignment)
		require.LessOrEqual(t, a.offset+a.size, total)
		covered := 0
		for _, p := range a.parts() {
			require.Equal(t, covered, p.offset, "pieces cover the interval")
			covered += p.size
			for _, b := range all[:i] {
				for _, q := range b.parts() {
					apartInTime := a.last < q.first || b.last < p.first
					apartInSpace := a.offset+p.offset+p.size <= b.offset+q.offset || b.offset+q.offset+q.size <= a.offset+p.offset
					require.True(t, apartInTime || apartInSpace || p.size == 0 || q.size == 0, "%+v of %+v and %+v of %+v", p, a, q, b)
				}
			}
		}
		require.GreaterOrEqual(t, covered, a.size)
	}
	return total
}

func TestLayOutPiecesByHand(t *testing.T) {
	// A skip connection: the first half of cat is made at step 0, the second at step 3.
	cat := &interval{first: 0, last: 4, size: 2048, pieces: []piece{{0, 1024, 0}, {1024, 1024, 3}}}
	deep := &interval{first: 1, last: 2, size: 960}
	require.Equal(t, 2048, layOut([]*interval{cat, deep}))
	require.Equal(t, []int{0, 1024}, []int{cat.offset, deep.offset})
	require.Equal(t, 2048, peakBytes([]*interval{cat, deep}))

	gaps := &interval{first: 2, last: 9, size: 300, pieces: []piece{{200, 50, 2}, {64, 36, 4}}}
	gaps.complete(7)
	require.Equal(t, []piece{{0, 64, 7}, {64, 36, 4}, {100, 100, 7}, {200, 50, 2}, {250, 70, 7}}, gaps.pieces)
}

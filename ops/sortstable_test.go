package ops

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSortStable(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	byKey := func(a, b [2]int) int { return a[0] - b[0] }
	for _, n := range []int{0, 1, 2, sortPiece, sortPiece + 1, 3*sortPiece - 1, 10*sortPiece + 7} {
		list := make([][2]int, n)
		for i := range list {
			list[i] = [2]int{rng.IntN(100), i}
		}
		want := slices.Clone(list)
		slices.SortStableFunc(want, byKey)
		sortStable(NewCall(context.Background(), nil), list, byKey)
		require.Equal(t, want, list)
	}
}

func TestSortStableCanceled(t *testing.T) {
	var stop atomic.Bool
	c := NewCall(context.Background(), nil)
	c.Begin(context.Background(), &stop)
	list, compared := make([]int, 100*sortPiece), 0
	sortStable(c, list, func(a, b int) int {
		compared++
		stop.Store(true)
		return 0
	})
	require.Less(t, compared, 2*sortPiece)
}

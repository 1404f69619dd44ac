package ops

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestWithWork leaves out the loop that would take more than the work given, and
// what follows.
func TestWithWork(t *testing.T) {
	c := NewCall(context.Background(), nil).WithWork(1000)
	ran := func(n, cost int) bool {
		items := 0
		c.Parallel(n, cost, func(lo, hi int) { items += hi - lo })
		return items == n
	}
	require.True(t, ran(10, 60))
	require.Equal(t, 400, c.Work())
	require.False(t, ran(math.MaxInt, math.MaxInt), "no overflow")
	require.True(t, c.Stop().Load())
	require.False(t, ran(1, 1))
	require.False(t, NewCall(context.Background(), nil).Stop().Load())
}

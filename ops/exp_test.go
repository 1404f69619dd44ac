package ops

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestShortExp(t *testing.T) {
	r := rand.New(rand.NewPCG(10, 10))
	for range 100_000 {
		x := (r.Float64() - 0.5) * 1400
		want := math.Exp(x)
		if e := math.Abs(shortExp(x)-want) / want; !(e < 0x1p-27) {
			t.Fatalf("e^%v = %v, want %v, relative error %v", x, shortExp(x), want, e)
		}
	}
	require.Equal(t, 1.0, shortExp(0))
	require.Equal(t, 0.0, shortExp(math.Inf(-1)))
	require.Equal(t, math.Inf(1), shortExp(math.Inf(1)))
	require.True(t, math.IsNaN(shortExp(math.NaN())))
	require.Equal(t, math.Exp(1), expOf(1.0))
}

package ops

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRounding(t *testing.T) {
	x := []float32{-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2.5000002, 1e20, inf32}
	for op, want := range map[string][]float32{
		"Floor": {-3, -2, -1, 0, 1, 2, 2, 1e20, inf32},
		"Ceil":  {-2, -1, 0, 1, 2, 3, 3, 1e20, inf32},
		"Round": {-2, -2, 0, 0, 2, 2, 3, 1e20, inf32},
	} {
		require.Equal(t, want, Data[float32](opCase{op: op, inputs: []*Tensor{Of(x, len(x))}}.mustRun(t)[0]), op)
	}
	checkReal(t, opCase{op: "Floor"}, same[float64], func(x float64) float64 { return x - math.Mod(math.Mod(x, 1)+1, 1) })
	checkReal(t, opCase{op: "Ceil"}, same[float64], func(x float64) float64 { return -math.Floor(-x) })
	checkReal(t, opCase{op: "Round"}, same[float64], func(x float64) float64 { return x + 3<<51 - 3<<51 })
}

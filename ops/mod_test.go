package ops

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMod(t *testing.T) {
	a, b := []int32{-4, 7, 5, 4, -7, 8, math.MinInt32}, []int32{2, -3, 8, -2, 3, 5, -1}
	mod := opCase{op: "Mod", inputs: []*Tensor{Of(a, 7), Of(b, 7)}}
	require.Equal(t, []int32{0, -2, 5, 0, 2, 3, 0}, Data[int32](mod.mustRun(t)[0]), "the sign of B")
	mod.attrs = []Attr{IntAttr("fmod", 1)}
	require.Equal(t, []int32{0, 1, 5, 0, -1, 3, 0}, Data[int32](mod.mustRun(t)[0]), "the sign of A")
	mod.inputs = []*Tensor{Of([]float32{-4.3, 7.2, 5, 1}, 4), Of([]float32{2.1, -3.4, 8, 0}, 4)}
	got := Data[float32](mod.mustRun(t)[0])
	require.InDeltaSlice(t, []float32{-0.1, 0.4, 5}, got[:3], 1e-6)
	require.True(t, math.IsNaN(float64(got[3])))

	checkPairs(t, "Mod", nonZero[int64], func(a, b int64) int64 {
		return a - b*int64(math.Floor(float64(a)/float64(b)))
	})
	checkPairs(t, "Mod", nonZero[uint8], func(a, b uint8) uint8 { return a - a/b*b })
	opCase{op: "Mod", inputs: []*Tensor{Of([]int8{1}, 1), Of([]int8{0}, 1)}}.mustFail(t, "B has an element 0")
	opCase{op: "Mod", inputs: mod.inputs}.mustFail(t, "A is tensor(float), want one of")
}

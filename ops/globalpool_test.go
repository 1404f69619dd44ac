package ops

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGlobalPools(t *testing.T) {
	x := Of([]float32{1, -2, 3, 4, -5, 6}, 1, 2, 3)
	run := func(op string, attrs ...Attr) []float32 {
		out := opCase{op: op, attrs: attrs, inputs: []*Tensor{x}}.mustRun(t)[0]
		require.Equal(t, Shape{1, 2, 1}, out.Shape())
		return Data[float32](out)
	}
	require.Equal(t, []float32{2. / 3, 5. / 3}, run("GlobalAveragePool"))
	require.Equal(t, []float32{3, 6}, run("GlobalMaxPool"))
	require.Equal(t, []float32{6, 15}, run("GlobalLpPool", IntAttr("p", 1)))
	require.InDeltaSlice(t, []float32{3.7416575, 8.774964}, run("GlobalLpPool"), 1e-6)
	require.InDeltaSlice(t, []float32{float32(math.Cbrt(36)), float32(math.Cbrt(405))}, run("GlobalLpPool", IntAttr("p", 3)), 1e-6)

	double := opCase{op: "GlobalAveragePool", inputs: []*Tensor{Of([]float64{1, 2, 3, 4}, 1, 1, 2, 2)}}
	require.Equal(t, []float64{2.5}, Data[float64](double.mustRun(t)[0]))
	require.Equal(t, Shape{0, 2, 1}, opCase{op: "GlobalMaxPool", inputs: []*Tensor{ramp(0, 2, 3)}}.mustRun(t)[0].Shape())
	nan := opCase{op: "GlobalMaxPool", inputs: []*Tensor{Of([]float32{1, float32(math.NaN()), 2}, 1, 1, 3)}}
	require.True(t, math.IsNaN(float64(Data[float32](nan.mustRun(t)[0])[0])))
}

func TestGlobalPoolErrors(t *testing.T) {
	for _, op := range []string{"GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"} {
		opCase{op: op, inputs: []*Tensor{ramp(1, 2)}}.mustFail(t, "X has rank 2")
		opCase{op: op, inputs: []*Tensor{ramp(1, 2, 0)}}.mustFail(t, "want at least one pixel")
		opCase{op: op, inputs: []*Tensor{Of([]int64{1}, 1, 1, 1)}}.mustFail(t, "X is tensor(int64)")
	}
	opCase{op: "GlobalLpPool", attrs: []Attr{IntAttr("p", 0)}, inputs: []*Tensor{ramp(1, 1, 1)}}.mustFail(t, "p is 0")
}

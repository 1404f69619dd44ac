package ops

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNonZero(t *testing.T) {
	x := Of([]float32{1, 0, float32(math.NaN()), float32(math.Copysign(0, -1))}, 2, 2)
	got := opCase{op: "NonZero", inputs: []*Tensor{x}}.mustRun(t)[0]
	require.Equal(t, Shape{2, 2}, got.Shape())
	require.Equal(t, []int64{0, 1, 0, 0}, Data[int64](got))

	require.Equal(t, Shape{1, 1}, opCase{op: "NonZero", inputs: []*Tensor{Of([]int8{5})}}.mustRun(t)[0].Shape(), "as onnxruntime 1.30")
	require.Equal(t, Shape{1, 0}, opCase{op: "NonZero", inputs: []*Tensor{Of([]bool{false})}}.mustRun(t)[0].Shape())
	require.Equal(t, Shape{2, 0}, opCase{op: "NonZero", inputs: []*Tensor{Of([]uint64{}, 0, 3)}}.mustRun(t)[0].Shape())
}

func TestNonZeroFindsAll(t *testing.T) {
	x := counted(Uint8, 3, 11, 17) // 0 at every multiple of 256
	got := opCase{op: "NonZero", inputs: []*Tensor{x}}.mustRun(t)[0]
	n := got.shape[1]
	require.Equal(t, x.Len()-3, n)
	for k, v := range Data[int64](got)[:n] {
		place := (int(v)*11+int(Data[int64](got)[n+k]))*17 + int(Data[int64](got)[2*n+k])
		require.Equal(t, k+1+k/255, place)
	}
}

func TestNonZeroErrors(t *testing.T) {
	opCase{op: "NonZero", inputs: []*Tensor{OfStrings([]string{"a"}, 1)}}.mustFail(t, "X is tensor(string)[1], want a number or bool")
}

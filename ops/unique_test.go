package ops

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUnique(t *testing.T) {
	x := Of([]float32{2, 1, 1, 3, 4, 3}, 2, 3)
	got := opCase{op: "Unique", inputs: []*Tensor{x}, outputs: 4}.mustRun(t)
	require.Equal(t, []float32{1, 2, 3, 4}, Data[float32](got[0]))
	require.Equal(t, []int64{1, 0, 3, 4}, Data[int64](got[1]))
	require.Equal(t, []int64{1, 0, 0, 2, 3, 2}, Data[int64](got[2]))
	require.Equal(t, []int64{2, 1, 2, 1}, Data[int64](got[3]))

	got = opCase{op: "Unique", attrs: []Attr{IntAttr("sorted", 0)}, inputs: []*Tensor{x}, outputs: 4}.mustRun(t)
	require.Equal(t, []float32{2, 1, 3, 4}, Data[float32](got[0]))
	require.Equal(t, []int64{0, 1, 3, 4}, Data[int64](got[1]))
	require.Equal(t, []int64{0, 1, 1, 2, 3, 2}, Data[int64](got[2]))
	require.Equal(t, []int64{1, 2, 2, 1}, Data[int64](got[3]))
}

func TestUniqueAxis(t *testing.T) {
	x := Of([]int64{1, 0, 1, 2, 3, 2}, 2, 3) // columns (1,2) (0,3) (1,2)
	got := opCase{op: "Unique", attrs: []Attr{IntAttr("axis", -1)}, inputs: []*Tensor{x}, outputs: 4}.mustRun(t)
	require.Equal(t, Shape{2, 2}, got[0].Shape())
	require.Equal(t, []int64{0, 1, 3, 2}, Data[int64](got[0]))
	require.Equal(t, []int64{1, 0}, Data[int64](got[1]))
	require.Equal(t, []int64{1, 0, 1}, Data[int64](got[2]))
	require.Equal(t, []int64{1, 2}, Data[int64](got[3]))
}

func TestUniqueKinds(t *testing.T) {
	nan := math.NaN()
	f := opCase{op: "Unique", inputs: []*Tensor{Of([]float64{nan, 1, nan, math.Inf(1)}, 4)}, outputs: 4}.mustRun(t)
	require.Equal(t, []float64{1, math.Inf(1)}, Data[float64](f[0])[:2])
	require.Equal(t, []int64{1, 1, 2}, Data[int64](f[3]))
	s := opCase{op: "Unique", inputs: []*Tensor{OfStrings([]string{"b", "a", "b"}, 3)}}.mustRun(t)
	require.Equal(t, []string{"a", "b"}, s[0].Strings())
	require.Len(t, s, 1)
	b := opCase{op: "Unique", inputs: []*Tensor{Of([]bool{true, false, true}, 3)}}.mustRun(t)[0]
	require.Equal(t, []bool{false, true}, Data[bool](b))
	require.Equal(t, Shape{0}, opCase{op: "Unique", inputs: []*Tensor{Of([]int8{}, 0, 3)}, outputs: 4}.mustRun(t)[0].Shape())
	one := opCase{op: "Unique", attrs: []Attr{IntAttr("axis", 1)}, inputs: []*Tensor{Of([]int8{}, 0, 3)}}.mustRun(t)[0]
	require.Equal(t, Shape{0, 1}, one.Shape(), "empty slices are equal")
	opCase{op: "Unique", inputs: []*Tensor{Of([]complex64{1}, 1)}}.mustFail(t, "X is tensor(complex64)")
	opCase{op: "Unique", attrs: []Attr{IntAttr("axis", 1)}, inputs: []*Tensor{Of([]int8{1}, 1)}}.mustFail(t, "axis is 1")
}

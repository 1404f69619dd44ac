package ops

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTopK(t *testing.T) {
	x := Of([]float32{1, 3, 3, 2, 3, 1}, 6)
	for _, c := range []struct {
		opset   int
		largest int
		indices []int64
	}{{11, 1, []int64{1, 2, 4, 3}}, {11, 0, []int64{0, 5, 3, 1}}, {10, 1, []int64{1, 2, 4, 3}}, {9, 1, []int64{1, 2, 4, 3}}} {
		oc := opCase{op: "TopK", opset: c.opset, inputs: []*Tensor{x, OfInts([]int{4})}, outputs: 2}
		switch {
		case c.opset < 10:
			oc.inputs, oc.attrs = oc.inputs[:1], []Attr{IntAttr("k", 4)}
		case c.opset > 10:
			oc.attrs = []Attr{IntAttr("largest", c.largest)}
		}
		got := oc.mustRun(t)
		require.Equal(t, c.indices, Data[int64](got[1]), c)
		for i, k := range c.indices {
			require.Equal(t, Data[float32](x)[k], Data[float32](got[0])[i])
		}
	}
}

func TestTopKNaN(t *testing.T) {
	nan := math.NaN()
	x := []*Tensor{Of([]float64{1, nan, math.Inf(1), nan, -1}, 5), OfInts([]int{5})}
	require.Equal(t, []int64{1, 3, 2, 0, 4}, Data[int64](opCase{op: "TopK", inputs: x, outputs: 2}.mustRun(t)[1]))
	require.Equal(t, []int64{4, 0, 2, 1, 3}, Data[int64](opCase{op: "TopK", attrs: []Attr{IntAttr("largest", 0)}, inputs: x, outputs: 2}.mustRun(t)[1]))
}

// TestTopKRandom holds the heap against a stable sort of everything.
func TestTopKRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(18, 18))
	for range 200 {
		shape := randomShape(r, 1+r.IntN(3))
		axis := r.IntN(len(shape))
		shape[axis] = r.IntN(60)
		k := r.IntN(shape[axis] + 1)
		x := NewTensor(Int8, shape)
		for i := range x.Len() {
			Data[int8](x)[i] = int8(r.IntN(20))
		}
		got := opCase{op: "TopK", attrs: []Attr{IntAttr("axis", axis), IntAttr("sorted", r.IntN(2))}, inputs: []*Tensor{x, OfInts([]int{k})}, outputs: 2}.mustRun(t)
		forEachIndex(got[1].shape, func(i int, index []int) {
			place := index[axis]
			row := make([]int8, shape[axis])
			at := slices.Clone(index)
			for at[axis] = range row {
				row[at[axis]] = Data[int8](x)[offsetOf(shape, at)]
			}
			order := identityOrder(len(row))
			slices.SortStableFunc(order, func(a, b int) int { return int(row[b]) - int(row[a]) })
			require.Equal(t, int64(order[place]), Data[int64](got[1])[i], fmt.Sprint(row))
			require.Equal(t, row[order[place]], Data[int8](got[0])[i])
		})
	}
}

func TestTopKErrors(t *testing.T) {
	x := counted(Int32, 2, 3)
	opCase{op: "TopK", inputs: []*Tensor{x, OfInts([]int{4})}, outputs: 2}.mustFail(t, "K is [4], want one number in [0, 3]")
	opCase{op: "TopK", inputs: []*Tensor{x, OfInts([]int{-1})}, outputs: 2}.mustFail(t, "K is [-1]")
	opCase{op: "TopK", inputs: []*Tensor{x, OfInts([]int{1, 1})}, outputs: 2}.mustFail(t, "K is [1 1]")
	opCase{op: "TopK", opset: 9, inputs: []*Tensor{x}, outputs: 2}.mustFail(t, "attribute k is missing")
	opCase{op: "TopK", attrs: []Attr{IntAttr("axis", 2)}, inputs: []*Tensor{x, OfInts([]int{1})}}.mustFail(t, "axis is 2")
	opCase{op: "TopK", inputs: []*Tensor{counted(Bool, 2), OfInts([]int{1})}}.mustFail(t, "X is tensor(bool)")
}

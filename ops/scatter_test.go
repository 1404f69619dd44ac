package ops

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestScatterElements(t *testing.T) {
	x, indices, updates := Of([]float32{1, 2, 3, 4, 5}, 1, 5), Of([]int64{1, -2, 1}, 1, 3), Of([]float32{1.5, 2.5, 3.5}, 1, 3)
	for reduction, want := range map[string][]float32{
		"none": {1, 3.5, 3, 2.5, 5}, "add": {1, 7, 3, 6.5, 5}, "mul": {1, 10.5, 3, 10, 5},
		"max": {1, 3.5, 3, 4, 5}, "min": {1, 1.5, 3, 2.5, 5},
	} {
		got := opCase{op: "ScatterElements", attrs: []Attr{IntAttr("axis", 1), StringAttr("reduction", reduction)}, inputs: []*Tensor{x, indices, updates}}.mustRun(t)[0]
		require.Equal(t, want, Data[float32](got), reduction)
	}
	old := opCase{op: "Scatter", opset: 9, attrs: []Attr{IntAttr("axis", 1)}, inputs: []*Tensor{x, indices, updates}}.mustRun(t)[0]
	require.Equal(t, []float32{1, 3.5, 3, 2.5, 5}, Data[float32](old))
}

// TestScatterElementsRandom holds the result against a loop over the updates.
func TestScatterElementsRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(17, 17))
	for _, d := range movable() {
		for range 10 {
			x := counted(d, randomShape(r, 1+r.IntN(4))...)
			axis := r.IntN(len(x.shape))
			indices := randomElementIndices(r, x.shape, axis)
			updates := counted(d, indices.shape...)
			from := make([]string, x.Len())
			for i := range from {
				from[i] = elementAt(x, i)
			}
			forEachIndex(indices.shape, func(i int, index []int) {
				to := slices.Clone(index)
				to[axis] = (int(Data[int32](indices)[i]) + x.shape[axis]) % x.shape[axis]
				from[offsetOf(x.shape, to)] = elementAt(updates, i)
			})
			got := opCase{op: "ScatterElements", attrs: []Attr{IntAttr("axis", axis)}, inputs: []*Tensor{x, indices, updates}}.mustRun(t)[0]
			for i := range from {
				require.Equal(t, from[i], elementAt(got, i), "%v element %d", d, i)
			}
		}
	}
}

func TestScatterND(t *testing.T) {
	x, indices, updates := Of([]int32{1, 2, 3, 4, 5, 6}, 3, 2), Of([]int64{2, 0, -1}, 3, 1), Of([]int32{10, 20, 30, 40, 50, 60}, 3, 2)
	for reduction, want := range map[string][]int32{
		"none": {30, 40, 3, 4, 50, 60}, "add": {31, 42, 3, 4, 65, 86}, "max": {30, 40, 3, 4, 50, 60}, "min": {1, 2, 3, 4, 5, 6},
	} {
		got := opCase{op: "ScatterND", attrs: []Attr{StringAttr("reduction", reduction)}, inputs: []*Tensor{x, indices, updates}}.mustRun(t)[0]
		require.Equal(t, want, Data[int32](got), reduction)
	}
	strings := opCase{op: "ScatterND", inputs: []*Tensor{OfStrings([]string{"a", "b"}, 2), Of([]int64{1}, 1), OfStrings([]string{"c"})}}.mustRun(t)[0]
	require.Equal(t, []string{"a", "c"}, strings.Strings())
	whole := opCase{op: "ScatterND", inputs: []*Tensor{Of([]int8{1, 2}, 2), Of([]int64{}, 1, 0), Of([]int8{3, 4}, 1, 2)}}.mustRun(t)[0]
	require.Equal(t, []int8{3, 4}, Data[int8](whole), "an empty tuple names the whole")
}

// TestScatterNDOfBox assigns to a slice as exporters write it: an index for each
// element of a box. Its rows are runs.
func TestScatterNDOfBox(t *testing.T) {
	x, updates := counted(Float32, 2, 6, 5), ramp(2, 3, 5)
	var box []int64
	for n := range int64(2) {
		for row := range int64(3) {
			for col := range int64(5) {
				box = append(box, n, 2+row, col)
			}
		}
	}
	indices := Of(box, 2, 3, 5, 3)
	got := opCase{op: "ScatterND", inputs: []*Tensor{x, indices, updates}}.mustRun(t)[0]
	want := x.Clone()
	for n := range 2 {
		copy(Data[float32](want)[n*30+10:], Data[float32](updates)[n*15:][:15])
	}
	require.Equal(t, want.Bytes(), got.Bytes())
	places, err := blockPlaces("indices", indices, x.Shape(), 0)
	require.NoError(t, err)
	require.Equal(t, []scatterRun{{40, 0, 60}, {160, 60, 60}}, scatterRuns(places, 4))
}

// TestScatterUndoesGather scatters what was gathered: nothing changes.
func TestScatterUndoesGather(t *testing.T) {
	x := counted(Uint16, 3, 4, 5)
	indices := Of([]int64{2, 1, 0, 3, -1, -1}, 3, 2)
	part := opCase{op: "GatherND", inputs: []*Tensor{x, indices}}.mustRun(t)[0]
	back := opCase{op: "ScatterND", inputs: []*Tensor{x, indices, part}}.mustRun(t)[0]
	require.Equal(t, x.Bytes(), back.Bytes())
}

func TestScatterNaN(t *testing.T) {
	nan := float32(math.NaN())
	for _, reduction := range []string{"max", "min"} {
		got := opCase{op: "ScatterElements", attrs: []Attr{StringAttr("reduction", reduction)},
			inputs: []*Tensor{Of([]float32{1, nan}, 2), Of([]int64{0, 1}, 2), Of([]float32{nan, 2}, 2)}}.mustRun(t)[0]
		for _, v := range Data[float32](got) {
			require.True(t, v != v)
		}
	}
}

func TestScatterErrors(t *testing.T) {
	x, i := counted(Int32, 2, 3), counted(Int64, 1, 1)
	opCase{op: "ScatterElements", inputs: []*Tensor{x, Of([]int64{2}, 1, 1), counted(Int32, 1, 1)}}.mustFail(t, "indices holds 2, want values in [-2, 2)")
	opCase{op: "ScatterElements", inputs: []*Tensor{x, i, counted(Int32, 1, 2)}}.mustFail(t, "updates has shape [1, 2], indices has [1, 1]: want them equal")
	opCase{op: "ScatterElements", inputs: []*Tensor{x, i, counted(Int8, 1, 1)}}.mustFail(t, "want one type")
	opCase{op: "ScatterElements", opset: 16, attrs: []Attr{StringAttr("reduction", "max")}, inputs: []*Tensor{x, i, i}}.mustFail(t, `attribute reduction is "max"`)
	opCase{op: "ScatterElements", opset: 13, attrs: []Attr{StringAttr("reduction", "add")}, inputs: []*Tensor{x, i, i}}.mustFail(t, "is not known")
	opCase{op: "ScatterElements", attrs: []Attr{StringAttr("reduction", "add")}, inputs: []*Tensor{counted(Bool, 1, 1), i, counted(Bool, 1, 1)}}.mustFail(t, "reduction add: data is tensor(bool)")
	opCase{op: "ScatterND", inputs: []*Tensor{x, Of([]int64{2}, 1), counted(Int32, 3)}}.mustFail(t, "indices holds 2 for an axis of 2")
	opCase{op: "ScatterND", inputs: []*Tensor{x, Of([]int64{1}, 1), counted(Int32, 2)}}.mustFail(t, "updates has shape [2], want [3]")
	opCase{op: "ScatterND", inputs: []*Tensor{x, counted(Int64, 3), counted(Int32, 2)}}.mustFail(t, "want at most 2 in the last axis")
	opCase{op: "ScatterND", inputs: []*Tensor{x, Of([]int64{1}), counted(Int32, 2)}}.mustFail(t, "want rank 1 or more")
}

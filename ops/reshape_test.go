package ops

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReshape(t *testing.T) {
	for _, c := range []struct {
		name       string
		from       Shape
		to         []int
		allowZero  int
		opset      int
		want, fail string
	}{
		{name: "plain", from: Shape{2, 6}, to: []int{3, 4}, want: "[3, 4]"},
		{name: "0 copies", from: Shape{2, 6}, to: []int{0, 3, -1}, want: "[2, 3, 2]"},
		{name: "old", opset: 5, from: Shape{2, 6}, to: []int{0, -1}, want: "[2, 6]"},
		{name: "scalar", from: Shape{1, 1}, to: []int{}, want: "[]"},
		{name: "of a scalar", from: Shape{}, to: []int{1, -1}, want: "[1, 1]"},
		{name: "empty", from: Shape{0, 3}, to: []int{3, 0}, allowZero: 1, want: "[3, 0]"},
		{name: "empty, -1", from: Shape{0, 3}, to: []int{-1, 3}, want: "[0, 3]"},
		{name: "two -1", from: Shape{2, 6}, to: []int{-1, -1}, fail: "shape [-1 -1] has -1 twice"},
		{name: "-2", from: Shape{2, 6}, to: []int{-2, 6}, fail: "has the dimension -2"},
		{name: "remainder", from: Shape{2, 6}, to: []int{5, -1}, fail: "want a positive multiple of 5"},
		{name: "other size", from: Shape{2, 6}, to: []int{5}, fail: "shape [5] has 5 elements, data of shape [2, 6] has 12"},
		{name: "0 beyond", from: Shape{2}, to: []int{2, 0}, fail: "copies dimension 1, data has shape [2]"},
		{name: "0 and -1", from: Shape{0, 3}, to: []int{0, -1}, allowZero: 1, fail: "to find the -1"},
		{name: "overflow", from: Shape{2}, to: []int{math.MaxInt, math.MaxInt}, fail: "limit exceeded"},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := counted(Float32, c.from...)
			oc := opCase{op: "Reshape", opset: c.opset, inputs: []*Tensor{x, OfInts(c.to)}}
			if c.allowZero != 0 {
				oc.attrs = []Attr{IntAttr("allowzero", c.allowZero)}
			}
			if c.fail != "" {
				oc.mustFail(t, c.fail)
				return
			}
			got := oc.mustRun(t)[0]
			require.Equal(t, c.want, got.Shape().String())
			require.Equal(t, x.Bytes(), got.Bytes())
		})
	}
}

func TestReshapeErrors(t *testing.T) {
	x := Of([]float32{1}, 1)
	opCase{op: "Reshape", inputs: []*Tensor{x, x}}.mustFail(t, "shape is tensor(float), want one of [int64 int32]")
	opCase{op: "Reshape", inputs: []*Tensor{x, Of([]int64{1}, 1, 1)}}.mustFail(t, "shape has shape [1, 1], want rank 1")
	opCase{op: "Reshape", inputs: []*Tensor{x}}.mustFail(t, "input shape is missing")
	opCase{op: "Reshape", opset: 13, attrs: []Attr{IntAttr("allowzero", 1)}, inputs: []*Tensor{x, OfInts([]int{1})}}.
		mustFail(t, "attribute allowzero=1 is not known")
}

func TestReshapeEveryType(t *testing.T) {
	for d := Float32; d <= Int2; d++ {
		x := counted(d, 3, 5)
		got := opCase{op: "Reshape", inputs: []*Tensor{x, OfInts([]int{5, -1})}}.mustRun(t)[0]
		require.Equal(t, x.Bytes(), got.Bytes(), d)
		require.Equal(t, x.Strings(), got.Strings(), d)
	}
}

package ops

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOneHot(t *testing.T) {
	indices, values := Of([]int64{-1, 0, 2, 3, -4}, 5), Of([]float32{5, 7}, 2)
	got := opCase{op: "OneHot", inputs: []*Tensor{indices, Of([]int64{3}), values}}.mustRun(t)[0]
	require.Equal(t, Shape{5, 3}, got.Shape())
	require.Equal(t, []float32{5, 5, 7, 7, 5, 5, 5, 5, 7, 5, 5, 5, 5, 5, 5}, Data[float32](got))
	first := opCase{op: "OneHot", attrs: []Attr{IntAttr("axis", 0)}, inputs: []*Tensor{indices, Of([]float32{3}, 1), values}}.mustRun(t)[0]
	back := opCase{op: "Transpose", inputs: []*Tensor{first}}.mustRun(t)[0]
	require.Equal(t, got.Bytes(), back.Bytes())

	text := opCase{op: "OneHot", inputs: []*Tensor{Of([]float32{1.9}), Of([]uint8{2}, 1), OfStrings([]string{"off", "on"}, 2)}}.mustRun(t)[0]
	require.Equal(t, []string{"off", "on"}, text.Strings())
	middle := opCase{op: "OneHot", attrs: []Attr{IntAttr("axis", 1)}, inputs: []*Tensor{Of([]int32{1, 0, 1, 1}, 2, 2), Of([]int32{2}), Of([]bool{false, true}, 2)}}.mustRun(t)[0]
	require.Equal(t, []bool{false, true, true, false, false, false, true, true}, Data[bool](middle))
	require.Equal(t, Shape{0, 3}, opCase{op: "OneHot", inputs: []*Tensor{Of([]int64{}, 0), Of([]int64{3}), values}}.mustRun(t)[0].Shape())
}

func TestOneHotErrors(t *testing.T) {
	i, v := Of([]int64{0}, 1), Of([]float32{0, 1}, 2)
	opCase{op: "OneHot", inputs: []*Tensor{i, Of([]int64{0}), v}}.mustFail(t, "depth is 0, want 1 or more")
	opCase{op: "OneHot", inputs: []*Tensor{i, Of([]int64{1, 2}, 2), v}}.mustFail(t, "depth has shape [2], want one element")
	opCase{op: "OneHot", inputs: []*Tensor{i, Of([]int64{1}), i}}.mustFail(t, "values has shape [1], want [2]")
	opCase{op: "OneHot", inputs: []*Tensor{i, Of([]bool{true}), v}}.mustFail(t, "depth is tensor(bool), want a number")
	opCase{op: "OneHot", attrs: []Attr{IntAttr("axis", 2)}, inputs: []*Tensor{i, Of([]int64{1}), v}}.mustFail(t, "axis is 2, want one in [-2, 2)")
	opCase{op: "OneHot", inputs: []*Tensor{counted(Int64, 1<<10), Of([]int64{1 << 62}), v}}.mustFail(t, "limit exceeded")
}

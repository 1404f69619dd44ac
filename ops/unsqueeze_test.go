package ops

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUnsqueeze(t *testing.T) {
	x := counted(Int16, 3, 2)
	for _, c := range []struct {
		axes []int
		want Shape
	}{
		{[]int{0}, Shape{1, 3, 2}},
		{[]int{-1}, Shape{3, 2, 1}},
		{[]int{4, 0, 2}, Shape{1, 3, 1, 2, 1}},
		{[]int{-1, 0}, Shape{1, 3, 2, 1}},
		{[]int{}, Shape{3, 2}},
	} {
		for _, oc := range []opCase{
			{op: "Unsqueeze", inputs: []*Tensor{x, OfInts(c.axes)}},
			{op: "Unsqueeze", opset: 11, attrs: []Attr{IntsAttr("axes", c.axes...)}, inputs: []*Tensor{x}},
		} {
			got := oc.mustRun(t)[0]
			require.Equal(t, c.want, got.Shape())
			require.Equal(t, x.Bytes(), got.Bytes())
		}
	}
	require.Equal(t, Shape{1}, opCase{op: "Unsqueeze", inputs: []*Tensor{Of([]bool{true}), Of([]int64{0})}}.mustRun(t)[0].Shape(), "axes may be a scalar")
}

func TestUnsqueezeErrors(t *testing.T) {
	x := counted(Int16, 3, 2)
	opCase{op: "Unsqueeze", inputs: []*Tensor{x, OfInts([]int{3})}}.mustFail(t, "axis is 3, want one in [-3, 3)")
	opCase{op: "Unsqueeze", inputs: []*Tensor{x, OfInts([]int{0, 0})}}.mustFail(t, "name axis 0 twice")
	opCase{op: "Unsqueeze", inputs: []*Tensor{x, OfInts(make([]int, 99))}}.mustFail(t, "99 axes, want at most 16")
	opCase{op: "Unsqueeze", inputs: []*Tensor{x, OfInts([]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15})}}.mustFail(t, "rank 18, want at most 16")
	opCase{op: "Unsqueeze", opset: 11, inputs: []*Tensor{x}}.mustFail(t, "attribute axes is missing")
	opCase{op: "Unsqueeze", inputs: []*Tensor{x}}.mustFail(t, "input axes is missing")
}

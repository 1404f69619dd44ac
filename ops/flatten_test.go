package ops

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFlatten(t *testing.T) {
	for _, c := range []struct {
		dims []int
		axis int
		want Shape
	}{
		{[]int{2, 3, 4}, 1, Shape{2, 12}},
		{[]int{2, 3, 4}, 0, Shape{1, 24}},
		{[]int{2, 3, 4}, 3, Shape{24, 1}},
		{[]int{2, 3, 4}, -1, Shape{6, 4}},
		{[]int{2, 3, 4}, -3, Shape{1, 24}},
		{[]int{}, 0, Shape{1, 1}},
		{[]int{2, 0}, 1, Shape{2, 0}},
	} {
		x := counted(Int16, c.dims...)
		got := opCase{op: "Flatten", attrs: []Attr{IntAttr("axis", c.axis)}, inputs: []*Tensor{x}}.mustRun(t)[0]
		require.Equal(t, c.want, got.Shape())
		require.Equal(t, x.Bytes(), got.Bytes())
	}
	x := counted(Int16, 2, 3, 4)
	require.Equal(t, Shape{2, 12}, opCase{op: "Flatten", opset: 7, inputs: []*Tensor{x}}.mustRun(t)[0].Shape(), "axis is 1 when absent")
}

func TestFlattenErrors(t *testing.T) {
	opCase{op: "Flatten", attrs: []Attr{IntAttr("axis", 3)}, inputs: []*Tensor{counted(Int16, 2, 3)}}.mustFail(t, "axis is 3, want one in [-2, 2] for rank 2")
	opCase{op: "Flatten", inputs: []*Tensor{counted(Int16)}}.mustFail(t, "axis is 1, want one in [0, 0] for rank 0")
	op := &flatten{2}
	_, err := op.Infer([]Spec{tensorSpec(Int8, Shape{math.MaxInt / 2, 4, 0})})
	require.ErrorIs(t, err, ErrLimit)
}

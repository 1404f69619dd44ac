package ops

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCenterCropPad(t *testing.T) {
	run := func(x *Tensor, size []int, axes ...int) *Tensor {
		c := opCase{op: "CenterCropPad", inputs: []*Tensor{x, OfInts(size)}}
		if axes != nil {
			c.attrs = []Attr{IntsAttr("axes", axes...)}
		}
		return c.mustRun(t)[0]
	}
	x := Of([]int32{1, 2, 3, 4, 5}, 5)
	require.Equal(t, []int32{2, 3, 4}, Data[int32](run(x, []int{3})))
	require.Equal(t, []int32{2, 3}, Data[int32](run(x, []int{2})), "one more is cut at the end")
	require.Equal(t, []int32{0, 1, 2, 3, 4, 5, 0}, Data[int32](run(x, []int{7})))
	require.Equal(t, []int32{1, 2, 3, 4, 5, 0}, Data[int32](run(x, []int{6})), "one more is added at the end")
	both := run(counting[uint8](3, 2), []int{4, 1}, -1, 0)
	require.Equal(t, Shape{1, 4}, both.Shape())
	require.Equal(t, []uint8{0, 2, 3, 0}, Data[uint8](both))
	require.Equal(t, []string{"b", ""}, run(OfStrings([]string{"b"}, 1), []int{2}).Strings())
	require.Equal(t, []float32{0, 0}, Data[float32](run(NewTensor(Float32, Shape{0}), []int{2})))
	require.Empty(t, Data[int32](run(x, []int{0})))
}

func TestCenterCropPadErrors(t *testing.T) {
	x := NewTensor(Float32, Shape{2, 3})
	opCase{op: "CenterCropPad", inputs: []*Tensor{x, OfInts([]int{1})}}.mustFail(t, "shape has 1 values, want one for each of 2 axes")
	opCase{op: "CenterCropPad", inputs: []*Tensor{x, OfInts([]int{1, -1})}}.mustFail(t, "want values of 0 to")
	opCase{op: "CenterCropPad", attrs: []Attr{IntsAttr("axes", 2)}, inputs: []*Tensor{x, OfInts([]int{1})}}.mustFail(t, "axis is 2")
	opCase{op: "CenterCropPad", attrs: []Attr{IntsAttr("axes", 0, -2)}, inputs: []*Tensor{x, OfInts([]int{1, 1})}}.mustFail(t, "name axis 0 twice")
}

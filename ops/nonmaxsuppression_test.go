package ops

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// nms runs the operator on six boxes with one batch entry and class.
func nms(t *testing.T, scores []float32, more ...*Tensor) []int64 {
	t.Helper()
	boxes := Of([]float32{0, 0, 1, 1, 0, 0.1, 1, 1.1, 0, -0.1, 1, 0.9, 0, 10, 1, 11, 0, 10.1, 1, 11.1, 0, 100, 1, 101}, 1, 6, 4)
	in := append([]*Tensor{boxes, Of(scores, 1, 1, 6)}, more...)
	got := opCase{op: "NonMaxSuppression", inputs: in}.mustRun(t)[0]
	var picked []int64
	for i, v := range Data[int64](got) {
		if i%3 == 2 {
			picked = append(picked, v)
		} else {
			require.Zero(t, v)
		}
	}
	return picked
}

func TestNonMaxSuppression(t *testing.T) {
	scores := []float32{.9, .75, .6, .95, .5, .3}
	most := func(n int64) *Tensor { return Of([]int64{n}) }
	f := func(v float32) *Tensor { return Of([]float32{v}, 1) }
	// By onnxruntime 1.30.
	require.Equal(t, []int64{3, 0, 5}, nms(t, scores, most(3)))
	require.Equal(t, []int64{3, 0, 5}, nms(t, scores, most(9), f(0.5), f(0)))
	require.Equal(t, []int64{3, 0}, nms(t, scores, most(2), f(0.5)))
	require.Equal(t, []int64{3}, nms(t, scores, most(3), f(0.5), f(0.9)))
	require.Empty(t, nms(t, scores, most(3), f(0.5), f(0.95)), "scores must be above the threshold")
	require.Empty(t, nms(t, scores))
	require.Empty(t, nms(t, scores, most(-1)))
	require.Equal(t, []int64{0, 3, 5}, nms(t, []float32{1, 1, 1, 1, 1, 1}, most(9), f(0.5), f(0.4)), "equal scores by index")
	require.Equal(t, []int64{3, 0, 1, 2, 4, 5}, nms(t, scores, most(9), f(1)))
	nan := float32(math.NaN())
	require.Equal(t, []int64{0, 2, 4, 5, 1, 3}, nms(t, []float32{.9, nan, .6, nan, .5, .5}, most(9), f(1)))
}

func TestNonMaxSuppressionForms(t *testing.T) {
	scores := Of([]float32{.9, .8, .1, .2}, 2, 1, 2)
	most, overlap := Of([]int64{5}), Of([]float32{0.5})
	corners := Of([]float32{1, 1, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 5, 5, 6, 6}, 2, 2, 4) // the first one flipped
	centers := Of([]float32{.5, .5, 1, 1, .5, .5, 1, 1, .5, .5, 1, 1, 5.5, 5.5, 1, 1}, 2, 2, 4)
	want := []int64{0, 0, 0, 1, 0, 1, 1, 0, 0}
	got := opCase{op: "NonMaxSuppression", inputs: []*Tensor{corners, scores, most, overlap}}.mustRun(t)[0]
	require.Equal(t, want, Data[int64](got))
	got = opCase{op: "NonMaxSuppression", attrs: []Attr{IntAttr("center_point_box", 1)}, inputs: []*Tensor{centers, scores, most, overlap}}.mustRun(t)[0]
	require.Equal(t, want, Data[int64](got))
	empty := opCase{op: "NonMaxSuppression", inputs: []*Tensor{counted(Float32, 1, 0, 4), counted(Float32, 1, 2, 0), most}}.mustRun(t)[0]
	require.Equal(t, Shape{0, 3}, empty.Shape())
}

func TestNonMaxSuppressionErrors(t *testing.T) {
	b, s := counted(Float32, 1, 6, 4), counted(Float32, 1, 1, 6)
	opCase{op: "NonMaxSuppression", inputs: []*Tensor{b, b}}.mustFail(t, "want [N, B, 4] and [N, C, B]")
	opCase{op: "NonMaxSuppression", inputs: []*Tensor{b, s, nil, Of([]float32{1.5})}}.mustFail(t, "iou_threshold is 1.5, want one in [0, 1]")
	opCase{op: "NonMaxSuppression", inputs: []*Tensor{b, s, Of([]int32{1})}}.mustFail(t, "max_output_boxes_per_class is tensor(int32)")
	opCase{op: "NonMaxSuppression", inputs: []*Tensor{b, s, nil, nil, Of([]float32{1, 2}, 2)}}.mustFail(t, "score_threshold has shape [2], want one element")
	opCase{op: "NonMaxSuppression", inputs: []*Tensor{counted(Float64, 1, 6, 4), s}}.mustFail(t, "boxes is tensor(double)")
}

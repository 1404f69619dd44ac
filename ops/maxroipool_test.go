package ops

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func maxRoiCase(x *Tensor, rois []float32, attrs ...Attr) opCase {
	return opCase{op: "MaxRoiPool", attrs: append(attrs, IntsAttr("pooled_shape", 2, 2)), inputs: []*Tensor{x, Of(rois, len(rois)/5, 5)}}
}

// By onnxruntime 1.30, of the numbers 1 to 25.
func TestMaxRoiPool(t *testing.T) {
	for _, c := range []struct {
		roi   []float32
		scale float32
		want  []float32
	}{
		{[]float32{0, 0, 0, 4, 4}, 1, []float32{13, 15, 23, 25}},
		{[]float32{0, 0, 0, 4, 4}, 0.5, []float32{7, 8, 12, 13}},
		{[]float32{0, 1.5, 0.5, 3, 4.2}, 1, []float32{13, 14, 23, 24}},
		{[]float32{0, 3, 3, 1, 1}, 1, []float32{19, 19, 19, 19}},
		{[]float32{0, -3, -3, 1, 2}, 1, []float32{0, 0, 0, 12}},
		{[]float32{0, 4, 4, 9, 9}, 1, []float32{25, 0, 0, 0}},
		{[]float32{0, 7, 7, 9, 9}, 0.5, []float32{25, 0, 0, 0}},
		{[]float32{0, 0.5, 0.5, 1.5, 2.5}, 1, []float32{12, 13, 17, 18}},
	} {
		got := maxRoiCase(ramp(1, 1, 5, 5), c.roi, FloatAttr("spatial_scale", c.scale)).mustRun(t)[0]
		require.Equal(t, c.want, Data[float32](got), "%v", c)
	}
	x := ramp(2, 2, 1, 1)
	got := maxRoiCase(x, []float32{1, 0, 0, 0, 0, 0, 0, 0, 0, 0}).mustRun(t)[0]
	require.Equal(t, []float32{3, 3, 3, 3, 4, 4, 4, 4, 1, 1, 1, 1, 2, 2, 2, 2}, Data[float32](got), "images and channels")
	far := maxRoiCase(x, []float32{0, -1e30, float32(math.Inf(-1)), 1e30, float32(math.Inf(1))}).mustRun(t)[0]
	require.Equal(t, Shape{1, 2, 2, 2}, far.shape)
	require.Equal(t, Shape{0, 2, 2, 2}, maxRoiCase(x, nil).mustRun(t)[0].shape)
	require.Equal(t, []float32{0, 0, 0, 0}, Data[float32](maxRoiCase(zeros(1, 1, 0, 3), []float32{0, 0, 0, 1, 1}).mustRun(t)[0]))
}

func TestMaxRoiPoolErrors(t *testing.T) {
	x := zeros(1, 1, 2, 2)
	maxRoiCase(x, []float32{1, 0, 0, 1, 1}).mustFail(t, "rois row 0 names the image 1, want one of 1")
	maxRoiCase(x, []float32{-1, 0, 0, 1, 1}).mustFail(t, "names the image -1")
	maxRoiCase(x, []float32{float32(math.NaN()), 0, 0, 1, 1}).mustFail(t, "names the image NaN")
	maxRoiCase(zeros(1, 2, 2), nil).mustFail(t, "X has shape [1, 2, 2]")
	opCase{op: "MaxRoiPool", attrs: []Attr{IntsAttr("pooled_shape", 2)}, inputs: []*Tensor{x, zeros(1, 5)}}.mustFail(t, "pooled_shape is [2], want a height and a width")
	opCase{op: "MaxRoiPool", attrs: []Attr{IntsAttr("pooled_shape", 1, 1)}, inputs: []*Tensor{x, zeros(1, 4)}}.mustFail(t, "rois has shape [1, 4], want [R, 5]")
	opCase{op: "MaxRoiPool", attrs: []Attr{IntsAttr("pooled_shape", 1, 1)}, inputs: []*Tensor{x, NewTensor(Float64, Shape{1, 5})}}.mustFail(t, "X is tensor(float) and rois is tensor(double)")
}

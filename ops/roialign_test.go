package ops

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// roiCase pools regions of X, all of image 0.
func roiCase(x *Tensor, rois []float32, attrs ...Attr) opCase {
	n := len(rois) / 4
	return opCase{op: "RoiAlign", attrs: attrs, inputs: []*Tensor{x, Of(rois, n, 4), NewTensor(Int64, Shape{n})}}
}

// By onnxruntime 1.30, of the numbers 1 to 25.
func TestRoiAlign(t *testing.T) {
	for _, c := range []struct {
		mode, coordinates string
		roi               []float32
		ratio             int
		want              []float32
	}{
		{"avg", "half_pixel", []float32{0, 0, 4, 4}, 0, []float32{4, 6, 14, 16}},
		{"avg", "half_pixel", []float32{1.5, 0.5, 3, 4.2}, 2, []float32{7, 7.75, 16.25, 17}},
		{"avg", "half_pixel", []float32{3, 3, 1, 1}, 0, []float32{0, 0, 0, 0}},
		{"avg", "half_pixel", []float32{3, 3, 1, 1}, 2, []float32{13, 12, 8, 7}},
		{"avg", "half_pixel", []float32{-3, -3, 1, 2}, 0, []float32{0, 0, 0, 3.2222221}},
		{"avg", "half_pixel", []float32{4, 4, 9, 9}, 0, []float32{11, 0, 0, 0}},
		{"avg", "half_pixel", []float32{4, 4, 9, 9}, 2, []float32{6.25, 0, 0, 0}},
		{"avg", "output_half_pixel", []float32{3, 3, 1, 1}, 0, []float32{20.5, 21, 23, 23.5}},
		{"avg", "output_half_pixel", []float32{-3, -3, 1, 2}, 0, []float32{0, 0.41666666, 0, 5.1388888}},
		{"max", "half_pixel", []float32{0, 0, 4, 4}, 0, []float32{7, 9, 17, 19}},
		{"max", "half_pixel", []float32{3, 3, 1, 1}, 2, []float32{7.3125, 6.75, 4.5, 3.9375}},
		{"max", "half_pixel", []float32{4, 4, 9, 9}, 2, []float32{25, 0, 0, 0}},
		{"max", "output_half_pixel", []float32{1.5, 0.5, 3, 4.2}, 0, []float32{10.095312, 7.765624, 14.842182, 11.0624962}},
		{"max", "output_half_pixel", []float32{2, 2, 2, 2}, 2, []float32{9.953125, 10.71875, 13.78125, 14.546875}},
	} {
		attrs := []Attr{
			StringAttr("mode", c.mode), StringAttr("coordinate_transformation_mode", c.coordinates), IntAttr("sampling_ratio", c.ratio),
			IntAttr("output_height", 2), IntAttr("output_width", 2),
		}
		got := roiCase(ramp(1, 1, 5, 5), c.roi, attrs...).mustRun(t)[0]
		require.InDeltaSlice(t, c.want, Data[float32](got), 1e-5, "%+v", c)
		if c.coordinates == "output_half_pixel" {
			old := roiCase(ramp(1, 1, 5, 5), c.roi, append(attrs[:1:1], attrs[2:]...)...)
			old.opset = 10
			require.Equal(t, got.Bytes(), old.mustRun(t)[0].Bytes())
		}
	}
}

// Channels, images and regions do not mix.
func TestRoiAlignMany(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 17))
	x := randomFloats(r, Float64, 3, 2, 6, 7)
	rois := Of([]float64{0, 1, 5, 6, 2, 2, 9, 8, -1, 0, 3, 3}, 3, 4)
	attrs := []Attr{IntAttr("output_height", 3), FloatAttr("spatial_scale", 0.5)}
	all := opCase{op: "RoiAlign", attrs: attrs, inputs: []*Tensor{x, rois, Of([]int64{2, 0, 1}, 3)}}.mustRun(t)[0]
	require.Equal(t, Shape{3, 2, 3, 1}, all.shape)
	for i, image := range []int{2, 0, 1} {
		for ch := range 2 {
			plane := Of(Data[float64](x)[(image*2+ch)*42:][:42], 1, 1, 6, 7)
			roi := Of(Data[float64](rois)[i*4:][:4], 1, 4)
			single := opCase{op: "RoiAlign", attrs: attrs, inputs: []*Tensor{plane, roi, Of([]int64{0}, 1)}}.mustRun(t)[0]
			require.Equal(t, Data[float64](single), Data[float64](all)[(i*2+ch)*3:][:3])
		}
	}
}

func TestRoiAlignEmpty(t *testing.T) {
	require.Equal(t, Shape{0, 3, 1, 1}, roiCase(zeros(1, 3, 2, 2), nil).mustRun(t)[0].shape)
	require.Equal(t, []float32{0}, Data[float32](roiCase(zeros(1, 1, 0, 2), []float32{0, 0, 1, 1}).mustRun(t)[0]), "no pixels")
	require.Equal(t, Shape{1, 0, 1, 1}, roiCase(zeros(1, 0, 2, 2), []float32{0, 0, 1, 1}).mustRun(t)[0].shape)
}

func TestRoiAlignErrors(t *testing.T) {
	x, roi := zeros(1, 1, 2, 2), []float32{0, 0, 1, 1}
	roiCase(zeros(1, 2, 2), roi).mustFail(t, "X has shape [1, 2, 2], want [N, C, H, W]")
	roiCase(x, []float32{0, 0, float32(math.NaN()), 1}).mustFail(t, "rois row 0: the region is from 0 to NaN, want finite numbers")
	roiCase(x, []float32{0, 0, 1, 1e30}).mustFail(t, "limit exceeded")
	roiCase(x, roi, IntAttr("output_height", 0)).mustFail(t, "output_height is 0")
	roiCase(x, roi, IntAttr("sampling_ratio", -1)).mustFail(t, "sampling_ratio is -1")
	roiCase(x, roi, StringAttr("mode", "min")).mustFail(t, "attribute mode is \"min\"")
	roiCase(x, roi, StringAttr("coordinate_transformation_mode", "no")).mustFail(t, "attribute coordinate_transformation_mode is \"no\"")
	c := roiCase(x, roi)
	c.inputs[2] = Of([]int64{1}, 1)
	c.mustFail(t, "batch_indices element 0 is 1, want one of 1 images")
	c.inputs[2] = Of([]int64{1, 0}, 2)
	c.mustFail(t, "batch_indices has shape [2], want [1]")
	c.inputs[1] = zeros(4)
	c.mustFail(t, "rois has shape [4], want [R, 4]")
	c.inputs[1] = NewTensor(Float64, Shape{1, 4})
	c.mustFail(t, "X is tensor(float) and rois is tensor(double)")
	c.inputs[0] = Of([]int32{1}, 1, 1, 1, 1)
	c.mustFail(t, "X is tensor(int32)")
}

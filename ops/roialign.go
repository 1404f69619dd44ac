package ops

import (
	"fmt"
	"math"
)

// RoiAlign: regions of images, each brought to one size: an output is the mean (or
// the maximum) of samples that lie evenly in its share of the region.
//
//	X: T [N, C, H, W]. rois: T [R, 4], (x1, y1, x2, y2). batch_indices: int64 [R], the
//	image of each region.
//	Y: T [R, C, output_height, output_width] (default 1, 1).
//
// Coordinates are multiplied by spatial_scale (1); half_pixel (the default since
// version 16) then takes 0.5 off, output_half_pixel, as before, does not but widens
// regions below 1 to 1 pixel. sampling_ratio is the number of samples along each axis
// of an output, 0 (default): one for each pixel begun. A sample is the linear
// interpolation of the four pixels around it, 0 when it lies more than a pixel outside.
// mode avg (default) is the mean of the samples; max is the largest pixel times its
// weight, as in onnxruntime. A region without samples gives 0. Coordinates are
// computed in T as in onnxruntime, sums in float64.
//
//	T: float, double.
//
// https://onnx.ai/onnx/operators/onnx__RoiAlign.html (versions 10, 16, 22).
type roiAlign struct {
	height, width int // of the output
	ratio         int
	scale         float32
	half, max     bool
}

func init() {
	for _, since := range []int{10, 16} {
		Register(Def{
			Name: "RoiAlign", Since: since, Inputs: []string{"X", "rois", "batch_indices"}, Outputs: []string{"Y"},
			New: func(n *Node) (Op, error) {
				o := &roiAlign{
					height: n.Int("output_height", 1), width: n.Int("output_width", 1),
					ratio: n.Int("sampling_ratio", 0), scale: n.Float("spatial_scale", 1),
					max: n.Str("mode", "avg", "avg", "max") == "max",
				}
				if since >= 16 {
					o.half = n.Str("coordinate_transformation_mode", "half_pixel", "half_pixel", "output_half_pixel") == "half_pixel"
				}
				if o.height < 1 || o.width < 1 {
					n.Fail("output_height is %d and output_width %d, want 1 or more", o.height, o.width)
				}
				if o.ratio < 0 || o.ratio > mostRoiSamples {
					n.Fail("sampling_ratio is %d, want 0 to %d", o.ratio, mostRoiSamples)
				}
				return o, n.Err()
			},
		})
	}
}

// mostRoiSamples bounds the samples of a region along one axis: an image has fewer
// pixels.
const mostRoiSamples = 1 << 20

// Infer checks the inputs and gives Y.
func (o *roiAlign) Infer(in []Spec) ([]Spec, error) {
	x, rois, images := in[0], in[1], in[2]
	err := firstError(
		wantType("X", x, Float32, Float64),
		wantSameType("X", x, "rois", rois),
		wantType("batch_indices", images, Int64))
	if err != nil {
		return nil, err
	}
	if len(x.Shape) != 4 {
		return nil, fmt.Errorf("X has shape %v, want [N, C, H, W]", x.Shape)
	}
	if len(rois.Shape) != 2 || rois.Shape[1] != 4 {
		return nil, fmt.Errorf("rois has shape %v, want [R, 4]", rois.Shape)
	}
	if !images.Shape.Equal(rois.Shape[:1]) {
		return nil, fmt.Errorf("batch_indices has shape %v, want %v", images.Shape, rois.Shape[:1])
	}
	return one(x.DType, Shape{rois.Shape[0], x.Shape[1], o.height, o.width})
}

// Run pools region by region.
func (o *roiAlign) Run(c *Call, in, out []*Tensor) error {
	for i, k := range Data[int64](in[2]) {
		if k < 0 || k >= int64(in[0].shape[0]) {
			return fmt.Errorf("batch_indices element %d is %d, want one of %d images", i, k, in[0].shape[0])
		}
	}
	if in[0].dtype == Float32 {
		return runRoiAlign[float32](c, o, in, out[0])
	}
	return runRoiAlign[float64](c, o, in, out[0])
}

func runRoiAlign[T Float](c *Call, o *roiAlign, in []*Tensor, y *Tensor) error {
	shape := in[0].shape
	channels, h, w := shape[1], shape[2], shape[3]
	xs, rois, ys := Data[T](in[0]), Data[T](in[1]), Data[T](y)
	plane, pooled := h*w, o.height*o.width
	for r, image := range Data[int64](in[2]) {
		corners := rois[r*4 : r*4+4]
		down, errY := newRoiAxis(o, corners[1], corners[3], o.height, h)
		across, errX := newRoiAxis(o, corners[0], corners[2], o.width, w)
		if err := firstError(errY, errX); err != nil {
			return fmt.Errorf("rois row %d: %w", r, err)
		}
		cost := int(min(1<<30, multiplied(len(down.samples)+1, len(across.samples)+1, 5)))
		c.Parallel(channels, cost, func(lo, hi int) {
			for ch := lo; ch < hi; ch++ {
				x := xs[(int(image)*channels+ch)*plane:][:plane]
				for i := range pooled {
					if c.stop.Load() {
						return
					}
					ys[(r*channels+ch)*pooled+i] = T(poolSamples(x, w, down.of(i/o.width), across.of(i%o.width), o.max))
				}
			}
		})
	}
	return nil
}

// roiAxis holds the samples along one axis of a region.
type roiAxis struct {
	perOutput int
	samples   []roiSample
}

// roiSample lies between two pixels; a sample outside the image has the weights 0.
type roiSample struct {
	low, high             int
	lowWeight, highWeight float64
}

// of gives the samples of output i.
func (a *roiAxis) of(i int) []roiSample { return a.samples[i*a.perOutput:][:a.perOutput] }

// newRoiAxis places the samples of a region from start to end, for so many outputs of
// an axis of d pixels.
func newRoiAxis[T Float](o *roiAlign, start, end T, outputs, d int) (*roiAxis, error) {
	if !finite(float64(start)) || !finite(float64(end)) {
		return nil, fmt.Errorf("the region is from %v to %v, want finite numbers", start, end)
	}
	offset := T(0)
	if o.half {
		offset = 0.5
	}
	first := T(start*T(o.scale)) - offset
	extent := T(end*T(o.scale)) - offset - first
	if !o.half {
		extent = max(extent, 1)
	}
	bin := extent / T(outputs)
	a := &roiAxis{perOutput: o.ratio}
	if o.ratio == 0 {
		a.perOutput = int(max(0, min(mostRoiSamples+1, math.Ceil(float64(bin)))))
	}
	if a.perOutput > mostRoiSamples/outputs {
		return nil, fmt.Errorf("%d outputs of %d samples each, want at most %d in all: %w", outputs, a.perOutput, mostRoiSamples, ErrLimit)
	}
	for i := range outputs * a.perOutput {
		k, s := i/a.perOutput, i%a.perOutput
		at := first + T(T(k)*bin) + T(T(s)+0.5)*bin/T(a.perOutput)
		a.samples = append(a.samples, newRoiSample(at, d))
	}
	return a, nil
}

// finite reports whether v is neither NaN nor an infinity.
func finite(v float64) bool { return v-v == 0 }

// newRoiSample finds the pixels of d around a place.
func newRoiSample[T Float](at T, d int) roiSample {
	if !(at >= -1 && at <= T(d)) || d == 0 {
		return roiSample{}
	}
	at = max(at, 0)
	low := int(at)
	if low >= d-1 {
		return roiSample{d - 1, d - 1, 1, 0}
	}
	part := float64(at - T(low))
	return roiSample{low, low + 1, 1 - part, part}
}

// poolSamples is the mean, or the largest weighted pixel, of the samples of one output;
// w is the width of x.
func poolSamples[T Float](x []T, w int, down, across []roiSample, largest bool) float64 {
	if len(down) == 0 || len(across) == 0 || len(x) == 0 {
		return 0
	}
	sum, top := 0.0, math.Inf(-1)
	for _, v := range down {
		upper, lower := x[v.low*w:][:w], x[v.high*w:][:w]
		for _, h := range across {
			a, b := v.lowWeight*h.lowWeight*float64(upper[h.low]), v.lowWeight*h.highWeight*float64(upper[h.high])
			p, q := v.highWeight*h.lowWeight*float64(lower[h.low]), v.highWeight*h.highWeight*float64(lower[h.high])
			if largest {
				top = max(top, a, b, p, q)
			} else {
				sum += a + b + p + q
			}
		}
	}
	if largest {
		return top
	}
	return sum / float64(len(down)*len(across))
}

package ops

import (
	"fmt"
	"math"
)

// MaxRoiPool: regions of images, each brought to one size: an output is the maximum of
// the pixels in its share of the region.
//
//	X: T [N, C, H, W]. rois: T [R, 5], (image, x1, y1, x2, y2).
//	Y: T [R, C, pooled_shape...].
//
// Corners are multiplied by spatial_scale (1) and rounded, halves away from 0; both
// belong to the region, which has 1 pixel at least. Of p outputs along an axis of r
// pixels number i has those from floor(i·r/p) to ceil((i+1)·r/p), computed in T as in
// onnxruntime; outside the image there are none, and an output of none is 0. NaN is
// passed over.
//
//	T: float, double.
//
// https://onnx.ai/onnx/operators/onnx__MaxRoiPool.html (versions 1, 22).
type maxRoiPool struct {
	height, width int // of the output
	scale         float32
}

func init() {
	Register(Def{
		Name: "MaxRoiPool", Since: 1, Inputs: []string{"X", "rois"}, Outputs: []string{"Y"}, Exact: true,
		New: func(n *Node) (Op, error) {
			pooled := n.Ints("pooled_shape")
			if len(pooled) != 2 || pooled[0] < 1 || pooled[1] < 1 {
				n.Fail("pooled_shape is %v, want a height and a width", pooled)
				return nil, n.Err()
			}
			return &maxRoiPool{pooled[0], pooled[1], n.Float("spatial_scale", 1)}, nil
		},
	})
}

// Infer checks the inputs and gives Y.
func (o *maxRoiPool) Infer(in []Spec) ([]Spec, error) {
	x, rois := in[0], in[1]
	err := firstError(
		wantType("X", x, Float32, Float64),
		wantSameType("X", x, "rois", rois))
	if err != nil {
		return nil, err
	}
	if len(x.Shape) != 4 {
		return nil, fmt.Errorf("X has shape %v, want [N, C, H, W]", x.Shape)
	}
	if len(rois.Shape) != 2 || rois.Shape[1] != 5 {
		return nil, fmt.Errorf("rois has shape %v, want [R, 5]", rois.Shape)
	}
	return one(x.DType, Shape{rois.Shape[0], x.Shape[1], o.height, o.width})
}

// Run pools region by region.
func (o *maxRoiPool) Run(c *Call, in, out []*Tensor) error {
	if in[0].dtype == Float32 {
		return runMaxRoiPool[float32](c, o, in, out[0])
	}
	return runMaxRoiPool[float64](c, o, in, out[0])
}

func runMaxRoiPool[T Float](c *Call, o *maxRoiPool, in []*Tensor, y *Tensor) error {
	shape := in[0].shape
	channels, h, w := shape[1], shape[2], shape[3]
	xs, ys, pooled := Data[T](in[0]), Data[T](y), o.height*o.width
	for r := range y.shape[0] {
		roi := Data[T](in[1])[r*5:][:5]
		image := int(min(max(float64(roi[0]), -1), 1<<30))
		if roi[0] != roi[0] || image < 0 || image >= shape[0] {
			return fmt.Errorf("rois row %d names the image %v, want one of %d", r, roi[0], shape[0])
		}
		down, across := newRoiBins(o.scale, roi[2], roi[4], o.height, h), newRoiBins(o.scale, roi[1], roi[3], o.width, w)
		c.Parallel(channels, int(min(1<<30, multiplied(h, w)))+5*pooled, func(lo, hi int) {
			for ch := lo; ch < hi; ch++ {
				x := xs[(image*channels+ch)*h*w:][:h*w]
				for i := range pooled {
					ys[(r*channels+ch)*pooled+i] = maxOfBin(x, w, down[i/o.width], across[i%o.width])
				}
			}
		})
	}
	return nil
}

// newRoiBins gives the pixels [from, to) of each output along an axis of d pixels, for
// a region from start to end.
func newRoiBins[T Float](scale float32, start, end T, outputs, d int) [][2]int {
	first := pixelNumber(math.Round(float64(T(start * T(scale)))))
	last := pixelNumber(math.Round(float64(T(end * T(scale)))))
	bin := T(max(last-first+1, 1)) / T(outputs)
	bins := make([][2]int, outputs)
	for i := range bins {
		from, to := math.Floor(float64(T(i)*bin)), math.Ceil(float64(T(i+1)*bin))
		bins[i] = [2]int{max(0, min(first+int(from), d)), max(0, min(first+int(to), d))}
	}
	return bins
}

// maxOfBin is the maximum of a rectangle of x, whose rows have w pixels; 0 of none.
func maxOfBin[T Float](x []T, w int, down, across [2]int) T {
	if down[0] >= down[1] || across[0] >= across[1] {
		return 0
	}
	top := T(math.Inf(-1))
	for i := down[0]; i < down[1]; i++ {
		for _, v := range x[i*w+across[0] : i*w+across[1]] {
			if v > top {
				top = v
			}
		}
	}
	return top
}

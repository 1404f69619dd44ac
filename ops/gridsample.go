package ops

import (
	"fmt"
	"math"
)

// GridSample: Y is X sampled at the places that a grid names.
//
//	X: T1 [N, C, D1...]. grid: T2 [N, E1..., r], r the number of spatial axes.
//	Y: T1 [N, C, E1...]. T1, T2: float, double.
//
// The last axis of grid holds a place as (x, y, ...), the innermost axis of X first,
// from -1 to 1: with align_corners these are the centres of the first and the last
// pixel, else their outer edges. mode: nearest (halves to the even pixel), linear
// (bilinear before version 20), cubic (bicubic before 20; Keys' with a = -0.75).
//
// padding_mode says what lies outside X, pixel by pixel as in onnxruntime: 0
// (zeros), the edge (border), the mirror image (reflection: about the centres of the
// outer pixels with align_corners, else about their edges).
//
// https://onnx.ai/onnx/operators/onnx__GridSample.html (versions 16, 20, 22).
type gridSampleOp struct {
	mode, padding string
	align         bool
	taps          int // pixels along one axis that make a sample
}

func init() {
	sampler := func(n *Node, linear, cubic string) (Op, error) {
		o := &gridSampleOp{
			mode:    n.Str("mode", linear, linear, "nearest", cubic),
			padding: n.Str("padding_mode", "zeros", "zeros", "border", "reflection"),
			align:   n.Bool("align_corners", false),
		}
		switch o.mode {
		case "nearest":
			o.taps = 1
		case linear:
			o.mode, o.taps = "linear", 2
		case cubic:
			o.mode, o.taps = "cubic", 4
		}
		return o, nil
	}
	Register(
		Def{
			Name: "GridSample", Since: 16, Inputs: []string{"X", "grid"}, Outputs: []string{"Y"},
			New: func(n *Node) (Op, error) { return sampler(n, "bilinear", "bicubic") },
		},
		Def{
			Name: "GridSample", Since: 20, Inputs: []string{"X", "grid"}, Outputs: []string{"Y"},
			New: func(n *Node) (Op, error) { return sampler(n, "linear", "cubic") },
		},
	)
}

// Infer gives Y its shape.
func (o *gridSampleOp) Infer(in []Spec) ([]Spec, error) {
	x, grid := in[0], in[1]
	if err := wantType("X", x, Float32, Float64); err != nil {
		return nil, err
	}
	if err := wantType("grid", grid, Float32, Float64); err != nil {
		return nil, err
	}
	rank := len(x.Shape) - 2
	if rank < 1 || rank > 3 {
		return nil, fmt.Errorf("X has shape %v, want [N, C, D1, ...] with 1 to 3 spatial axes", x.Shape)
	}
	if len(grid.Shape) != rank+2 || grid.Shape[0] != x.Shape[0] || grid.Shape[rank+1] != rank {
		return nil, fmt.Errorf("grid has shape %v, want [%d, E1, ..., %d] with %d spatial axes", grid.Shape, x.Shape[0], rank, rank)
	}
	shape := append(Shape{x.Shape[0], x.Shape[1]}, grid.Shape[1:rank+1]...)
	if product(x.Shape[2:]) == 0 && product(shape) > 0 {
		return nil, fmt.Errorf("X has shape %v: there is no pixel to sample", x.Shape)
	}
	for _, d := range x.Shape {
		if d > math.MaxInt32/4 {
			return nil, fmt.Errorf("X has an axis of %d pixels: %w", d, ErrLimit)
		}
	}
	return one(x.DType, shape)
}

// Run samples.
func (o *gridSampleOp) Run(c *Call, in, out []*Tensor) error {
	switch {
	case in[0].DType() == Float64 && in[1].DType() == Float64:
		sampleGrid[float64, float64](c, o, in[0], in[1], out[0])
	case in[0].DType() == Float64:
		sampleGrid[float64, float32](c, o, in[0], in[1], out[0])
	case in[1].DType() == Float64:
		sampleGrid[float32, float64](c, o, in[0], in[1], out[0])
	default:
		sampleGrid[float32, float32](c, o, in[0], in[1], out[0])
	}
	return nil
}

// sampleBlock is the number of places that are looked up together: their taps
// (1 to 64 each) stay in the cache while the channels pass.
const sampleBlock = 256

// sampleTaps says from which pixels the places of one block are made.
type sampleTaps[T Float] struct {
	perPlace int
	index    []int // in a plane of X; -1: 0
	weight   []T
}

// sampleGrid walks blocks of places of one image, then its channels.
func sampleGrid[T, G Float](c *Call, o *gridSampleOp, x, grid, y *Tensor) {
	if y.Len() == 0 {
		return
	}
	dims := x.Shape()[2:]
	rank, channels := len(dims), x.Shape()[1]
	planeIn, planeOut := product(dims), product(y.Shape()[2:])
	blocks := (planeOut + sampleBlock - 1) / sampleBlock
	xs, gs, ys := Data[T](x), Data[G](grid), Data[T](y)
	perPlace := 1
	for range dims {
		perPlace *= o.taps
	}
	c.Parallel(x.Shape()[0]*blocks, sampleBlock*perPlace*(channels+5), func(lo, hi int) {
		t := &sampleTaps[T]{perPlace: perPlace, index: make([]int, sampleBlock*perPlace), weight: make([]T, sampleBlock*perPlace)}
		for b := lo; b < hi; b++ {
			n, first := b/blocks, b%blocks*sampleBlock
			count := min(sampleBlock, planeOut-first)
			for i := range count {
				findTaps(o, t, i, dims, gs[(n*planeOut+first+i)*rank:][:rank])
			}
			for ch := n * channels; ch < (n+1)*channels; ch++ {
				t.sum(ys[ch*planeOut+first:][:count], xs[ch*planeIn:(ch+1)*planeIn])
			}
		}
	})
}

// sum computes the samples of one block in one plane.
func (t *sampleTaps[T]) sum(y, x []T) {
	if t.perPlace == 4 {
		t.sumOf4(y, x)
		return
	}
	for i := range y {
		var sum T
		weight := t.weight[i*t.perPlace:][:t.perPlace]
		for k, at := range t.index[i*t.perPlace:][:t.perPlace] {
			if at >= 0 {
				sum += weight[k] * x[at]
			}
		}
		y[i] = sum
	}
}

// sumOf4 is sum for places between 4 pixels, the most frequent ones.
func (t *sampleTaps[T]) sumOf4(y, x []T) {
	index, weight := t.index[:4*len(y)], t.weight[:4*len(y)]
	for i := range y {
		at, w := (*[4]int)(index[4*i:]), (*[4]T)(weight[4*i:])
		if at[0]|at[1]|at[2]|at[3] >= 0 {
			y[i] = w[0]*x[at[0]] + w[1]*x[at[1]] + w[2]*x[at[2]] + w[3]*x[at[3]]
			continue
		}
		var sum T
		for k, a := range at {
			if a >= 0 {
				sum += w[k] * x[a]
			}
		}
		y[i] = sum
	}
}

// findTaps fills in the pixels of place i: the product of those along each axis.
func findTaps[T, G Float](o *gridSampleOp, t *sampleTaps[T], i int, dims []int, place []G) {
	index, weight := t.index[i*t.perPlace:][:t.perPlace], t.weight[i*t.perPlace:][:t.perPlace]
	index[0], weight[0] = 0, 1
	n := 1
	for k, d := range dims {
		var at [4]int
		var w [4]T
		taps := axisTaps(o, &at, &w, T(place[len(dims)-1-k]), d)
		for j := n - 1; j >= 0; j-- { // from the end: the places of later ones are free
			base, factor := index[j], weight[j]
			for q := taps - 1; q >= 0; q-- {
				to := j*taps + q
				if weight[to] = factor * w[q]; base < 0 || at[q] < 0 {
					index[to] = -1
				} else {
					index[to] = base*d + at[q]
				}
			}
		}
		n *= taps
	}
}

// axisTaps finds the pixels along an axis of d pixels, and their number.
func axisTaps[T Float](o *gridSampleOp, index *[4]int, weight *[4]T, place T, d int) int {
	x := T((place+1)*T(d)) - 1
	if o.align {
		x = (place + 1) * T(d-1)
	}
	x /= 2
	floor := T(math.Floor(float64(x)))
	s, first, taps := x-floor, pixelNumber(float64(floor)), o.taps
	switch o.mode {
	case "nearest":
		first = pixelNumber(math.RoundToEven(float64(x)))
		weight[0] = 1
	case "linear":
		weight[0], weight[1] = 1-s, s
	case "cubic":
		first--
		var unused [4]int32
		cubicTaps(unused[:], weight[:], s, 4, -0.75, false)
	}
	for k := range taps {
		index[k] = o.inside(first+k, d)
	}
	return taps
}

// pixelNumber converts a whole number to an int; far away all places are alike.
func pixelNumber(v float64) int {
	const far = 1 << 29
	if !(v > -far) {
		return -far
	}
	return int(min(v, far))
}

// inside maps a pixel that may lie outside the axis to one inside it, or to -1.
func (o *gridSampleOp) inside(i, d int) int {
	if i >= 0 && i < d {
		return i
	}
	switch {
	case o.padding == "zeros":
		return -1
	case o.padding == "border" || d == 1:
		return max(0, min(i, d-1))
	case o.align:
		period := 2 * (d - 1)
		i = ((i % period) + period) % period
		return min(i, period-i)
	}
	period := 2 * d
	i = ((i % period) + period) % period
	return min(i, period-1-i)
}

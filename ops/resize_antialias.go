package ops

import (
	"fmt"
	"math"
)

// filterTable says for every element along one axis of Y which run of elements of
// X is summed, with which weights.
type filterTable[W Number] struct {
	out, window  int
	first, count []int32
	weight       []W // [out][window]
}

// resizeFilter is the function that weighs a neighbour at distance x >= 0, in
// elements of X where it grows and of Y where it shrinks, and how far it reaches.
type resizeFilter struct {
	reach  float32
	weight func(x float32) float32
}

// filter gives the filter of the mode: a triangle, or Keys' cubic convolution.
func (o *resizeOp) filter() resizeFilter {
	if o.mode == "linear" {
		return resizeFilter{1, func(x float32) float32 { return max(0, 1-x) }}
	}
	a := o.cubicA
	return resizeFilter{2, func(x float32) float32 {
		switch {
		case x < 1:
			return ((a+2)*x-(a+3))*x*x + 1
		case x < 2:
			return (((x-5)*x+8)*x - 4) * a
		}
		return 0
	}}
}

// maxFilterWeights bounds the weights of one axis, which take 4 bytes each.
const maxFilterWeights = 1 << 28

// newFilterTable makes the table of one axis. Where the axis shrinks, the filter is
// widened so that every element of X takes part. Weights sum to 1; elements outside
// X are its edge, or with exclude_outside take no part.
func (o *resizeOp) newFilterTable(c *Call, p *axisPlan) (*filterTable[float32], error) {
	f := o.filter()
	shrink := 1 / min(1, p.scale) // elements of X per unit of the filter
	support := f.reach * shrink
	span := 2*int(math.Ceil(float64(support))) + 1
	if p.out > maxFilterWeights/span {
		return nil, fmt.Errorf("antialias with %d weights for each of %d elements: %w", span, p.out, ErrLimit)
	}
	window := min(span, p.in)
	runs, err := tableOf[int32](c, 2*p.out)
	if err != nil {
		return nil, err
	}
	weights, err := tableOf[float32](c, p.out*window)
	if err != nil {
		return nil, err
	}
	t := &filterTable[float32]{out: p.out, window: window, first: runs[:p.out], count: runs[p.out:], weight: weights}
	for i := range p.out {
		center := coordinate[float32](o.coordinates, p, i) + 0.5
		begin, end := math.Floor(float64(center-support+0.5)), math.Floor(float64(center+support+0.5))
		if o.exclude {
			begin, end = max(begin, 0), min(end, float64(p.in))
		}
		first, last := clampIndex(begin, p.in), clampIndex(end-1, p.in)
		w := t.weight[i*window:][:window]
		total := float32(0)
		for k := range int(within(end-begin, 0, float64(span))) {
			at := begin + float64(k)
			v := f.weight(float32(math.Abs(float64((float32(at) - center + 0.5) * (1 / shrink)))))
			w[clampIndex(at, p.in)-first] += v
			total += v
		}
		if total != 0 {
			for k := range w {
				w[k] *= 1 / total
			}
		}
		t.first[i], t.count[i] = first, last-first+1
	}
	return t, nil
}

// filterPass replaces one axis of x by its filtered self. inner is the number of
// elements inside the axis, finish turns a sum into an element.
func filterPass[T, W Number](c *Call, t *filterTable[W], inner int, x, y []T, in int, finish func(W) T) {
	c.Parallel(len(y)/inner, inner*t.window+4, func(lo, hi int) {
		for at := lo; at < hi; at++ {
			outer, i := at/t.out, at%t.out
			src := x[(outer*in+int(t.first[i]))*inner:]
			weight := t.weight[i*t.window:][:t.count[i]]
			dst := y[at*inner : (at+1)*inner]
			for j := range dst {
				var sum W
				for k, w := range weight {
					sum += W(src[k*inner+j]) * w
				}
				dst[j] = finish(sum)
			}
		}
	})
}

// filterAxes runs one pass per axis, the innermost first, over accounted memory.
// The passes round to the element type in between, as onnxruntime's do.
func filterAxes[T, W Number](o *resizeOp, c *Call, p []axisPlan, x, y *Tensor, weights func(*filterTable[float32]) *filterTable[W], finish func(W) T) error {
	shape := x.Shape().Clone()
	from, inner, left := x, 1, 0
	for _, a := range p {
		if a.resized() {
			left++
		}
	}
	for k := len(p) - 1; k >= 0; k-- {
		if p[k].resized() {
			table, err := o.newFilterTable(c, &p[k])
			if err != nil {
				return err
			}
			shape[k] = p[k].out
			to := y
			if left--; left > 0 {
				if to, err = c.New(x.DType(), shape.Clone()); err != nil {
					return err
				}
			}
			filterPass(c, weights(table), inner, Data[T](from), Data[T](to), p[k].in, finish)
			from = to
		}
		inner *= shape[k]
	}
	return fillCropped(c, o, p, Data[T](y), saturate[T](float64(o.extra)))
}

// fillCropped puts extrapolation_value where tf_crop_and_resize looks outside X.
func fillCropped[T Number](c *Call, o *resizeOp, p []axisPlan, y []T, extra T) error {
	if !o.needsRoi() {
		return nil
	}
	inner := len(y)
	for k := range p {
		inner /= p[k].out
		if !p[k].resized() {
			continue
		}
		index, err := o.nearestTable(c, &p[k])
		if err != nil {
			return err
		}
		for i, at := range index {
			for from := i * inner; at < 0 && from < len(y); from += p[k].out * inner {
				fill(y[from:from+inner], extra)
			}
		}
	}
	return nil
}

// antialiasFloats weighs with the type itself.
func antialiasFloats[T Float](o *resizeOp, c *Call, p []axisPlan, x, y *Tensor) error {
	return filterAxes(o, c, p, x, y, weightsAs[T], func(sum T) T { return sum })
}

// antialiasIntegers weighs with reals and rounds halves away from zero.
func antialiasIntegers[T Integer, F Float](o *resizeOp, c *Call, p []axisPlan, x, y *Tensor) error {
	return filterAxes(o, c, p, x, y, weightsAs[F], func(sum F) T { return saturate[T](math.Round(float64(sum))) })
}

// byteBits is the number of binary places of the weights of 8-bit integers.
const byteBits = 22

// antialiasBytes weighs with fixed-point numbers: sums of bytes are exact.
func antialiasBytes[T int8 | uint8](o *resizeOp, c *Call, p []axisPlan, x, y *Tensor) error {
	fixed := func(t *filterTable[float32]) *filterTable[int32] {
		f := &filterTable[int32]{out: t.out, window: t.window, first: t.first, count: t.count, weight: make([]int32, len(t.weight))}
		for i, w := range t.weight {
			f.weight[i] = int32(within(math.Round(float64(w)*(1<<byteBits)), math.MinInt32, math.MaxInt32))
		}
		return f
	}
	return filterAxes(o, c, p, x, y, fixed, func(sum int32) T {
		return saturate[T](float64((sum + 1<<(byteBits-1)) >> byteBits))
	})
}

// weightsAs widens the weights of a table.
func weightsAs[W Float](t *filterTable[float32]) *filterTable[W] {
	w := &filterTable[W]{out: t.out, window: t.window, first: t.first, count: t.count, weight: make([]W, len(t.weight))}
	for i, v := range t.weight {
		w.weight[i] = W(v)
	}
	return w
}

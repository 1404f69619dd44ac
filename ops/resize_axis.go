package ops

import "math"

// axisTable says, for every element along one axis of Y, from which elements of X
// it is made: taps of them, with their weights. Indices that would lie outside X
// are clamped to its edge.
type axisTable[F Float] struct {
	taps    int
	index   []int32 // [out][taps]
	weight  []F     // [out][taps]
	outside []bool  // tf_crop_and_resize: the element takes extrapolation_value; nil: none
}

// coordinate maps element i along an axis of Y to a position along X's, in
// elements of X whose centres lie at whole numbers. It computes with floats, as
// onnxruntime does, because the positions of nearest are rounded: another
// precision would pick other elements.
func coordinate[F Float](mode string, p *axisPlan, i int) F {
	x, in, out := F(i), F(p.in), F(p.out)
	if !p.moves() {
		return x
	}
	scale := F(p.scale)
	if p.sized {
		scale = out / in
	}
	switch mode {
	case "asymmetric":
		return x / scale
	case "tf_half_pixel_for_nn":
		return (x + 0.5) / scale
	case "pytorch_half_pixel":
		if p.out <= 1 {
			return 0
		}
	case "align_corners":
		// The length that the scale asks for, which need not be whole.
		if length := in * scale; !p.sized && F(math.Floor(float64(length))) != length {
			out = length
		}
		if out == 1 || i == 0 {
			return 0
		}
		return x * (in - 1) / (out - 1)
	case "tf_crop_and_resize":
		start, end := F(p.start), F(p.end)
		if p.out > 1 {
			return start*(in-1) + x*(end-start)*(in-1)/(out-1)
		}
		return F(0.5 * float64(start+end) * float64(in-1))
	case "half_pixel_symmetric":
		offset := in / 2 * (1 - out/(scale*in))
		return F(float64(offset) + (float64(x)+0.5)/float64(scale) - 0.5)
	}
	return F((x+0.5)/scale) - 0.5 // half_pixel
}

// halfway is how far from the middle between two elements a position may be to
// count as the middle: the tolerance of onnxruntime 1.30, found by trial.
const halfway = 1e-6

// nearestIndex rounds a position to an element in [0, in).
func nearestIndex(mode string, at float32, p *axisPlan) int32 {
	v := float64(at)
	switch mode {
	case "floor":
		v = math.Floor(v)
	case "ceil":
		v = math.Ceil(v)
	case "round_prefer_ceil", "round_prefer_floor":
		half := math.Floor(v) + 0.5
		switch {
		case math.Abs(v-half) > halfway:
			v = math.Round(v)
		case mode == "round_prefer_floor":
			v = math.Floor(half)
		default:
			v = math.Ceil(half)
		}
	case "simple":
		if p.scale < 1 {
			v = math.Ceil(v)
		} else {
			v = math.Trunc(v)
		}
	}
	return clampIndex(v, p.in)
}

// clampIndex is the whole number v, moved into [0, n).
func clampIndex(v float64, n int) int32 {
	if !(v > 0) {
		return 0
	}
	return int32(min(v, float64(n-1)))
}

// isOutside reports whether a position gets extrapolation_value.
func isOutside[F Float](mode string, at F, p *axisPlan) bool {
	return mode == "tf_crop_and_resize" && !(at >= 0 && at <= F(p.in-1))
}

// tableOf allocates n entries of a table. Tables grow with the axes, which may be
// longer than everything else: they count against the budget of the run.
func tableOf[T Element](c *Call, n int) ([]T, error) {
	t, err := c.New(DTypeOf[T](), Shape{n})
	if err != nil {
		return nil, err
	}
	return Data[T](t), nil
}

// nearestTable is the table of mode nearest: an index each, -1 outside.
func (o *resizeOp) nearestTable(c *Call, p *axisPlan) ([]int32, error) {
	index, err := tableOf[int32](c, p.out)
	if err != nil {
		return nil, err
	}
	for i := range index {
		at := coordinate[float32](o.coordinates, p, i)
		if isOutside(o.coordinates, at, p) {
			index[i] = -1
			continue
		}
		index[i] = nearestIndex(o.nearest, at, p)
	}
	return index, nil
}

// interpolationTable is the table of modes linear and cubic, without antialias.
func interpolationTable[F Float](c *Call, o *resizeOp, p *axisPlan) (*axisTable[F], error) {
	t := &axisTable[F]{taps: 2}
	if o.mode == "cubic" {
		t.taps = 4
	}
	var err error
	if t.index, err = tableOf[int32](c, p.out*t.taps); err != nil {
		return nil, err
	}
	if t.weight, err = tableOf[F](c, p.out*t.taps); err != nil {
		return nil, err
	}
	for i := range p.out {
		at := coordinate[F](o.coordinates, p, i)
		if isOutside(o.coordinates, at, p) {
			if t.outside == nil {
				if t.outside, err = tableOf[bool](c, p.out); err != nil {
					return nil, err
				}
			}
			t.outside[i] = true
		}
		index, weight := t.index[i*t.taps:][:t.taps], t.weight[i*t.taps:][:t.taps]
		if o.mode == "cubic" {
			cubicTaps(index, weight, at, p.in, F(o.cubicA), o.exclude)
		} else {
			linearTaps(index, weight, at, p.in)
		}
	}
	return t, nil
}

// linearTaps are the two neighbours of a position. At the last element, where both
// are the same, they share the weight: 0 times an infinity would be a NaN.
func linearTaps[F Float](index []int32, weight []F, at F, in int) {
	at = max(0, min(at, F(in-1)))
	i := clampIndex(math.Trunc(float64(at)), in)
	index[0], index[1] = i, min(i+1, int32(in-1))
	if index[0] == index[1] {
		weight[0], weight[1] = 0.5, 0.5
		return
	}
	weight[0], weight[1] = F(index[1])-at, at-F(index[0])
}

// cubicTaps are the four neighbours of a position with the weights of Keys' cubic
// convolution. Neighbours outside X are its edge, or with exclude take no part.
func cubicTaps[F Float](index []int32, weight []F, at F, in int, a F, exclude bool) {
	floor := F(math.Floor(float64(at)))
	s := at - floor
	u, v, w := s+1, 1-s, 2-s
	weight[0] = ((a*u-5*a)*u+8*a)*u - 4*a
	weight[1] = ((a+2)*s-(a+3))*s*s + 1
	weight[2] = ((a+2)*v-(a+3))*v*v + 1
	weight[3] = ((a*w-5*a)*w+8*a)*w - 4*a
	sum := F(0)
	for k := range index {
		at := float64(floor) + float64(k-1)
		index[k] = clampIndex(at, in)
		if exclude && (at < 0 || at > float64(in-1)) {
			weight[k] = 0
		}
		sum += weight[k]
	}
	if exclude && sum != 0 {
		for k := range weight {
			weight[k] /= sum
		}
	}
}

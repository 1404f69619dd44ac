package vision

import "math"

// plane is a picture of one number per pixel.
type plane struct {
	w, h int
	at   []float32 // row by row
}

// newPlane makes a plane of zeros.
func newPlane(w, h int) plane {
	return plane{w, h, make([]float32, w*h)}
}

// row gives one row, not a copy.
func (p plane) row(y int) []float32 {
	return p.at[y*p.w : (y+1)*p.w]
}

// source views a plane as the source of a resize.
func (p plane) source() source2D {
	return source2D{p.w, p.h, func(y int, dst []float32) { copy(dst, p.row(y)) }}
}

// source2D is what resize reads: rows of w numbers, made when they are needed.
type source2D struct {
	w, h int
	row  func(y int, dst []float32)
}

// area is a part of a plane, in pixels that may be fractions.
type area struct {
	x0, y0, x1, y1 float64
}

// whole is all of a source.
func whole(s source2D) area {
	return area{0, 0, float64(s.w), float64(s.h)}
}

// kernel is an interpolation filter: its weight at a distance in pixels, zero from the radius on.
type kernel struct {
	radius float64
	weight func(distance float64) float64
}

// triangle is linear interpolation.
var triangle = kernel{1, func(d float64) float64 { return max(0, 1-math.Abs(d)) }}

// catmullRom is cubic interpolation with a = -0.5: PIL's bicubic.
var catmullRom = kernel{2, func(d float64) float64 {
	d = math.Abs(d)
	switch {
	case d < 1:
		return float64(float64(1.5*d)-2.5)*float64(d*d) + 1
	case d < 2:
		return float64(float64(float64(-0.5*d)+2.5)*d-4)*d + 2
	}
	return 0
}}

// resize draws an area of the source at w x h pixels. Pixels are areas (pixel i spans i to i+1), the filter widens when
// the picture shrinks (no aliasing), and nothing outside the area has any influence. The same size is an exact copy.
// These are the rules of PIL's and torchvision's antialiased resize.
func resize(s source2D, from area, w, h int, k kernel) plane {
	if w == s.w && h == s.h && from == whole(s) {
		return copied(s)
	}
	across := newTaps(k, from.x0, from.x1, s.w, w)
	down := newTaps(k, from.y0, from.y1, s.h, h)
	rows := make([][]float32, s.h) // of the source, at their new width
	line := make([]float32, s.w)
	out := newPlane(w, h)
	freed := 0
	for y := range h {
		for ; freed < down.oldest[y]; freed++ {
			rows[freed] = nil
		}
		start, weights := down.of(y)
		for i := start; i < start+len(weights); i++ {
			if rows[i] == nil {
				s.row(i, line)
				rows[i] = across.apply(line)
			}
		}
		addRows(out.row(y), rows[start:], weights)
	}
	return out
}

// copied is a resize to the same size.
func copied(s source2D) plane {
	out := newPlane(s.w, s.h)
	for y := range s.h {
		s.row(y, out.row(y))
	}
	return out
}

// addRows adds rows times weights to dst.
func addRows(dst []float32, rows [][]float32, weights []float32) {
	for i, weight := range weights {
		for x, v := range rows[i] {
			dst[x] += float32(weight * v)
		}
	}
}

// taps says for each new position which old ones it is made of.
type taps struct {
	start   []int       // the first old position
	weights [][]float32 // from there on
	oldest  []int       // never decreases: this and all later new positions need no earlier old one
}

// of gives the first old position and the weights from there on.
func (t taps) of(i int) (int, []float32) {
	return t.start[i], t.weights[i]
}

// apply resamples one line.
func (t taps) apply(line []float32) []float32 {
	out := make([]float32, len(t.start))
	for i := range out {
		start, weights := t.of(i)
		var sum float32
		for j, v := range line[start : start+len(weights)] {
			sum += float32(weights[j] * v)
		}
		out[i] = sum
	}
	return out
}

// newTaps computes the weights for n positions over from..to of size old ones. Weights of positions outside are
// left out and the rest brought to the sum 1.
func newTaps(k kernel, from, to float64, size, n int) taps {
	step := (to - from) / float64(n)
	stretch := max(step, 1)
	low, high := max(0, int(math.Floor(from))), min(size, int(math.Ceil(to)))
	t := taps{make([]int, n), make([][]float32, n), make([]int, n)}
	for i := range n {
		centre := from + float64((float64(i)+0.5)*step)
		first := max(low, int(math.Floor(centre-float64(k.radius*stretch))))
		last := min(high, int(math.Ceil(centre+float64(k.radius*stretch))))
		t.oldest[i] = first
		t.start[i], t.weights[i] = weigh1D(k, centre, stretch, first, max(last, first+1))
	}
	return t
}

// weigh1D gives the normalised weights of positions first..last around a centre, without zeros at both ends.
func weigh1D(k kernel, centre, stretch float64, first, last int) (int, []float32) {
	raw := make([]float64, 0, last-first)
	sum := 0.0
	for j := first; j < last; j++ {
		w := k.weight((float64(j) + 0.5 - centre) / stretch)
		sum += w
		raw = append(raw, w)
	}
	for len(raw) > 1 && raw[0] == 0 {
		raw, first = raw[1:], first+1
	}
	for len(raw) > 1 && raw[len(raw)-1] == 0 {
		raw = raw[:len(raw)-1]
	}
	weights := make([]float32, len(raw))
	for i, w := range raw {
		weights[i] = float32(w / sum)
	}
	return first, weights
}

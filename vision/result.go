package vision

// Result is one output of a network, together with the mapping of the picture that went in. Its methods draw it.
type Result struct {
	m       *Mapping
	planes  []plane // one per channel
	integer bool    // the network gives whole numbers: labels or bytes
}

// newResult splits an output into channels. The shape is one picture: [1, C, H, W], [1, H, W, C], one dimension less, or
// [H, W]; what its dimensions mean is told by the proportions of the input.
func (m *Mapping) newResult(data []float32, shape []int, integer bool) (*Result, error) {
	v, err := m.view(shape)
	if err != nil {
		return nil, err
	}
	if int64(v.c)*int64(v.h)*int64(v.w) != int64(len(data)) {
		return nil, errorf(ErrResult, "shape %v with %d numbers", shape, len(data))
	}
	r := &Result{m: m, integer: integer}
	for c := range v.c {
		r.planes = append(r.planes, v.plane(data, c))
	}
	return r, nil
}

// view is how a shape is read: as c channels of h x w pixels.
type view struct {
	c, h, w int
	last    bool // channels last
}

// plane gives one channel; it shares data's memory where the channel is contiguous.
func (v view) plane(data []float32, c int) plane {
	n := v.h * v.w
	if !v.last || v.c == 1 {
		return plane{v.w, v.h, data[c*n : (c+1)*n]}
	}
	p := newPlane(v.w, v.h)
	for i := range p.at {
		p.at[i] = data[i*v.c+c]
	}
	return p
}

// view reads a shape.
func (m *Mapping) view(shape []int) (view, error) {
	dims := shape
	if len(dims) == 4 && dims[0] == 1 {
		dims = dims[1:]
	}
	for _, d := range dims {
		if d <= 0 {
			return view{}, errorf(ErrResult, "shape %v has no pixels", shape)
		}
	}
	switch len(dims) {
	case 2:
		return view{1, dims[0], dims[1], false}, nil
	case 3:
		return m.choose(view{dims[0], dims[1], dims[2], false}, view{dims[2], dims[0], dims[1], true}), nil
	}
	return view{}, errorf(ErrResult, "shape %v, want one picture: [1, C, H, W], [1, H, W, C], [C, H, W], [H, W, C] or [H, W]", shape)
}

// choose decides where the channels are: whatever has the input's proportions, else the fewer channels, else as in the input.
func (m *Mapping) choose(first, last view) view {
	fits := func(v view) bool { return int64(v.h)*int64(m.input.X) == int64(v.w)*int64(m.input.Y) }
	switch {
	case fits(first) != fits(last):
		return pick(fits(last), first, last)
	case first.c != last.c:
		return pick(last.c < first.c, first, last)
	}
	return pick(m.preset.Layout == NHWC, first, last)
}

// pick gives the second of two views if that is asked for.
func pick(second bool, a, b view) view {
	if second {
		return b
	}
	return a
}

// Channels gives the number of channels of the output.
func (r *Result) Channels() int {
	return len(r.planes)
}

// Size gives the width and the height of the output in pixels.
func (r *Result) Size() (width, height int) {
	return r.planes[0].w, r.planes[0].h
}

// one refuses a result that does not have exactly one channel.
func (r *Result) one(what string) (plane, error) {
	if len(r.planes) != 1 {
		return plane{}, errorf(ErrResult, "%s of %d channels, want 1", what, len(r.planes))
	}
	return r.planes[0], nil
}

// limits gives the smallest and the largest number of all channels, ignoring NaN; 0, 0 if there is none.
func (r *Result) limits() (low, high float32) {
	first := true
	for _, p := range r.planes {
		for _, v := range p.at {
			if v != v {
				continue
			}
			if first {
				low, high, first = v, v, false
			}
			low, high = min(low, v), max(high, v)
		}
	}
	return low, high
}

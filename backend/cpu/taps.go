package cpu

// tapInput packs the right operand of a convolution written as a product, without ever storing it whole (implicit
// im2col). Row c*len(taps)+t of that operand is what tap t sees of channel c, column n what output n of the grid
// sees; outputs are numbered [N, grid...]:
//
//	B[c*T+t][o] = x[c][o*stride + taps[t]], zero outside
//
// A convolution has one tap per weight; a phase of a transposed convolution some of them, with stride 1.
type tapInput struct {
	k        *Kernels
	in, grid [3]int
	stride   [3]int
	taps     [][3]int // the input position that output 0 sees through each tap
	offsets  []int    // the same as offsets in memory
	channels int      // of a group
	groups   int
}

// setTaps sets taps and offsets.
func (s *tapInput) setTaps(taps [][3]int) {
	s.taps = taps
	s.offsets = make([]int, len(taps))
	for i, t := range taps {
		s.offsets[i] = (t[0]*s.in[1]+t[1])*s.in[2] + t[2]
	}
}

// flatten makes one row of a pointwise convolution's input, which then packs in whole panels.
func (s *tapInput) flatten() {
	n := volume(s.in)
	s.in, s.grid = [3]int{1, 1, n}, [3]int{1, 1, n}
}

// run is a stretch of outputs in one row of the grid of one image: n of them from (z, y, x) on.
type run struct {
	image, z, y, x, n int
}

// runAt returns the run that begins at output col and is at most n long.
func (s *tapInput) runAt(col, n int) run {
	row, x := col/s.grid[2], col%s.grid[2]
	plane, y := row/s.grid[1], row%s.grid[1]
	return run{plane / s.grid[0], plane % s.grid[0], y, x, min(n, s.grid[2]-x)}
}

// pack packs part r of the operand of one group from x, the whole input.
func (s *tapInput) pack(dst, x []float32, group int, r block) {
	nr := s.k.NR
	size := (r.k1 - r.k0) * nr
	for col := 0; col < r.cols; col += nr {
		panel := dst[col/nr*size:][:size]
		n := min(nr, r.cols-col)
		if n < nr {
			clear(panel)
		}
		for lane := 0; lane < n; {
			run := s.runAt(r.col+col+lane, n-lane)
			s.packRun(panel, x, group, lane, run, r)
			lane += run.n
		}
	}
}

// packRun packs one run of outputs into the lanes of a panel from lane on. Neighbouring taps that see nothing but
// whole rows are copied together.
func (s *tapInput) packRun(panel, x []float32, group, lane int, r run, b block) {
	image := x[(r.image*s.groups+group)*s.channels*volume(s.in):]
	for t := 0; t < len(s.taps); {
		v := s.view(t, r, b)
		switch {
		case v.count == 0:
			t++
		case v.hi-v.lo == s.k.NR && s.stride[2] == 1:
			end := t + 1
			for end < len(s.taps) && s.view(end, r, b) == v {
				end++
			}
			s.packWhole(panel, image, t, end, v, r, b)
			t = end
		default:
			s.packPart(panel[lane:], image, t, v, r, b)
			t++
		}
	}
}

// tapView is what a tap sees of a run of outputs: lanes [lo, hi) are inside the input, none where lo == hi; and the
// channels of a block that have the tap, count from first on.
type tapView struct {
	lo, hi, first, count int
}

func (s *tapInput) view(t int, r run, b block) (v tapView) {
	tap, taps := s.taps[t], len(s.taps)
	v.first = max(0, ceilDiv(b.k0-t, taps))
	v.count = max(0, ceilDiv(b.k1-t, taps)-v.first)
	z, y, x := r.z*s.stride[0]+tap[0], r.y*s.stride[1]+tap[1], r.x*s.stride[2]+tap[2]
	if z < 0 || z >= s.in[0] || y < 0 || y >= s.in[1] {
		return v
	}
	v.lo = min(r.n, max(0, ceilDiv(-x, s.stride[2])))
	v.hi = min(r.n, max(v.lo, ceilDiv(s.in[2]-x, s.stride[2])))
	return v
}

// start returns the offset in an image of what output 0 of a run sees of a channel through a tap at 0.
func (s *tapInput) start(channel int, r run) int {
	return channel*volume(s.in) + (r.z*s.stride[0]*s.in[1]+r.y*s.stride[1])*s.in[2] + r.x*s.stride[2]
}

// packWhole packs taps [t, end), which have the same view v of a whole panel.
func (s *tapInput) packWhole(panel, image []float32, t, end int, v tapView, r run, b block) {
	s.k.copyRows(gatherArgs{
		dst: panel[(v.first*len(s.taps)+t-b.k0)*s.k.NR:], dstStride: len(s.taps) * s.k.NR,
		src: image, start: s.start(v.first, r), offsets: s.offsets[t:end], srcStride: volume(s.in),
		count: v.count,
	})
}

// packPart packs the lanes of one tap: zeros, what it sees, zeros.
func (s *tapInput) packPart(panel, image []float32, t int, v tapView, r run, b block) {
	step, plane := s.stride[2], volume(s.in)
	from := s.start(v.first, r) + s.offsets[t] + v.lo*step
	to := (v.first*len(s.taps) + t - b.k0) * s.k.NR
	for range v.count {
		dst := panel[to:][:r.n]
		clear(dst[:v.lo])
		if v.lo < v.hi {
			copyStep(dst[v.lo:v.hi], image[from:], step)
		}
		clear(dst[v.hi:])
		from, to = from+plane, to+len(s.taps)*s.k.NR
	}
}

// copyStep fills dst with every step-th float of src.
func copyStep(dst, src []float32, step int) {
	if step == 1 {
		copy(dst, src)
		return
	}
	src = src[:(len(dst)-1)*step+1]
	for i := range dst {
		dst[i] = src[i*step]
	}
}

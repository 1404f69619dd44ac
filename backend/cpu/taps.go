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
	channels int      // of a group
	groups   int
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

// packRun packs one run of outputs into the lanes of a panel from lane on.
func (s *tapInput) packRun(panel, x []float32, group, lane int, r run, b block) {
	image := x[(r.image*s.groups+group)*s.channels*volume(s.in):]
	taps := len(s.taps)
	for t, tap := range s.taps {
		c0, c1 := max(0, ceilDiv(b.k0-t, taps)), ceilDiv(b.k1-t, taps)
		if c0 >= c1 {
			continue
		}
		rows := tapRows{
			dst: panel[(c0*taps+t-b.k0)*s.k.NR+lane:], dstStride: taps * s.k.NR,
			src: image[c0*volume(s.in):], srcStride: volume(s.in),
			count: c1 - c0, n: r.n, step: s.stride[2],
		}
		z, y := r.z*s.stride[0]+tap[0], r.y*s.stride[1]+tap[1]
		if z < 0 || z >= s.in[0] || y < 0 || y >= s.in[1] {
			rows.zero()
			continue
		}
		rows.copy(s.k, (z*s.in[1]+y)*s.in[2], r.x*s.stride[2]+tap[2], s.in[2])
	}
}

// tapRows is what one tap sees of count channels over one run of n outputs: rows of n floats, dstStride apart, from
// channels that are srcStride apart, every step-th float.
type tapRows struct {
	dst, src             []float32
	dstStride, srcStride int
	count, n, step       int
}

func (t *tapRows) zero() {
	for i := range t.count {
		clear(t.dst[i*t.dstStride:][:t.n])
	}
}

// copy copies from the row of width floats at offset row of each channel, beginning at its element x, which like
// the end may lie outside: that part is zero.
func (t *tapRows) copy(k *Kernels, row, x, width int) {
	lo := min(t.n, max(0, ceilDiv(-x, t.step)))
	hi := min(t.n, max(lo, ceilDiv(width-x, t.step)))
	if lo == hi {
		t.zero()
		return
	}
	src := t.src[row+x+lo*t.step:]
	if t.step == 1 && hi-lo == k.NR {
		k.copyRows(gatherArgs{t.dst, src, t.dstStride, t.srcStride, t.count})
		return
	}
	for i := range t.count {
		dst := t.dst[i*t.dstStride:][:t.n]
		clear(dst[:lo])
		copyStep(dst[lo:hi], src[i*t.srcStride:], t.step)
		clear(dst[hi:])
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

package ops

// poolSums is a pool that sums the pixels of every window, or a function of them.
type poolSums struct {
	*poolRows
	each   func(float64) float64 // of a pixel; nil is the identity
	finish func(float64) float64 // of a sum; nil divides it by the count
	// What the count of a mean is made of.
	countPad bool
	counts   []int // of every output along the last axis
}

// count is the number of taps of output o along an axis that count.
func (p *poolSums) count(axis, o int) int {
	a := &p.axes[axis]
	lo, hi := a.taps(o)
	if p.countPad {
		lo, hi = a.paddedTaps(o)
	}
	return hi - lo
}

// run computes y.
func (p *poolSums) run(c *Call, x, y *Tensor) {
	if x.DType() == Float32 {
		runPoolSums(c, p, Data[float32](x), Data[float32](y))
	} else {
		runPoolSums(c, p, Data[float64](x), Data[float64](y))
	}
}

func runPoolSums[T Float](c *Call, p *poolSums, x, y []T) {
	cost := 1
	if p.each != nil {
		cost = 10
	}
	a := &p.axes[2]
	width := min(rowTile, max(1, a.pieceWidth()))
	p.parallel(c, cost, func(r poolRow) {
		var sums rowSums
		for first := 0; first < a.out; first += width {
			piece := sums[:min(width, a.out-first)]
			sumPiece(p, r, first, piece, x)
			p.finishPiece(r, first, piece)
			for i, s := range piece {
				y[r.at+first+i] = T(s)
			}
		}
	})
}

// sumPiece computes the sums of a piece of an output row, from output first on:
// first those of every column under the kernel, then those of the columns under
// each output. A window that covers too many columns is the only one of its piece,
// and summed at once.
func sumPiece[T Float](p *poolSums, r poolRow, first int, sums []float64, x []T) {
	a := &p.axes[2]
	clear(sums)
	if a.pieceWidth() == 0 {
		lo, hi := a.taps(first)
		from := first*a.stride - a.padBegin + lo*a.dilation
		p.eachLine(r, func(line int) { sums[0] += sumStrided(x, line+from, a.dilation, hi-lo, p.each) })
		return
	}
	var columns [spanLimit]float64
	from, to := a.span(first, len(sums))
	c := columns[:to-from]
	p.eachLine(r, func(line int) { addEach(c, x[line+from:line+to], p.each) })
	for k := range a.kernel {
		start := first*a.stride - a.padBegin + k*a.dilation
		lo, hi := inside(start, a.stride, a.in, len(sums))
		at := start + lo*a.stride - from
		for i := lo; i < hi; i++ {
			sums[i] += c[at]
			at += a.stride
		}
	}
}

// finishPiece turns sums into results.
func (p *poolSums) finishPiece(r poolRow, first int, sums []float64) {
	if p.finish != nil {
		for i, s := range sums {
			sums[i] = p.finish(s)
		}
		return
	}
	n := p.count(0, r.d) * p.count(1, r.h)
	for i, count := range p.counts[first:][:len(sums)] {
		sums[i] /= float64(max(1, n*count))
	}
}

// addEach is sums[i] += each(x[i]).
func addEach[T Float](sums []float64, x []T, each func(float64) float64) {
	sums = sums[:len(x)]
	if each == nil {
		for i, v := range x {
			sums[i] += float64(v)
		}
		return
	}
	for i, v := range x {
		sums[i] += each(float64(v))
	}
}

// sumStrided is the sum of each(x[from + i·step]) for i < n.
func sumStrided[T Float](x []T, from, step, n int, each func(float64) float64) (sum float64) {
	for range n {
		v := float64(x[from])
		if each != nil {
			v = each(v)
		}
		sum += v
		from += step
	}
	return sum
}

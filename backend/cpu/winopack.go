package cpu

// winoPack transforms the weights of one pair of output groups of one phase.
type winoPack struct {
	*WinogradWeights
	from        []float32
	rows, cols  winoEvaluator
	phase, pair int

	width  int              // of the pair
	staged []float32        // [point][winoPackChannels][width]
	taps   [5 * 5]winoLanes // [rows][columns] of the filters under way
	half   [6 * 5]winoLanes // [points of rows][columns]
	last   [6]winoLanes     // points of a row
}

// winoLanes is one number of several filters, those of neighbouring output channels.
type winoLanes [winoFilters]float64

const winoFilters = 16

// winoPackChannels is how many channels are transformed before they are copied to their places, which lie far apart:
// singly, each line would wait for memory.
const winoPackChannels = 16

func (p *winoPack) run() {
	f := &p.filter
	first := p.pair * p.pairLanes()
	p.width = min(p.pairLanes(), p.WinogradWeights.width()-first)
	p.staged = make([]float32, f.tile.points()*winoPackChannels*p.width)
	data := p.data[p.offset(p.phase, 0, p.pair):]
	outputs := min(p.width, f.m-first)
	lane := 0
	for z := range f.kernel[0] {
		for c := 0; c < f.c; c += winoPackChannels {
			n := min(winoPackChannels, f.c-c)
			for i := range n {
				for m := 0; m < outputs; m += winoFilters {
					p.filters(p.staged[i*p.width+m:], [3]int{z, c + i, first + m}, min(outputs-m, winoFilters))
				}
			}
			for point := range f.tile.points() {
				copy(data[point*p.pointFloats()+lane*p.width:], p.staged[point*winoPackChannels*p.width:][:n*p.width])
			}
			lane += n
		}
		if f.kernel[0] > 1 {
			lane = roundUp(lane, p.block)
		}
	}
}

// filters transforms the filters of a depth tap and an input channel for n output channels; at is those and the first
// output channel.
func (p *winoPack) filters(dst []float32, at [3]int, n int) {
	taps, points := p.filter.tile.cols.taps, p.filter.tile.cols.points()
	for y := range p.filter.tile.rows.taps {
		for x := range taps {
			p.gather(&p.taps[y*taps+x], y, x, at, n)
		}
	}
	for x := range taps {
		p.rows.evaluate(p.half[x:], p.taps[x:], taps)
	}
	for i := range p.filter.tile.rows.points() {
		p.cols.evaluate(p.last[:], p.half[i*taps:], 1)
		for j := range points {
			p.last[j].store(dst[(i*points+j)*winoPackChannels*p.width:][:n])
		}
	}
}

// store rounds the first lanes to dst.
func (w *winoLanes) store(dst []float32) {
	if len(dst) == winoFilters { // without checks
		to := (*[winoFilters]float32)(dst)
		for m, v := range w {
			to[m] = float32(v)
		}
		return
	}
	for m := range dst {
		dst[m] = float32(w[m])
	}
}

// gather collects a tap of n filters by its place in the filter of the phase, which begins with the lowest input
// position. Phase ρ of a transposed convolution has the taps ρ, ρ + stride, ... in reverse; places beyond the kernel are
// zero.
func (p *winoPack) gather(dst *winoLanes, y, x int, at [3]int, n int) {
	f, z, c, m := &p.filter, at[0], at[1], at[2]
	pitch := f.c * volume(f.kernel)
	from := m*pitch + ((c*f.kernel[0]+z)*f.kernel[1]+y)*f.kernel[2] + x
	if f.transposed {
		y = p.phase/f.phases[1] + f.stride[1]*(f.tile.rows.taps-1-y)
		x = p.phase%f.phases[1] + f.stride[2]*(f.tile.cols.taps-1-x)
		if y >= f.kernel[1] || x >= f.kernel[2] {
			*dst = winoLanes{}
			return
		}
		pitch = volume(f.kernel)
		from = (c*f.m+m)*pitch + y*f.kernel[2] + x
	}
	for i := range n {
		dst[i%winoFilters] = float64(p.from[from+i*pitch])
	}
}

// winoEvaluator evaluates filters at the points of an axis: it is the matrix G, whose rows of ±p differ in the signs of
// the odd taps.
type winoEvaluator struct {
	taps, points int
	zero         float64      // factor of point 0
	pairs        []winoFactor // of ±p
}

// winoFactor is the factors of a pair of points: of its even taps, of its odd taps, and from a tap to the one after next.
type winoFactor struct{ even, odd, square float64 }

func newWinoEvaluator(a winoAxis) winoEvaluator {
	e := winoEvaluator{taps: a.taps, points: a.points()}
	g := a.filterMatrix()
	e.zero = g[0][0]
	for i := 1; i+1 < e.points; i += 2 {
		e.pairs = append(e.pairs, winoFactor{g[i][0], g[i][1], winoSquares(e.points)[i/2]})
	}
	return e
}

// evaluate computes dst[i*step] from src[k*step]: points from taps.
func (e *winoEvaluator) evaluate(dst, src []winoLanes, step int) {
	for l, v := range src[0] {
		dst[0][l] = e.zero * v
	}
	for i, f := range e.pairs {
		plus, minus := &dst[(1+2*i)*step], &dst[(2+2*i)*step]
		switch e.taps {
		case 2:
			f.pair2(plus, minus, &src[0], &src[step])
		case 3:
			f.pair3(plus, minus, &src[0], &src[step], &src[2*step])
		case 5:
			f.pair5(plus, minus, &src[0], &src[step], &src[2*step], &src[3*step], &src[4*step])
		default:
			panic("BUG: no filters of so many taps")
		}
	}
	if e.points > 1 {
		dst[(e.points-1)*step] = src[(e.taps-1)*step]
	}
}

func (f *winoFactor) pair2(plus, minus, t0, t1 *winoLanes) {
	for l := range plus {
		even, odd := f.even*t0[l], f.odd*t1[l]
		plus[l], minus[l] = even+odd, even-odd
	}
}

func (f *winoFactor) pair3(plus, minus, t0, t1, t2 *winoLanes) {
	for l := range plus {
		even, odd := f.even*(t0[l]+f.square*t2[l]), f.odd*t1[l]
		plus[l], minus[l] = even+odd, even-odd
	}
}

func (f *winoFactor) pair5(plus, minus, t0, t1, t2, t3, t4 *winoLanes) {
	for l := range plus {
		even, odd := f.even*(t0[l]+f.square*(t2[l]+f.square*t4[l])), f.odd*(t1[l]+f.square*t3[l])
		plus[l], minus[l] = even+odd, even-odd
	}
}

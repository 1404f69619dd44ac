package cpu

import "unsafe"

// winoPack transforms the weights of one pair of output groups of one phase.
type winoPack struct {
	*WinogradWeights
	kernels     *Kernels
	from        []float32
	rows, cols  *winoFactors
	phase, pair int

	planar  []float32 // taps as they lie in the file: [channel][tap][block]
	phased  []float32 // those of a phase, where they are not all: [channel][tap][block]
	scratch []float32
}

// winoPackChannels is how many channels are transformed in one call: their taps stay in the first cache.
const winoPackChannels = 16

func (p *winoPack) run() {
	f := &p.filter
	first := p.pair * p.pairLanes()
	width := min(p.pairLanes(), p.WinogradWeights.width()-first)
	p.planar = AlignedFloats(winoPackChannels * volume(f.kernel) * p.block)
	if f.transposed || f.segments > 1 {
		p.phased = AlignedFloats(winoPackChannels * f.taps() * p.block)
	}
	p.scratch = AlignedFloats(winoFilterScratch)
	data := p.data[p.offset(p.phase, 0, p.pair):]
	lane := 0
	for step := range f.steps() {
		for c := 0; c < f.c; c += winoPackChannels {
			n := min(winoPackChannels, f.c-c)
			for m := 0; m < width; m += p.block {
				args := p.gather(step, c, first+m, n)
				dst := data[(lane+c)*width+m:]
				for point := range f.tile.points() {
					raceWriteRows(dst[point*p.pointFloats():], n, p.block, width)
				}
				args.dst, args.next = pointer(dst), 4*width
				p.kernels.wino.filters[f.tile](&args)
			}
		}
		lane += roundUp(f.c, p.block)
	}
}

// gather collects the taps of n channels for a group of output channels: those of a depth tap, or of a segment. The lanes
// beyond the last output channel have zeros.
func (p *winoPack) gather(step, c, m, n int) winoFilterArgs {
	f, taps := &p.filter, volume(p.filter.kernel)
	raceRead(p.from)
	lanes := laneMask(min(p.block, f.m-m))
	t := mapTransposeArgs{pixel: pointer(p.planar), lanes: &lanes[0], step: floatSize * p.block}
	args := winoFilterArgs{
		scratch: pointer(p.scratch), rows: p.rows, cols: p.cols,
		tap: 4 * p.block, point: 4 * p.pointFloats(), channels: n,
	}
	if !f.transposed {
		t.planes, t.pitch, t.pixels = pointer(p.from[(m*f.c+c)*taps:]), 4*f.c*taps, n*taps
		p.kernels.maps.interleave(&t)
		if f.segments > 1 {
			args.src, args.from = pointer(p.phased), 4*f.taps()*p.block
			p.pickSegment(step, n)
			return args
		}
		args.src, args.from = pointer(p.planar[step*f.taps()*p.block:]), 4*taps*p.block
		return args
	}
	for i := range n {
		t.planes, t.pitch, t.pixels = pointer(p.from[((c+i)*f.m+m)*taps:]), 4*taps, taps
		p.kernels.maps.interleave(&t)
		p.pickPhase(p.phased[i*f.taps()*p.block:])
	}
	args.src, args.from = pointer(p.phased), 4*f.taps()*p.block
	return args
}

// pickSegment picks the taps of a segment of the filters of n channels; places beyond the kernel are zero.
func (p *winoPack) pickSegment(segment, n int) {
	f := &p.filter
	first, taps := segment*f.taps(), f.kernel[2]
	for c := range n {
		to := p.phased[c*f.taps()*p.block:][:f.taps()*p.block]
		clear(to[copy(to, p.planar[(c*taps+first)*p.block:(c+1)*taps*p.block]):])
	}
}

// pickPhase picks the taps of the phase, which begin with the lowest input position. Phase ρ of a transposed convolution
// has the taps ρ, ρ + stride, ... in reverse; places beyond the kernel are zero.
func (p *winoPack) pickPhase(dst []float32) {
	f := &p.filter
	for y := range f.tile.rows.taps {
		for x := range f.tile.cols.taps {
			ky := p.phase/f.phases[1] + f.stride[1]*(f.tile.rows.taps-1-y)
			kx := p.phase%f.phases[1] + f.stride[2]*(f.tile.cols.taps-1-x)
			to := dst[(y*f.tile.cols.taps+x)*p.block:][:p.block]
			if ky >= f.kernel[1] || kx >= f.kernel[2] {
				clear(to)
				continue
			}
			copy(to, p.planar[(ky*f.kernel[2]+kx)*p.block:])
		}
	}
}

// taps is how many taps a filter of a phase has, in a plane.
func (f *winoFilter) taps() int { return f.tile.rows.taps * f.tile.cols.taps }

// winoFilterArgs are the operands of the transform of the filters of a run of input channels for one group of output
// channels. Pitches are bytes. The kernel equals, with evaluate of the rows and of the columns,
//
//	for c := range channels {
//		for x := range cols.taps {
//			half[...][x] = rows.evaluate(src[c*from + (...*cols.taps+x)*tap])
//		}
//		for i := range rows.points {
//			dst[c*next + (i*cols.points+...)*point] = float32(cols.evaluate(half[i]))
//		}
//	}
//
// for vectors of one group, in float64, each product and sum rounded: all tiers give the same bits. dst lies at a
// multiple of a vector. It is assembly because Go has no vectors and because, with AVX-512, it stores points, which lie far
// apart, past the caches. Packing the weights of large layers is 4 times faster with AVX-512, twice with AVX2.
type winoFilterArgs struct {
	src, dst, scratch unsafe.Pointer // scratch: winoFilterScratch floats
	rows, cols        *winoFactors
	tap, point        int // between taps of src, points of dst
	next, from        int // between channels of dst, of src
	channels          int
}

// winoFilterScratch is room for 6x5 vectors of float64 and for 6x6 half vectors of float32.
const winoFilterScratch = 6*5*16 + 6*6*8

// winoFactors are what evaluates filters at the points of an axis: the matrix G, whose rows of ±p differ in the signs of
// the odd taps.
type winoFactors struct {
	zero  float64       // factor of point 0, if it is one
	pairs [3]winoFactor // of ±p
}

// winoFactor is the factors of a pair of points: of its even taps, of its odd taps, and from a tap to the one after next.
type winoFactor struct{ even, odd, square float64 }

func newWinoFactors(a winoAxis) (f winoFactors) {
	g := a.filterMatrix()
	f.zero = g[0][0]
	for i, square := range winoSquares(a.points()) {
		at := winoPairAt(a.points(), i)
		f.pairs[i] = winoFactor{g[at][0], g[at][1], square}
	}
	return f
}

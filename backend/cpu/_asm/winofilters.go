package main

import "fmt"

// filtersName is the name of the transform of filters for an output tile.
func (o winoOutputTile) filtersName(s isa) string {
	return fmt.Sprintf("winoFilters%dx%dOf%dx%d%s", o.rows.points, o.cols.points, o.rows.taps(), o.cols.taps(), s.name)
}

// Offsets of the fields of winoFilterArgs.
const (
	winoFilSrc      = 0
	winoFilDst      = 8
	winoFilScratch  = 16
	winoFilRows     = 24
	winoFilCols     = 32
	winoFilTap      = 40
	winoFilPoint    = 48
	winoFilNext     = 56
	winoFilFrom     = 64
	winoFilChannels = 72
)

// winoFilterUpper is where the points of the upper lanes lie in the scratch: behind 6x5 vectors.
const winoFilterUpper = 6 * 5 * 64

// winoFilters emits one transform of filters. A vector of float64 holds half as many lanes as one of float32: the upper
// half of the lanes is transformed into the scratch, then the lower one, which is joined to it and stored.
//
// DI: arguments; SI: taps of the channel, R8: the next ones; DX: bytes between taps; AX: points of the channel, R10: the
// next ones; R9: bytes between points; BX: scratch; R12, R13: factors of rows and columns; CX: channels left.
// Registers: taps in 0..4, temporaries 5..8, factors from 9 on.
type winoFilters struct {
	winoText
	winoOutputTile
}

const (
	winoFilEven    = 5
	winoFilOdd     = 6
	winoFilResult  = 7
	winoFilFactors = 9 // that of point 0, then three of each pair of points
)

func (w winoFilters) emit() {
	w.function(w.name+"(args *winoFilterArgs)", 8)
	w.op("", "MOVQ args+0(FP), DI")
	w.op("", "MOVQ %d(DI), SI", winoFilSrc)
	w.op("", "MOVQ %d(DI), AX", winoFilDst)
	w.op("", "MOVQ %d(DI), BX", winoFilScratch)
	w.op("", "MOVQ %d(DI), R12", winoFilRows)
	w.op("", "MOVQ %d(DI), R13", winoFilCols)
	w.op("", "MOVQ %d(DI), DX", winoFilTap)
	w.op("", "MOVQ %d(DI), R9", winoFilPoint)
	w.op("", "MOVQ %d(DI), CX", winoFilChannels)
	w.label(w.name + "_channel")
	w.half(true)
	w.half(false)
	w.op("", "ADDQ %d(DI), SI", winoFilFrom)
	w.op("", "ADDQ %d(DI), AX", winoFilNext)
	w.op("", "DECQ CX")
	w.op("", "JNZ %s_channel", w.name)
	if w.isa == avx512 {
		w.op("after stores past the caches", "SFENCE")
	}
	w.ret()
}

// half emits the transform of half of the lanes of a channel.
func (w winoFilters) half(upper bool) {
	lanes := 0
	if upper {
		lanes = w.bytes() / 2
	}
	taps, point := w.cols.taps(), 0
	store := func(_, reg int) {
		w.narrow(reg)
		if at := winoFilterUpper + point*w.bytes()/2; upper {
			w.op("", "VMOVUPS %s, %d(BX)", w.low(reg), at)
		} else {
			w.op("", "%s $1, %d(BX), %s, %s", w.insert(), at, w.v(reg), w.v(reg))
			w.op("", "%s %s, (R10)", w.move(), w.v(reg))
			w.op("", "ADDQ R9, R10")
		}
		point++
	}
	w.op("", "MOVQ AX, R10")
	if w.rows.points == 1 {
		w.op("", "MOVQ SI, R8")
		w.loadFactors("R13", w.cols)
		for x := range taps {
			w.op("", "VCVTPS2PD %d(R8), %s", lanes, w.v(x))
			w.op("", "ADDQ DX, R8")
		}
		w.evaluate("R13", w.cols, store)
		return
	}
	w.loadFactors("R12", w.rows)
	w.op("bytes between rows of taps", "IMUL3Q $%d, DX, R11", taps)
	for x := range taps {
		w.op("", "MOVQ SI, R8")
		if x > 0 {
			w.op("", "LEAQ (SI)(DX*%d), R8", []int{0, 1, 2, 2, 4}[x])
		}
		if x == 3 {
			w.op("", "ADDQ DX, R8")
		}
		for y := range w.rows.taps() {
			w.op("", "VCVTPS2PD %d(R8), %s", lanes, w.v(y))
			w.op("", "ADDQ R11, R8")
		}
		w.evaluate("R12", w.rows, func(i, reg int) {
			w.op("", "VMOVUPD %s, %d(BX)", w.v(reg), (i*taps+x)*w.bytes())
		})
	}
	w.loadFactors("R13", w.cols)
	for i := range w.rows.points {
		for x := range taps {
			w.op("", "VMOVUPD %d(BX), %s", (i*taps+x)*w.bytes(), w.v(x))
		}
		w.evaluate("R13", w.cols, store)
	}
}

// loadFactors loads the factors of an axis from a winoFactors, as far as there are registers for them.
func (w winoFilters) loadFactors(from string, a winoAxis) {
	for i := range 1 + 3*len(winoSquares(a.points)) {
		if winoFilFactors+i < w.regs {
			w.op("", "VBROADCASTSD %d(%s), %s", 8*i, from, w.v(winoFilFactors+i))
		}
	}
}

// pairFactors returns the register of the first factor of pair i of an axis. Where the last pair has none, it takes those
// of the first one, which must be loaded again.
func (w winoFilters) pairFactors(from string, i int) int {
	first := winoFilFactors + 1 + 3*i
	if first+2 < w.regs {
		return first
	}
	for k := range 3 {
		w.op("", "VBROADCASTSD %d(%s), %s", 8*(1+3*i+k), from, w.v(winoFilFactors+1+k))
	}
	return winoFilFactors + 1
}

// evaluate computes the points of the taps in registers 0.. in the order of winoAxis.evaluate and passes each one's register
// to place, which may change it. Products and sums are rounded on their own.
func (w winoFilters) evaluate(from string, a winoAxis, place func(i, reg int)) {
	two := func(op string, x, y, dst int) { w.op("", "%s %s, %s, %s", op, w.v(y), w.v(x), w.v(dst)) }
	even, odd, result := winoFilEven, winoFilOdd, winoFilResult
	if a.points%2 == 0 {
		two("VMULPD", 0, winoFilFactors, result)
		place(0, result)
	}
	for i := range winoSquares(a.points) {
		f := w.pairFactors(from, i) // of the even taps, of the odd ones, the square
		two("VMULPD", w.horner(even, 0, f+2, a.taps()), f, even)
		two("VMULPD", w.horner(odd, 1, f+2, a.taps()), f+1, odd)
		two("VADDPD", even, odd, result)
		two("VSUBPD", even, odd, even)
		place(winoPair(a.points, i), result)
		place(winoPair(a.points, i)+1, even)
	}
	w.op("", "VMOVAPD %s, %s", w.v(a.taps()-1), w.v(result))
	place(a.points-1, result)
}

// horner sums every second tap from first on times powers of register square into dst and returns the register of the
// sum, which is that of the tap where there is only one.
func (w winoFilters) horner(dst, first, square, taps int) int {
	last := first + (taps-1-first)/2*2
	sum := last
	for k := last - 2; k >= first; k -= 2 {
		w.op("", "VMULPD %s, %s, %s", w.v(square), w.v(sum), w.v(dst))
		w.op("", "VADDPD %s, %s, %s", w.v(dst), w.v(k), w.v(dst))
		sum = dst
	}
	return sum
}

// low names the lower half of register i.
func (w winoFilters) low(i int) string {
	if w.isa == avx512 {
		return fmt.Sprintf("Y%d", i)
	}
	return fmt.Sprintf("X%d", i)
}

// narrow rounds register i to float32, into its lower half.
func (w winoFilters) narrow(i int) {
	name := map[bool]string{true: "VCVTPD2PS", false: "VCVTPD2PSY"}[w.isa == avx512]
	w.op("", "%s %s, %s", name, w.v(i), w.low(i))
}

// insert is the instruction that puts half a vector into another.
func (w winoFilters) insert() string {
	return map[bool]string{true: "VINSERTF64X4", false: "VINSERTF128"}[w.isa == avx512]
}

// move is the instruction that stores points. A store past the caches need not read the line from memory first, which
// takes a third off the time of large layers, if it fills the line: a vector of AVX2 is half of one.
func (w winoFilters) move() string {
	return map[bool]string{true: "VMOVNTPS", false: "VMOVUPS"}[w.isa == avx512]
}

package main

import "fmt"

// winoAxis is one axis of an output tile: outputs made from points.
type winoAxis struct{ outputs, points int }

func (a winoAxis) taps() int { return a.points + 1 - a.outputs }

// winoOutputTile is the shape of an output transform.
type winoOutputTile struct{ rows, cols winoAxis }

var winoOutputs = []winoOutputTile{
	{winoAxis{4, 6}, winoAxis{4, 6}}, // 3x3
	{winoAxis{2, 4}, winoAxis{2, 4}},
	{winoAxis{5, 6}, winoAxis{5, 6}}, // 2x2
	{winoAxis{3, 4}, winoAxis{3, 4}},
	{winoAxis{2, 6}, winoAxis{2, 6}}, // 5x5
	{winoAxis{1, 1}, winoAxis{4, 6}}, // 3
	{winoAxis{1, 1}, winoAxis{2, 4}},
	{winoAxis{1, 1}, winoAxis{4, 7}}, // 4, and groups of 4
	{winoAxis{1, 1}, winoAxis{3, 7}}, // 5
	{winoAxis{4, 5}, winoAxis{4, 5}}, // 2x2
}

func (o winoOutputTile) funcName(s isa) string {
	return fmt.Sprintf("winoOutput%dx%dOf%dx%d%s", o.rows.outputs, o.cols.outputs, o.rows.points, o.cols.points, s.name)
}

// Offsets of the fields of winoOutputArgs.
const (
	winoOutSrc      = 0
	winoOutDst      = 8
	winoOutScratch  = 16
	winoOutPoint    = 24
	winoOutTile     = 32
	winoOutRow      = 40
	winoOutCol      = 48
	winoOutNext     = 56
	winoOutBias     = 64
	winoOutSlope    = 72
	winoOutResidual = 80
	winoOutResRow   = 88
	winoOutRow0     = 96
	winoOutRows     = 104
	winoOutCol0     = 112
	winoOutCols     = 120
	winoOutTiles    = 128
	winoOutLo       = 136
	winoOutHi       = 140
	winoOutAhead    = 144
)

// winoOutput emits one output transform. The columns of points of a tile are transformed into scratch, then the valid
// rows of that.
//
// DI: arguments; SI: points of the tile; R8, R9: bytes between points, rows of points; BX: scratch; R14, R13: the tile
// in dst and in the residual; AX, DX: a row of them, R11, R12: 3 pixels on; R10: bytes between pixels; R15: rows left;
// CX: tiles left.
// Registers: points in 0..6, an output in 7, the operands of the activation at the end, constants below those.
type winoOutput struct {
	winoText
	winoOutputTile
}

const (
	winoOutY    = 7 // an output, and next to it the comparison's mask
	winoOutMask = 8
)

func (w winoOutput) bias() string { return w.v(w.regs - 1) }
func (w winoOutput) lo() string   { return w.v(w.regs - 2) } // or slope
func (w winoOutput) hi() string   { return w.v(w.regs - 3) } // or zero

func (w winoOutput) emit() {
	w.function(w.name+"(args *winoOutputArgs)", 8)
	w.op("", "MOVQ args+0(FP), DI")
	w.op("", "MOVQ %d(DI), SI", winoOutSrc)
	w.op("", "MOVQ %d(DI), CX", winoOutTiles)
	w.op("", "MOVQ %d(DI), R14", winoOutDst)
	w.op("", "MOVQ %d(DI), R13", winoOutResidual)
	w.op("", "MOVQ %d(DI), AX", winoOutBias)
	w.op("", "VMOVUPS (AX), %s", w.bias())
	w.loadConstants()
	w.op("", "MOVQ %d(DI), AX", winoOutSlope)
	w.op("", "TESTQ AX, AX")
	w.op("", "JNE %s_leaky", w.name)
	w.op("", "VBROADCASTSS %d(DI), %s", winoOutLo, w.lo())
	w.op("", "VBROADCASTSS %d(DI), %s", winoOutHi, w.hi())
	w.widths("clamp", w.clamp)
	w.label(w.name + "_leaky")
	w.op("", "VMOVUPS (AX), %s", w.lo())
	w.op("", "%s", w.zero(w.regs-3))
	w.widths("leaky", w.leak)
}

// widths emits the loop for whole tiles and the one for tiles some of whose columns are not stored.
func (w winoOutput) widths(kind string, activate func()) {
	part := fmt.Sprintf("%s_%s_part", w.name, kind)
	w.op("", "MOVQ %d(DI), AX", winoOutCols)
	w.op("", "CMPQ AX, $%d", w.cols.outputs)
	w.op("", "JNE %s", part)
	w.tiles(fmt.Sprintf("%s_%s_whole", w.name, kind), false, activate)
	w.tiles(part, true, activate)
}

// tiles emits the loop over tiles.
func (w winoOutput) tiles(label string, part bool, activate func()) {
	w.label(label)
	if w.rows.points > 1 {
		w.columns(label + "_column")
	}
	w.op("", "MOVQ %d(DI), R10", winoOutCol)
	w.op("", "MOVQ %d(DI), R15", winoOutRows)
	w.firstRow(part)
	w.label(label + "_row")
	w.op("", "LEAQ (R10)(R10*2), R11")
	w.op("", "ADDQ AX, R11")
	w.op("", "LEAQ (R10)(R10*2), R12")
	w.op("", "ADDQ DX, R12")
	w.loadRow()
	if !part {
		w.op("", "MOVQ %d(DI), R8", winoOutAhead)
		w.op("", "LEAQ (AX)(R8*1), R9")
		w.op("", "ADDQ R11, R8")
		for k := range w.cols.outputs {
			w.op("", "PREFETCHT1 %s", at("R9", "R10", "R8", k))
		}
	}
	w.butterflies(w.cols.points)
	for k := range w.cols.outputs {
		w.output(fmt.Sprintf("%s_%d", label, k), k, part, activate)
	}
	if w.rows.points > 1 {
		w.op("", "ADDQ $%d, BX", w.bytes())
		w.op("", "ADDQ %d(DI), AX", winoOutRow)
		w.op("", "ADDQ %d(DI), DX", winoOutResRow)
		w.op("", "DECQ R15")
		w.op("", "JNZ %s_row", label)
	}
	w.op("", "ADDQ %d(DI), SI", winoOutTile)
	w.op("", "ADDQ %d(DI), R14", winoOutNext)
	w.op("", "ADDQ %d(DI), R13", winoOutNext)
	w.op("", "DECQ CX")
	w.op("", "JNZ %s", label)
	w.ret()
}

// columns emits the loop that transforms the columns of points.
func (w winoOutput) columns(label string) {
	w.op("", "MOVQ %d(DI), R8", winoOutPoint)
	w.op("", "IMUL3Q $%d, R8, R9", w.cols.points)
	w.op("", "MOVQ %d(DI), BX", winoOutScratch)
	w.op("", "MOVQ SI, R10")
	w.op("", "LEAQ (R9)(R9*2), R11")
	w.op("", "ADDQ SI, R11")
	w.op("", "MOVQ $%d, DX", w.cols.points)
	w.label(label)
	for r := range w.rows.points {
		w.op("", "VMOVUPS %s, %s", at("R10", "R9", "R11", r), w.v(r))
	}
	w.butterflies(w.rows.points)
	for k := range w.rows.outputs {
		w.combine(winoOutY, w.terms(w.rows, k))
		w.op("", "VMOVUPS %s, %d(BX)", w.v(winoOutY), k*w.bytes())
	}
	w.op("", "ADDQ R8, R10")
	w.op("", "ADDQ R8, R11")
	w.op("", "ADDQ $%d, BX", w.rows.outputs*w.bytes())
	w.op("", "DECQ DX")
	w.op("", "JNZ %s", label)
}

// firstRow sets the pointers to the first valid row, as if its column 0 were valid.
func (w winoOutput) firstRow(part bool) {
	w.op("", "MOVQ R14, AX")
	w.op("", "MOVQ R13, DX")
	if part {
		w.op("", "MOVQ %d(DI), R11", winoOutCol0)
		w.op("", "IMULQ R10, R11")
		w.op("", "SUBQ R11, AX")
		w.op("", "SUBQ R11, DX")
	}
	if w.rows.points > 1 {
		w.op("", "MOVQ %d(DI), BX", winoOutRow0)
		w.op("", "IMUL3Q $%d, BX, BX", w.bytes())
		w.op("", "ADDQ %d(DI), BX", winoOutScratch)
	}
}

// loadRow loads the points of a row.
func (w winoOutput) loadRow() {
	if w.rows.points > 1 {
		for c := range w.cols.points {
			w.op("", "VMOVUPS %d(BX), %s", c*w.rows.outputs*w.bytes(), w.v(c))
		}
		return
	}
	w.op("", "MOVQ %d(DI), R8", winoOutPoint)
	w.op("", "LEAQ (R8)(R8*2), R9")
	w.op("", "ADDQ SI, R9")
	for c := range min(6, w.cols.points) {
		w.op("", "VMOVUPS %s, %s", at("SI", "R8", "R9", c), w.v(c))
	}
	if w.cols.points == 7 {
		w.op("", "LEAQ (R9)(R8*2), R9")
		w.op("", "VMOVUPS (R9)(R8*1), %s", w.v(6))
	}
}

// butterflies turns pairs of points into sums and differences.
func (w winoOutput) butterflies(points int) {
	for i := range winoSquares(points) {
		first := winoPair(points, i)
		a, b := w.v(first), w.v(first+1)
		w.op("", "VADDPS %s, %s, %s", b, a, w.v(w.sum(points, i)))
		w.op("", "VSUBPS %s, %s, %s", b, a, a)
	}
}

// sum and difference are the registers of those of pair i: a sum takes the place of the pair before, the first one that
// behind the points or behind the mask.
func (w winoOutput) sum(points, i int) int {
	switch {
	case i > 0:
		return winoPair(points, i-1) + 1
	case points < winoOutY:
		return winoOutY - 1
	}
	return winoOutMask + 1
}

func (w winoOutput) difference(points, i int) int { return winoPair(points, i) }

// scaled is a register that is free after the butterflies: the second one of the last pair.
func (w winoOutput) scaled(points int) int { return winoPair(points, len(winoSquares(points))-1) + 1 }

// terms are those of output k after the butterflies.
func (w winoOutput) terms(a winoAxis, k int) (terms []winoTerm) {
	if k == 0 && a.points%2 == 0 {
		terms = append(terms, winoTerm{1, 0})
	}
	for i, square := range winoSquares(a.points) {
		reg := w.sum(a.points, i)
		if k%2 == 1 {
			reg = w.difference(a.points, i)
		}
		terms = append(terms, winoTerm{power(square, k), reg})
	}
	if k == a.outputs-1 && a.points > 1 {
		terms = append(terms, winoTerm{1, a.points - 1})
	}
	return terms
}

func (w winoOutput) loadConstants() {
	var values []float64
	for k := range w.cols.outputs {
		for _, t := range w.terms(w.cols, k) {
			if t.coef != 1 {
				values = append(values, t.coef)
			}
		}
	}
	w.load(values, max(winoOutMask, w.sum(w.cols.points, 0))+1, w.regs-4)
}

// output emits output k of a row: the sum, bias, residual, activation, and the store.
func (w winoOutput) output(label string, k int, part bool, activate func()) {
	if part {
		w.op("", "MOVQ %d(DI), R8", winoOutCol0)
		w.op("column before the first", "CMPQ R8, $%d", k)
		w.op("", "JGT %s_end", label)
		w.op("", "ADDQ %d(DI), R8", winoOutCols)
		w.op("column beyond the last", "CMPQ R8, $%d", k)
		w.op("", "JLE %s_end", label)
	}
	w.combine(winoOutY, w.terms(w.cols, k))
	y := w.v(winoOutY)
	w.op("", "VADDPS %s, %s, %s", w.bias(), y, y)
	w.op("", "CMPQ %d(DI), $0", winoOutResidual)
	w.op("", "JEQ %s_act", label)
	w.op("residual", "VADDPS %s, %s, %s", at("DX", "R10", "R12", k), y, y)
	w.label(label + "_act")
	activate()
	w.op("", "VMOVUPS %s, %s", y, at("AX", "R10", "R11", k))
	w.label(label + "_end")
}

// clamp limits the output. MAX and MIN return their second operand, here the value, where one is NaN.
func (w winoOutput) clamp() {
	y := w.v(winoOutY)
	w.op("x < lo: lo", "VMAXPS %s, %s, %s", y, w.lo(), y)
	w.op("x > hi: hi", "VMINPS %s, %s, %s", y, w.hi(), y)
}

// leak multiplies a negative output by its slope. 17 is "less than, false for NaN, no exception".
func (w winoOutput) leak() {
	y := w.v(winoOutY)
	if w.isa == avx512 {
		w.op("x < 0", "VCMPPS $17, %s, %s, K1", w.hi(), y)
		w.op("", "VMULPS %s, %s, K1, %s", w.lo(), y, y)
		return
	}
	mask, scaled := w.v(winoOutMask), w.v(w.scaled(w.cols.points))
	w.op("x < 0", "VCMPPS $17, %s, %s, %s", w.hi(), y, mask)
	w.op("", "VMULPS %s, %s, %s", w.lo(), y, scaled)
	w.op("", "VBLENDVPS %s, %s, %s, %s", mask, scaled, y, y)
}

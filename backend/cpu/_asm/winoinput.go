package main

import "fmt"

// winoInputTile is the number of points of a tile along rows and columns.
type winoInputTile struct{ rows, cols int }

var winoInputs = []winoInputTile{{6, 6}, {4, 4}, {1, 6}, {1, 4}, {1, 7}, {5, 5}}

func (i winoInputTile) funcName(s isa) string {
	return fmt.Sprintf("winoInput%dx%d%s", i.rows, i.cols, s.name)
}

// Offsets of the fields of winoInputArgs.
const (
	winoInSrc   = 0
	winoInDst   = 8
	winoInStrip = 16
	winoInRow   = 24
	winoInCol   = 32
	winoInStep  = 40
	winoInPoint = 48
	winoInTile  = 56
	winoInTiles = 64
	winoInAhead = 72
)

// winoInput emits one input transform. Every column of a run of tiles is transformed once, into the strip, although
// neighbouring tiles share columns; then the strip's rows are transformed tile by tile.
//
// DI: arguments; SI: next column of the input, R11: 3 rows below; R8: bytes between rows; BX: end of the strip; R13:
// the tile's first column in it; DX: columns to come; AX: destination; R9: bytes between points; R10, R12: destination
// of a row of points, 3 points on; R15: the row's place in the strip; CX: tiles left.
// Without rows, R8: bytes between pixels; DX: between tiles; R10, R13: 6 pixels and points on.
type winoInput struct {
	winoText
	winoInputTile
}

func (w winoInput) emit() {
	w.function(w.name+"(args *winoInputArgs)", 8)
	w.op("", "MOVQ args+0(FP), DI")
	w.op("", "MOVQ %d(DI), SI", winoInSrc)
	w.op("", "MOVQ %d(DI), AX", winoInDst)
	w.op("", "MOVQ %d(DI), R9", winoInPoint)
	w.op("", "MOVQ %d(DI), CX", winoInTiles)
	w.loadConstants()
	if w.rows == 1 {
		w.emitOneRow()
		return
	}
	w.op("", "MOVQ %d(DI), BX", winoInStrip)
	w.op("", "MOVQ %d(DI), R8", winoInRow)
	w.op("", "LEAQ (R8)(R8*2), R11")
	w.op("", "ADDQ SI, R11")
	w.op("", "MOVQ BX, R13")
	w.op("", "MOVQ $%d, DX", w.cols)
	w.label(w.name + "_tile")
	w.column()
	w.op("", "MOVQ AX, R10")
	w.op("", "MOVQ R13, R15")
	w.op("", "MOVQ $%d, DX", w.rows)
	w.label(w.name + "_row")
	w.op("", "LEAQ (R9)(R9*2), R12")
	w.op("", "ADDQ R10, R12")
	for c := range w.cols {
		w.op("", "VMOVUPS %d(R15), %s", c*w.rows*w.bytes(), w.v(c))
	}
	w.transform(w.cols, func(c int) string { return at("R10", "R9", "R12", c) })
	w.op("next row of points", "LEAQ (R12)(R9*%d), R10", map[int]int{4: 1, 5: 2, 6: 2}[w.cols])
	if w.cols == 6 {
		w.op("", "ADDQ R9, R10")
	}
	w.op("", "ADDQ $%d, R15", w.bytes())
	w.op("", "DECQ DX")
	w.op("", "JNZ %s_row", w.name)
	w.op("", "ADDQ %d(DI), AX", winoInTile)
	w.op("columns that the next tile adds", "MOVQ %d(DI), DX", winoInStep)
	w.op("", "IMUL3Q $%d, DX, R10", w.rows*w.bytes())
	w.op("", "ADDQ R10, R13")
	w.op("", "DECQ CX")
	w.op("", "JNZ %s_tile", w.name)
	w.ret()
}

// column emits the loop that transforms DX columns of the input.
func (w winoInput) column() {
	w.label(w.name + "_column")
	w.op("", "MOVQ %d(DI), R10", winoInAhead)
	w.op("", "LEAQ (SI)(R10*1), R12")
	w.op("", "ADDQ R11, R10")
	for r := range w.rows {
		w.op("", "VMOVUPS %s, %s", at("SI", "R8", "R11", r), w.v(r))
	}
	for r := range w.rows {
		w.op("", "PREFETCHT1 %s", at("R12", "R8", "R10", r))
	}
	w.transform(w.rows, func(r int) string { return fmt.Sprintf("%d(BX)", r*w.bytes()) })
	w.op("", "ADDQ %d(DI), SI", winoInCol)
	w.op("", "ADDQ %d(DI), R11", winoInCol)
	w.op("", "ADDQ $%d, BX", w.rows*w.bytes())
	w.op("", "DECQ DX")
	w.op("", "JNZ %s_column", w.name)
}

// emitOneRow emits the rest of a transform along columns only.
func (w winoInput) emitOneRow() {
	w.op("", "MOVQ %d(DI), R8", winoInCol)
	w.op("", "LEAQ (R9)(R9*2), R12")
	w.op("", "ADDQ AX, R12")
	w.op("", "LEAQ (R12)(R9*2), R13")
	w.op("", "ADDQ R9, R13")
	w.op("", "MOVQ %d(DI), DX", winoInStep)
	w.op("bytes between tiles", "IMULQ R8, DX")
	w.label(w.name + "_tile")
	w.op("", "LEAQ (R8)(R8*2), R11")
	w.op("", "ADDQ SI, R11")
	w.op("", "LEAQ (R11)(R8*2), R10")
	w.op("", "ADDQ R8, R10")
	place := func(base, pitch, three, six string, i int) string {
		if i == 6 {
			return fmt.Sprintf("(%s)", six)
		}
		return at(base, pitch, three, i)
	}
	for c := range w.cols {
		w.op("", "VMOVUPS %s, %s", place("SI", "R8", "R11", "R10", c), w.v(c))
	}
	w.transform(w.cols, func(c int) string { return place("AX", "R9", "R12", "R13", c) })
	w.op("", "ADDQ DX, SI")
	w.op("", "ADDQ %d(DI), AX", winoInTile)
	w.op("", "ADDQ %d(DI), R12", winoInTile)
	w.op("", "ADDQ %d(DI), R13", winoInTile)
	w.op("", "DECQ CX")
	w.op("", "JNZ %s_tile", w.name)
	w.ret()
}

// loadConstants puts what the transforms multiply with into registers behind inputs and temporaries.
func (w winoInput) loadConstants() {
	var values []float64
	collect := func(terms []winoTerm) {
		for _, t := range terms {
			if t.coef != 1 && t.coef != -1 {
				values = append(values, t.coef)
			}
		}
	}
	zero, inf, us, vs := winoInputTerms(w.cols, 0)
	collect(zero)
	collect(inf)
	for i, square := range winoSquares(w.cols) {
		collect(us[i])
		collect(vs[i])
		collect([]winoTerm{{power(square, 1), 0}})
	}
	w.load(values, w.cols+4, w.regs-1)
}

// transform computes the points of inputs in registers 0.. and stores point i to place(i): 0, ±a..., infinity.
func (w winoInput) transform(points int, place func(i int) string) {
	t, u, v, y := points, points+1, points+2, points+3
	zero, inf, us, vs := winoInputTerms(points, 0)
	if len(zero) > 0 {
		w.combine(t, zero)
		w.op("", "VMOVUPS %s, %s", w.v(t), place(0))
	}
	for i, square := range winoSquares(points) {
		w.combine(u, us[i])
		w.combine(v, vs[i])
		a := power(square, 1)
		if a == 1 {
			w.op("", "VADDPS %s, %s, %s", w.v(v), w.v(u), w.v(y))
			w.op("", "VSUBPS %s, %s, %s", w.v(v), w.v(u), w.v(u))
		} else {
			w.op("", "VMOVAPS %s, %s", w.v(u), w.v(y))
			w.op("", "VFMADD231PS %s, %s, %s", w.constant(a), w.v(v), w.v(y))
			minus := "VFNMADD231PS" // u - a·v
			if len(zero) == 0 {
				minus = "VFMSUB231PS" // a·v - u
			}
			w.op("", "%s %s, %s, %s", minus, w.constant(a), w.v(v), w.v(u))
		}
		w.op("", "VMOVUPS %s, %s", w.v(y), place(winoPair(points, i)))
		w.op("", "VMOVUPS %s, %s", w.v(u), place(winoPair(points, i)+1))
	}
	w.combine(t, inf)
	w.op("", "VMOVUPS %s, %s", w.v(t), place(points-1))
}

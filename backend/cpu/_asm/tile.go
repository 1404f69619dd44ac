package main

import (
	"fmt"
	"strings"
)

// tileShape is the largest tile of an instruction set for a number of output groups; every height up to rows is
// generated. 14x2 and 6x2 leave two registers for weights and two for broadcasts. One group needs 12 rows of AVX2 to
// have more sums under way than the products' latency.
type tileShape struct {
	isa
	rows, groups int
	depthwise    bool // a lane is both input and output: a step is one product per pixel
}

var tileShapes = []tileShape{
	{isa: avx512, rows: 14, groups: 1},
	{isa: avx512, rows: 14, groups: 2},
	{isa: avx2, rows: 12, groups: 1},
	{isa: avx2, rows: 6, groups: 2},
	{isa: avx512, rows: 14, groups: 1, depthwise: true},
	{isa: avx2, rows: 12, groups: 1, depthwise: true},
}

// tileUnroll is how many lanes one turn of the main loop makes. It divides the lanes of every instruction set.
const tileUnroll = 4

// Offsets of the fields of tileArgs.
const (
	tileBase      = 0
	tileSteps     = 8
	tileNSteps    = 16
	tileTailSteps = 24
	tileTailLanes = 32
	tileSrcPixel  = 40
	tileSrcHalf   = 48
	tileWeights   = 56
	tileDst       = 64
	tileDstPixel  = 72
	tileDstHalf   = 80
	tileDstGroup  = 88
	tileBias      = 96
	tileResidual  = 104
	tileResPixel  = 112
	tileResHalf   = 120
	tileResGroup  = 128
	tileAct       = 136
	tileSlope     = 144
	tileLo        = 152
	tileHi        = 156
	tileTiles     = 160
)

func (s tileShape) funcName(rows int) string {
	if s.depthwise {
		return fmt.Sprintf("depthwise%dx%d%s", rows, s.lanes, s.name)
	}
	return fmt.Sprintf("tile%dx%d%s", rows, s.groups*s.lanes, s.name)
}

// tileOne is a vector of ones in memory: AVX2 has no register left for it.
const tileOne = "tileOne"

func tileAssembly() string {
	var t text
	t.WriteString(header + "#include \"textflag.h\"\n\n")
	for lane := range avx512.lanes {
		fmt.Fprintf(&t, "DATA %s<>+%d(SB)/4, $0x3f800000\n", tileOne, 4*lane)
	}
	fmt.Fprintf(&t, "GLOBL %s<>(SB), RODATA|NOPTR, $%d\n", tileOne, avx512.bytes())
	for _, s := range tileShapes {
		for rows := 1; rows <= s.rows; rows++ {
			k := tileKernel{s, &t, s.funcName(rows), rows}
			k.emit()
		}
	}
	return t.String()
}

// tileKernel emits the kernel of one height. DI: arguments; SI: next step; BX: weights; CX: steps left; AX, DX: lane of
// the first pixel of each half; R8, R9, R11: 1, 3 and 5 times the pixel pitch, which with their scaled forms address
// seven pixels; R12: distance of the halves; R10: lanes left.
type tileKernel struct {
	tileShape
	*text
	fn     string
	height int
}

func (k tileKernel) half() int { return (k.height + 1) / 2 }

// acc is the register of a sum, spare the i-th register that holds none.
func (k tileKernel) acc(row, group int) string { return k.v(row*k.groups + group) }
func (k tileKernel) spare(i int) string        { return k.v(k.regs - 4 + i) }

func (k tileKernel) emit() {
	k.function(k.fn+"(args *tileArgs)", 8)
	k.op("", "MOVQ args+0(FP), DI")
	k.label(k.fn + "_tile")
	if !k.depthwise {
		k.fetchOutput()
	}
	k.init()
	k.op("", "MOVQ %d(DI), SI", tileSteps)
	k.op("", "MOVQ %d(DI), BX", tileWeights)
	k.op("", "MOVQ %d(DI), R8", tileSrcPixel)
	k.op("", "LEAQ (R8)(R8*2), R9")
	k.op("", "LEAQ (R8)(R8*4), R11")
	k.op("", "MOVQ %d(DI), R12", tileSrcHalf)
	if k.depthwise {
		k.depthwiseSteps()
	} else {
		k.steps("step", tileNSteps, fmt.Sprintf("$%d", k.lanes/tileUnroll), tileUnroll)
		k.steps("tail", tileTailSteps, fmt.Sprintf("%d(DI)", tileTailLanes), 1)
	}
	k.activate()
	k.store()
	if k.depthwise {
		k.nextTile()
	}
	k.ret()
}

// fetchOutput asks for the lines of the output, which the store at the end then finds in the cache: transposed
// convolutions that store every second pixel gained 2 to 20 % on Zen 4. Depthwise ones are done before the lines arrive.
func (k tileKernel) fetchOutput() {
	k.op("", "MOVQ %d(DI), AX", tileDst)
	k.walk(tileDstPixel, tileDstHalf, tileDstGroup, func(_, address string) { k.op("", "PREFETCHT0 %s", address) })
}

// init sets the sums to bias + residual.
func (k tileKernel) init() {
	k.op("", "MOVQ %d(DI), AX", tileBias)
	for j := range k.groups {
		k.op("bias", "VMOVUPS %d(AX), %s", j*k.bytes(), k.acc(0, j))
	}
	for r := 1; r < k.height; r++ {
		for j := range k.groups {
			k.op("", "VMOVAPS %s, %s", k.acc(0, j), k.acc(r, j))
		}
	}
	k.op("", "MOVQ %d(DI), AX", tileResidual)
	k.op("", "TESTQ AX, AX")
	k.op("", "JEQ %s_sum", k.fn)
	k.walk(tileResPixel, tileResHalf, tileResGroup, func(acc, address string) {
		k.op("residual", "VADDPS %s, %s, %s", address, acc, acc)
	})
	k.label(k.fn + "_sum")
}

// walk calls f with every sum and its place in a map whose first pixel is at AX.
func (k tileKernel) walk(pixel, half, group int, f func(acc, address string)) {
	k.op("", "MOVQ %d(DI), R8", pixel)
	k.op("", "MOVQ %d(DI), R9", group)
	if k.height > 1 {
		k.op("", "MOVQ %d(DI), DX", half)
		k.op("", "ADDQ AX, DX")
	}
	for r := range k.height {
		base := "AX"
		if r >= k.half() {
			base = "DX"
		}
		f(k.acc(r, 0), fmt.Sprintf("(%s)", base))
		if k.groups == 2 {
			f(k.acc(r, 1), fmt.Sprintf("(%s)(R9*1)", base))
		}
		k.op("", "ADDQ R8, %s", base)
	}
}

// steps emits the loop over the steps counted by one field; each has lanes of unroll turns of the inner loop.
func (k tileKernel) steps(name string, count int, turns string, unroll int) {
	label := k.fn + "_" + name
	k.op("", "MOVQ %d(DI), CX", count)
	k.op("", "TESTQ CX, CX")
	k.op("", "JEQ %s_end", label)
	k.label(label)
	k.nextStep()
	k.op("", "MOVQ %s, R10", turns)
	k.label(label + "_lane")
	for c := range unroll {
		k.lane(c)
	}
	k.op("", "ADDQ $%d, AX", 4*unroll)
	if k.height > 1 {
		k.op("", "ADDQ $%d, DX", 4*unroll)
	}
	k.op("", "ADDQ $%d, BX", unroll*k.groups*k.bytes())
	k.op("", "DECQ R10")
	k.op("", "JNE %s_lane", label)
	k.op("", "DECQ CX")
	k.op("", "JNE %s", label)
	k.label(label + "_end")
}

// nextStep sets AX and DX for the next step.
func (k tileKernel) nextStep() {
	k.op("", "MOVQ (SI), AX")
	k.op("", "ADDQ $8, SI")
	k.op("", "ADDQ %d(DI), AX", tileBase)
	if k.height > 1 {
		k.op("", "LEAQ (AX)(R12*1), DX")
	}
}

// tileAhead is how far ahead of the products weights are asked for: a page, at whose end processors stop to do so by
// themselves. Networks with more weights than the caches hold gained up to 6 % on Zen 4, from 4 to 6 KiB ahead.
const tileAhead = 4096

// asksAhead says whether the kernel does that: where it has products for half of the registers or more. Others wait for
// the memory altogether, and took up to 15 % longer.
func (k tileKernel) asksAhead() bool { return !k.depthwise && 2*k.height > k.rows }

// lane adds the products of one input channel. An explicit broadcast beats the embedded one where two groups use it.
func (k tileKernel) lane(c int) {
	for j := range k.groups {
		at := (c*k.groups + j) * k.bytes()
		k.op("weights", "VMOVUPS %d(BX), %s", at, k.spare(j))
		if at%64 == 0 && k.asksAhead() {
			k.op("", "PREFETCHT1 %d(BX)", at+tileAhead)
		}
	}
	free := 4 - k.groups
	for r := range k.height {
		x := k.spare(k.groups + r%free)
		k.op(fmt.Sprintf("x[%d][c]", r), "VBROADCASTSS %s, %s", k.pixel(r, 4*c), x)
		for j := range k.groups {
			k.op("", "VFMADD231PS %s, %s, %s", k.spare(j), x, k.acc(r, j))
		}
	}
}

// pixel is the address of a byte of pixel r of the input.
func (k tileKernel) pixel(r, disp int) string {
	base := "AX"
	if r >= k.half() {
		base, r = "DX", r-k.half()
	}
	index := []string{"", "(R8*1)", "(R8*2)", "(R9*1)", "(R8*4)", "(R11*1)", "(R9*2)"}[r]
	return fmt.Sprintf("%d(%s)%s", disp, base, index)
}

// activate applies the activation to the sums.
func (k tileKernel) activate() {
	k.op("", "MOVQ %d(DI), AX", tileAct)
	k.op("", "CMPQ AX, $1")
	k.op("", "JLT %s_store", k.fn)
	k.op("", "JGT %s_more", k.fn)
	k.op("", "VBROADCASTSS %d(DI), %s", tileLo, k.spare(0))
	k.op("", "VBROADCASTSS %d(DI), %s", tileHi, k.spare(1))
	for i := range k.height * k.groups {
		k.op("x < lo: lo; NaN: x", "VMAXPS %s, %s, %s", k.v(i), k.spare(0), k.v(i))
		k.op("x > hi: hi; NaN: x", "VMINPS %s, %s, %s", k.v(i), k.spare(1), k.v(i))
	}
	k.op("", "JMP %s_store", k.fn)
	k.label(k.fn + "_more")
	k.op("", "CMPQ AX, $2")
	k.op("", "JGT %s_gate", k.fn)
	k.op("", "MOVQ %d(DI), AX", tileSlope)
	zero := k.regs - 4
	k.op("", "%s", k.zero(zero))
	for j := range k.groups {
		k.op("", "VMOVUPS %d(AX), %s", j*k.bytes(), k.spare(1))
		for r := range k.height {
			k.leak(k.acc(r, j))
		}
	}
	k.op("", "JMP %s_store", k.fn)
	k.label(k.fn + "_gate")
	k.gate()
	k.label(k.fn + "_store")
}

// gate multiplies the sums by a ramp of their own: HardSwish. Where x is NaN, so is its product with the gate.
func (k tileKernel) gate() {
	scale, offset, zero, gate := k.spare(0), k.spare(1), k.spare(2), k.spare(3)
	k.op("", "VBROADCASTSS %d(DI), %s", tileLo, scale)
	k.op("", "VBROADCASTSS %d(DI), %s", tileHi, offset)
	k.op("", "%s", k.zero(k.regs-2))
	for i := range k.height * k.groups {
		x := k.v(i)
		k.op("", "VMOVAPS %s, %s", offset, gate)
		k.op("", "VFMADD231PS %s, %s, %s", scale, x, gate)
		k.op("", "VMAXPS %s, %s, %s", zero, gate, gate)
		k.op("", "VMINPS %s<>(SB), %s, %s", tileOne, gate, gate)
		k.op("", "VMULPS %s, %s, %s", gate, x, x)
	}
}

// leak multiplies the negative lanes of x by the slope. 17 is "less than, false for NaN, no exception".
func (k tileKernel) leak(x string) {
	zero, slope := k.spare(0), k.spare(1)
	if k.isa == avx512 {
		k.op("x < 0", "VCMPPS $17, %s, %s, K1", zero, x)
		k.op("", "VMULPS %s, %s, K1, %s", slope, x, x)
		return
	}
	k.op("x < 0", "VCMPPS $17, %s, %s, %s", zero, x, k.spare(2))
	k.op("", "VMULPS %s, %s, %s", slope, x, k.spare(3))
	k.op("", "VBLENDVPS %s, %s, %s, %s", k.spare(2), k.spare(3), x, x)
}

func (k tileKernel) store() {
	k.op("", "MOVQ %d(DI), AX", tileDst)
	k.walk(tileDstPixel, tileDstHalf, tileDstGroup, func(acc, address string) { k.op("", "VMOVUPS %s, %s", acc, address) })
}

func tileDeclarations() string {
	var b strings.Builder
	b.WriteString(header + "package cpu\n")
	for _, s := range []isa{avx512, avx2} {
		fmt.Fprintf(&b, "\n// tile%s holds the kernels by their groups, then rows; see tileArgs.\n", s.name)
		fmt.Fprintf(&b, "var tile%s = [tileGroups]tileFuncs{\n", s.name)
		for _, shape := range tileShapes {
			if shape.isa == s && !shape.depthwise {
				b.WriteString(shape.list() + ",\n")
			}
		}
		b.WriteString("}\n")
	}
	for _, shape := range tileShapes {
		if shape.depthwise {
			fmt.Fprintf(&b, "\n// depthwise%[1]s holds the depthwise kernels by their rows; see tileArgs.\nvar depthwise%[1]s = tileFuncs%[2]s\n", shape.name, shape.list())
		}
	}
	for _, shape := range tileShapes {
		for rows := 1; rows <= shape.rows; rows++ {
			fmt.Fprintf(&b, "\n//go:noescape\nfunc %s(args *tileArgs)\n", shape.funcName(rows))
		}
	}
	return b.String()
}

// list is the composite literal of the kernels by their rows.
func (s tileShape) list() string {
	list := "{\nnil,\n"
	for rows := 1; rows <= s.rows; rows++ {
		list += s.funcName(rows) + ",\n"
	}
	return list + "}"
}

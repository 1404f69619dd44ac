package main

import (
	"fmt"
	"strings"
)

// dotShape is the largest tile of the dot kernels of an instruction set for a number of outputs.
type dotShape struct {
	isa
	rows, outputs int
}

// The sums, one vector of weights per output and at least one input fill the registers.
var dotShapes = []dotShape{
	{avx512, 14, 1}, {avx512, 14, 2}, {avx512, 9, 3}, {avx512, 6, 4},
	{avx2, 12, 1}, {avx2, 6, 2}, {avx2, 4, 3}, {avx2, 2, 4},
}

func (s dotShape) funcName(rows int) string {
	return fmt.Sprintf("dot%dx%d%s", rows, s.outputs, s.name)
}

func dotAssembly() string {
	var t text
	t.WriteString(header + "#include \"textflag.h\"\n")
	for _, s := range dotShapes {
		for rows := 1; rows <= s.rows; rows++ {
			shape := tileShape{isa: s.isa, rows: s.rows, groups: s.outputs}
			dotKernel{tileKernel{shape, &t, s.funcName(rows), rows}}.emit()
		}
	}
	for _, s := range []isa{avx512, avx2} {
		emitSumLanes(&t, s)
	}
	return t.String()
}

// dotKernel emits the dot kernel of one height; its registers are those of tileKernel.
type dotKernel struct{ tileKernel }

func (k dotKernel) emit() {
	sums := k.height * k.groups
	k.function(k.fn+"(args *tileArgs)", 8)
	k.op("", "MOVQ args+0(FP), DI")
	for i := range sums {
		k.op("", "%s", k.zero(i))
	}
	k.op("", "MOVQ %d(DI), SI", tileSteps)
	k.op("", "MOVQ %d(DI), BX", tileWeights)
	k.op("", "MOVQ %d(DI), R8", tileSrcPixel)
	k.op("", "LEAQ (R8)(R8*2), R9")
	k.op("", "LEAQ (R8)(R8*4), R11")
	k.op("", "MOVQ %d(DI), R12", tileSrcHalf)
	k.op("", "MOVQ %d(DI), CX", tileNSteps)
	k.op("", "TESTQ CX, CX")
	k.op("", "JEQ %s_store", k.fn)
	k.label(k.fn + "_step")
	k.nextStep()
	for j := range k.groups {
		k.op("weights", "VMOVUPS %d(BX), %s", j*k.bytes(), k.v(sums+j))
	}
	for r := range k.height {
		k.products(r, sums)
	}
	k.op("", "ADDQ $%d, BX", k.groups*k.bytes())
	k.op("", "DECQ CX")
	k.op("", "JNE %s_step", k.fn)
	k.label(k.fn + "_store")
	k.store()
	k.ret()
}

// products adds those of one pixel; weights are in the registers after the sums.
func (k dotKernel) products(r, weights int) {
	if k.groups == 1 {
		k.op("", "VFMADD231PS %s, %s, %s", k.pixel(r, 0), k.v(weights), k.acc(r, 0))
		return
	}
	free := weights + k.groups
	x := k.v(free + r%(k.regs-free))
	k.op(fmt.Sprintf("x[%d]", r), "VMOVUPS %s, %s", k.pixel(r, 0), x)
	for j := range k.groups {
		k.op("", "VFMADD231PS %s, %s, %s", k.v(weights+j), x, k.acc(r, j))
	}
}

// store writes the sums: outputs are dstGroup apart, pixels dstPixel.
func (k dotKernel) store() {
	k.op("", "MOVQ %d(DI), AX", tileDst)
	k.op("", "MOVQ %d(DI), R8", tileDstPixel)
	k.op("", "MOVQ %d(DI), R9", tileDstGroup)
	k.op("", "LEAQ (R9)(R9*2), R11")
	index := []string{"", "(R9*1)", "(R9*2)", "(R11*1)"}
	for r := range k.height {
		for j := range k.groups {
			k.op("", "VMOVUPS %s, (AX)%s", k.acc(r, j), index[j])
		}
		k.op("", "ADDQ R8, AX")
	}
}

// emitSumLanes writes the kernel that sums up lanes. DI, SI: destination and source; CX: floats left to make.
func emitSumLanes(t *text, s isa) {
	name := "sumLanes" + s.name
	t.function(name+"(dst, src []float32)", 48)
	t.op("", "MOVQ dst_base+0(FP), DI")
	t.op("", "MOVQ dst_len+8(FP), CX")
	t.op("", "MOVQ src_base+24(FP), SI")
	t.op("", "SUBQ $%d, CX", s.lanes)
	t.op("", "JLT %s_done", name)
	t.label(name + "_loop")
	for i := 0; i < s.lanes; i += 4 {
		sumFour(t, s, i)
	}
	if s == avx512 {
		sumQuarters(t)
	} else {
		t.op("", "VPERM2F128 $0x20, Y4, Y0, Y8")
		t.op("", "VPERM2F128 $0x31, Y4, Y0, Y9")
		t.op("", "VADDPS Y9, Y8, Y0")
	}
	t.op("", "VMOVUPS %s, (DI)", s.v(0))
	t.op("", "ADDQ $%d, SI", s.lanes*s.bytes())
	t.op("", "ADDQ $%d, DI", s.bytes())
	t.op("", "SUBQ $%d, CX", s.lanes)
	t.op("", "JGE %s_loop", name)
	t.label(name + "_done")
	t.ret()
}

// sumFour sums the vectors i..i+3 of the source within their quarters (of 128 bits): quarter q of register i becomes
// the sums of quarter q of the four vectors.
func sumFour(t *text, s isa, i int) {
	lo, hi := s.v(s.regs-1), s.v(s.regs-2)
	for j := range 4 {
		t.op("", "VMOVUPS %d(SI), %s", (i+j)*s.bytes(), s.v(i+j))
	}
	for j := 0; j < 4; j += 2 {
		a, b := s.v(i+j), s.v(i+j+1)
		t.op("a0 b0 a1 b1", "VUNPCKLPS %s, %s, %s", b, a, lo)
		t.op("a2 b2 a3 b3", "VUNPCKHPS %s, %s, %s", b, a, hi)
		t.op("a02 b02 a13 b13", "VADDPS %s, %s, %s", hi, lo, a)
	}
	ab, cd := s.v(i), s.v(i+2)
	t.op("a02 b02 c02 d02", "VUNPCKLPD %s, %s, %s", cd, ab, lo)
	t.op("a13 b13 c13 d13", "VUNPCKHPD %s, %s, %s", cd, ab, hi)
	t.op("a b c d", "VADDPS %s, %s, %s", hi, lo, ab)
}

// sumQuarters sums up the quarters of Z0, Z4, Z8 and Z12 and puts them side by side into Z0.
func sumQuarters(t *text) {
	for _, pair := range [][2]int{{0, 4}, {8, 12}} {
		t.op("", "VSHUFF32X4 $0x44, Z%d, Z%d, Z16", pair[1], pair[0])
		t.op("", "VSHUFF32X4 $0xee, Z%d, Z%d, Z17", pair[1], pair[0])
		t.op("quarters 02 and 13 of both", "VADDPS Z17, Z16, Z%d", pair[0])
	}
	t.op("", "VSHUFF32X4 $0x88, Z8, Z0, Z16")
	t.op("", "VSHUFF32X4 $0xdd, Z8, Z0, Z17")
	t.op("", "VADDPS Z17, Z16, Z0")
}

func dotDeclarations() string {
	var b strings.Builder
	b.WriteString(header + "package cpu\n")
	for _, s := range []isa{avx512, avx2} {
		fmt.Fprintf(&b, "\n// dot%s holds the kernels by their outputs, then rows; see dotKernels.\n", s.name)
		fmt.Fprintf(&b, "var dot%s = dotKernels{tiles: [dotOutputs]tileFuncs{\n", s.name)
		for _, shape := range dotShapes {
			if shape.isa != s {
				continue
			}
			b.WriteString("{\nnil,\n")
			for rows := 1; rows <= shape.rows; rows++ {
				fmt.Fprintf(&b, "%s,\n", shape.funcName(rows))
			}
			b.WriteString("},\n")
		}
		fmt.Fprintf(&b, "}, sumLanes: sumLanes%s}\n\n//go:noescape\nfunc sumLanes%[1]s(dst, src []float32)\n", s.name)
	}
	for _, shape := range dotShapes {
		for rows := 1; rows <= shape.rows; rows++ {
			fmt.Fprintf(&b, "\n//go:noescape\nfunc %s(args *tileArgs)\n", shape.funcName(rows))
		}
	}
	return b.String()
}

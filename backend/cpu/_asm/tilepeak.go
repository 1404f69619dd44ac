package main

import (
	"fmt"
	"strings"
)

func peakAssembly() string {
	var t text
	t.WriteString(header + "#include \"textflag.h\"\n")
	for _, s := range []isa{avx512, avx2} {
		emitPeak(&t, s)
	}
	return t.String()
}

// peakSums is the number of independent sums: all registers but the two factors.
func peakSums(s isa) int { return s.regs - 2 }

// emitPeak writes a loop of nothing but multiply-adds. CX: turns left; AX: operations.
func emitPeak(t *text, s isa) {
	name := "peak" + s.name
	t.function(name+"(turns int) float64", 16)
	t.op("", "MOVQ turns+0(FP), CX")
	for i := range s.regs {
		t.op("", "%s", s.zero(i))
	}
	t.op("", "MOVQ CX, AX")
	t.op("operations of a turn", "IMULQ $%d, AX", 2*s.lanes*peakSums(s))
	t.op("", "TESTQ CX, CX")
	t.op("", "JEQ %s_done", name)
	t.label(name + "_loop")
	for i := range peakSums(s) {
		t.op("", "VFMADD231PS %s, %s, %s", s.v(s.regs-1), s.v(s.regs-2), s.v(i))
	}
	t.op("", "DECQ CX")
	t.op("", "JNE %s_loop", name)
	t.label(name + "_done")
	t.op("", "VZEROUPPER")
	t.op("", "CVTSQ2SD AX, X0")
	t.op("", "MOVSD X0, ret+8(FP)")
	t.op("", "RET")
}

func peakDeclarations() string {
	var b strings.Builder
	b.WriteString(header + "package cpu\n")
	for _, s := range []isa{avx512, avx2} {
		fmt.Fprintf(&b, "\n// peak%s makes turns of %d multiply-adds of vectors and returns how many operations they are.\n", s.name, peakSums(s))
		fmt.Fprintf(&b, "func peak%s(turns int) float64\n", s.name)
	}
	return b.String()
}

package main

import (
	"fmt"
	"strings"
)

func axpyAssembly() string {
	var t text
	t.WriteString(header + "#include \"textflag.h\"\n")
	for _, s := range []isa{avx512, avx2} {
		emitAxpy(&t, s)
	}
	return t.String()
}

// emitAxpy writes one axpy kernel. DI, SI: destination and source; CX: elements left; factor in 0, destination in 1.
func emitAxpy(t *text, s isa) {
	name := "axpy" + s.name
	t.function(name+"(args axpyArgs)", 56)
	t.op("", "MOVQ args_dst_base+0(FP), DI")
	t.op("", "MOVQ args_dst_len+8(FP), CX")
	t.op("", "MOVQ args_src_base+24(FP), SI")
	t.op("", "VBROADCASTSS args_a+48(FP), %s", s.v(0))
	emitAxpyLoop(t, s, name+"_4", 4)
	emitAxpyLoop(t, s, name+"_1", 1)
	if s == avx512 {
		t.op("", "TESTQ CX, CX")
		t.op("", "JEQ %s_done", name)
		t.op("", "MOVQ $1, AX")
		t.op("", "SHLQ CX, AX")
		t.op("one bit per element left", "DECQ AX")
		t.op("", "KMOVW AX, K1")
		t.op("", "VMOVUPS.Z (DI), K1, %s", s.v(1))
		t.op("", "VMOVUPS.Z (SI), K1, %s", s.v(2))
		t.op("", "VFMADD231PS %s, %s, %s", s.v(2), s.v(0), s.v(1))
		t.op("", "VMOVUPS %s, K1, (DI)", s.v(1))
	} else {
		t.label(name + "_single")
		t.op("", "TESTQ CX, CX")
		t.op("", "JEQ %s_done", name)
		t.op("", "VMOVSS (DI), X1")
		t.op("", "VFMADD231SS (SI), X0, X1")
		t.op("", "VMOVSS X1, (DI)")
		t.op("", "ADDQ $4, DI")
		t.op("", "ADDQ $4, SI")
		t.op("", "DECQ CX")
		t.op("", "JMP %s_single", name)
	}
	t.label(name + "_done")
	t.ret()
}

// emitAxpyLoop writes the loop over blocks of some vectors.
func emitAxpyLoop(t *text, s isa, label string, vectors int) {
	n := vectors * s.lanes
	t.op("", "SUBQ $%d, CX", n)
	t.op("", "JLT %s_end", label)
	t.label(label)
	for j := range vectors {
		t.op("", "VMOVUPS %d(DI), %s", j*s.bytes(), s.v(1+j))
		t.op("", "VFMADD231PS %d(SI), %s, %s", j*s.bytes(), s.v(0), s.v(1+j))
		t.op("", "VMOVUPS %s, %d(DI)", s.v(1+j), j*s.bytes())
	}
	t.op("", "ADDQ $%d, DI", vectors*s.bytes())
	t.op("", "ADDQ $%d, SI", vectors*s.bytes())
	t.op("", "SUBQ $%d, CX", n)
	t.op("", "JGE %s", label)
	t.label(label + "_end")
	t.op("elements left", "ADDQ $%d, CX", n)
}

func axpyDeclarations() string {
	var b strings.Builder
	b.WriteString(header + "package cpu\n")
	for _, s := range []isa{avx512, avx2} {
		fmt.Fprintf(&b, "\n//go:noescape\nfunc axpy%s(args axpyArgs)\n", s.name)
	}
	return b.String()
}

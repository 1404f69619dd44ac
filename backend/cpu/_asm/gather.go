package main

import (
	"fmt"
	"strings"
)

func gatherAssembly() string {
	var t text
	t.WriteString(header + "#include \"textflag.h\"\n")
	for _, g := range gemmTiles {
		emitGather(&t, g)
	}
	return t.String()
}

// emitGather writes one gather kernel. DI, SI: destination and source; R8, R9: bytes between their rows; CX: rows.
func emitGather(t *text, g gemmTile) {
	name := tileName("gather", g)
	t.function(name+"(args gatherArgs)", 72)
	t.op("", "MOVQ args_dst_base+0(FP), DI")
	t.op("", "MOVQ args_src_base+24(FP), SI")
	t.op("", "MOVQ args_dstStride+48(FP), R8")
	t.op("", "MOVQ args_srcStride+56(FP), R9")
	t.op("", "MOVQ args_count+64(FP), CX")
	t.op("", "SHLQ $2, R8")
	t.op("", "SHLQ $2, R9")
	t.op("", "TESTQ CX, CX")
	t.op("", "JEQ %s_done", name)
	t.label(name + "_loop")
	for j := range g.vectors {
		t.op("", "VMOVUPS %d(SI), %s", j*g.bytes(), g.v(j))
	}
	for j := range g.vectors {
		t.op("", "VMOVUPS %s, %d(DI)", g.v(j), j*g.bytes())
	}
	t.op("", "ADDQ R9, SI")
	t.op("", "ADDQ R8, DI")
	t.op("", "DECQ CX")
	t.op("", "JNE %s_loop", name)
	t.label(name + "_done")
	t.ret()
}

func gatherDeclarations() string {
	var b strings.Builder
	b.WriteString(header + "package cpu\n")
	for _, g := range gemmTiles {
		fmt.Fprintf(&b, "\n//go:noescape\nfunc %s(args gatherArgs)\n", tileName("gather", g))
	}
	return b.String()
}

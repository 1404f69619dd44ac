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

// emitGather writes one gather kernel. SI: source of the channel; DI: destination of the channel, DX of the row;
// R8, R9: bytes between channels; R10, R11: offsets and their number; R12, R13: offset under way, offsets left;
// CX: channels left.
func emitGather(t *text, g gemmTile) {
	name := tileName("gather", g)
	t.function(name+"(args gatherArgs)", 104)
	t.op("", "MOVQ args_dst_base+0(FP), DI")
	t.op("", "MOVQ args_src_base+24(FP), SI")
	t.op("", "MOVQ args_offsets_base+48(FP), R10")
	t.op("", "MOVQ args_offsets_len+56(FP), R11")
	t.op("", "MOVQ args_start+72(FP), AX")
	t.op("", "MOVQ args_dstStride+80(FP), R8")
	t.op("", "MOVQ args_srcStride+88(FP), R9")
	t.op("", "MOVQ args_count+96(FP), CX")
	t.op("", "LEAQ (SI)(AX*4), SI")
	t.op("", "SHLQ $2, R8")
	t.op("", "SHLQ $2, R9")
	t.label(name + "_channel")
	t.op("", "MOVQ DI, DX")
	t.op("four channels on: gains 5 % on large maps", "LEAQ (SI)(R9*4), R14")
	t.op("", "MOVQ R10, R12")
	t.op("", "MOVQ R11, R13")
	t.label(name + "_row")
	t.op("", "MOVQ (R12), AX")
	for j := range g.vectors {
		t.op("", "VMOVUPS %d(SI)(AX*4), %s", j*g.bytes(), g.v(j))
	}
	t.op("", "PREFETCHT0 (R14)(AX*4)")
	t.op("", "PREFETCHT0 %d(R14)(AX*4)", g.vectors*g.bytes()-4)
	for j := range g.vectors {
		t.op("", "VMOVUPS %s, %d(DX)", g.v(j), j*g.bytes())
	}
	t.op("", "ADDQ $8, R12")
	t.op("", "ADDQ $%d, DX", g.vectors*g.bytes())
	t.op("", "DECQ R13")
	t.op("", "JNE %s_row", name)
	t.op("", "ADDQ R9, SI")
	t.op("", "ADDQ R8, DI")
	t.op("", "DECQ CX")
	t.op("", "JNE %s_channel", name)
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

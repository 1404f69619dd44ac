package main

import (
	"fmt"
	"strings"
)

func quantizeAssembly() string {
	var t text
	t.WriteString(header + "#include \"textflag.h\"\n")
	for _, s := range []isa{avx512, avx2} {
		emitQuantize(&t, s)
		emitDequantize(&t, s, "dequantize", "VPMOVZXBD")
		emitDequantize(&t, s, "dequantizeSign", "VPMOVSXBD")
	}
	return t.String()
}

// emitQuantize writes one quantize kernel. DI, SI: destination and source; CX: elements left. Scale in 0, limits in 1
// and 2, zero point in 3, data in 4; AVX2: the low byte of each lane in 6.
func emitQuantize(t *text, s isa) {
	name := "quantize" + s.name
	t.function(name+"(args quantizeArgs)", 64)
	t.op("", "MOVQ args_dst_base+0(FP), DI")
	t.op("", "MOVQ args_dst_len+8(FP), CX")
	t.op("", "MOVQ args_src_base+24(FP), SI")
	t.op("", "VBROADCASTSS args_ByteScale_Scale+48(FP), %s", s.v(0))
	t.op("", "VBROADCASTSS args_ByteScale_Least+52(FP), %s", s.v(1))
	t.op("", "VBROADCASTSS args_ByteScale_Most+56(FP), %s", s.v(2))
	t.op("", "VBROADCASTSS args_ByteScale_Zero+60(FP), %s", s.v(3))
	if s == avx2 {
		t.op("", "VPCMPEQD %[1]s, %[1]s, %[1]s", s.v(6))
		t.op("255 in each lane", "VPSRLD $24, %[1]s, %[1]s", s.v(6))
	}
	emitByteLoop(t, s, name, s.bytes(), s.lanes, func() {
		t.op("", "VMOVUPS (SI), %s", s.v(4))
		t.op("", "VDIVPS %[1]s, %[2]s, %[2]s", s.v(0), s.v(4))
		t.op("the limit where NaN", "VMAXPS %[1]s, %[2]s, %[2]s", s.v(1), s.v(4))
		t.op("", "VMINPS %[1]s, %[2]s, %[2]s", s.v(2), s.v(4))
		t.op("to nearest, ties to even", "VCVTPS2DQ %[1]s, %[1]s", s.v(4))
		t.op("", "VPADDD %[1]s, %[2]s, %[2]s", s.v(3), s.v(4))
		if s == avx512 {
			t.op("", "VPMOVDB %s, (DI)", s.v(4))
			return
		}
		t.op("", "VPAND %[1]s, %[2]s, %[2]s", s.v(6), s.v(4))
		t.op("", "VEXTRACTI128 $1, %s, X5", s.v(4))
		t.op("", "VPACKUSDW X5, X4, X4")
		t.op("", "VPACKUSWB X4, X4, X4")
		t.op("", "VMOVQ X4, (DI)")
	})
}

// emitDequantize writes one dequantize kernel; widen is the instruction that makes int32 of bytes. DI, SI: destination
// and source; CX: elements left. Scale in 0, zero point in 1, data in 2.
func emitDequantize(t *text, s isa, kernel, widen string) {
	name := kernel + s.name
	t.function(name+"(args dequantizeArgs)", 56)
	t.op("", "MOVQ args_dst_base+0(FP), DI")
	t.op("", "MOVQ args_dst_len+8(FP), CX")
	t.op("", "MOVQ args_src_base+24(FP), SI")
	t.op("", "VBROADCASTSS args_scale+48(FP), %s", s.v(0))
	t.op("", "VBROADCASTSS args_zero+52(FP), %s", s.v(1))
	emitByteLoop(t, s, name, s.lanes, s.bytes(), func() {
		t.op("", "%s (SI), %s", widen, s.v(2))
		t.op("", "VPSUBD %[1]s, %[2]s, %[2]s", s.v(1), s.v(2))
		t.op("", "VCVTDQ2PS %[1]s, %[1]s", s.v(2))
		t.op("", "VMULPS %[1]s, %[2]s, %[2]s", s.v(0), s.v(2))
		t.op("", "VMOVUPS %s, (DI)", s.v(2))
	})
}

// emitByteLoop writes a loop over vectors that reads and writes so many bytes for each, and the end of the function.
func emitByteLoop(t *text, s isa, name string, read, write int, body func()) {
	t.op("", "TESTQ CX, CX")
	t.op("", "JEQ %s_done", name)
	t.label(name + "_loop")
	body()
	t.op("", "ADDQ $%d, SI", read)
	t.op("", "ADDQ $%d, DI", write)
	t.op("", "SUBQ $%d, CX", s.lanes)
	t.op("", "JGT %s_loop", name)
	t.label(name + "_done")
	t.ret()
}

func quantizeDeclarations() string {
	var b strings.Builder
	b.WriteString(header + "package cpu\n")
	for _, s := range []isa{avx512, avx2} {
		fmt.Fprintf(&b, "\n//go:noescape\nfunc quantize%s(args quantizeArgs)\n", s.name)
		for _, kernel := range []string{"dequantize", "dequantizeSign"} {
			fmt.Fprintf(&b, "\n//go:noescape\nfunc %s%s(args dequantizeArgs)\n", kernel, s.name)
		}
		fmt.Fprintf(&b, "\nvar byte%[1]s = byteKernels{quantize%[1]s, dequantize%[1]s, dequantizeSign%[1]s}\n", s.name)
	}
	return b.String()
}

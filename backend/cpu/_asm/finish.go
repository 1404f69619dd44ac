package main

import (
	"fmt"
	"strings"
)

// iotaSymbol is a constant vector 0, 1, 2, ... of 16 int32, from which AVX2 makes its masks.
const iotaSymbol = "iota16"

func tileName(kernel string, g gemmTile) string {
	return fmt.Sprintf("%s%d%s", kernel, g.vectors*g.lanes, g.name)
}

func finishAssembly() string {
	var t text
	t.WriteString(header + "#include \"textflag.h\"\n\n")
	for i := range 16 {
		fmt.Fprintf(&t, "DATA %s<>+%d(SB)/4, $%d\n", iotaSymbol, 4*i, i)
	}
	fmt.Fprintf(&t, "GLOBL %s<>(SB), RODATA|NOPTR, $64\n", iotaSymbol)
	for _, g := range gemmTiles {
		f := finishKernel{g, &t, tileName("finish", g)}
		f.emit()
	}
	return t.String()
}

// finishKernel emits one finish kernel. DI, SI: destination and tile; DX, R9: bias and residual, 0 where absent;
// R8, R10: bytes between their rows; CX: rows left. Registers: data in 0, 1; an operand in 2; masks (AVX2) in 3, 4;
// lo, hi, slope, zero in 5..8.
type finishKernel struct {
	gemmTile
	*text
	name string
}

const (
	finishOperand = 2
	finishMask    = 3
	finishLo      = 5
	finishHi      = 6
	finishSlope   = 7
	finishZero    = 8
)

func (f finishKernel) emit() {
	f.function(f.name+"(args finishArgs)", 144)
	f.op("", "MOVQ args_dst_base+0(FP), DI")
	f.op("", "MOVQ args_tile_base+24(FP), SI")
	f.op("", "MOVQ args_bias_base+48(FP), DX")
	f.op("", "MOVQ args_residual_base+72(FP), R9")
	f.op("", "MOVQ args_ldd+96(FP), R8")
	f.op("", "MOVQ args_ldt+104(FP), R10")
	f.op("row strides in bytes", "SHLQ $2, R8")
	f.op("", "SHLQ $2, R10")
	f.op("", "MOVQ args_cols+120(FP), CX")
	f.op("", "VBROADCASTSS args_lo+128(FP), %s", f.v(finishLo))
	f.op("", "VBROADCASTSS args_hi+132(FP), %s", f.v(finishHi))
	f.op("", "VBROADCASTSS args_slope+136(FP), %s", f.v(finishSlope))
	f.op("", "%s", f.zero(finishZero))
	f.op("", "MOVBLZX args_leaky+140(FP), BX")
	if f.isa == avx512 {
		f.masks512()
		f.bodies("part", true)
		return
	}
	f.op("", "CMPQ CX, $%d", f.vectors*f.lanes)
	f.op("", "JNE %s_narrow", f.name)
	f.bodies("full", false)
	f.label(f.name + "_narrow")
	f.masks2()
	f.bodies("part", true)
}

// masks512 sets K1, K2 to the first CX lanes.
func (f finishKernel) masks512() {
	f.op("", "MOVQ $1, AX")
	f.op("", "SHLQ CX, AX")
	f.op("one bit per column", "DECQ AX")
	f.op("", "KMOVW AX, K1")
	f.op("", "SHRQ $16, AX")
	f.op("", "KMOVW AX, K2")
}

// masks2 sets the mask registers to the first CX lanes.
func (f finishKernel) masks2() {
	f.op("", "VMOVD CX, X%d", finishOperand)
	f.op("", "VPBROADCASTD X%d, %s", finishOperand, f.v(finishOperand))
	for j := range f.vectors {
		f.op("column < cols", "VPCMPGTD %s<>+%d(SB), %s, %s", iotaSymbol, j*f.bytes(), f.v(finishOperand), f.v(finishMask+j))
	}
}

// bodies emits the loop over rows for both kinds of activation.
func (f finishKernel) bodies(width string, masked bool) {
	leaky := fmt.Sprintf("%s_%s_leaky", f.name, width)
	f.op("", "MOVQ args_rows+112(FP), CX")
	f.op("", "TESTL BX, BX")
	f.op("", "JNE %s", leaky)
	f.loop(fmt.Sprintf("%s_%s_clamp", f.name, width), masked, f.clamp)
	f.loop(leaky, masked, f.leak)
}

func (f finishKernel) loop(label string, masked bool, activate func(i int)) {
	f.label(label)
	f.eachVector(func(j int) { f.op("", "VMOVUPS %d(SI), %s", j*f.bytes(), f.v(j)) })
	f.op("", "ADDQ R10, SI")
	f.op("", "TESTQ DX, DX")
	f.op("", "JEQ %s_residual", label)
	f.op("bias of the row", "VBROADCASTSS (DX), %s", f.v(finishOperand))
	f.eachVector(func(j int) { f.op("", "VADDPS %s, %s, %s", f.v(finishOperand), f.v(j), f.v(j)) })
	f.op("", "ADDQ $4, DX")
	f.label(label + "_residual")
	f.op("", "TESTQ R9, R9")
	f.op("", "JEQ %s_act", label)
	f.eachVector(func(j int) {
		f.load(masked, fmt.Sprintf("%d(R9)", j*f.bytes()), j)
		f.op("", "VADDPS %s, %s, %s", f.v(finishOperand), f.v(j), f.v(j))
	})
	f.op("", "ADDQ R8, R9")
	f.label(label + "_act")
	f.eachVector(activate)
	f.eachVector(func(j int) { f.store(masked, j, fmt.Sprintf("%d(DI)", j*f.bytes())) })
	f.op("", "ADDQ R8, DI")
	f.op("", "DECQ CX")
	f.op("", "JNE %s", label)
	f.ret()
}

func (f finishKernel) eachVector(do func(j int)) {
	for j := range f.vectors {
		do(j)
	}
}

// clamp limits vector j. MAX and MIN return their second operand, here the value, where one is NaN.
func (f finishKernel) clamp(j int) {
	f.op("x < lo: lo", "VMAXPS %s, %s, %s", f.v(j), f.v(finishLo), f.v(j))
	f.op("x > hi: hi", "VMINPS %s, %s, %s", f.v(j), f.v(finishHi), f.v(j))
}

// leak multiplies the negative elements of vector j by slope. 17 is "less than, false for NaN, no exception".
func (f finishKernel) leak(j int) {
	x, t := f.v(j), f.v(finishOperand)
	if f.isa == avx512 {
		f.op("x < 0", "VCMPPS $17, %s, %s, K3", f.v(finishZero), x)
		f.op("", "VMULPS %s, %s, K3, %s", f.v(finishSlope), x, x)
		return
	}
	mask := f.v(finishZero + 1)
	f.op("x < 0", "VCMPPS $17, %s, %s, %s", f.v(finishZero), x, mask)
	f.op("", "VMULPS %s, %s, %s", f.v(finishSlope), x, t)
	f.op("", "VBLENDVPS %s, %s, %s, %s", mask, t, x, x)
}

// load reads vector j from memory into the operand register.
func (f finishKernel) load(masked bool, address string, j int) {
	switch {
	case !masked:
		f.op("", "VMOVUPS %s, %s", address, f.v(finishOperand))
	case f.isa == avx512:
		f.op("", "VMOVUPS.Z %s, K%d, %s", address, j+1, f.v(finishOperand))
	default:
		f.op("", "VMASKMOVPS %s, %s, %s", address, f.v(finishMask+j), f.v(finishOperand))
	}
}

// store writes vector j to memory.
func (f finishKernel) store(masked bool, j int, address string) {
	switch {
	case !masked:
		f.op("", "VMOVUPS %s, %s", f.v(j), address)
	case f.isa == avx512:
		f.op("", "VMOVUPS %s, K%d, %s", f.v(j), j+1, address)
	default:
		f.op("", "VMASKMOVPS %s, %s, %s", f.v(j), f.v(finishMask+j), address)
	}
}

func finishDeclarations() string {
	var b strings.Builder
	b.WriteString(header + "package cpu\n")
	for _, g := range gemmTiles {
		fmt.Fprintf(&b, "\n//go:noescape\nfunc %s(args finishArgs)\n", tileName("finish", g))
	}
	return b.String()
}

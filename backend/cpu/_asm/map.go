package main

import (
	"fmt"
	"strings"
)

// mapKernel emits the kernels over the pixels of channel-blocked maps, which are vectors. DI: arguments.
type mapKernel struct {
	isa
	*text
}

// mapFuncs lists the kernels: field of mapKernels, type of the arguments, body.
var mapFuncs = []struct {
	field, args string
	emit        func(mapKernel, string)
}{
	{"max", "mapReduceArgs", func(k mapKernel, fn string) { k.reduce(fn, true) }},
	{"mean", "mapReduceArgs", func(k mapKernel, fn string) { k.reduce(fn, false) }},
	{"moments", "mapMomentsArgs", mapKernel.moments},
	{"affine", "mapAffineArgs", mapKernel.affine},
	{"gather", "mapGatherArgs", mapKernel.gather},
	{"lerp2", "mapLerpArgs", func(k mapKernel, fn string) { k.lerp(fn, 2) }},
	{"lerp4", "mapLerpArgs", func(k mapKernel, fn string) { k.lerp(fn, 4) }},
	{"blend", "mapBlendArgs", mapKernel.blend},
	{"permute", "mapPermuteArgs", mapKernel.permute},
	{"interleave", "mapTransposeArgs", mapKernel.interleave},
	{"apart", "mapTransposeArgs", mapKernel.apart},
	{"pick", "mapPickArgs", mapKernel.pick},
}

func mapFuncName(field string, s isa) string {
	return "map" + strings.ToUpper(field[:1]) + field[1:] + s.name
}

func mapAssembly() string {
	var t text
	t.WriteString(header + "#include \"textflag.h\"\n\n")
	for i := range 8 {
		fmt.Fprintf(&t, "DATA mapIota8<>+%d(SB)/4, $%d\n", 4*i, i)
	}
	t.WriteString("GLOBL mapIota8<>(SB), RODATA|NOPTR, $32\n")
	for _, s := range []isa{avx512, avx2} {
		for _, f := range mapFuncs {
			fn := mapFuncName(f.field, s)
			t.function(fmt.Sprintf("%s(args *%s)", fn, f.args), 8)
			t.op("", "MOVQ args+0(FP), DI")
			f.emit(mapKernel{s, &t}, fn)
			t.ret()
		}
	}
	return t.String()
}

func mapDeclarations() string {
	var b strings.Builder
	b.WriteString(header + "package cpu\n")
	for _, s := range []isa{avx512, avx2} {
		fmt.Fprintf(&b, "\n// map%s holds the kernels of blocks of %d lanes.\nvar map%s = mapKernels{\n", s.name, s.lanes, s.name)
		for _, f := range mapFuncs {
			fmt.Fprintf(&b, "%s: %s,\n", f.field, mapFuncName(f.field, s))
		}
		b.WriteString("}\n")
	}
	for _, s := range []isa{avx512, avx2} {
		for _, f := range mapFuncs {
			fmt.Fprintf(&b, "\n//go:noescape\nfunc %s(args *%s)\n", mapFuncName(f.field, s), f.args)
		}
	}
	return b.String()
}

// load reads the fields of the arguments, 8 bytes each from offset 0 on, into registers; "" skips one.
func (k mapKernel) load(registers ...string) {
	for i, r := range registers {
		if r != "" {
			k.op("", "MOVQ %d(DI), %s", 8*i, r)
		}
	}
}

// loops emits a loop over CX pixels, four at a time and then one at a time. body gets the number of pixels and what
// its labels begin with, and moves the pointers on.
func (k mapKernel) loops(fn string, body func(n int, label string)) {
	for _, n := range []int{4, 1} {
		label := fmt.Sprintf("%s_x%d", fn, n)
		k.op("", "SUBQ $%d, CX", n)
		k.op("", "JLT %s_end", label)
		k.label(label)
		body(n, label)
		k.op("", "SUBQ $%d, CX", n)
		k.op("", "JGE %s", label)
		k.label(label + "_end")
		k.op("pixels left", "ADDQ $%d, CX", n)
	}
}

// strided gives the addresses of up to four pixels from base on, R9 bytes apart; R10 is three times R9.
func strided(base string, i int) string {
	return []string{"(" + base + ")", "(" + base + ")(R9*1)", "(" + base + ")(R9*2)", "(" + base + ")(R10*1)"}[i]
}

// reduce: AX: tap; BX: next tap; DX: taps left; R8: destination; SI: source; R11, R12: taps and their number.
// Registers: sums in 0..3, NaN masks of AVX2 in 4..7 (K1..K4 of AVX-512), least value in 8, operand in 9.
func (k mapKernel) reduce(fn string, isMax bool) {
	const nan, least, operand = 4, 8, 9
	k.load("R8", "SI", "R11", "R12", "CX", "R9")
	k.op("", "LEAQ (R9)(R9*2), R10")
	if isMax {
		k.op("-Inf", "MOVL $0xff800000, AX")
		k.op("", "VMOVD AX, X%d", least)
		k.op("", "VBROADCASTSS X%d, %s", least, k.v(least))
	} else {
		k.op("", "VBROADCASTSS 48(DI), %s", k.v(least))
	}
	k.loops(fn, func(n int, label string) {
		for i := range n {
			switch {
			case !isMax:
				k.op("", "%s", k.zero(i))
			case k.isa == avx512:
				k.op("", "VMOVAPS %s, %s", k.v(least), k.v(i))
				k.op("lanes without a NaN", "KXNORW K%d, K%d, K%d", i+1, i+1, i+1)
			default:
				k.op("", "VMOVAPS %s, %s", k.v(least), k.v(i))
				k.op("", "%s", k.zero(nan+i))
			}
		}
		k.op("", "MOVQ R11, BX")
		k.op("", "MOVQ R12, DX")
		k.label(label + "_tap")
		k.op("", "MOVQ (BX), AX")
		k.op("", "ADDQ SI, AX")
		for i := range n {
			acc, x := k.v(i), k.v(operand)
			if !isMax {
				k.op("", "VADDPS %s, %s, %s", strided("AX", i), acc, acc)
				continue
			}
			k.op("", "VMOVUPS %s, %s", strided("AX", i), x)
			if k.isa == avx512 {
				k.op("", "VCMPPS $7, %s, %s, K%d, K%d", x, x, i+1, i+1)
			} else {
				k.op("all ones where NaN", "VCMPPS $3, %s, %s, %s", x, x, k.v(operand+1))
				k.op("", "VORPS %s, %s, %s", k.v(operand+1), k.v(nan+i), k.v(nan+i))
			}
			k.op("", "VMAXPS %s, %s, %s", x, acc, acc)
		}
		k.op("", "ADDQ $8, BX")
		k.op("", "DECQ DX")
		k.op("", "JNE %s_tap", label)
		for i := range n {
			acc := k.v(i)
			switch {
			case !isMax:
				k.op("", "VDIVPS %s, %s, %s", k.v(least), acc, acc)
			case k.isa == avx512:
				k.op("", "KNOTW K%d, K%d", i+1, i+1)
				k.op("all ones are a NaN", "VPTERNLOGD $255, %s, %s, K%d, %s", acc, acc, i+1, acc)
			default:
				k.op("all ones are a NaN", "VORPS %s, %s, %s", k.v(nan+i), acc, acc)
			}
			k.op("", "VMOVUPS %s, %d(R8)", acc, i*k.bytes())
		}
		k.op("", "ADDQ $%d, R8", n*k.bytes())
		k.op("", "LEAQ (SI)(R9*%d), SI", n)
	})
}

// moments: SI: pixel; AX: row; R10: rows left; R12, R13: sums; sums in 0..3, squares in 4..7, shift in 8, operand in 9.
func (k mapKernel) moments(fn string) {
	const square, shift, operand = 4, 8, 9
	k.load("AX", "BX", "R12", "R13", "R9", "R10", "R11")
	k.op("", "VMOVUPS (BX), %s", k.v(shift))
	k.label(fn + "_row")
	k.op("", "MOVQ AX, SI")
	k.op("", "MOVQ R9, CX")
	for i := range 4 {
		k.op("", "%s", k.zero(i))
		k.op("", "%s", k.zero(square+i))
	}
	k.loops(fn, func(n int, _ string) {
		for i := range n {
			x := k.v(operand + i)
			k.op("", "VMOVUPS %d(SI), %s", i*k.bytes(), x)
			k.op("", "VSUBPS %s, %s, %s", k.v(shift), x, x)
			k.op("", "VADDPS %s, %s, %s", x, k.v(i), k.v(i))
			k.op("", "VFMADD231PS %s, %s, %s", x, x, k.v(square+i))
		}
		k.op("", "ADDQ $%d, SI", n*k.bytes())
	})
	k.fold(0, "R12")
	k.fold(square, "R13")
	k.op("", "ADDQ R11, AX")
	k.op("", "DECQ R10")
	k.op("", "JNE %s_row", fn)
}

// fold adds four registers of float32 to the float64 at an address.
func (k mapKernel) fold(first int, at string) {
	a, b, c, d := k.v(first), k.v(first+1), k.v(first+2), k.v(first+3)
	k.op("", "VADDPS %s, %s, %s", b, a, a)
	k.op("", "VADDPS %s, %s, %s", d, c, c)
	k.op("", "VADDPS %s, %s, %s", c, a, a)
	half, extract := "Y", "VEXTRACTF64X4"
	if k.isa == avx2 {
		half, extract = "X", "VEXTRACTF128"
	}
	k.op("", "%s $1, %s, %s%d", extract, a, half, first+1)
	for i := range 2 {
		k.op("", "VCVTPS2PD %s%d, %s", half, first+i, k.v(first+i))
		k.op("", "VADDPD %d(%s), %s, %s", i*k.bytes(), at, k.v(first+i), k.v(first+i))
		k.op("", "VMOVUPD %s, %d(%s)", k.v(first+i), i*k.bytes(), at)
	}
}

// affine: center, scale, shift, lo, hi, slope, zero in 4..10.
func (k mapKernel) affine(fn string) {
	const center, scale, shift, lo, hi, slope, zero, mask, product = 4, 5, 6, 7, 8, 9, 10, 11, 12
	k.load("R8", "SI", "R9", "R10", "R11", "CX", "BX")
	k.op("", "VMOVUPS (R9), %s", k.v(center))
	k.op("", "VMOVUPS (R10), %s", k.v(scale))
	k.op("", "VMOVUPS (R11), %s", k.v(shift))
	k.op("", "VBROADCASTSS 56(DI), %s", k.v(slope))
	k.op("", "VBROADCASTSS 60(DI), %s", k.v(lo))
	k.op("", "VBROADCASTSS 64(DI), %s", k.v(hi))
	k.op("", "%s", k.zero(zero))
	loop := func(fn string, act func(x string)) {
		k.loops(fn, func(n int, _ string) {
			for i := range n {
				x := k.v(i)
				k.op("", "VMOVUPS %d(SI), %s", i*k.bytes(), x)
				k.op("", "VSUBPS %s, %s, %s", k.v(center), x, x)
				k.op("", "VFMADD213PS %s, %s, %s", k.v(shift), k.v(scale), x)
				act(x)
				k.op("", "VMOVUPS %s, %d(R8)", x, i*k.bytes())
			}
			k.op("", "ADDQ $%d, SI", n*k.bytes())
			k.op("", "ADDQ $%d, R8", n*k.bytes())
		})
	}
	k.op("", "TESTQ BX, BX")
	k.op("", "JNE %s_leaky", fn)
	loop(fn+"_clamp", func(x string) {
		k.op("x < lo: lo", "VMAXPS %s, %s, %s", x, k.v(lo), x)
		k.op("x > hi: hi", "VMINPS %s, %s, %s", x, k.v(hi), x)
	})
	k.ret()
	k.label(fn + "_leaky")
	loop(fn+"_leak", func(x string) {
		if k.isa == avx512 {
			k.op("x < 0", "VCMPPS $17, %s, %s, K1", k.v(zero), x)
			k.op("", "VMULPS %s, %s, K1, %s", k.v(slope), x, x)
			return
		}
		k.op("x < 0", "VCMPPS $17, %s, %s, %s", k.v(zero), x, k.v(mask))
		k.op("", "VMULPS %s, %s, %s", k.v(slope), x, k.v(product))
		k.op("", "VBLENDVPS %s, %s, %s, %s", k.v(mask), k.v(product), x, x)
	})
}

func (k mapKernel) gather(fn string) {
	k.load("R8", "SI", "BX", "CX")
	k.loops(fn, func(n int, _ string) {
		for i := range n {
			k.op("", "MOVLQSX %d(BX), AX", 4*i)
			k.op("", "VMOVUPS (SI)(AX*1), %s", k.v(i))
			k.op("", "VMOVUPS %s, %d(R8)", k.v(i), i*k.bytes())
		}
		k.op("", "ADDQ $%d, BX", 4*n)
		k.op("", "ADDQ $%d, R8", n*k.bytes())
	})
}

func (k mapKernel) lerp(fn string, taps int) {
	const weight = 8
	k.load("R8", "SI", "BX", "DX", "CX")
	k.loops(fn, func(n int, _ string) {
		for i := range n {
			for t := range taps {
				at := 4 * (i*taps + t)
				k.op("", "MOVLQSX %d(BX), AX", at)
				k.op("", "VBROADCASTSS %d(DX), %s", at, k.v(weight+t))
				if t == 0 {
					k.op("", "VMULPS (SI)(AX*1), %s, %s", k.v(weight+t), k.v(i))
				} else {
					k.op("", "VFMADD231PS (SI)(AX*1), %s, %s", k.v(weight+t), k.v(i))
				}
			}
			k.op("", "VMOVUPS %s, %d(R8)", k.v(i), i*k.bytes())
		}
		k.op("", "ADDQ $%d, BX", 4*taps*n)
		k.op("", "ADDQ $%d, DX", 4*taps*n)
		k.op("", "ADDQ $%d, R8", n*k.bytes())
	})
}

// blend: BX, DX: next row and its weight; R11: byte offset within the rows; R13: rows left.
func (k mapKernel) blend(fn string) {
	const weight = 8
	k.load("R8", "R9", "R10", "R12", "CX")
	k.op("", "XORQ R11, R11")
	k.loops(fn, func(n int, label string) {
		for i := range n {
			k.op("", "%s", k.zero(i))
		}
		k.op("", "MOVQ R9, BX")
		k.op("", "MOVQ R10, DX")
		k.op("", "MOVQ R12, R13")
		k.label(label + "_term")
		k.op("", "MOVQ (BX), AX")
		k.op("", "VBROADCASTSS (DX), %s", k.v(weight))
		for i := range n {
			k.op("", "VFMADD231PS %d(AX)(R11*1), %s, %s", i*k.bytes(), k.v(weight), k.v(i))
		}
		k.op("", "ADDQ $8, BX")
		k.op("", "ADDQ $4, DX")
		k.op("", "DECQ R13")
		k.op("", "JNE %s_term", label)
		for i := range n {
			k.op("", "VMOVUPS %s, %d(R8)(R11*1)", k.v(i), i*k.bytes())
		}
		k.op("", "ADDQ $%d, R11", n*k.bytes())
	})
}

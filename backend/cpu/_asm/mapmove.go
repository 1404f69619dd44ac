package main

// permute: BX, DX: next term and its index; R11: byte offset within the terms; R13: terms left; R9, R10: 1 and 3 times
// the pitch of the sources; R8: destination, SI, R15: 1 and 3 times its pitch.
func (k mapKernel) permute(fn string) {
	const index, mask, operand = 8, 9, 10
	k.op("", "MOVQ 0(DI), R8")
	k.op("", "MOVQ 32(DI), CX")
	k.op("", "MOVQ 40(DI), SI")
	k.op("", "MOVQ 48(DI), R9")
	k.op("", "LEAQ (R9)(R9*2), R10")
	k.op("", "XORQ R11, R11")
	k.loops(fn, func(n int, label string) {
		for i := range n {
			k.op("", "%s", k.zero(i))
		}
		k.op("", "MOVQ 8(DI), BX")
		k.op("", "MOVQ 16(DI), DX")
		k.op("", "MOVQ 24(DI), R13")
		k.label(label + "_term")
		k.op("", "MOVQ (BX), AX")
		k.op("", "ADDQ R11, AX")
		k.op("", "VMOVUPS (DX), %s", k.v(index))
		if k.isa == avx512 {
			k.op("negative: another term's", "VPMOVD2M %s, K1", k.v(index))
			k.op("", "KNOTW K1, K1")
		} else {
			k.op("negative: another term's", "VPSRAD $31, %s, %s", k.v(index), k.v(mask))
		}
		for i := range n {
			if k.isa == avx512 {
				k.op("", "VPERMPS %s, %s, K1, %s", strided("AX", i), k.v(index), k.v(i))
				continue
			}
			k.op("", "VPERMPS %s, %s, %s", strided("AX", i), k.v(index), k.v(operand))
			k.op("", "VANDNPS %s, %s, %s", k.v(operand), k.v(mask), k.v(operand))
			k.op("", "VORPS %s, %s, %s", k.v(operand), k.v(i), k.v(i))
		}
		k.op("", "ADDQ $8, BX")
		k.op("", "ADDQ $%d, DX", k.bytes())
		k.op("", "DECQ R13")
		k.op("", "JNE %s_term", label)
		for i := range n {
			k.op("", "VMOVUPS %s, (R8)", k.v(i))
			k.op("", "ADDQ SI, R8")
		}
		k.op("", "LEAQ (R11)(R9*%d), R11", n)
	})
}

// eachPlane emits full, or part where the tile has not all pixels, for the planes that there are; DX is the plane's
// address. A masked access costs hundreds of cycles where the address faults, be it for a lane that is left out or for
// the first touch of a page: full is not masked. R10: lanes; R9: pitch of planes.
func (k mapKernel) eachPlane(label string, full, part func(c int)) {
	emit := func(f func(c int)) {
		for c := range k.lanes {
			f(c)
			if c < k.lanes-1 {
				k.op("", "CMPL %d(R10), $0", 4*(c+1))
				k.op("", "JEQ %s_planes", label)
				k.op("", "ADDQ R9, DX")
			}
		}
	}
	k.op("", "CMPQ CX, $%d", k.lanes)
	k.op("", "JLT %s_part", label)
	emit(full)
	k.op("", "JMP %s_planes", label)
	k.label(label + "_part")
	k.pixelMask(label, 15)
	if k.isa == avx512 {
		k.op("", "KMOVW R12, K1")
	}
	emit(part)
	k.label(label + "_planes")
}

// pixelMask sets R12, or register pixel of AVX2, to the first CX pixels of a tile.
func (k mapKernel) pixelMask(label string, pixel int) {
	if k.isa == avx512 {
		k.op("", "MOVL $0xffff, R12")
		k.op("", "CMPQ CX, $16")
		k.op("", "JGE %s_masked", label)
		k.op("", "MOVL $1, R12")
		k.op("", "SHLL CX, R12")
		k.op("", "DECL R12")
		k.label(label + "_masked")
		return
	}
	k.op("", "VMOVD CX, X%d", pixel)
	k.op("", "VPBROADCASTD X%d, %s", pixel, k.v(pixel))
	k.op("pixel < pixels", "VPCMPGTD mapIota8<>(SB), %s, %s", k.v(pixel), k.v(pixel))
}

// transpose turns registers 0..lanes-1, rows of a square, into its columns, there again.
func (k mapKernel) transpose() {
	n := k.lanes
	in, out := 0, n // first register of each half
	step := func(f func(in, out int)) {
		f(in, out)
		in, out = out, in
	}
	two := func(op string, a, b, to int) { k.op("", "%s %s, %s, %s", op, k.v(b), k.v(a), k.v(to)) }
	step(func(in, out int) {
		for i := 0; i < n; i += 2 {
			two("VUNPCKLPS", in+i, in+i+1, out+i)
			two("VUNPCKHPS", in+i, in+i+1, out+i+1)
		}
	})
	step(func(in, out int) {
		for i := 0; i < n; i += 4 {
			two("VUNPCKLPD", in+i, in+i+2, out+i)
			two("VUNPCKHPD", in+i, in+i+2, out+i+1)
			two("VUNPCKLPD", in+i+1, in+i+3, out+i+2)
			two("VUNPCKHPD", in+i+1, in+i+3, out+i+3)
		}
	})
	if k.isa == avx2 {
		step(func(in, out int) {
			for i := range 4 {
				two("VPERM2F128 $0x20,", in+i, in+4+i, out+i)
				two("VPERM2F128 $0x31,", in+i, in+4+i, out+4+i)
			}
		})
		for i := range n {
			k.op("", "VMOVAPS %s, %s", k.v(in+i), k.v(i))
		}
		return
	}
	// Quarter q of register 4g+i holds rows 4g..4g+3 of column 4q+i.
	for _, last := range []bool{false, true} {
		step(func(in, out int) {
			for i := range 4 {
				if !last { // 0..3: quarters 0 and 2 of g = 0 and 1; 4..7: 1 and 3; 8..15: the same of g = 2 and 3
					two("VSHUFF32X4 $0x88,", in+i, in+4+i, out+i)
					two("VSHUFF32X4 $0xdd,", in+i, in+4+i, out+4+i)
					two("VSHUFF32X4 $0x88,", in+8+i, in+12+i, out+8+i)
					two("VSHUFF32X4 $0xdd,", in+8+i, in+12+i, out+12+i)
					continue
				}
				two("VSHUFF32X4 $0x88,", in+i, in+8+i, out+i)
				two("VSHUFF32X4 $0xdd,", in+i, in+8+i, out+8+i)
				two("VSHUFF32X4 $0x88,", in+4+i, in+12+i, out+4+i)
				two("VSHUFF32X4 $0xdd,", in+4+i, in+12+i, out+12+i)
			}
		})
	}
}

// transposeTile is the loop over tiles of lanes pixels that interleave and apart share. SI: next pixel, R11 bytes apart;
// BX: planes at the tile's first pixel, DX the next plane; R9: pitch of planes; CX: pixels left.
func (k mapKernel) transposeTile(fn string, body func()) {
	k.load("SI", "BX", "R9", "CX", "R10", "R11")
	k.label(fn + "_tile")
	k.op("", "MOVQ BX, DX")
	body()
	k.op("", "ADDQ $%d, BX", k.bytes())
	k.op("", "SUBQ $%d, CX", k.lanes)
	k.op("", "JGT %s_tile", fn)
}

// eachPixel emits f for the pixels of a tile that there are, each at SI.
func (k mapKernel) eachPixel(label string, f func(i int)) {
	next := func(i int) {
		f(i)
		k.op("", "ADDQ R11, SI")
	}
	k.op("", "CMPQ CX, $%d", k.lanes)
	k.op("", "JLT %s_some", label)
	for i := range k.lanes {
		next(i)
	}
	k.op("", "JMP %s_done", label)
	k.label(label + "_some")
	for i := range k.lanes - 1 {
		next(i)
		k.op("", "CMPQ CX, $%d", i+1)
		k.op("", "JEQ %s_done", label)
	}
	k.label(label + "_done")
}

func (k mapKernel) interleave(fn string) {
	k.transposeTile(fn, func() {
		for c := range k.lanes {
			k.op("", "%s", k.zero(c))
		}
		k.eachPlane(fn, func(c int) { k.op("", "VMOVUPS (DX), %s", k.v(c)) }, func(c int) {
			if k.isa == avx512 {
				k.op("", "VMOVUPS.Z (DX), K1, %s", k.v(c))
			} else {
				k.op("", "VMASKMOVPS (DX), %s, %s", k.v(15), k.v(c))
			}
		})
		k.transpose()
		k.eachPixel(fn, func(i int) { k.op("", "VMOVUPS %s, (SI)", k.v(i)) })
	})
}

func (k mapKernel) apart(fn string) {
	k.transposeTile(fn, func() {
		k.eachPixel(fn, func(i int) { k.op("", "VMOVUPS (SI), %s", k.v(i)) })
		k.transpose()
		k.eachPlane(fn, func(c int) { k.op("", "VMOVUPS %s, (DX)", k.v(c)) }, func(c int) {
			if k.isa == avx512 {
				k.op("", "VMOVUPS %s, K1, (DX)", k.v(c))
			} else {
				k.op("", "VMASKMOVPS %s, %s, (DX)", k.v(c), k.v(15))
			}
		})
	})
}

func (k mapKernel) pick(fn string) {
	const value, index, mask, pixel = 0, 1, 2, 15
	k.load("R8", "SI", "BX", "CX")
	k.label(fn + "_more")
	k.pixelMask(fn, pixel)
	if k.isa == avx512 {
		k.op("", "KMOVW R12, K1")
		k.op("", "KMOVW R12, K2")
		k.op("", "VMOVUPS.Z (BX), K1, %s", k.v(index))
		k.op("", "%s", k.zero(value))
		k.op("", "VGATHERDPS (SI)(%s*4), K2, %s", k.v(index), k.v(value))
		k.op("", "VMOVUPS %s, K1, (R8)", k.v(value))
	} else {
		k.op("", "VMASKMOVPS (BX), %s, %s", k.v(pixel), k.v(index))
		k.op("", "VMOVAPS %s, %s", k.v(pixel), k.v(mask))
		k.op("", "%s", k.zero(value))
		k.op("", "VGATHERDPS %s, (SI)(%s*4), %s", k.v(mask), k.v(index), k.v(value))
		k.op("", "VMASKMOVPS %s, %s, (R8)", k.v(value), k.v(pixel))
	}
	k.op("", "ADDQ $%d, BX", k.bytes())
	k.op("", "ADDQ $%d, R8", k.bytes())
	k.op("", "SUBQ $%d, CX", k.lanes)
	k.op("", "JGT %s_more", fn)
}

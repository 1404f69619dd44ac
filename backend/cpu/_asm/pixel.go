package main

import (
	"fmt"
	"strings"
)

// pixelShape is the largest tile of an instruction set for a number of output channels; every number of vectors up to
// that is generated. The sums, a vector of each input and a weight fill the registers.
type pixelShape struct {
	isa
	outputs, vectors int
}

var pixelShapes = []pixelShape{
	{avx512, 1, 8}, {avx512, 2, 8}, {avx512, 3, 6}, {avx512, 4, 6}, {avx512, 5, 5},
	{avx512, 6, 4}, {avx512, 7, 3}, {avx512, 8, 3}, {avx512, 9, 3},
	{avx2, 1, 6}, {avx2, 2, 4}, {avx2, 3, 3}, {avx2, 4, 3}, {avx2, 5, 2}, {avx2, 6, 2},
}

// Offsets of the fields of pixelArgs.
const (
	pixelBase      = 0
	pixelSteps     = 8
	pixelNSteps    = 16
	pixelWeights   = 24
	pixelBias      = 32
	pixelDst       = 40
	pixelResidual  = 48
	pixelPlane     = 56
	pixelTiles     = 64
	pixelSrcTile   = 72
	pixelDstTile   = 80
	pixelMask      = 88
	pixelWhole     = 96
	pixelAct       = 104
	pixelSlope     = 112
	pixelLo        = 120
	pixelHi        = 124
	pixelPhases    = 128
	pixelSegments  = 136
	pixelNSegments = 144
	pixelStream    = 152
	pixelPitch     = 160
	pixelWide      = 168
)

func (s pixelShape) funcName(vectors int) string {
	return fmt.Sprintf("pixel%dx%d%s", s.outputs, vectors*s.lanes, s.name)
}

func pixelAssembly() string {
	var t text
	t.WriteString(header + "#include \"textflag.h\"\n\n")
	zipConstants(&t)
	for _, s := range pixelShapes {
		for vectors := 1; vectors <= s.vectors; vectors++ {
			pixelKernel{s, &t, s.funcName(vectors), vectors}.emit()
		}
	}
	return t.String()
}

// pixelKernel emits the kernel of one number of vectors. DI: arguments; R8: input, R9: output and R10: residual of the
// tile; R11: pitch of planes; R12: tiles left; SI: next step, or row of the output; BX: weights; CX: steps left; AX, DX:
// scratch.
type pixelKernel struct {
	pixelShape
	*text
	fn    string
	width int // vectors of a tile
}

// acc is the register of a sum, input that of a vector of the input; spare is the i-th one after the sums, of which there
// is one more than there are inputs.
func (k pixelKernel) acc(output, vector int) string { return k.v(output*k.width + vector) }
func (k pixelKernel) input(vector int) string       { return k.spare(vector) }
func (k pixelKernel) spare(i int) string            { return k.v(k.outputs*k.width + i) }

// last is the last register, which is spare too.
func (k pixelKernel) last() string { return k.v(k.regs - 1) }

func (k pixelKernel) emit() {
	k.function(k.fn+"(args *pixelArgs)", 8)
	k.op("", "MOVQ args+0(FP), DI")
	k.op("", "MOVQ %d(DI), R8", pixelBase)
	k.op("", "MOVQ %d(DI), R9", pixelDst)
	k.op("", "MOVQ %d(DI), R10", pixelResidual)
	k.op("", "MOVQ %d(DI), R11", pixelPlane)
	k.op("", "MOVQ %d(DI), R12", pixelTiles)
	if k.isa == avx512 {
		k.op("", "MOVQ %d(DI), AX", pixelMask)
		k.op("", "VMOVUPS (AX), Z31")
		k.op("pixels of the last vector", "VPMOVD2M Z31, K1")
	}
	k.label(k.fn + "_tile")
	k.start()
	k.steps()
	k.activate()
	k.zips()
	k.store()
	k.label(k.fn + "_stored")
	k.op("", "ADDQ %d(DI), R8", pixelSrcTile)
	k.op("", "ADDQ %d(DI), R9", pixelDstTile)
	k.op("", "TESTQ R10, R10")
	k.op("", "JEQ %s_next", k.fn)
	k.op("", "ADDQ %d(DI), R10", pixelDstTile)
	k.label(k.fn + "_next")
	k.op("", "DECQ R12")
	k.op("", "JGT %s_tile", k.fn)
	if len(zipPhases(k.outputs)) > 0 {
		k.op("", "CMPQ %d(DI), $0", pixelStream)
		k.op("", "JEQ %s_end", k.fn)
		k.op("streamed outputs become visible before what follows", "SFENCE")
		k.label(k.fn + "_end")
	}
	k.ret()
}

// start sets the sums to bias + residual.
func (k pixelKernel) start() {
	k.op("", "MOVQ %d(DI), AX", pixelBias)
	for m := range k.outputs {
		k.op("bias", "VBROADCASTSS %d(AX), %s", 4*m, k.acc(m, 0))
		for v := 1; v < k.width; v++ {
			k.op("", "VMOVAPS %s, %s", k.acc(m, 0), k.acc(m, v))
		}
	}
	k.op("", "TESTQ R10, R10")
	k.op("", "JEQ %s_sum", k.fn)
	k.walk("residual", "R10", func(acc, address string) {
		k.op("residual", "VADDPS %s, %s, %s", address, acc, acc)
	}, func(acc, address string) {
		if k.isa == avx512 {
			k.op("residual", "VADDPS %s, %s, K1, %s", address, acc, acc)
			return
		}
		k.op("residual", "VMASKMOVPS %s, %s, %s", address, k.last(), k.spare(0))
		k.op("", "VADDPS %s, %s, %s", k.spare(0), acc, acc)
	})
	k.label(k.fn + "_sum")
}

// walk calls whole for every sum and its place in a planar tensor where the tile is at a register; part for those of the
// last vectors where they are not whole. With AVX2 the mask is in the last register then.
func (k pixelKernel) walk(name, at string, whole, part func(acc, address string)) {
	emit := func(last func(acc, address string)) {
		k.op("", "MOVQ %s, DX", at)
		for m := range k.outputs {
			for v := range k.width {
				f := whole
				if v == k.width-1 {
					f = last
				}
				f(k.acc(m, v), fmt.Sprintf("%d(DX)", v*k.bytes()))
			}
			if m < k.outputs-1 {
				k.op("", "ADDQ R11, DX")
			}
		}
	}
	k.op("", "CMPQ %d(DI), $0", pixelWhole)
	k.op("", "JEQ %s_%s_part", k.fn, name)
	emit(whole)
	k.op("", "JMP %s_%s_end", k.fn, name)
	k.label(k.fn + "_" + name + "_part")
	if k.isa == avx2 {
		k.op("", "MOVQ %d(DI), AX", pixelMask)
		k.op("pixels of the last vector", "VMOVUPS (AX), %s", k.last())
	}
	emit(part)
	k.label(k.fn + "_" + name + "_end")
}

// steps adds all products. The broadcast of a weight serves all vectors.
func (k pixelKernel) steps() {
	weight := k.spare(k.width)
	k.op("", "MOVQ %d(DI), SI", pixelSteps)
	k.op("", "MOVQ %d(DI), BX", pixelWeights)
	k.op("", "MOVQ %d(DI), CX", pixelNSteps)
	k.op("", "TESTQ CX, CX")
	k.op("", "JEQ %s_summed", k.fn)
	k.label(k.fn + "_step")
	k.op("", "MOVQ (SI), AX")
	k.op("", "ADDQ $8, SI")
	for v := range k.width {
		k.op("pixels", "VMOVUPS %d(R8)(AX*1), %s", v*k.bytes(), k.input(v))
	}
	for m := range k.outputs {
		k.op("weight", "VBROADCASTSS %d(BX), %s", 4*m, weight)
		for v := range k.width {
			k.op("", "VFMADD231PS %s, %s, %s", k.input(v), weight, k.acc(m, v))
		}
	}
	k.op("", "ADDQ $%d, BX", 4*k.outputs)
	k.op("", "DECQ CX")
	k.op("", "JNE %s_step", k.fn)
	k.label(k.fn + "_summed")
}

// activate applies the activation to the sums.
func (k pixelKernel) activate() {
	k.op("", "MOVQ %d(DI), AX", pixelAct)
	k.op("", "CMPQ AX, $1")
	k.op("", "JLT %s_linear", k.fn)
	k.op("", "JGT %s_leaky", k.fn)
	for _, bound := range []struct {
		field         int
		op, otherwise string
	}{{pixelLo, "VMAXPS", "x < lo: lo; NaN: x"}, {pixelHi, "VMINPS", "x > hi: hi; NaN: x"}} {
		k.op("", "VBROADCASTSS %d(DI), %s", bound.field, k.spare(0))
		for i := range k.outputs * k.width {
			k.op(bound.otherwise, "%s %s, %s, %s", bound.op, k.v(i), k.spare(0), k.v(i))
		}
	}
	k.op("", "JMP %s_linear", k.fn)
	k.label(k.fn + "_leaky")
	k.op("", "MOVQ %d(DI), AX", pixelSlope)
	for m := range k.outputs {
		for v := range k.width {
			k.leak(k.acc(m, v), 4*m)
		}
	}
	k.label(k.fn + "_linear")
}

// leak multiplies the negative lanes of x by the slope at an offset from AX. 17 is "less than, false for NaN, no
// exception".
func (k pixelKernel) leak(x string, slope int) {
	zero := k.outputs * k.width
	k.op("", "%s", k.zero(zero))
	if k.isa == avx512 {
		k.op("x < 0", "VCMPPS $17, %s, %s, K2", k.v(zero), x)
		k.op("", "VMULPS.BCST %d(AX), %s, K2, %s", slope, x, x)
		return
	}
	product := k.last()
	k.op("", "VBROADCASTSS %d(AX), %s", slope, product)
	k.op("", "VMULPS %s, %s, %s", x, product, product)
	k.op("x < 0", "VCMPPS $17, %s, %s, %s", k.v(zero), x, k.v(zero))
	k.op("", "VBLENDVPS %s, %s, %s, %s", k.v(zero), product, x, x)
}

func (k pixelKernel) store() {
	k.walk("store", "R9", func(acc, address string) {
		k.op("", "VMOVUPS %s, %s", acc, address)
	}, func(acc, address string) {
		if k.isa == avx512 {
			k.op("", "VMOVUPS %s, K1, %s", acc, address)
			return
		}
		k.op("", "VMASKMOVPS %s, %s, %s", acc, k.last(), address)
	})
}

func pixelDeclarations() string {
	var b strings.Builder
	b.WriteString(header + "package cpu\n")
	for _, s := range []isa{avx512, avx2} {
		fmt.Fprintf(&b, "\n// pixel%s holds the kernels by their outputs, then vectors; see pixelArgs.\n", s.name)
		fmt.Fprintf(&b, "var pixel%s = pixelKernels{\nnil,\n", s.name)
		for _, shape := range pixelShapes {
			if shape.isa != s {
				continue
			}
			b.WriteString("{\nnil,\n")
			for vectors := 1; vectors <= shape.vectors; vectors++ {
				fmt.Fprintf(&b, "%s,\n", shape.funcName(vectors))
			}
			b.WriteString("},\n")
		}
		b.WriteString("}\n")
	}
	for _, shape := range pixelShapes {
		for vectors := 1; vectors <= shape.vectors; vectors++ {
			fmt.Fprintf(&b, "\n//go:noescape\nfunc %s(args *pixelArgs)\n", shape.funcName(vectors))
		}
	}
	return b.String()
}

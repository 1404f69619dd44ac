package main

import (
	"fmt"
	"strings"
)

// Offsets of the fields of spreadArgs.
const (
	spreadDst     = 0
	spreadSrc     = 8
	spreadDstRow  = 16
	spreadSrcRow  = 24
	spreadRows    = 32
	spreadVectors = 40
	spreadAdvance = 48
	spreadSteps   = 56
	spreadNSteps  = 64
	spreadSlots   = 72
	spreadIndex   = 80
	spreadWeights = 88
	spreadTail    = 96
	spreadBias    = 104
	spreadSome    = 108
)

// spreadUnroll is how many vectors of a row share what is loaded of weights and indices.
const spreadUnroll = 4

// spreadKernel emits a spread kernel. DI: arguments; R8, SI: row of the destination and of the source; CX: rows left;
// R9, R10, R11: in the row, and its vectors left; AX: next step; DX: steps left; BX: weights; R12: advance; R13: slots
// left; R15: source, then indices. Registers: sums from 0 on, sources from 4 on, turned ones from 8 on.
type spreadKernel struct {
	isa
	*text
	fn string
}

const (
	spreadSource, spreadTurned = spreadUnroll, 2 * spreadUnroll

	spreadWeight, spreadOrder, spreadMark, spreadStart = 12, 13, 14, 15
)

func spreadAssembly() string {
	var t text
	t.WriteString(header + "#include \"textflag.h\"\n")
	for _, s := range []isa{avx512, avx2} {
		k := spreadKernel{s, &t, "spread" + s.name}
		k.emit()
	}
	return t.String()
}

func (k spreadKernel) emit() {
	k.function(k.fn+"(args *spreadArgs)", 8)
	k.op("", "MOVQ args+0(FP), DI")
	k.op("", "MOVQ %d(DI), R8", spreadDst)
	k.op("", "MOVQ %d(DI), SI", spreadSrc)
	k.op("", "MOVQ %d(DI), CX", spreadRows)
	k.op("", "MOVQ %d(DI), R12", spreadAdvance)
	k.op("", "VBROADCASTSS %d(DI), %s", spreadBias, k.v(spreadStart))
	k.op("", "CMPL %d(DI), $0", spreadSome)
	k.op("", "JNE %s_some_row", k.fn)
	k.rows(k.fn+"_all", false)
	k.ret()
	k.rows(k.fn+"_some", true)
	k.ret()
}

// rows emits the loop over the rows; with some, lanes without a tap are left out.
func (k spreadKernel) rows(fn string, some bool) {
	k.label(fn + "_row")
	k.op("", "MOVQ R8, R9")
	k.op("", "MOVQ SI, R10")
	k.op("", "MOVQ %d(DI), R11", spreadVectors)
	for _, n := range []int{spreadUnroll, 1} {
		label := fmt.Sprintf("%s_x%d", fn, n)
		k.op("", "SUBQ $%d, R11", n)
		k.op("", "JLT %s_end", label)
		k.label(label)
		k.sums(n, label, some)
		for i := range n {
			k.op("", "VMOVUPS %s, %d(R9)", k.v(i), i*k.bytes())
		}
		k.op("", "ADDQ $%d, R9", n*k.bytes())
		k.op("", "LEAQ (R10)(R12*%d), R10", n)
		k.op("", "SUBQ $%d, R11", n)
		k.op("", "JGE %s", label)
		k.label(label + "_end")
		k.op("vectors left", "ADDQ $%d, R11", n)
	}
	k.tail(fn, some)
	k.op("", "ADDQ %d(DI), R8", spreadDstRow)
	k.op("", "ADDQ %d(DI), SI", spreadSrcRow)
	k.op("", "DECQ CX")
	k.op("", "JNE %s_row", fn)
}

// tail makes the last lanes of a row.
func (k spreadKernel) tail(fn string, some bool) {
	k.op("", "CMPQ %d(DI), $0", spreadTail)
	k.op("", "JEQ %s_whole", fn)
	k.sums(1, fn+"_tail", some)
	k.op("", "MOVQ %d(DI), AX", spreadTail)
	k.op("", "VMOVUPS (AX), %s", k.v(spreadMark))
	if k.isa == avx512 {
		k.op("", "VPMOVD2M %s, K1", k.v(spreadMark))
		k.op("", "VMOVUPS %s, K1, (R9)", k.v(0))
	} else {
		k.op("", "VMASKMOVPS %s, %s, (R9)", k.v(0), k.v(spreadMark))
	}
	k.label(fn + "_whole")
}

// sums makes n vectors of a row.
func (k spreadKernel) sums(n int, label string, some bool) {
	for i := range n {
		k.op("", "VMOVAPS %s, %s", k.v(spreadStart), k.v(i))
	}
	k.op("", "MOVQ %d(DI), AX", spreadSteps)
	k.op("", "MOVQ %d(DI), BX", spreadWeights)
	k.op("", "MOVQ %d(DI), DX", spreadNSteps)
	k.op("", "TESTQ DX, DX")
	k.op("", "JEQ %s_summed", label)
	k.label(label + "_step")
	k.op("", "MOVQ (AX), R15")
	k.op("", "ADDQ $8, AX")
	k.op("", "ADDQ R10, R15")
	for i := range n {
		if i > 0 && i%2 == 0 {
			k.op("", "LEAQ (R15)(R12*2), R15")
		}
		k.op("", "VMOVUPS (R15)%s, %s", []string{"", "(R12*1)"}[i%2], k.v(spreadSource+i))
	}
	k.op("", "MOVQ %d(DI), R13", spreadSlots)
	k.op("", "MOVQ %d(DI), R15", spreadIndex)
	k.label(label + "_slot")
	k.slot(n, some)
	k.op("", "DECQ R13")
	k.op("", "JNE %s_slot", label)
	k.op("", "DECQ DX")
	k.op("", "JNE %s_step", label)
	k.label(label + "_summed")
}

// slot adds the products of one tap of every lane.
func (k spreadKernel) slot(n int, some bool) {
	k.op("", "VMOVUPS (R15), %s", k.v(spreadOrder))
	k.op("", "VMOVUPS (BX), %s", k.v(spreadWeight))
	mask := ""
	if some {
		k.op("lanes that have the tap", "VMOVUPS %d(R15), %s", k.bytes(), k.v(spreadMark))
		if k.isa == avx512 {
			k.op("", "VPMOVD2M %s, K1", k.v(spreadMark))
			mask = "K1, "
		}
	}
	for i := range n {
		turned := k.v(spreadTurned + i)
		k.op("", "VPERMPS %s, %s, %s", k.v(spreadSource+i), k.v(spreadOrder), turned)
		if some && mask == "" {
			k.op("", "VANDPS %s, %s, %s", turned, k.v(spreadMark), turned)
		}
		k.op("", "VFMADD231PS %s, %s, %s%s", turned, k.v(spreadWeight), mask, k.v(i))
	}
	k.op("", "ADDQ $%d, R15", 2*k.bytes())
	k.op("", "ADDQ $%d, BX", k.bytes())
}

func spreadDeclarations() string {
	var b strings.Builder
	b.WriteString(header + "package cpu\n")
	for _, s := range []isa{avx512, avx2} {
		fmt.Fprintf(&b, "\n//go:noescape\nfunc spread%s(args *spreadArgs)\n", s.name)
	}
	return b.String()
}

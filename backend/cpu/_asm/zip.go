package main

import (
	"fmt"
	"strings"
)

// Offsets of the fields of zipArgs.
const (
	zipDst    = 0
	zipSrc    = 8
	zipPlane  = 16
	zipDstRow = 24
	zipSrcRow = 32
	zipRows   = 40
	zipSkip   = 48
	zipCount  = 56
)

// zipPhases are the numbers of planes for which there are kernels.
func zipPhases(s isa) []int {
	if s == avx512 {
		return []int{2, 4, 8, 16}
	}
	return []int{2, 4, 8}
}

// zipKernel emits the kernel for a number of planes. DI: arguments; R8, SI: row of the destination, where output 0 would
// lie, and of the source; CX: rows left; R9: pitch of planes; R10, BX: in the row; R11: number of the vector's first
// output; R12, R13: the first output that is stored, and the first one beyond; AX, DX, R15: scratch.
type zipKernel struct {
	isa
	*text
	fn     string
	phases int
}

// Registers beyond those of the vectors. AVX2 has no room for more than one: it needs another of the vectors' for 8.
func (k zipKernel) spare(i int) int { return k.regs - 4 + i }

func zipAssembly() string {
	var t text
	t.WriteString(header + "#include \"textflag.h\"\n\n")
	for i := range 16 {
		fmt.Fprintf(&t, "DATA zipLow<>+%d(SB)/4, $%d\n", 4*i, i/2+i%2*16)
		fmt.Fprintf(&t, "DATA zipHigh<>+%d(SB)/4, $%d\n", 4*i, 8+i/2+i%2*16)
		fmt.Fprintf(&t, "DATA zipIota<>+%d(SB)/4, $%d\n", 4*i, i)
	}
	for _, name := range []string{"zipLow", "zipHigh", "zipIota"} {
		fmt.Fprintf(&t, "GLOBL %s<>(SB), RODATA|NOPTR, $64\n", name)
	}
	for _, s := range []isa{avx512, avx2} {
		for _, phases := range zipPhases(s) {
			zipKernel{s, &t, fmt.Sprintf("zip%d%s", phases, s.name), phases}.emit()
		}
	}
	return t.String()
}

func (k zipKernel) emit() {
	k.function(k.fn+"(args *zipArgs)", 8)
	k.op("", "MOVQ args+0(FP), DI")
	k.op("", "MOVQ %d(DI), R8", zipDst)
	k.op("", "MOVQ %d(DI), SI", zipSrc)
	k.op("", "MOVQ %d(DI), R9", zipPlane)
	k.op("", "MOVQ %d(DI), CX", zipRows)
	k.op("", "MOVQ %d(DI), R12", zipSkip)
	k.op("", "MOVQ %d(DI), R13", zipCount)
	k.op("", "ADDQ R12, R13")
	k.op("", "MOVQ R12, AX")
	k.op("", "SHLQ $2, AX")
	k.op("", "SUBQ AX, R8")
	if k.isa == avx512 {
		k.op("", "VMOVUPS zipLow<>(SB), %s", k.v(k.spare(0)))
		k.op("", "VMOVUPS zipHigh<>(SB), %s", k.v(k.spare(1)))
	}
	k.label(k.fn + "_row")
	k.op("", "MOVQ R8, R10")
	k.op("", "MOVQ SI, BX")
	k.op("", "XORQ R11, R11")
	k.label(k.fn + "_block")
	k.op("", "MOVQ BX, DX")
	var planes []int
	for i := range k.phases {
		planes = append(planes, i)
		k.op("", "VMOVUPS (DX), %s", k.v(i))
		if i < k.phases-1 {
			k.op("", "ADDQ R9, DX")
		}
	}
	for i, v := range k.zip(planes) {
		k.store(i, v)
	}
	k.op("", "ADDQ $%d, BX", k.bytes())
	k.op("", "CMPQ R11, R13")
	k.op("", "JLT %s_block", k.fn)
	k.op("", "ADDQ %d(DI), R8", zipDstRow)
	k.op("", "ADDQ %d(DI), SI", zipSrcRow)
	k.op("", "DECQ CX")
	k.op("", "JNE %s_row", k.fn)
	k.ret()
}

// zip sets the elements of the vectors side by side and returns the vectors of the result: the even ones and the odd
// ones on their own, then the elements of both in turns.
func (k zipKernel) zip(v []int) []int {
	if len(v) == 1 {
		return v
	}
	var even, odd []int
	for i := 0; i < len(v); i += 2 {
		even, odd = append(even, v[i]), append(odd, v[i+1])
	}
	even, odd = k.zip(even), k.zip(odd)
	var out []int
	for i := range even {
		a, b := even[i], odd[i]
		k.pair(a, b)
		out = append(out, a, b)
	}
	return out
}

// pair makes the first half of the elements of a and b in turns in a, the second half in b.
func (k zipKernel) pair(a, b int) {
	if k.isa == avx512 {
		t := k.v(k.spare(2))
		k.op("", "VMOVAPS %s, %s", k.v(a), t)
		k.op("", "VPERMT2PS %s, %s, %s", k.v(b), k.v(k.spare(0)), k.v(a))
		k.op("", "VPERMT2PS %s, %s, %s", k.v(b), k.v(k.spare(1)), t)
		k.op("", "VMOVAPS %s, %s", t, k.v(b))
		return
	}
	lo, hi := k.v(k.spare(0)), k.v(k.spare(1))
	k.op("", "VUNPCKLPS %s, %s, %s", k.v(b), k.v(a), lo)
	k.op("", "VUNPCKHPS %s, %s, %s", k.v(b), k.v(a), hi)
	k.op("", "VPERM2F128 $0x20, %s, %s, %s", hi, lo, k.v(a))
	k.op("", "VPERM2F128 $0x31, %s, %s, %s", hi, lo, k.v(b))
}

// store stores the outputs of a vector that there are, and goes on to the next vector.
func (k zipKernel) store(i, v int) {
	label := fmt.Sprintf("%s_v%d", k.fn, i)
	k.op("", "MOVQ R11, DX")
	k.op("", "ADDQ $%d, DX", k.lanes)
	k.op("", "CMPQ R11, R12")
	k.op("", "JLT %s_part", label)
	k.op("", "CMPQ DX, R13")
	k.op("", "JGT %s_part", label)
	k.op("", "VMOVUPS %s, (R10)", k.v(v))
	k.op("", "JMP %s_next", label)
	k.label(label + "_part")
	k.op("none at all", "CMPQ DX, R12")
	k.op("", "JLE %s_next", label)
	k.op("", "CMPQ R11, R13")
	k.op("", "JGE %s_next", label)
	k.op("first lane: skip - number, below the others' where negative", "MOVQ R12, AX")
	k.op("", "SUBQ R11, AX")
	k.op("first lane beyond", "MOVQ R13, R15")
	k.op("", "SUBQ R11, R15")
	lanes, limit := k.v(k.spare(2)), k.v(k.spare(3))
	if k.isa == avx512 {
		k.op("", "VMOVUPS zipIota<>(SB), %s", lanes)
		k.op("", "VPBROADCASTD AX, %s", limit)
		k.op("lane >= first", "VPCMPD $5, %s, %s, K1", limit, lanes)
		k.op("", "VPBROADCASTD R15, %s", limit)
		k.op("lane < beyond", "VPCMPD $1, %s, %s, K1, K1", limit, lanes)
		k.op("", "VMOVUPS %s, K1, (R10)", k.v(v))
	} else {
		first, beyond := k.spare(0), k.spare(1)
		k.op("", "VMOVUPS zipIota<>(SB), %s", lanes)
		k.op("", "VMOVD AX, X%d", first)
		k.op("", "VPBROADCASTD X%d, %s", first, k.v(first))
		k.op("lane < first", "VPCMPGTD %s, %s, %s", lanes, k.v(first), k.v(first))
		k.op("", "VMOVD R15, X%d", beyond)
		k.op("", "VPBROADCASTD X%d, %s", beyond, k.v(beyond))
		k.op("lane < beyond", "VPCMPGTD %s, %s, %s", lanes, k.v(beyond), k.v(beyond))
		k.op("", "VPANDN %s, %s, %s", k.v(beyond), k.v(first), k.v(first))
		k.op("", "VMASKMOVPS %s, %s, (R10)", k.v(v), k.v(first))
	}
	k.label(label + "_next")
	k.op("", "MOVQ DX, R11")
	k.op("", "ADDQ $%d, R10", k.bytes())
}

func zipDeclarations() string {
	var b strings.Builder
	b.WriteString(header + "package cpu\n")
	for _, s := range []isa{avx512, avx2} {
		fmt.Fprintf(&b, "\n// zip%[1]s holds the kernels by the planes; see zipArgs.\nvar zip%[1]s = zipKernels{\n", s.name)
		for _, n := range zipPhases(s) {
			fmt.Fprintf(&b, "%d: zip%d%s,\n", n, n, s.name)
		}
		b.WriteString("}\n")
	}
	for _, s := range []isa{avx512, avx2} {
		for _, n := range zipPhases(s) {
			fmt.Fprintf(&b, "\n//go:noescape\nfunc zip%d%s(args *zipArgs)\n", n, s.name)
		}
	}
	return b.String()
}

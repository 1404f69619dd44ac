package main

import (
	"fmt"
	"strings"
)

// vecKernel is a kernel of package cpu: a program and what it reads.
type vecKernel struct {
	name  string // the end of the Go constant and of the function
	shape vecShape
	body  func(p *vecProgram, x []vecValue) vecValue
}

// vecShape says which operands a kernel has; see vecArgs.
type vecShape int

const (
	vecMap vecShape = iota
	vecPair
	vecLanes
	vecAffine
)

var vecShapeNames = [...]string{"vec", "pair", "lanes", "affine"}

// mostCopies bounds the vectors that a loop handles side by side: more hide no more latency.
const mostCopies = 4

func vecAssembly() string {
	var body text
	for _, s := range []isa{avx512, avx2} {
		for _, k := range vecKernels() {
			k.emit(&body, s)
		}
		emitReductions(&body, s)
		for _, k := range rowKernels {
			k.write(&body, s)
		}
	}
	return header + "#include \"textflag.h\"\n\n" + vecIota() + vecConstantsData() + body.String()
}

// vecIota is 0, 1, 2, ... of 8 int32, from which AVX2 makes masks.
func vecIota() string {
	var b strings.Builder
	for i := range 8 {
		fmt.Fprintf(&b, "DATA vecIota<>+%d(SB)/4, $%d\n", 4*i, i)
	}
	b.WriteString("GLOBL vecIota<>(SB), RODATA|NOPTR, $32\n\n")
	return b.String()
}

// vecKernels lists the kernels of one instruction set.
func vecKernels() []vecKernel {
	out := append([]vecKernel(nil), vecMaps...)
	for _, k := range vecPairs {
		out = append(out, vecKernel{k.name, vecPair, k.body}, vecKernel{k.name, vecLanes, k.body})
	}
	return append(out, vecKernel{"Lanes", vecAffine, func(p *vecProgram, x []vecValue) vecValue { return p.fma(x[0], x[1], x[2]) }})
}

func (k *vecKernel) function(s isa) string { return vecShapeNames[k.shape] + k.name + s.name }

// program builds the body with its operands.
func (k *vecKernel) program(s isa) *vecProgram {
	p := new(vecProgram)
	x := []vecValue{p.input()}
	switch k.shape {
	case vecPair:
		x = append(x, p.input())
	case vecLanes:
		x = append(x, p.before("lanes b"))
	case vecAffine:
		x = append(x, p.before("VMOVUPS (DX), %s"), p.before("VMOVUPS (R8), %s"))
	}
	p.isa = s
	p.result = k.body(p, x)
	return p
}

// emit writes a kernel. DI, SI, DX: dst, a, b; CX: elements left. K1 or a register masks what is left at the end.
func (k *vecKernel) emit(t *text, s isa) {
	p, name := k.program(s), k.function(s)
	mask := 0 // registers for it
	if s.name == avx2.name {
		mask = 1
	}
	e := vecEmitter{text: t, isa: s, p: p, size: registersNeeded(s, p), first: len(p.order) + mask}
	copies := min(mostCopies, (s.regs-e.first)/e.size)
	t.function(name+"(args vecArgs)", 112)
	t.op("", "MOVQ args_dst_base+0(FP), DI")
	t.op("", "MOVQ args_dst_len+8(FP), CX")
	t.op("", "MOVQ args_a_base+24(FP), SI")
	if k.shape != vecMap {
		t.op("", "MOVQ args_b_base+48(FP), DX")
	}
	if k.shape == vecAffine {
		t.op("", "MOVQ args_c_base+72(FP), R8")
	}
	k.load(&e, name)
	n := copies * s.lanes
	t.op("", "SUBQ $%d, CX", n)
	t.op("", "JLT %s_rest", name)
	t.label(name + "_loop")
	for c := range copies {
		for i, base := range []string{"SI", "DX"}[:len(p.inputs)] {
			t.op("", "VMOVUPS %d(%s), %s", c*s.bytes(), base, s.v(e.first+c*e.size+i))
		}
	}
	e.run(copies)
	for c := range copies {
		t.op("", "VMOVUPS %s, %d(DI)", e.at(p.result, c), c*s.bytes())
	}
	k.advance(t, n)
	t.op("", "JGE %s_loop", name)
	t.label(name + "_rest")
	t.op("elements left", "ADDQ $%d, CX", n)
	t.op("", "JLE %s_done", name)
	t.label(name + "_vector")
	emitMask(t, s, name, s.v(len(p.order)))
	for i, base := range []string{"SI", "DX"}[:len(p.inputs)] {
		emitMaskedLoad(t, s, base, s.v(len(p.order)), s.v(e.first+i))
	}
	e.run(1)
	if s.name == avx512.name {
		t.op("", "VMOVUPS %s, K1, (DI)", e.at(p.result, 0))
	} else {
		t.op("", "VMASKMOVPS %s, %s, (DI)", e.at(p.result, 0), s.v(len(p.order)))
	}
	k.advance(t, s.lanes)
	t.op("", "JGT %s_vector", name)
	t.label(name + "_done")
	t.ret()
}

// load fills the registers that keep their values.
func (k *vecKernel) load(e *vecEmitter, name string) {
	for i, v := range e.p.order {
		load := e.p.fixed[v]
		if load != "lanes b" {
			e.op("", load, e.v(i))
			continue
		}
		e.op("one element", "VBROADCASTSS (DX), %s", e.v(i))
		e.op("", "CMPQ args_b_len+56(FP), $1")
		e.op("", "JEQ %s_scalar", name)
		e.op("or Block of them", "VMOVUPS (DX), %s", e.v(i))
		e.label(name + "_scalar")
	}
}

// advance steps over n elements.
func (k *vecKernel) advance(t *text, n int) {
	t.op("", "ADDQ $%d, DI", 4*n)
	t.op("", "ADDQ $%d, SI", 4*n)
	if k.shape == vecPair {
		t.op("", "ADDQ $%d, DX", 4*n)
	}
	t.op("", "SUBQ $%d, CX", n)
}

// emitMask sets K1, or the mask register, to the first CX lanes, at most all.
func emitMask(t *text, s isa, name, mask string) {
	if s.name == avx2.name {
		t.op("", "VMOVD CX, X%s", mask[1:])
		t.op("", "VPBROADCASTD X%s, %s", mask[1:], mask)
		t.op("lane < left", "VPCMPGTD vecIota<>+0(SB), %s, %s", mask, mask)
		return
	}
	t.op("", "MOVL $0xFFFF, AX")
	t.op("", "CMPQ CX, $16")
	t.op("", "JGE %s_full", name)
	t.op("", "MOVL $1, AX")
	t.op("", "SHLL CX, AX")
	t.op("one bit per element left", "DECL AX")
	t.label(name + "_full")
	t.op("", "KMOVW AX, K1")
}

func emitMaskedLoad(t *text, s isa, base, mask, to string) {
	if s.name == avx512.name {
		t.op("", "VMOVUPS.Z (%s), K1, %s", base, to)
		return
	}
	t.op("", "VMASKMOVPS (%s), %s, %s", base, mask, to)
}

func vecDeclarations() string {
	var b strings.Builder
	b.WriteString(header + "package cpu\n")
	for _, s := range []isa{avx512, avx2} {
		fmt.Fprintf(&b, "\n// vec%s holds the vector kernels of its instruction set.\nvar vec%s = vecTable{\n", s.name, s.name)
		for shape, field := range []string{"maps: [vecKinds]", "pairs: [vecPairs]", "lanes: [vecPairs]"} {
			fmt.Fprintf(&b, "\t%sfunc(vecArgs){\n", field)
			for _, k := range vecKernels() {
				if k.shape == vecShape(shape) {
					prefix := "Pair"
					if shape == int(vecMap) {
						prefix = "Vec"
					}
					fmt.Fprintf(&b, "\t\t%s%s: %s,\n", prefix, k.name, k.function(s))
				}
			}
			b.WriteString("\t},\n")
		}
		fmt.Fprintf(&b, "\taffine: affineLanes%s,\n", s.name)
		b.WriteString("\treduces: [vecReductions]func(vecArgs) [maxBlock]float32{\n")
		for _, r := range vecReductions {
			fmt.Fprintf(&b, "\t\treduce%s: reduce%s%s,\n", r.name, r.name, s.name)
		}
		b.WriteString("\t},\n}\n")
	}
	for _, s := range []isa{avx512, avx2} {
		for _, k := range vecKernels() {
			fmt.Fprintf(&b, "\n//go:noescape\nfunc %s(args vecArgs)\n", k.function(s))
		}
		for _, r := range vecReductions {
			fmt.Fprintf(&b, "\n//go:noescape\nfunc reduce%s%s(args vecArgs) [maxBlock]float32\n", r.name, s.name)
		}
	}
	return b.String() + rowDeclarations()
}

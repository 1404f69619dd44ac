package main

import "math"

// vecReduction is a reduction of package cpu: what it makes of loaded elements before they are combined.
type vecReduction struct {
	name  string // the end of the Go constant
	lanes bool   // b is a value for each lane, else an array or nothing
	array bool
}

var vecReductions = []vecReduction{
	{name: "Sum", lanes: true}, {name: "Squares", lanes: true}, {name: "Product", array: true}, {name: "Max"},
}

// The registers of a reduction: four accumulators, four loaded vectors, four of b.
const (
	reduceLoaded  = 4
	reduceOther   = 8
	reduceLanes   = 12
	reduceNeutral = 13
	reduceMask    = 14
	reduceTemp    = 15
)

func emitReductions(t *text, s isa) {
	for _, r := range vecReductions {
		r.emit(t, s)
	}
}

// emit writes a reduction. SI, DX: a, b; CX: elements left.
func (r *vecReduction) emit(t *text, s isa) {
	name := "reduce" + r.name + s.name
	t.function(name+"(args vecArgs) [maxBlock]float32", 112+64)
	t.op("", "MOVQ args_a_base+24(FP), SI")
	t.op("", "MOVQ args_a_len+32(FP), CX")
	t.op("", "MOVQ args_b_base+48(FP), DX")
	neutral := 0.0
	if r.name == "Max" {
		neutral = math.Inf(-1)
	}
	t.op("", "VBROADCASTSS %s, %s", constantAddress(constant(neutral)), s.v(reduceNeutral))
	for i := range 4 {
		t.op("", "VMOVAPS %s, %s", s.v(reduceNeutral), s.v(i))
	}
	if r.lanes {
		t.op("", "VBROADCASTSS args_p_0+96(FP), %s", s.v(reduceLanes))
		t.op("", "TESTQ DX, DX")
		t.op("", "JEQ %s_scalar", name)
		t.op("", "VMOVUPS (DX), %s", s.v(reduceLanes))
		t.label(name + "_scalar")
	}
	t.op("", "SUBQ $%d, CX", 4*s.lanes)
	t.op("", "JLT %s_rest", name)
	t.label(name + "_loop")
	for i := range 4 {
		t.op("", "VMOVUPS %d(SI), %s", i*s.bytes(), s.v(reduceLoaded+i))
		if r.array {
			t.op("", "VMOVUPS %d(DX), %s", i*s.bytes(), s.v(reduceOther+i))
		}
	}
	for i := range 4 {
		r.prepare(t, s, i)
		r.combine(t, s, i)
	}
	r.advance(t, 4*s.lanes)
	t.op("", "JGE %s_loop", name)
	t.label(name + "_rest")
	t.op("elements left", "ADDQ $%d, CX", 4*s.lanes)
	t.op("", "JLE %s_done", name)
	t.label(name + "_vector")
	emitMask(t, s, name, s.v(reduceMask))
	emitMaskedLoad(t, s, "SI", s.v(reduceMask), s.v(reduceLoaded))
	if r.array {
		emitMaskedLoad(t, s, "DX", s.v(reduceMask), s.v(reduceOther))
	}
	r.prepare(t, s, 0)
	loaded := s.v(reduceLoaded)
	if s.name == avx512.name {
		t.op("lanes beyond the end count nothing", "VBLENDMPS %s, %s, K1, %s", loaded, s.v(reduceNeutral), loaded)
	} else {
		t.op("lanes beyond the end count nothing", "VBLENDVPS %s, %s, %s, %s", s.v(reduceMask), loaded, s.v(reduceNeutral), loaded)
	}
	r.combine(t, s, 0)
	r.advance(t, s.lanes)
	t.op("", "JGT %s_vector", name)
	t.label(name + "_done")
	for _, pair := range [][2]int{{0, 1}, {2, 3}, {0, 2}} {
		r.join(t, s, pair[0], pair[1])
	}
	t.op("", "LEAQ ret+112(FP), AX")
	t.op("", "VMOVUPS %s, (AX)", s.v(0))
	t.ret()
}

// prepare makes of vector i what is combined.
func (r *vecReduction) prepare(t *text, s isa, i int) {
	if r.lanes {
		t.op("", "VSUBPS %s, %s, %s", s.v(reduceLanes), s.v(reduceLoaded+i), s.v(reduceLoaded+i))
	}
}

// combine adds vector i to accumulator i.
func (r *vecReduction) combine(t *text, s isa, i int) {
	x, acc := s.v(reduceLoaded+i), s.v(i)
	switch r.name {
	case "Sum":
		t.op("", "VADDPS %s, %s, %s", x, acc, acc)
	case "Squares":
		t.op("", "VFMADD231PS %s, %s, %s", x, x, acc)
	case "Product":
		t.op("", "VFMADD231PS %s, %s, %s", s.v(reduceOther+i), x, acc)
	case "Max":
		r.join(t, s, i, reduceLoaded+i)
	}
}

// join combines register b into a.
func (r *vecReduction) join(t *text, s isa, a, b int) {
	x, acc := s.v(b), s.v(a)
	if r.name != "Max" {
		t.op("", "VADDPS %s, %s, %s", x, acc, acc)
		return
	}
	t.op("a NaN in the accumulator stays", "VMAXPS %s, %s, %s", acc, x, acc)
	if s.name == avx512.name {
		t.op("a NaN in x", "VCMPPS $%d, %s, %s, K2", vecUnordered, x, x)
		t.op("", "VMOVAPS %s, K2, %s", x, acc)
		return
	}
	t.op("a NaN in x", "VCMPPS $%d, %s, %s, %s", vecUnordered, x, x, s.v(reduceTemp))
	t.op("", "VBLENDVPS %s, %s, %s, %s", s.v(reduceTemp), x, acc, acc)
}

// advance steps over n elements.
func (r *vecReduction) advance(t *text, n int) {
	t.op("", "ADDQ $%d, SI", 4*n)
	if r.array {
		t.op("", "ADDQ $%d, DX", 4*n)
	}
	t.op("", "SUBQ $%d, CX", n)
}

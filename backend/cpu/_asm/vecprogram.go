package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// vecProgram is the body of a vector kernel: instructions in single assignment form over values, each a vector. The
// same program becomes code for every instruction set; registers are assigned when it is emitted.
type vecProgram struct {
	code   []vecInstr
	values int
	fixed  map[vecValue]string // values that are there before the loop: how they are loaded
	order  []vecValue          // the keys of fixed
	inputs []vecValue          // what each iteration loads
	result vecValue
	isa    isa // for which it is built
}

// vecValue names a value of a program. Negative values are constants in memory.
type vecValue int

// vecInstr is one instruction.
type vecInstr struct {
	op   string
	dst  vecValue
	args []vecValue
	imm  int
}

// vecConstants are the constants of all programs: bits of float32 or integers.
var vecConstants []uint32

// constant is a float that instructions read from memory.
func constant(f float64) vecValue { return constantBits(math.Float32bits(float32(f))) }

func constantBits(bits uint32) vecValue {
	i := slices.Index(vecConstants, bits)
	if i < 0 {
		i = len(vecConstants)
		vecConstants = append(vecConstants, bits)
	}
	return vecValue(-1 - i)
}

// constantAddress is the memory of a constant: 8 copies, aligned.
func constantAddress(v vecValue) string { return fmt.Sprintf("vecConstants<>+%d(SB)", 32*(-1-int(v))) }

func (p *vecProgram) value() vecValue {
	p.values++
	return vecValue(p.values - 1)
}

// before is a value that a load makes before the loop.
func (p *vecProgram) before(load string) vecValue {
	for _, v := range p.order {
		if p.fixed[v] == load {
			return v
		}
	}
	if p.fixed == nil {
		p.fixed = map[vecValue]string{}
	}
	v := p.value()
	p.fixed[v] = load
	p.order = append(p.order, v)
	return v
}

// mostHeld is how many values may stay in registers of AVX2; constants beyond are loaded where they are used.
const mostHeld = 6

// held is a constant in a register.
func (p *vecProgram) held(f float64) vecValue {
	if p.isa.name == avx2.name && len(p.order) >= mostHeld {
		return p.emit("VMOVUPS", 0, constant(f))
	}
	return p.before("VBROADCASTSS " + constantAddress(constant(f)) + ", %s")
}

// parameter is args.p[i] in a register.
func (p *vecProgram) parameter(i int) vecValue {
	return p.before(fmt.Sprintf("VBROADCASTSS args_p_%d+%d(FP), %%s", i, 96+4*i))
}

func (p *vecProgram) input() vecValue {
	v := p.value()
	p.inputs = append(p.inputs, v)
	return v
}

func (p *vecProgram) emit(op string, imm int, args ...vecValue) vecValue {
	v := p.value()
	p.code = append(p.code, vecInstr{op, v, args, imm})
	return v
}

// The arithmetic. Only the last operand may be a constant in memory; of fma any one may.

func (p *vecProgram) add(a, b vecValue) vecValue { return p.emit("VADDPS", 0, a, b) }
func (p *vecProgram) sub(a, b vecValue) vecValue { return p.emit("VSUBPS", 0, a, b) }
func (p *vecProgram) mul(a, b vecValue) vecValue { return p.emit("VMULPS", 0, a, b) }
func (p *vecProgram) div(a, b vecValue) vecValue { return p.emit("VDIVPS", 0, a, b) }

// min and max give b where one is NaN or both are equal.
func (p *vecProgram) min(a, b vecValue) vecValue { return p.emit("VMINPS", 0, a, b) }
func (p *vecProgram) max(a, b vecValue) vecValue { return p.emit("VMAXPS", 0, a, b) }

func (p *vecProgram) and(a, b vecValue) vecValue    { return p.emit("VANDPS", 0, a, b) }
func (p *vecProgram) or(a, b vecValue) vecValue     { return p.emit("VORPS", 0, a, b) }
func (p *vecProgram) xor(a, b vecValue) vecValue    { return p.emit("VXORPS", 0, a, b) }
func (p *vecProgram) sqrt(a vecValue) vecValue      { return p.emit("VSQRTPS", 0, a) }
func (p *vecProgram) round(a vecValue) vecValue     { return p.emit("round", 8, a) } // to the nearest
func (p *vecProgram) toInt(a vecValue) vecValue     { return p.emit("VCVTPS2DQ", 0, a) }
func (p *vecProgram) toFloat(a vecValue) vecValue   { return p.emit("VCVTDQ2PS", 0, a) }
func (p *vecProgram) addInt(a, b vecValue) vecValue { return p.emit("VPADDD", 0, a, b) }
func (p *vecProgram) subInt(a, b vecValue) vecValue { return p.emit("VPSUBD", 0, a, b) }
func (p *vecProgram) shiftLeft(a vecValue, n int) vecValue {
	return p.emit("VPSLLD", n, a)
}
func (p *vecProgram) shiftRight(a vecValue, n int) vecValue {
	return p.emit("VPSRAD", n, a)
}

// fma is a·b + c, fnma c - a·b, fms a·b - c, each rounded once.
func (p *vecProgram) fma(a, b, c vecValue) vecValue  { return p.emit("VFMADD", 0, a, b, c) }
func (p *vecProgram) fnma(a, b, c vecValue) vecValue { return p.emit("VFNMADD", 0, a, b, c) }
func (p *vecProgram) fms(a, b, c vecValue) vecValue  { return p.emit("VFMSUB", 0, a, b, c) }

// Comparisons of choose, false for NaN but notGE, notGT and unordered.
const (
	vecLT        = 17
	vecUnordered = 3
	vecNotGE     = 25
	vecGE        = 29
	vecGT        = 30
)

// choose is yes where a cmp b, else no. b and yes may be constants in memory.
func (p *vecProgram) choose(cmp int, a, b, yes, no vecValue) vecValue {
	return p.emit("choose", cmp, a, b, yes, no)
}

// scalef is a·2^n for whole n, as AVX-512 has it.
func (p *vecProgram) scalef(a, n vecValue) vecValue { return p.emit("VSCALEFPS", 0, a, n) }

// lastUse gives the index of the last instruction that reads each value; values without are 0, results live on.
func (p *vecProgram) lastUse() map[vecValue]int {
	last := map[vecValue]int{p.result: len(p.code)}
	for i, in := range p.code {
		for _, a := range in.args {
			last[a] = max(last[a], i)
		}
	}
	for v := range p.fixed {
		last[v] = len(p.code) + 1
	}
	return last
}

// vecEmitter turns a program into text with registers: those of fixed values first, then a block for each of the
// copies that run side by side.
type vecEmitter struct {
	*text
	isa
	p      *vecProgram
	first  int // register of the first block
	size   int // registers of a block
	copies int
	place  map[vecValue]int // within a block; of fixed values the register
	used   []bool           // of a block
	last   map[vecValue]int
}

// registersNeeded is the size of a block, found by a trial.
func registersNeeded(s isa, p *vecProgram) int {
	e := vecEmitter{text: new(text), isa: isa{name: s.name, reg: s.reg, lanes: s.lanes, regs: 1000}, p: p, size: 500, copies: 1}
	return e.run(1)
}

// run emits the program for some copies, after inputs were loaded into the first places of each block, and gives the
// number of places that it took.
func (e *vecEmitter) run(copies int) int {
	e.copies, e.place, e.used, e.last = copies, map[vecValue]int{}, make([]bool, e.size), e.p.lastUse()
	for _, v := range e.p.inputs {
		e.take(v)
	}
	for i := range e.p.code {
		e.instruction(i, &e.p.code[i])
	}
	most := 0
	for _, place := range e.place {
		most = max(most, place+1)
	}
	return most
}

// take gives a value a free place.
func (e *vecEmitter) take(v vecValue) {
	i := slices.Index(e.used, false)
	if i < 0 {
		panic("no register left")
	}
	e.used[i] = true
	e.place[v] = i
}

// free gives back the places of arguments that nobody reads after instruction i.
func (e *vecEmitter) free(i int, args []vecValue) {
	for _, a := range args {
		if e.dies(i, a) {
			e.used[e.place[a]] = false
		}
	}
}

func (e *vecEmitter) dies(i int, v vecValue) bool { return v >= 0 && e.last[v] == i }

// reg is the register of a value in a copy.
func (e *vecEmitter) at(v vecValue, copy int) string {
	if _, ok := e.p.fixed[v]; ok {
		return e.v(slices.Index(e.p.order, v))
	}
	return e.v(e.first + copy*e.size + e.place[v])
}

// operand is a register or the memory of a constant, and the suffix that an instruction needs for it.
func (e *vecEmitter) operand(v vecValue, copy int) (name, suffix string) {
	if v >= 0 {
		return e.at(v, copy), ""
	}
	if e.name == avx512.name {
		return constantAddress(v), ".BCST"
	}
	return constantAddress(v), ""
}

func (e *vecEmitter) each(do func(copy int)) {
	for c := range e.copies {
		do(c)
	}
}

func (e *vecEmitter) instruction(i int, in *vecInstr) {
	switch in.op {
	case "VFMADD", "VFNMADD", "VFMSUB":
		e.multiplyAdd(i, in)
		return
	case "choose":
		e.choose(i, in)
		return
	}
	e.free(i, in.args)
	e.take(in.dst)
	e.each(func(c int) {
		last, suffix := e.operand(in.args[len(in.args)-1], c)
		switch op := in.op; {
		case op == "round" && e.name == avx512.name:
			e.op("", "VRNDSCALEPS%s $%d, %s, %s", suffix, in.imm, last, e.at(in.dst, c))
		case op == "round":
			e.op("", "VROUNDPS $%d, %s, %s", in.imm, last, e.at(in.dst, c))
		case op == "VPSLLD" || op == "VPSRAD":
			e.op("", "%s $%d, %s, %s", op, in.imm, last, e.at(in.dst, c))
		case len(in.args) == 1:
			e.op("", "%s%s %s, %s", op, suffix, last, e.at(in.dst, c))
		default:
			e.op("", "%s%s %s, %s, %s", op, suffix, last, e.at(in.args[0], c), e.at(in.dst, c))
		}
	})
}

// multiplyAdd picks the form whose destination is an operand that nobody needs any more.
func (e *vecEmitter) multiplyAdd(i int, in *vecInstr) {
	a, b, c := in.args[0], in.args[1], in.args[2]
	if a < 0 {
		a, b = b, a
	}
	if a < 0 || b < 0 && c < 0 {
		panic("a multiply-add of two constants")
	}
	if !e.dies(i, a) && b >= 0 && e.dies(i, b) {
		a, b = b, a
	}
	// The destination: c by form 231, or a by forms 132 and 213; a copy where both live on.
	form, onto := "", vecValue(0)
	switch {
	case c >= 0 && e.dies(i, c):
		form, onto = "231PS", c
	case b < 0:
		form, onto = "132PS", a
	default:
		form, onto = "213PS", a
	}
	if !e.dies(i, onto) {
		e.take(in.dst)
		e.each(func(k int) { e.op("", "VMOVAPS %s, %s", e.at(onto, k), e.at(in.dst, k)) })
		e.free(i, in.args)
	} else {
		e.free(i, in.args)
		e.place[in.dst] = e.place[onto]
		e.used[e.place[onto]] = true
	}
	e.each(func(k int) {
		dst := e.at(in.dst, k)
		second, third := a, b
		switch form {
		case "132PS":
			second = c
		case "213PS":
			second, third = b, c
		}
		name, suffix := e.operand(third, k)
		e.op("", "%s%s%s %s, %s, %s", in.op, form, suffix, name, e.at(second, k), dst)
	})
}

// choose emits a comparison and a blend. The destination differs from all operands because it holds the mask of AVX2.
func (e *vecEmitter) choose(i int, in *vecInstr) {
	a, b, yes, no := in.args[0], in.args[1], in.args[2], in.args[3]
	e.take(in.dst)
	e.free(i, in.args)
	e.each(func(k int) {
		dst := e.at(in.dst, k)
		other, suffix := e.operand(b, k)
		onto, blend := e.operand(yes, k)
		if e.name == avx512.name {
			e.op("", "VCMPPS%s $%d, %s, %s, K%d", suffix, in.imm, other, e.at(a, k), 2+k)
			e.op("", "VBLENDMPS%s %s, %s, K%d, %s", blend, onto, e.at(no, k), 2+k, dst)
			return
		}
		e.op("", "VCMPPS $%d, %s, %s, %s", in.imm, other, e.at(a, k), dst)
		e.op("", "VBLENDVPS %s, %s, %s, %s", dst, onto, e.at(no, k), dst)
	})
}

// vecConstantsData writes the constants of all programs, eight copies of each for AVX2; AVX-512 broadcasts the first.
func vecConstantsData() string {
	var b strings.Builder
	for i, bits := range vecConstants {
		for k := range 4 {
			fmt.Fprintf(&b, "DATA vecConstants<>+%d(SB)/8, $0x%08x%08x\n", 32*i+8*k, bits, bits)
		}
	}
	fmt.Fprintf(&b, "GLOBL vecConstants<>(SB), RODATA|NOPTR, $%d\n", 32*len(vecConstants))
	return b.String()
}

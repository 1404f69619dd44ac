package main

import (
	"fmt"
	"slices"
	"strings"
)

// gemmTile is the largest tile of an instruction set: rows x vectors accumulators, one register per vector of B and
// the rest for the broadcasts of A. 14x32 leaves 2 for broadcasts, and 28 products per 16 loads.
type gemmTile struct {
	isa
	rows, vectors int
	pitch         int // vectors from step to step of B
}

var gemmTiles = []gemmTile{
	{avx512, 14, 2, 2},
	{avx2, 6, 2, 2},
}

// gemmHalves are the tiles of the last columns of a product where half of them are padding.
var gemmHalves = []gemmTile{
	{avx512, 14, 1, 2},
	{avx2, 6, 1, 2},
}

// gemmRows are kernels of one row for products with a vector: more vectors of B, so that sums do not wait for the one
// before.
var gemmRows = []gemmTile{
	{avx512, 1, 4, 4},
	{avx2, 1, 4, 4},
}

// gemmUnroll is how many steps of k one turn of the main loop makes. More gained nothing on Zen 4.
const gemmUnroll = 4

// Offsets of the fields of gemmArgs on the stack.
const (
	gemmArgA     = "args_a_base+0(FP)"
	gemmArgB     = "args_b_base+24(FP)"
	gemmArgC     = "args_c_base+48(FP)"
	gemmArgK     = "args_k+80(FP)"
	gemmArgLDC   = "args_ldc+88(FP)"
	gemmArgAccum = "args_accumulate+96(FP)"
	gemmArgBytes = 104 // of gemmArgs on the stack
)

func (g gemmTile) funcName(rows int) string {
	return fmt.Sprintf("gemm%dx%d%s", rows, g.vectors*g.lanes, g.name)
}

func gemmAssembly() string {
	var t text
	t.WriteString(header + "#include \"textflag.h\"\n")
	for _, g := range slices.Concat(gemmTiles, gemmHalves) {
		for rows := 1; rows <= g.rows; rows++ {
			g.emit(&t, rows)
		}
	}
	for _, g := range gemmRows {
		g.emit(&t, 1)
	}
	return t.String()
}

// emit writes the kernel of one height. SI, DI: A and B at step k; DX: C; R8: bytes between rows of C; CX: steps left.
func (g gemmTile) emit(t *text, rows int) {
	name := g.funcName(rows)
	t.function(name+"(args gemmArgs)", gemmArgBytes)
	t.op("", "MOVQ %s, SI", gemmArgA)
	t.op("", "MOVQ %s, DI", gemmArgB)
	t.op("", "MOVQ %s, DX", gemmArgC)
	t.op("", "MOVQ %s, CX", gemmArgK)
	t.op("", "MOVQ %s, R8", gemmArgLDC)
	t.op("row stride of C in bytes", "SHLQ $2, R8")
	t.op("", "MOVBLZX %s, AX", gemmArgAccum)
	t.op("", "TESTL AX, AX")
	t.op("", "JNE %s_load", name)
	for i := range rows * g.vectors {
		t.op("", "%s", g.zero(i))
	}
	t.op("", "JMP %s_start", name)
	t.label(name + "_load")
	g.eachOfC(t, rows, func(acc, address string) { t.op("", "VMOVUPS %s, %s", address, acc) })

	t.label(name + "_start")
	t.op("", "SUBQ $%d, CX", gemmUnroll)
	t.op("", "JLT %s_rest", name)
	t.label(name + "_loop")
	for step := range gemmUnroll {
		g.step(t, rows, step)
	}
	g.advance(t, rows, gemmUnroll)
	t.op("", "SUBQ $%d, CX", gemmUnroll)
	t.op("", "JGE %s_loop", name)

	t.label(name + "_rest")
	t.op("steps left", "ADDQ $%d, CX", gemmUnroll)
	t.op("", "JEQ %s_store", name)
	t.label(name + "_one")
	g.step(t, rows, 0)
	g.advance(t, rows, 1)
	t.op("", "DECQ CX")
	t.op("", "JNE %s_one", name)

	t.label(name + "_store")
	g.eachOfC(t, rows, func(acc, address string) { t.op("", "VMOVUPS %s, %s", acc, address) })
	t.ret()
}

// step adds the products of one k, step rows of the panels after the current one.
func (g gemmTile) step(t *text, rows, step int) {
	firstB := g.rows * g.vectors
	firstA := firstB + g.vectors
	for j := range g.vectors {
		t.op("B[k]["+lanesOf(j, g.lanes)+"]", "VMOVUPS %d(DI), %s", (step*g.pitch+j)*g.bytes(), g.v(firstB+j))
	}
	for r := range rows {
		a := g.v(firstA + r%(g.regs-firstA))
		t.op(fmt.Sprintf("A[k][%d]", r), "VBROADCASTSS %d(SI), %s", 4*(step*rows+r), a)
		for j := range g.vectors {
			t.op("", "VFMADD231PS %s, %s, %s", g.v(firstB+j), a, g.v(r*g.vectors+j))
		}
	}
}

// advance moves A and B on by steps.
func (g gemmTile) advance(t *text, rows, steps int) {
	t.op("", "ADDQ $%d, SI", 4*rows*steps)
	t.op("", "ADDQ $%d, DI", steps*g.pitch*g.bytes())
}

// eachOfC calls f with each accumulator and its place in C.
func (g gemmTile) eachOfC(t *text, rows int, f func(acc, address string)) {
	t.op("", "MOVQ DX, BX")
	for r := range rows {
		for j := range g.vectors {
			f(g.v(r*g.vectors+j), fmt.Sprintf("%d(BX)", j*g.bytes()))
		}
		if r < rows-1 {
			t.op("", "ADDQ R8, BX")
		}
	}
}

func lanesOf(vector, lanes int) string {
	return fmt.Sprintf("%d..%d", vector*lanes, vector*lanes+lanes-1)
}

func gemmDeclarations() string {
	var b strings.Builder
	b.WriteString(header + "package cpu\n")
	for _, g := range slices.Concat(gemmTiles, gemmHalves) {
		table := "gemm" + g.name
		if g.vectors < g.pitch {
			table = "gemmHalf" + g.name
		}
		fmt.Fprintf(&b, "\n// %s holds the kernels of %d columns by their rows; see gemmArgs.\n", table, g.vectors*g.lanes)
		fmt.Fprintf(&b, "var %s = []func(gemmArgs){\nnil,\n", table)
		for rows := 1; rows <= g.rows; rows++ {
			fmt.Fprintf(&b, "%s,\n", g.funcName(rows))
		}
		b.WriteString("}\n")
		for rows := 1; rows <= g.rows; rows++ {
			fmt.Fprintf(&b, "\n//go:noescape\nfunc %s(args gemmArgs)\n", g.funcName(rows))
		}
	}
	for _, g := range gemmRows {
		fmt.Fprintf(&b, "\n//go:noescape\nfunc %s(args gemmArgs)\n", g.funcName(1))
	}
	return b.String()
}

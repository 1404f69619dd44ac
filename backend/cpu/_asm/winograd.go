package main

import (
	"fmt"
	"math"
	"strings"
)

// winoConsts is the table of the transforms' constants, one vector each.
const winoConsts = "winoConst"

// winoText emits the transforms of Winograd's minimal filtering. Along an axis a tile has 4 or 6 points, which are 0,
// pairs ±a and infinity, 5 or 7, which are pairs and infinity, or 1 point where it does not reach along that axis.
type winoText struct {
	isa
	*text
	name   string
	table  *winoTable
	loaded map[float64]int // constants that lie in registers
}

// winoTable collects the constants of all transforms.
type winoTable struct{ values []float64 }

func (t *winoTable) index(c float64) int {
	for i, v := range t.values {
		if v == c {
			return i
		}
	}
	t.values = append(t.values, c)
	return len(t.values) - 1
}

// winoSquares are the squares of the points a of an axis.
func winoSquares(points int) []float64 {
	switch points {
	case 1:
		return nil
	case 4:
		return []float64{1}
	case 5:
		return []float64{0.16, 1.5625}
	case 6:
		return []float64{0.5, 2}
	case 7:
		return []float64{0.09, 0.75, 4}
	}
	panic(fmt.Sprintf("no points for tiles of %d", points))
}

// winoPair is the number of the first of the points ±a: behind point 0, which an even number of points has.
func winoPair(points, i int) int { return 1 - points%2 + 2*i }

// power returns a^k of a point given by its square.
func power(square float64, k int) float64 {
	v := math.Pow(square, float64(k/2))
	if k%2 == 1 {
		v *= math.Sqrt(square)
	}
	return v
}

// winoPoly returns the coefficients of the product of (x² - s), in powers of x², the highest being 1.
func winoPoly(squares []float64) []float64 {
	poly := []float64{1}
	for _, s := range squares {
		next := make([]float64, len(poly)+1)
		for i, c := range poly {
			next[i] -= s * c
			next[i+1] += c
		}
		poly = next
	}
	return poly
}

// winoTerm is a register times a coefficient.
type winoTerm struct {
	coef float64
	reg  int
}

// winoInputTerms lists how the points come from inputs in registers first.. of one axis: those of 0, if it is a point, and
// infinity, then per pair ±a the parts u and v, where the two points are u + a·v and u - a·v, or a·v - u without point 0.
func winoInputTerms(points, first int) (zero, inf []winoTerm, u, v [][]winoTerm) {
	squares, root := winoSquares(points), winoPair(points, 0)
	spread := func(poly []float64, from int) (terms []winoTerm) {
		for i, c := range poly {
			terms = append(terms, winoTerm{c, first + from + 2*i})
		}
		return terms
	}
	all := winoPoly(squares)
	if root == 1 {
		zero = spread(all, 0)
	}
	inf = spread(all, root)
	for i := range squares {
		others := append(append([]float64(nil), squares[:i]...), squares[i+1:]...)
		u = append(u, spread(winoPoly(others), root+1))
		v = append(v, spread(winoPoly(others), root))
	}
	return zero, inf, u, v
}

// load loads constants into registers from last down to first, as many as there is room for.
func (w winoText) load(values []float64, first, last int) {
	for _, c := range values {
		if _, there := w.loaded[c]; there || last < first {
			continue
		}
		w.op(fmt.Sprintf("%.5g", c), "VMOVUPS %s, %s", w.address(c), w.v(last))
		w.loaded[c] = last
		last--
	}
}

func (w winoText) address(c float64) string {
	return fmt.Sprintf("%s<>+%d(SB)", winoConsts, 64*w.table.index(c))
}

// constant is the operand for a constant: a register or memory.
func (w winoText) constant(c float64) string {
	if r, there := w.loaded[c]; there {
		return w.v(r)
	}
	return w.address(c)
}

// combine sets register dst to the sum of terms, none of which is dst.
func (w winoText) combine(dst int, terms []winoTerm) {
	var plus, minus, scaled []winoTerm
	for _, t := range terms {
		switch t.coef {
		case 1:
			plus = append(plus, t)
		case -1:
			minus = append(minus, t)
		default:
			scaled = append(scaled, t)
		}
	}
	switch {
	case len(plus) >= 2:
		w.op("", "VADDPS %s, %s, %s", w.v(plus[1].reg), w.v(plus[0].reg), w.v(dst))
		plus = plus[2:]
	case len(plus) == 1 && len(minus) > 0:
		w.op("", "VSUBPS %s, %s, %s", w.v(minus[0].reg), w.v(plus[0].reg), w.v(dst))
		plus, minus = nil, minus[1:]
	case len(plus) == 1:
		w.op("", "VMOVAPS %s, %s", w.v(plus[0].reg), w.v(dst))
		plus = nil
	default:
		w.op("", "VMULPS %s, %s, %s", w.constant(scaled[0].coef), w.v(scaled[0].reg), w.v(dst))
		scaled = scaled[1:]
	}
	for _, t := range plus {
		w.op("", "VADDPS %s, %s, %s", w.v(t.reg), w.v(dst), w.v(dst))
	}
	for _, t := range minus {
		w.op("", "VSUBPS %s, %s, %s", w.v(t.reg), w.v(dst), w.v(dst))
	}
	for _, t := range scaled {
		w.op("", "VFMADD231PS %s, %s, %s", w.constant(t.coef), w.v(t.reg), w.v(dst))
	}
}

// at is the operand at a small multiple of a pitch from base; three is a register that holds base + 3·pitch.
func at(base, pitch, three string, i int) string {
	switch i {
	case 0:
		return fmt.Sprintf("(%s)", base)
	case 1, 2, 4:
		return fmt.Sprintf("(%s)(%s*%d)", base, pitch, i)
	case 3:
		return fmt.Sprintf("(%s)", three)
	case 5:
		return fmt.Sprintf("(%s)(%s*2)", three, pitch)
	}
	panic("too far")
}

func winogradAssembly() string {
	var body text
	table := &winoTable{}
	for _, s := range []isa{avx512, avx2} {
		for _, in := range winoInputs {
			w := winoText{s, &body, in.funcName(s), table, map[float64]int{}}
			winoInput{w, in}.emit()
		}
		for _, out := range winoOutputs {
			w := winoText{s, &body, out.funcName(s), table, map[float64]int{}}
			winoOutput{w, out}.emit()
			w.name = out.filtersName(s)
			winoFilters{w, out}.emit()
		}
	}
	var t text
	t.WriteString(header + "#include \"textflag.h\"\n\n")
	for i, c := range table.values {
		for lane := range 16 {
			fmt.Fprintf(&t, "DATA %s<>+%d(SB)/4, $0x%08x // %.6g\n", winoConsts, 64*i+4*lane, math.Float32bits(float32(c)), c)
		}
	}
	fmt.Fprintf(&t, "GLOBL %s<>(SB), RODATA|NOPTR, $%d\n", winoConsts, 64*len(table.values))
	t.WriteString(body.String())
	return t.String()
}

func winogradDeclarations() string {
	var b strings.Builder
	b.WriteString(header + "package cpu\n")
	for _, s := range []isa{avx512, avx2} {
		fmt.Fprintf(&b, "\nvar wino%s = winoKernels{\n\tinput: map[[2]int]func(*winoInputArgs){\n", s.name)
		for _, in := range winoInputs {
			fmt.Fprintf(&b, "\t\t{%d, %d}: %s,\n", in.rows, in.cols, in.funcName(s))
		}
		b.WriteString("\t},\n\toutput: map[winoTile]func(*winoOutputArgs){\n")
		for _, o := range winoOutputs {
			fmt.Fprintf(&b, "\t\t{winoAxis{%d, %d}, winoAxis{%d, %d}}: %s,\n", o.rows.outputs, o.rows.taps(), o.cols.outputs, o.cols.taps(), o.funcName(s))
		}
		b.WriteString("\t},\n\tfilters: map[winoTile]func(*winoFilterArgs){\n")
		for _, o := range winoOutputs {
			fmt.Fprintf(&b, "\t\t{winoAxis{%d, %d}, winoAxis{%d, %d}}: %s,\n", o.rows.outputs, o.rows.taps(), o.cols.outputs, o.cols.taps(), o.filtersName(s))
		}
		b.WriteString("\t},\n}\n")
	}
	for _, s := range []isa{avx512, avx2} {
		for _, in := range winoInputs {
			fmt.Fprintf(&b, "\n//go:noescape\nfunc %s(args *winoInputArgs)\n", in.funcName(s))
		}
		for _, o := range winoOutputs {
			fmt.Fprintf(&b, "\n//go:noescape\nfunc %s(args *winoOutputArgs)\n", o.funcName(s))
			fmt.Fprintf(&b, "\n//go:noescape\nfunc %s(args *winoFilterArgs)\n", o.filtersName(s))
		}
	}
	return b.String()
}

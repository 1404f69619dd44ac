package ops

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func einsumCase(equation string, in ...*Tensor) opCase {
	return opCase{op: "Einsum", attrs: []Attr{StringAttr("equation", equation)}, inputs: in}
}

func TestEinsum(t *testing.T) {
	a, b := Of([]int32{1, 2, 3, 4, 5, 6}, 2, 3), Of([]int32{1, 0, 0, 1, 1, 1}, 3, 2)
	for _, c := range []struct {
		equation string
		in       []*Tensor
		shape    Shape
		want     []int32
	}{
		{"ij,jk->ik", []*Tensor{a, b}, Shape{2, 2}, []int32{4, 5, 10, 11}},
		{"ij, jk", []*Tensor{a, b}, Shape{2, 2}, []int32{4, 5, 10, 11}},
		{"ij->ji", []*Tensor{a}, Shape{3, 2}, []int32{1, 4, 2, 5, 3, 6}},
		{"ba", []*Tensor{a}, Shape{3, 2}, []int32{1, 4, 2, 5, 3, 6}},
		{"aB", []*Tensor{a}, Shape{3, 2}, []int32{1, 4, 2, 5, 3, 6}},
		{"ij->", []*Tensor{a}, Shape{}, []int32{21}},
		{"...j->...", []*Tensor{a}, Shape{2}, []int32{6, 15}},
		{"ij,ij->i", []*Tensor{a, Of([]int32{1, 1, 2}, 1, 3)}, Shape{2}, []int32{9, 21}},
		{"i,j->ij", []*Tensor{Of([]int32{1, 2}, 2), Of([]int32{3, 4}, 2)}, Shape{2, 2}, []int32{3, 4, 6, 8}},
		{"...i,...i", []*Tensor{a, Of([]int32{1, 1, 1}, 3)}, Shape{2}, []int32{6, 15}},
		{"ij,jk,kl->il", []*Tensor{a, b, Of([]int32{1, -1}, 2, 1)}, Shape{2, 1}, []int32{-1, -1}},
		{",->", []*Tensor{Of([]int32{3}), Of([]int32{4})}, Shape{}, []int32{12}},
	} {
		got := einsumCase(c.equation, c.in...).mustRun(t)[0]
		require.Equal(t, c.shape, got.Shape(), c.equation)
		require.Equal(t, c.want, Data[int32](got), c.equation)
	}
	square := Of([]int32{1, 2, 3, 4}, 2, 2)
	require.Equal(t, []int32{1, 4}, Data[int32](einsumCase("ii->i", square).mustRun(t)[0]))
	require.Equal(t, []int32{5}, Data[int32](einsumCase("ii", square).mustRun(t)[0]))
	empty := einsumCase("ij,jk->ik", counted(Float32, 2, 0), counted(Float32, 0, 3)).mustRun(t)[0]
	require.Equal(t, make([]float32, 6), Data[float32](empty))
}

// TestEinsumRandom sums over every combination of labels, one by one.
func TestEinsumRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(22, 22))
	for range 150 {
		letters := "abcde"
		extent := map[byte]int{}
		for i := range len(letters) {
			extent[letters[i]] = 1 + r.IntN(3)
		}
		var terms []string
		var in []*Tensor
		for range 1 + r.IntN(3) {
			var term []byte
			var dims []int
			for range r.IntN(4) {
				l := letters[r.IntN(len(letters))]
				term, dims = append(term, l), append(dims, extent[l])
			}
			x := NewTensor(Int64, append(Shape{}, dims...))
			for i := range x.Len() {
				Data[int64](x)[i] = int64(r.IntN(9) - 4)
			}
			terms, in = append(terms, string(term)), append(in, x)
		}
		used := strings.Join(terms, "")
		var output []byte
		for _, k := range r.Perm(len(letters)) {
			if l := letters[k]; strings.ContainsRune(used, rune(l)) && r.IntN(2) == 0 {
				output = append(output, l)
			}
		}
		got := einsumCase(strings.Join(terms, ",")+"->"+string(output), in...).mustRun(t)[0]
		want := make([]int64, got.Len())
		all := make(Shape, len(letters))
		for i := range all {
			if all[i] = 1; strings.ContainsRune(used, rune(letters[i])) {
				all[i] = extent[letters[i]]
			}
		}
		at := func(term string, index []int) int {
			k := 0
			for i := range len(term) {
				k = k*extent[term[i]] + index[strings.IndexByte(letters, term[i])]
			}
			return k
		}
		forEachIndex(all, func(_ int, index []int) {
			p := int64(1)
			for i, term := range terms {
				p *= Data[int64](in[i])[at(term, index)]
			}
			want[at(string(output), index)] += p
		})
		require.Equal(t, want, append([]int64{}, Data[int64](got)...), "%v -> %s", terms, output)
	}
}

func TestEinsumErrors(t *testing.T) {
	x := counted(Float32, 2, 3)
	einsumCase("ij,jk", x).mustFail(t, `equation "ij,jk" has 2 terms, there are 1 inputs`)
	einsumCase("i.j", x).mustFail(t, "holds a '.'")
	einsumCase("i1", x).mustFail(t, "want letters")
	einsumCase("ij->iji", x).mustFail(t, "want each output label once, and in a term")
	einsumCase("ij->ik", x).mustFail(t, "want each output label once, and in a term")
	einsumCase("......", x).mustFail(t, `"..." twice in a term`)
	einsumCase("ijk", x).mustFail(t, `term "ijk" does not fit an input of rank 2`)
	einsumCase("i", x).mustFail(t, `term "i" does not fit an input of rank 2`)
	einsumCase("ii", x).mustFail(t, `a label of term "ii" has the extents 2 and 3`)
	einsumCase("...j->j", x).mustFail(t, `the output has no "...", want it to keep those axes`)
	einsumCase("ij,jk", x, counted(Int32, 3, 1)).mustFail(t, "want one type")
	einsumCase("i", counted(Bool, 2)).mustFail(t, "input 0 is tensor(bool)")
}

func BenchmarkEinsum(b *testing.B) {
	x, y := randomFloats(rand.New(rand.NewPCG(8, 8)), Float32, 8, 256, 64), randomFloats(rand.New(rand.NewPCG(8, 8)), Float32, 8, 64, 256)
	op := &einsum{terms: []string{"bij", "bjk"}, output: "bik"}
	z := NewTensor(Float32, Shape{8, 256, 256})
	b.SetBytes(8 * 256 * 256 * 64) // MB/s reads as million multiply-adds per second
	for b.Loop() {
		op.Run(NewCall(context.Background(), nil), []*Tensor{x, y}, []*Tensor{z})
	}
}

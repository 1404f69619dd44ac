package ops

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMatMul(t *testing.T) {
	cases := []struct {
		name        string
		a, b, shape Shape
		want        []float32
	}{
		{"vectors", Shape{3}, Shape{3}, Shape{}, []float32{14}},
		{"row", Shape{3}, Shape{3, 2}, Shape{2}, []float32{22, 28}},
		{"column", Shape{2, 1, 3}, Shape{3}, Shape{2, 1}, []float32{14, 32}},
		{"matrices", Shape{2, 3}, Shape{3, 2}, Shape{2, 2}, []float32{22, 28, 49, 64}},
		{"batch of A", Shape{2, 1, 2}, Shape{2, 1}, Shape{2, 1, 1}, []float32{5, 11}},
		{"batch of B", Shape{1, 2}, Shape{2, 2, 1}, Shape{2, 1, 1}, []float32{5, 11}},
		{"batches broadcast", Shape{2, 1, 1, 2}, Shape{3, 2, 1}, Shape{2, 3, 1, 1}, []float32{5, 11, 17, 11, 25, 39}},
		{"nothing to sum", Shape{2, 0}, Shape{0, 2}, Shape{2, 2}, []float32{0, 0, 0, 0}},
		{"empty batch", Shape{0, 2, 3}, Shape{3, 1}, Shape{0, 2, 1}, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			out := opCase{op: "MatMul", inputs: []*Tensor{ramp(c.a...), ramp(c.b...)}}.mustRun(t)[0]
			require.Equal(t, c.shape.String(), out.Shape().String())
			require.Equal(t, c.want, Data[float32](out))
		})
	}
	matrices := func(a, b *Tensor) *Tensor { return opCase{op: "MatMul", inputs: []*Tensor{a, b}}.mustRun(t)[0] }
	require.Equal(t, []float64{11}, Data[float64](matrices(Of([]float64{1, 2}, 1, 2), Of([]float64{3, 4}, 2, 1))))
	require.Equal(t, []int64{1<<62 + 1}, Data[int64](matrices(Of([]int64{1 << 62, 1}, 1, 2), Of([]int64{1, 1}, 2, 1))))
	require.Equal(t, []int32{-2147483648}, Data[int32](matrices(Of([]int32{1 << 30}, 1), Of([]int32{2}, 1))), "wraps around")
	require.Equal(t, []uint32{1 << 31}, Data[uint32](matrices(Of([]uint32{1 << 30}, 1), Of([]uint32{2}, 1))))
	require.Equal(t, []uint64{1 << 63}, Data[uint64](matrices(Of([]uint64{1 << 62}, 1), Of([]uint64{2}, 1))))
}

func TestMatMulRandom(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 5))
		batch, m, k, n := 1+r.IntN(3), 1+r.IntN(40), 1+r.IntN(40), 1+r.IntN(200)
		batchB := 1
		if seed&1 == 1 {
			batchB = batch
		}
		a, b := integers(r, batch, m, k), integers(r, batchB, k, n)
		want := make([]float32, batch*m*n)
		eachIndex([]int{batch, m, n, k}, func(i []int) {
			want[(i[0]*m+i[1])*n+i[2]] += Data[float32](a)[(i[0]*m+i[1])*k+i[3]] * Data[float32](b)[(i[0]%batchB*k+i[3])*n+i[2]]
		})
		require.Equal(t, want, Data[float32](opCase{op: "MatMul", inputs: []*Tensor{a, b}}.mustRun(t)[0]), "seed %d", seed)
	}
}

func TestMatMulErrors(t *testing.T) {
	fail := func(text string, a, b *Tensor) {
		t.Helper()
		opCase{op: "MatMul", inputs: []*Tensor{a, b}}.mustFail(t, text)
	}
	fail("want no scalars", ramp(), ramp(3))
	fail("A has 3 columns and B 2 rows", ramp(2, 3), ramp(2, 3))
	fail("batches of A and B", ramp(2, 1, 3), ramp(3, 3, 1))
	fail("A is tensor(int8)", Of([]int8{1}, 1), Of([]int8{1}, 1))
	fail("A is tensor(float) and B is tensor(double)", ramp(1), NewTensor(Float64, Shape{1}))
}

package ops

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGemm(t *testing.T) {
	a, b := ramp(2, 3), ramp(3, 2) // [1 2 3; 4 5 6] · [1 2; 3 4; 5 6] = [22 28; 49 64]
	run := func(c *Tensor, attrs ...Attr) []float32 {
		return Data[float32](opCase{op: "Gemm", attrs: attrs, inputs: []*Tensor{a, b, c}}.mustRun(t)[0])
	}
	require.Equal(t, []float32{22, 28, 49, 64}, run(nil))
	require.Equal(t, []float32{23, 30, 50, 66}, run(ramp(2)))
	require.Equal(t, []float32{23, 30, 50, 66}, run(ramp(1, 2)))
	require.Equal(t, []float32{23, 29, 51, 66}, run(ramp(2, 1)))
	require.Equal(t, []float32{23, 30, 52, 68}, run(ramp(2, 2)))
	require.Equal(t, []float32{23, 29, 50, 65}, run(ramp()))
	require.Equal(t, []float32{14, 20, 27.5, 38}, run(ramp(2), FloatAttr("alpha", 0.5), FloatAttr("beta", 3)))
	old := opCase{op: "Gemm", opset: 6, attrs: []Attr{IntAttr("broadcast", 1)}, inputs: []*Tensor{a, b, ramp(2)}}
	require.Equal(t, []float32{23, 30, 50, 66}, Data[float32](old.mustRun(t)[0]))
	nan := Of([]float32{float32(math.NaN())}, 1)
	require.Equal(t, []float32{22, 28, 49, 64}, run(nan, FloatAttr("beta", 0)), "C is not read")

	none := opCase{op: "Gemm", inputs: []*Tensor{ramp(2, 0), ramp(0, 3), ramp(3)}}
	require.Equal(t, []float32{1, 2, 3, 1, 2, 3}, Data[float32](none.mustRun(t)[0]), "K is 0")
	empty := opCase{op: "Gemm", inputs: []*Tensor{ramp(0, 2), ramp(2, 3), ramp(3)}}
	require.Equal(t, Shape{0, 3}, empty.mustRun(t)[0].Shape())

	empty.inputs = []*Tensor{ramp(2, 2), ramp(2, 0), ramp(1)}
	require.Equal(t, Shape{2, 0}, empty.mustRun(t)[0].Shape())

	ints := opCase{op: "Gemm", attrs: []Attr{FloatAttr("alpha", -2)}, inputs: []*Tensor{Of([]int64{1, 2}, 1, 2), Of([]int64{3, 4}, 2, 1), Of([]int64{5}, 1)}}
	require.Equal(t, []int64{-17}, Data[int64](ints.mustRun(t)[0]))
}

// Every transposition agrees with the formula, on whole numbers.
func TestGemmRandom(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 4))
		m, k, n := 1+r.IntN(40), 1+r.IntN(40), 1+r.IntN(300)
		transA, transB := int(seed&1), int(seed>>1&1)
		a, b, c := integers(r, m, k), integers(r, k, n), integers(r, n)
		want := make([]float32, m*n)
		for i := range m {
			for j := range n {
				sum := Data[float32](c)[j] * 2
				for p := range k {
					sum += Data[float32](a)[i*k+p] * Data[float32](b)[p*n+j]
				}
				want[i*n+j] = sum
			}
		}
		if transA == 1 {
			a = transposedCopy(a)
		}
		if transB == 1 {
			b = transposedCopy(b)
		}
		out := opCase{op: "Gemm", attrs: []Attr{IntAttr("transA", transA), IntAttr("transB", transB), FloatAttr("beta", 2)}, inputs: []*Tensor{a, b, c}}
		require.Equal(t, want, Data[float32](out.mustRun(t)[0]), "seed %d", seed)
	}
}

// transposedCopy exchanges the axes of a matrix.
func transposedCopy(x *Tensor) *Tensor {
	rows, cols := x.Shape()[0], x.Shape()[1]
	out := NewTensor(Float32, Shape{cols, rows})
	for i := range rows {
		for j := range cols {
			Data[float32](out)[j*rows+i] = Data[float32](x)[i*cols+j]
		}
	}
	return out
}

func TestGemmErrors(t *testing.T) {
	a, b := ramp(2, 3), ramp(3, 2)
	fail := func(text string, attrs []Attr, inputs ...*Tensor) {
		t.Helper()
		opCase{op: "Gemm", attrs: attrs, inputs: inputs}.mustFail(t, text)
	}
	fail("A has shape [1, 2, 3] and B [3, 2], want rank 2", nil, ramp(1, 2, 3), b)
	fail("A' has 2 columns and B' 3 rows", []Attr{IntAttr("transA", 1)}, a, b)
	fail("C has shape [3], which does not broadcast to [2, 2]", nil, a, b, ramp(3))
	fail("C has shape [1, 1, 2]", nil, a, b, ramp(1, 1, 2))
	fail("does not broadcast to [1, 2]", nil, ramp(1, 3), b, ramp(2, 2))
	fail("A is tensor(float) and C is tensor(double)", nil, a, b, NewTensor(Float64, Shape{1}))
	fail("A is tensor(bool)", nil, Of([]bool{true}, 1, 1), Of([]bool{true}, 1, 1))
	fail("alpha is 0.5", []Attr{FloatAttr("alpha", 0.5)}, Of([]int32{1}, 1, 1), Of([]int32{1}, 1, 1))
	opCase{op: "Gemm", opset: 9, inputs: []*Tensor{a, b}}.mustFail(t, "input C is missing")
}

package ops

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv/backend/cpu"
)

// smallInts gives n whole numbers in [-8, 8] as T; unsigned types get [0, 16].
func smallInts[T Number](rng *rand.Rand, n int) []T {
	out := make([]T, n)
	for i := range out {
		out[i] = T(rng.IntN(17))
		if signed := T(0) - 1; signed < 0 {
			out[i] -= 8
		}
	}
	return out
}

// broadcastPairs are shapes that meet every kind of row: same shape, scalars,
// channels, stretched axes on either side, inner and outer, empty ones.
var broadcastPairs = []struct{ a, b Shape }{
	{Shape{}, Shape{}}, {Shape{1}, Shape{}}, {Shape{7}, Shape{7}}, {Shape{2, 3, 4}, Shape{}}, {Shape{}, Shape{2, 3}},
	{Shape{2, 3, 4, 5}, Shape{3, 1, 1}}, {Shape{2, 3, 4, 5}, Shape{1, 3, 1, 1}}, {Shape{3, 1, 1}, Shape{2, 3, 4, 5}},
	{Shape{2, 3, 4, 5}, Shape{5}}, {Shape{2, 3, 4, 5}, Shape{4, 1}}, {Shape{2, 1, 4, 1}, Shape{3, 1, 5}},
	{Shape{4, 1}, Shape{1, 5}}, {Shape{1, 5}, Shape{4, 1}}, {Shape{1, 1, 1}, Shape{1}}, {Shape{2, 1, 3}, Shape{2, 4, 3}},
	{Shape{0, 3}, Shape{3}}, {Shape{0, 3}, Shape{1, 1}}, {Shape{1, 3}, Shape{0, 1}}, {Shape{2, 3, 0}, Shape{2, 1, 1}},
}

// naiveBroadcast is z[i] = f(a[i], b[i]) by index arithmetic alone.
func naiveBroadcast[A, B, Z any](shape Shape, a []A, as Shape, b []B, bs Shape, f func(A, B) Z) []Z {
	at := func(s Shape, index []int) int {
		flat := 0
		for k, d := range s {
			i := index[len(shape)-len(s)+k]
			if d == 1 {
				i = 0
			}
			flat = flat*d + i
		}
		return flat
	}
	out := make([]Z, shape.Elements())
	index := make([]int, len(shape))
	for i := range out {
		for k, rest := len(shape)-1, i; k >= 0; k-- {
			index[k] = rest % shape[k]
			rest /= shape[k]
		}
		out[i] = f(a[at(as, index)], b[at(bs, index)])
	}
	return out
}

// checkPairs holds an operator on one type against a scalar function, for every
// pair of shapes. Divisors and the like are made by second from small integers.
func checkPairs[T Number, Z Element](t *testing.T, op string, second func(T) T, f func(a, b T) Z) {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	for _, p := range broadcastPairs {
		a, b := smallInts[T](rng, p.a.Elements()), smallInts[T](rng, p.b.Elements())
		for i := range b {
			b[i] = second(b[i])
		}
		shape, err := broadcastShape(p.a, p.b)
		require.NoError(t, err)
		out := opCase{op: op, inputs: []*Tensor{Of(a, p.a...), Of(b, p.b...)}}.mustRun(t)
		require.Equal(t, shape.String(), out[0].Shape().String(), "%v and %v", p.a, p.b)
		want := naiveBroadcast(shape, a, p.a, b, p.b, f)
		require.Equal(t, want, append([]Z{}, Data[Z](out[0])...), "%s of %v and %v as %v", op, p.a, p.b, DTypeOf[T]())
	}
}

func same[T any](v T) T { return v }

func nonZero[T Number](v T) T {
	if v == 0 {
		return 3
	}
	return v
}

// TestBinaryParallel: the result is the same whatever the number of threads, in
// place or not, on maps of many chunks.
func TestBinaryParallel(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	shape := Shape{2, 3, 190, 211}
	a := smallInts[float32](rng, shape.Elements())
	for _, bs := range []Shape{shape, {3, 1, 1}, {211}, {190, 1}, {}} {
		b := smallInts[float32](rng, bs.Elements())
		want := naiveBroadcast(shape, a, shape, b, bs, func(x, y float32) float32 { return x - y })
		op := &binary{names: [2]string{"A", "B"}, kernels: subKernels}
		for _, threads := range []int{1, 2, 3} {
			pool := cpu.NewPool(threads)
			in := Of(append([]float32{}, a...), shape...)
			require.NoError(t, op.Run(NewCall(context.Background(), pool), []*Tensor{in, Of(b, bs...)}, []*Tensor{in}))
			pool.Close()
			require.Equal(t, want, Data[float32](in), "B %v, %d threads", bs, threads)
		}
	}
}

func TestBinaryShare(t *testing.T) {
	op := &binary{names: [2]string{"A", "B"}, kernels: subKernels}
	f := func(d ...int) Spec { return tensorSpec(Float32, d) }
	require.Equal(t, []Pair{{0, 0}, {0, 1}}, op.Share([]Spec{f(2, 3), f(2, 3)}).InPlace)
	require.Equal(t, []Pair{{0, 0}}, op.Share([]Spec{f(2, 3), f(3)}).InPlace)
	require.Equal(t, []Pair{{0, 1}}, op.Share([]Spec{f(3), f(2, 3)}).InPlace)
	require.Empty(t, op.Share([]Spec{f(2, 1), f(3)}).InPlace)
	less := &binary{kernels: subKernels, result: Bool}
	require.Empty(t, less.Share([]Spec{f(2), f(2)}).InPlace)
}

func TestBinaryErrors(t *testing.T) {
	f := Of([]float32{1, 2}, 2)
	opCase{op: "Add", inputs: []*Tensor{f, Of([]float32{1, 2, 3}, 3)}}.mustFail(t, "do not broadcast: axis 0 is 2 and 3")
	opCase{op: "Add", inputs: []*Tensor{f, Of([]float64{1, 2}, 2)}}.mustFail(t, "A is tensor(float) and B is tensor(double), want one type")
	opCase{op: "Add", inputs: []*Tensor{Of([]bool{true}, 1), f}}.mustFail(t, "A is tensor(bool), want one of")
	opCase{op: "Add", inputs: []*Tensor{f}}.mustFail(t, "input B is missing")
	opCase{op: "Add", attrs: []Attr{IntAttr("axis", 1)}, inputs: []*Tensor{f, f}}.mustFail(t, "attribute axis=1 is not known")
	opCase{op: "Add", opset: 6, attrs: []Attr{IntAttr("broadcast", 0)}, inputs: []*Tensor{f, f}}.mustRun(t)
}

// BenchmarkBinary measures the engine on a map of 64 channels of 256 x 256.
func BenchmarkBinary(b *testing.B) {
	shape := Shape{1, 64, 256, 256}
	x, z := NewTensor(Float32, shape), NewTensor(Float32, shape)
	for _, bs := range []Shape{shape, {64, 1, 1}, {256}, {}} {
		b.Run(bs.String(), func(b *testing.B) {
			y := NewTensor(Float32, bs)
			op := &binary{kernels: addKernels}
			b.SetBytes(int64(3 * len(x.Bytes())))
			for b.Loop() {
				_ = op.Run(NewCall(context.Background(), nil), []*Tensor{x, y}, []*Tensor{z})
			}
		})
	}
}

// nan32 and inf32 are the special floats of the tests.
var nan32, inf32 = float32(math.NaN()), float32(math.Inf(1))

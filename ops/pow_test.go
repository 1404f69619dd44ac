package ops

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv/backend/cpu"
)

func TestPow(t *testing.T) {
	out := opCase{op: "Pow", inputs: []*Tensor{Of([]float32{1, 2, 3}, 3), Of([]float32{4, 5, 0.5}, 3)}}.mustRun(t)
	require.Equal(t, []float32{1, 32, float32(math.Sqrt(3))}, Data[float32](out[0]))
	square := opCase{op: "Pow", inputs: []*Tensor{Of([]float32{1.1, -3, inf32}, 3), Of([]int64{2})}}.mustRun(t)
	require.Equal(t, []float32{float32(1.1) * float32(1.1), 9, inf32}, Data[float32](square[0]))

	ints := opCase{op: "Pow", inputs: []*Tensor{Of([]int64{3, -3, 10, 2, -1, 1, 7}, 7), Of([]int32{39, 3, 18, -1, -3, -9, 0}, 7)}}.mustRun(t)
	require.Equal(t, []int64{4052555153018976267, -27, 1e18, 0, -1, 1, 1}, Data[int64](ints[0]), "exact")
	wrap := opCase{op: "Pow", inputs: []*Tensor{Of([]int32{2, 2}, 2), Of([]uint64{31, 1 << 63}, 2)}}.mustRun(t)
	require.Equal(t, []int32{math.MinInt32, 0}, Data[int32](wrap[0]), "wraps around")
	mixed := opCase{op: "Pow", inputs: []*Tensor{Of([]int32{9, 2}, 2), Of([]float32{0.5, -1}, 2)}}.mustRun(t)
	require.Equal(t, []int32{3, 0}, Data[int32](mixed[0]))
	checkPairs(t, "Pow", nonNegative[float64], func(a, b float64) float64 { return math.Pow(a, b) })
	checkPairs(t, "Pow", nonNegative[int64], func(a, b int64) int64 {
		p := int64(1)
		for range b {
			p *= a
		}
		return p
	})
}

// Constant exponents that the vector kernels know, planar and in blocks: checkBound compares them with the plain
// definition, and here so do the bits of those that are rounded once.
func TestPowOfConstants(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 1))
	negativeZero := float32(math.Copysign(0, -1))
	special := []float32{0, negativeZero, inf32, -inf32, float32(math.NaN()), 1, -1, 1e-40, -1e-40, 3e38, -3e38}
	for _, y := range []float64{1, 2, 3, -1, 0.5, -0.5} {
		exponents := []*Tensor{Of([]float32{float32(y)}), Of([]float64{y}, 1, 1)}
		if y == math.Trunc(y) {
			exponents = append(exponents, Of([]int64{int64(y)}, 1))
		}
		for _, e := range exponents {
			for _, shape := range blockableShapes {
				x := spreadFloats(rng, shape.Elements())
				if y == math.Trunc(y) {
					copy(x, special[:min(len(x), len(special)-2)]) // powers of the rest make the bound of others pointless
				}
				c := opCase{op: "Pow", inputs: []*Tensor{Of(x, shape...), e}}
				requireBlocked(t, c, true)
				c.mustRun(t)
			}
			op, in, err := opCase{op: "Pow", inputs: []*Tensor{Of(special, len(special)), e}}.build()
			require.NoError(t, err)
			specs := specsOf(in)
			out, err := op.Infer(specs)
			require.NoError(t, err)
			for _, tier := range cpu.Available() {
				got := Data[float32](bindAndRun(t, op.(Binder), specs, out, in, tier, 1)[0])
				for i, x := range special {
					want := math.Pow(float64(x), y)
					require.True(t, math.IsNaN(want) && got[i] != got[i] || math.Float32bits(float32(want)) == math.Float32bits(got[i]) ||
						(y == 3 || y == -0.5) && math.Abs(float64(got[i])-want) <= 0x1p-22*math.Abs(want), "%v^%v: got %v, want %v", x, y, got[i], want)
				}
			}
		}
	}
	x, many := Of([]float32{2, 3}, 2), Of([]float32{2, 2}, 2)
	requireBlocked(t, opCase{op: "Pow", inputs: []*Tensor{x, many}}, false)
	opCase{op: "Pow", inputs: []*Tensor{x, Of([]float32{2}, 1, 1)}}.mustRun(t) // Z has an axis more
	opCase{op: "Pow", inputs: []*Tensor{x, Of([]float32{4})}}.mustRun(t)
	opCase{op: "Pow", inputs: []*Tensor{x, Of([]uint64{math.MaxUint64})}}.mustRun(t)
}

func nonNegative[T Number](v T) T { return max(v, 0) }

func TestPowErrors(t *testing.T) {
	i, f := Of([]int32{0, 3}, 2), Of([]float32{1}, 1)
	opCase{op: "Pow", inputs: []*Tensor{i, Of([]int8{-1}, 1)}}.mustFail(t, "an element 0 of X has a negative exponent")
	opCase{op: "Pow", inputs: []*Tensor{i, Of([]int8{2, -1}, 2)}}.mustRun(t)
	opCase{op: "Pow", inputs: []*Tensor{i, Of([]float32{20}, 1)}}.mustFail(t, "not in the range of tensor(int32)")
	opCase{op: "Pow", inputs: []*Tensor{i, Of([]float32{-1}, 1)}}.mustFail(t, "not in the range")
	opCase{op: "Pow", opset: 7, inputs: []*Tensor{f, i}}.mustFail(t, "X is tensor(float) and Y is tensor(int32), want one type")
	opCase{op: "Pow", inputs: []*Tensor{Of([]uint8{1}, 1), f}}.mustFail(t, "X is tensor(uint8), want one of")
	opCase{op: "Pow", inputs: []*Tensor{f, Of([]bool{true}, 1)}}.mustFail(t, "Y is tensor(bool), want one of")
	op := &powOp{}
	require.Equal(t, []Pair{{0, 0}}, op.Share([]Spec{f.Spec(), Of([]int32{1}, 1).Spec()}).InPlace)
}

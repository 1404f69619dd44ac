package ops

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhere(t *testing.T) {
	c := Of([]bool{true, false}, 2, 1)
	x, y := Of([]float32{1, 2, 3}, 3), Of([]float32{-1}, 1, 1)
	out := opCase{op: "Where", inputs: []*Tensor{c, x, y}}.mustRun(t)
	require.Equal(t, Shape{2, 3}, out[0].Shape())
	require.Equal(t, []float32{1, 2, 3, -1, -1, -1}, Data[float32](out[0]))
	words := opCase{op: "Where", inputs: []*Tensor{c, OfStrings([]string{"a"}), OfStrings([]string{"b"})}}.mustRun(t)
	require.Equal(t, []string{"a", "b"}, words[0].Strings())
	for _, p := range []*Tensor{Of([]uint8{1, 2}, 2, 1), Of([]int16{1, 2}, 2, 1), Of([]int64{1, 2}, 2, 1), Of([]complex128{1, 2}, 2, 1)} {
		require.Equal(t, p.Bytes(), opCase{op: "Where", inputs: []*Tensor{c, p, p}}.mustRun(t)[0].Bytes(), p.DType())
	}
}

// TestWhereRandom: every kind of row for every operand.
func TestWhereRandom(t *testing.T) {
	for _, p := range broadcastPairs {
		shape, err := broadcastShape(p.a, p.b)
		require.NoError(t, err)
		cond := make([]bool, p.a.Elements())
		for i := range cond {
			cond[i] = i%3 == 1
		}
		x, y := counting[int32](p.b...), counting[int32](shape...)
		out := opCase{op: "Where", inputs: []*Tensor{Of(cond, p.a...), x, y}}.mustRun(t)
		right := Data[int32](y)
		got, k := Data[int32](out[0]), 0
		naiveBroadcast(shape, cond, p.a, Data[int32](x), p.b, func(c bool, v int32) int32 {
			want := right[k]
			if c {
				want = v
			}
			require.Equal(t, want, got[k], "%v and %v at %d", p.a, p.b, k)
			k++
			return 0
		})
	}
}

func TestWhereErrors(t *testing.T) {
	f := Of([]float32{1, 2}, 2)
	opCase{op: "Where", inputs: []*Tensor{f, f, f}}.mustFail(t, "condition is tensor(float), want one of [bool]")
	c := Of([]bool{true}, 1)
	opCase{op: "Where", inputs: []*Tensor{c, f, Of([]int32{1}, 1)}}.mustFail(t, "X is tensor(float) and Y is tensor(int32)")
	opCase{op: "Where", inputs: []*Tensor{c, f, Of([]float32{1, 2, 3}, 3)}}.mustFail(t, "do not broadcast")
	op := whereOp{}
	require.Equal(t, []Pair{{0, 1}}, op.Share([]Spec{c.Spec(), f.Spec(), c.Spec()}).InPlace)
}

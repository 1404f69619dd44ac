package ops

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCumSum(t *testing.T) {
	x := Of([]float32{1, 2, 3, 4, 5, 6}, 2, 3)
	for _, c := range []struct {
		op                 string
		axis               int32
		exclusive, reverse int
		want               []float32
	}{
		{"CumSum", 1, 0, 0, []float32{1, 3, 6, 4, 9, 15}},
		{"CumSum", -1, 1, 0, []float32{0, 1, 3, 0, 4, 9}},
		{"CumSum", 1, 0, 1, []float32{6, 5, 3, 15, 11, 6}},
		{"CumSum", 1, 1, 1, []float32{5, 3, 0, 11, 6, 0}},
		{"CumSum", 0, 0, 0, []float32{1, 2, 3, 5, 7, 9}},
		{"CumProd", 1, 0, 0, []float32{1, 2, 6, 4, 20, 120}},
		{"CumProd", 0, 1, 1, []float32{4, 5, 6, 1, 1, 1}},
	} {
		a := []Attr{IntAttr("exclusive", c.exclusive), IntAttr("reverse", c.reverse)}
		got := opCase{op: c.op, attrs: a, inputs: []*Tensor{x, Of([]int32{c.axis})}}.mustRun(t)[0]
		require.Equal(t, c.want, Data[float32](got), c)
	}
}

func TestCumSumRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(19, 19))
	for range 100 {
		x := NewTensor(Int64, randomShape(r, 1+r.IntN(4)))
		for i := range x.Len() {
			Data[int64](x)[i] = r.Int64()
		}
		axis := r.IntN(len(x.shape))
		got := opCase{op: "CumSum", inputs: []*Tensor{x, OfInts([]int{axis})}}.mustRun(t)[0]
		forEachIndex(x.shape, func(i int, index []int) {
			var sum int64
			from := slices.Clone(index)
			for from[axis] = range index[axis] + 1 {
				sum += Data[int64](x)[offsetOf(x.shape, from)]
			}
			require.Equal(t, sum, Data[int64](got)[i])
		})
	}
}

func TestCumSumErrors(t *testing.T) {
	x := counted(Int32, 2, 3)
	opCase{op: "CumSum", inputs: []*Tensor{x, OfInts([]int{2})}}.mustFail(t, "axis is 2, want one in [-2, 2)")
	opCase{op: "CumSum", inputs: []*Tensor{x, OfInts([]int{0, 1})}}.mustFail(t, "axis is [0 1], want one number")
	opCase{op: "CumSum", inputs: []*Tensor{x, x}}.mustFail(t, "axis has shape [2, 3], want rank 1")
	opCase{op: "CumSum", inputs: []*Tensor{counted(Bool, 1), OfInts([]int{0})}}.mustFail(t, "x is tensor(bool)")
}

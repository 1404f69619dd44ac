package ops

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestExpand(t *testing.T) {
	x := Of([]int32{1, 2}, 2, 1)
	got := opCase{op: "Expand", inputs: []*Tensor{x, OfInts([]int{3, 1, 2})}}.mustRun(t)[0]
	require.Equal(t, Shape{3, 2, 2}, got.Shape())
	require.Equal(t, []int32{1, 1, 2, 2, 1, 1, 2, 2, 1, 1, 2, 2}, Data[int32](got))
	same := opCase{op: "Expand", inputs: []*Tensor{x, OfInts([]int{1})}}.mustRun(t)[0]
	require.Equal(t, x.Bytes(), same.Bytes())
	require.NotEmpty(t, expand{}.Share([]Spec{x.Spec(), OfInts([]int{1, 2, 1}).Spec()}).Views)
	require.Empty(t, expand{}.Share([]Spec{x.Spec(), OfInts([]int{2, 1, 1}).Spec()}).Views)
}

func TestExpandRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(12, 12))
	for _, d := range movable() {
		for range 10 {
			full := randomShape(r, r.IntN(5))
			from, to := full.Clone(), full.Clone()
			for i := range full {
				switch r.IntN(3) {
				case 0:
					from[i] = 1
				case 1:
					to[i] = 1
				}
			}
			lead := 0
			if len(from) > 0 && r.IntN(2) == 0 {
				from[0] = 1
				if to[0] = full[0]; len(from) > 1 {
					from, lead = from[1:], 1
				}
			}
			x := counted(d, from...)
			got := opCase{op: "Expand", inputs: []*Tensor{x, OfInts(to)}}.mustRun(t)[0]
			requireMoved(t, got, x, func(index []int) []int {
				at := append([]int{}, index[lead:]...)
				for i, n := range from {
					if n == 1 {
						at[i] = 0
					}
				}
				return at
			})
		}
	}
}

func TestExpandErrors(t *testing.T) {
	x := counted(Int32, 2, 3)
	opCase{op: "Expand", inputs: []*Tensor{x, OfInts([]int{2, 2})}}.mustFail(t, "do not broadcast: axis 1 is 3 and 2")
	opCase{op: "Expand", inputs: []*Tensor{x, OfInts([]int{-1, 3})}}.mustFail(t, "has the dimension -1")
	opCase{op: "Expand", inputs: []*Tensor{x, OfInts([]int{math.MaxInt, 1, 1})}}.mustFail(t, "limit exceeded")
	opCase{op: "Expand", inputs: []*Tensor{x, OfInts(make([]int, 17))}}.mustFail(t, "rank 17, want at most 16")
}

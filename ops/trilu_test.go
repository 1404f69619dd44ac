package ops

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTrilu(t *testing.T) {
	x := Of([]int32{1, 2, 3, 4, 5, 6}, 2, 3)
	require.Equal(t, []int32{1, 2, 3, 0, 5, 6}, Data[int32](opCase{op: "Trilu", inputs: []*Tensor{x}}.mustRun(t)[0]))
	require.Equal(t, []int32{1, 2, 0, 4, 5, 6}, Data[int32](opCase{op: "Trilu", attrs: []Attr{IntAttr("upper", 0)}, inputs: []*Tensor{x, Of([]int64{1})}}.mustRun(t)[0]))
}

func TestTriluRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(20, 20))
	for _, d := range movable() {
		for _, k := range []int{math.MinInt, -5, -2, -1, 0, 1, 2, 5, math.MaxInt} {
			x := counted(d, randomShape(r, 2+r.IntN(2))...)
			upper := r.IntN(2)
			got := opCase{op: "Trilu", attrs: []Attr{IntAttr("upper", upper)}, inputs: []*Tensor{x, OfInts([]int{k})}}.mustRun(t)[0]
			zero := elementAt(NewTensor(d, Shape{1}), 0)
			n := len(x.shape)
			forEachIndex(x.shape, func(i int, index []int) {
				below := index[n-1] - index[n-2]
				want := zero
				if upper == 1 && below >= k || upper == 0 && below <= k {
					want = elementAt(x, i)
				}
				require.Equal(t, want, elementAt(got, i), "%v k %d upper %d at %v", x, k, upper, index)
			})
		}
	}
}

func TestTriluErrors(t *testing.T) {
	opCase{op: "Trilu", inputs: []*Tensor{counted(Int8, 3)}}.mustFail(t, "input has shape [3], want rank 2 or more")
	opCase{op: "Trilu", inputs: []*Tensor{counted(Int8, 3, 3), OfInts([]int{1, 2})}}.mustFail(t, "k is [1 2], want one number")
	opCase{op: "Trilu", inputs: []*Tensor{counted(Int4, 2, 2)}}.mustFail(t, "want elements of at least 8 bits")
}

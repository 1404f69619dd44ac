package ops

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGather(t *testing.T) {
	x := Of([]float32{1, 2, 3, 4, 5, 6}, 3, 2)
	got := opCase{op: "Gather", inputs: []*Tensor{x, Of([]int32{2, 0, -1}, 3, 1)}}.mustRun(t)[0]
	require.Equal(t, Shape{3, 1, 2}, got.Shape())
	require.Equal(t, []float32{5, 6, 1, 2, 5, 6}, Data[float32](got))

	scalar := opCase{op: "Gather", attrs: []Attr{IntAttr("axis", 1)}, inputs: []*Tensor{x, Of([]int64{-2})}}.mustRun(t)[0]
	require.Equal(t, Shape{3}, scalar.Shape())
	require.Equal(t, []float32{1, 3, 5}, Data[float32](scalar))
}

func TestGatherRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for _, d := range movable() {
		for range 15 {
			x := counted(d, randomShape(r, 1+r.IntN(4))...)
			axis := r.IntN(len(x.shape))
			n := x.shape[axis]
			indices := NewTensor(Int64, randomShape(r, r.IntN(3)))
			if n == 0 && indices.Len() > 0 {
				continue
			}
			for i := range indices.Len() {
				Data[int64](indices)[i] = int64(r.IntN(2*n) - n)
			}
			got := opCase{op: "Gather", attrs: []Attr{IntAttr("axis", axis-r.IntN(2)*len(x.shape))}, inputs: []*Tensor{x, indices}}.mustRun(t)[0]
			q := len(indices.shape)
			requireMoved(t, got, x, func(index []int) []int {
				i := int(Data[int64](indices)[offsetOf(indices.shape, index[axis:axis+q])])
				if i < 0 {
					i += n
				}
				return slices.Concat(index[:axis], []int{i}, index[axis+q:])
			})
		}
	}
}

func TestGatherErrors(t *testing.T) {
	x := Of([]float32{1, 2, 3, 4, 5, 6}, 3, 2)
	opCase{op: "Gather", inputs: []*Tensor{x, Of([]int64{3}, 1)}}.mustFail(t, "indices holds 3, want values in [-3, 3)")
	opCase{op: "Gather", inputs: []*Tensor{x, Of([]int64{-4}, 1)}}.mustFail(t, "indices holds -4")
	opCase{op: "Gather", inputs: []*Tensor{counted(Int8, 0, 2), Of([]int64{0}, 1)}}.mustFail(t, "indices holds 0, want values in [0, 0)")
	opCase{op: "Gather", attrs: []Attr{IntAttr("axis", 2)}, inputs: []*Tensor{x, Of([]int64{3}, 1)}}.mustFail(t, "axis is 2, want one in [-2, 2)")
	opCase{op: "Gather", inputs: []*Tensor{x, x}}.mustFail(t, "indices is tensor(float)")
	opCase{op: "Gather", inputs: []*Tensor{Of([]float32{1}), Of([]int64{0}, 1)}}.mustFail(t, "axis is 0")
}

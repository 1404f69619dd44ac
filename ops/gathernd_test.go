package ops

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGatherND(t *testing.T) {
	x := Of([]int32{0, 1, 2, 3, 4, 5, 6, 7}, 2, 2, 2)
	got := opCase{op: "GatherND", inputs: []*Tensor{x, Of([]int64{0, 1, -1, 0}, 2, 2)}}.mustRun(t)[0]
	require.Equal(t, Shape{2, 2}, got.Shape())
	require.Equal(t, []int32{2, 3, 4, 5}, Data[int32](got))
	batched := opCase{op: "GatherND", attrs: []Attr{IntAttr("batch_dims", 1)}, inputs: []*Tensor{x, Of([]int64{1, 0}, 2, 1)}}.mustRun(t)[0]
	require.Equal(t, []int32{2, 3, 4, 5}, Data[int32](batched))
}

func TestGatherNDRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 15))
	for _, d := range movable() {
		for range 10 {
			x := counted(d, randomShape(r, 1+r.IntN(4))...)
			batch := r.IntN(len(x.shape))
			k := 1 + r.IntN(len(x.shape)-batch)
			q := r.IntN(3)
			shape := joinShapes(x.shape[:batch], randomShape(r, q), Shape{k})
			indices := NewTensor(Int64, shape)
			if indices.Len() > 0 && product(x.shape) == 0 {
				continue
			}
			for i := range indices.Len() {
				n := x.shape[batch+i%k]
				Data[int64](indices)[i] = int64(r.IntN(2*n) - n)
			}
			got := opCase{op: "GatherND", attrs: []Attr{IntAttr("batch_dims", batch)}, inputs: []*Tensor{x, indices}}.mustRun(t)[0]
			requireMoved(t, got, x, func(index []int) []int {
				from := slices.Clone(index[:batch])
				for j := range k {
					at := int(Data[int64](indices)[offsetOf(shape, append(slices.Clone(index[:batch+q]), j))])
					if at < 0 {
						at += x.shape[batch+j]
					}
					from = append(from, at)
				}
				return append(from, index[batch+q:]...)
			})
		}
	}
}

func TestGatherNDErrors(t *testing.T) {
	x := counted(Int32, 2, 3)
	nd := func(batch int, indices *Tensor) opCase {
		return opCase{op: "GatherND", attrs: []Attr{IntAttr("batch_dims", batch)}, inputs: []*Tensor{x, indices}}
	}
	nd(0, Of([]int64{2}, 1)).mustFail(t, "indices holds 2 for an axis of 2, want values in [-2, 2)")
	nd(0, Of([]int64{0, -4}, 2)).mustFail(t, "indices holds -4 for an axis of 3")
	nd(0, Of([]int64{0, 0, 0}, 3)).mustFail(t, "indices has shape [3], want 1 to 2 in the last axis")
	nd(0, Of([]int64{0})).mustFail(t, "want ranks above batch_dims 0")
	nd(1, Of([]int64{0}, 1, 1)).mustFail(t, "want them equal in the first 1 axes")
	nd(2, Of([]int64{0}, 1)).mustFail(t, "want ranks above batch_dims 2")
	nd(-1, Of([]int64{0}, 1)).mustFail(t, "batch_dims is -1, want 0 or more")
	nd(0, Of([]float32{0}, 1)).mustFail(t, "indices is tensor(float)")
}

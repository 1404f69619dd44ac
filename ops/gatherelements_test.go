package ops

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGatherElements(t *testing.T) {
	x := Of([]float32{1, 2, 3, 4}, 2, 2)
	got := opCase{op: "GatherElements", attrs: []Attr{IntAttr("axis", 1)}, inputs: []*Tensor{x, Of([]int64{0, 0, 1, -2}, 2, 2)}}.mustRun(t)[0]
	require.Equal(t, []float32{1, 1, 4, 3}, Data[float32](got))
}

// randomElementIndices draws indices for the axis of a shape, some negative.
func randomElementIndices(r *rand.Rand, shape Shape, axis int) *Tensor {
	s := shape.Clone()
	for i := range s {
		s[i] = r.IntN(s[i] + 1)
	}
	if n := shape[axis]; n > 0 {
		s[axis] = r.IntN(2 * n)
	}
	indices := NewTensor(Int32, s)
	for i := range indices.Len() {
		Data[int32](indices)[i] = int32(r.IntN(2*shape[axis]) - shape[axis])
	}
	return indices
}

func TestGatherElementsRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(16, 16))
	for _, d := range movable() {
		for range 10 {
			x := counted(d, randomShape(r, 1+r.IntN(4))...)
			axis := r.IntN(len(x.shape))
			indices := randomElementIndices(r, x.shape, axis)
			got := opCase{op: "GatherElements", attrs: []Attr{IntAttr("axis", axis-r.IntN(2)*len(x.shape))}, inputs: []*Tensor{x, indices}}.mustRun(t)[0]
			require.Equal(t, indices.shape, got.shape)
			requireMoved(t, got, x, func(index []int) []int {
				from := slices.Clone(index)
				at := int(Data[int32](indices)[offsetOf(indices.shape, index)])
				from[axis] = (at + x.shape[axis]) % x.shape[axis]
				return from
			})
		}
	}
}

func TestGatherElementsErrors(t *testing.T) {
	x := counted(Int32, 2, 3)
	ge := func(axis int, indices *Tensor) opCase {
		return opCase{op: "GatherElements", attrs: []Attr{IntAttr("axis", axis)}, inputs: []*Tensor{x, indices}}
	}
	ge(0, Of([]int64{2}, 1, 1)).mustFail(t, "indices holds 2, want values in [-2, 2)")
	ge(0, Of([]int64{2}, 1)).mustFail(t, "want one rank")
	ge(0, counted(Int64, 1, 4)).mustFail(t, "want it no longer but for axis 0")
	ge(2, counted(Int64, 1, 1)).mustFail(t, "axis is 2")
	ge(0, counted(Float32, 1, 1)).mustFail(t, "indices is tensor(float)")
}

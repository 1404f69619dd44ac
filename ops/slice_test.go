package ops

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSlice(t *testing.T) {
	x := counted(Int32, 10)
	const far = math.MaxInt64
	for _, c := range []struct {
		start, end, step int64
		want             []int32
	}{
		{2, 5, 1, []int32{2, 3, 4}},
		{-3, far, 1, []int32{7, 8, 9}},
		{-far - 1, 2, 1, []int32{0, 1}},
		{0, far, 4, []int32{0, 4, 8}},
		{8, 2, -3, []int32{8, 5}},
		{far, -far - 1, -4, []int32{9, 5, 1}},
		{-1, -far, -far - 1, []int32{9}},
		{1, far, -1, []int32{1, 0}}, // as onnxruntime 1.30
		{1, math.MaxInt32, -1, []int32{1, 0}},
		{1, 50, -1, []int32{}},
		{0, far, far, []int32{0}},
		{5, 5, 1, []int32{}},
		{7, 3, 1, []int32{}},
		{3, 7, -1, []int32{}},
		{20, 30, 1, []int32{}},
		{-20, -far - 1, -1, []int32{0}}, // a start before the axis is its first element
	} {
		got := opCase{op: "Slice", inputs: []*Tensor{x, Of([]int64{c.start}, 1), Of([]int64{c.end}, 1), nil, Of([]int64{c.step}, 1)}}.mustRun(t)[0]
		require.Equal(t, c.want, append([]int32{}, Data[int32](got)...), "%+v", c)
	}
}

func TestSliceVersion1(t *testing.T) {
	x := Of([]float32{1, 2, 3, 4, 5, 6}, 2, 3)
	got := opCase{op: "Slice", opset: 9, attrs: []Attr{IntsAttr("starts", 1), IntsAttr("ends", 3), IntsAttr("axes", 1)}, inputs: []*Tensor{x}}.mustRun(t)[0]
	require.Equal(t, Shape{2, 2}, got.Shape())
	require.Equal(t, []float32{2, 3, 5, 6}, Data[float32](got))
	opCase{op: "Slice", opset: 9, attrs: []Attr{IntsAttr("starts", 1)}, inputs: []*Tensor{x}}.mustFail(t, "attribute ends is missing")
}

func TestSliceRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for _, d := range movable() {
		for range 20 {
			shape := randomShape(r, 1+r.IntN(4))
			x := counted(d, shape...)
			axes := shuffled(r, len(shape))[:r.IntN(len(shape)+1)]
			starts, ends, steps := make([]int32, len(axes)), make([]int32, len(axes)), make([]int32, len(axes))
			ax := make([]int32, len(axes))
			taken := make([][]int, len(shape)) // the places of each axis, as a loop finds them
			for k, n := range shape {
				taken[k] = identityOrder(n)
			}
			for i, a := range axes {
				n := shape[a]
				starts[i], ends[i], steps[i] = int32(r.IntN(2*n+3)-n-1), int32(r.IntN(2*n+3)-n-1), int32(1+r.IntN(3))
				ax[i] = int32(a - r.IntN(2)*len(shape))
				start, end := int(starts[i]), int(ends[i])
				if start < 0 {
					start += n
				}
				if end < 0 {
					end += n
				}
				taken[a] = nil
				if r.IntN(2) == 0 {
					for k := max(start, 0); k < min(end, n); k += int(steps[i]) {
						taken[a] = append(taken[a], k)
					}
				} else {
					for k := max(min(start, n-1), 0); k > max(end, -1) && n > 0; k -= int(steps[i]) {
						taken[a] = append(taken[a], k)
					}
					steps[i] = -steps[i]
				}
			}
			got := opCase{op: "Slice", inputs: []*Tensor{x, Of(starts, len(axes)), Of(ends, len(axes)), Of(ax, len(axes)), Of(steps, len(axes))}}.mustRun(t)[0]
			for k := range shape {
				require.Equal(t, len(taken[k]), got.shape[k])
			}
			requireMoved(t, got, x, func(index []int) []int {
				from := make([]int, len(index))
				for k, i := range index {
					from[k] = taken[k][i]
				}
				return from
			})
		}
	}
}

func TestSliceErrors(t *testing.T) {
	x, i := Of([]float32{1, 2}, 1, 2), func(v ...int) *Tensor { return OfInts(v) }
	opCase{op: "Slice", inputs: []*Tensor{x, i(0), i(1), i(2)}}.mustFail(t, "axis is 2, want one in [-2, 2)")
	opCase{op: "Slice", inputs: []*Tensor{x, i(0), i(1, 2)}}.mustFail(t, "want them equally long")
	opCase{op: "Slice", inputs: []*Tensor{x, i(0, 0), i(1, 2), i(1, -1)}}.mustFail(t, "name axis 1 twice")
	opCase{op: "Slice", inputs: []*Tensor{x, i(0), i(1), i(0), i(0)}}.mustFail(t, "steps [0] has a 0")
	opCase{op: "Slice", inputs: []*Tensor{x, i(0, 0, 0), i(1, 1, 1)}}.mustFail(t, "axis is 2")
	opCase{op: "Slice", inputs: []*Tensor{x, x, i(1)}}.mustFail(t, "starts is tensor(float)")
	opCase{op: "Slice", inputs: []*Tensor{counted(Int4, 2), i(0), i(1)}}.mustFail(t, "want elements of at least 8 bits")
}

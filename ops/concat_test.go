package ops

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestConcat(t *testing.T) {
	a, b := Of([]int8{1, 2, 3, 4}, 2, 2), Of([]int8{5, 6}, 2, 1)
	for _, axis := range []int{1, -1} {
		got := opCase{op: "Concat", attrs: []Attr{IntAttr("axis", axis)}, inputs: []*Tensor{a, b}}.mustRun(t)[0]
		require.Equal(t, Shape{2, 3}, got.Shape())
		require.Equal(t, []int8{1, 2, 5, 3, 4, 6}, Data[int8](got))
	}
}

func TestConcatRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for _, d := range movable() {
		for range 10 {
			shape := randomShape(r, 1+r.IntN(4))
			axis := r.IntN(len(shape))
			var in []*Tensor
			for range 1 + r.IntN(4) {
				s := slices.Clone(shape)
				s[axis] = r.IntN(4)
				in = append(in, counted(d, s...))
			}
			got := opCase{op: "Concat", attrs: []Attr{IntAttr("axis", axis)}, inputs: in}.mustRun(t)[0]
			forEachIndex(got.shape, func(i int, index []int) {
				from := slices.Clone(index)
				k := 0
				for ; from[axis] >= in[k].shape[axis]; k++ {
					from[axis] -= in[k].shape[axis]
				}
				require.Equal(t, elementAt(in[k], offsetOf(in[k].shape, from)), elementAt(got, i))
			})
		}
	}
}

func TestConcatErrors(t *testing.T) {
	x := Of([]float32{1, 2}, 1, 2)
	axis := []Attr{IntAttr("axis", 0)}
	opCase{op: "Concat", inputs: []*Tensor{x}}.mustFail(t, "attribute axis is missing")
	opCase{op: "Concat", attrs: axis}.mustFail(t, "no inputs, want at least 1")
	opCase{op: "Concat", attrs: axis, inputs: []*Tensor{x, nil}}.mustFail(t, "input 1 is omitted")
	opCase{op: "Concat", attrs: axis, inputs: []*Tensor{x, Of([]float32{1, 2, 3}, 1, 3)}}.mustFail(t, "input 1 has shape [1, 3], input 0 has [1, 2]: want them equal but for axis 0")
	opCase{op: "Concat", attrs: axis, inputs: []*Tensor{x, Of([]float32{1}, 1)}}.mustFail(t, "want one rank")
	opCase{op: "Concat", attrs: axis, inputs: []*Tensor{x, Of([]int64{1}, 1)}}.mustFail(t, "want one type")
	opCase{op: "Concat", attrs: axis, inputs: []*Tensor{Of([]float32{1})}}.mustFail(t, "axis is 0")
	opCase{op: "Concat", attrs: []Attr{IntAttr("axis", 2)}, inputs: []*Tensor{x}}.mustFail(t, "axis is 2, want one in [-2, 2)")
}

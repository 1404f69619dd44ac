package ops

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReverseSequence(t *testing.T) {
	x := Of([]int32{0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11}, 4, 3) // [time, batch]
	lens := Of([]int64{4, 1, 0}, 3)
	got := opCase{op: "ReverseSequence", inputs: []*Tensor{x, lens}}.mustRun(t)[0]
	require.Equal(t, []int32{3, 4, 8, 2, 5, 9, 1, 6, 10, 0, 7, 11}, Data[int32](got))
	a := []Attr{IntAttr("batch_axis", 0), IntAttr("time_axis", 1)}
	for _, d := range movable() {
		x := counted(d, 3, 4, 2)
		got := opCase{op: "ReverseSequence", attrs: a, inputs: []*Tensor{x, lens}}.mustRun(t)[0]
		requireMoved(t, got, x, func(index []int) []int {
			b, s := index[0], index[1]
			if l := int(Data[int64](lens)[b]); s < l {
				s = l - 1 - s
			}
			return []int{b, s, index[2]}
		})
	}
}

func TestReverseSequenceErrors(t *testing.T) {
	x := counted(Int32, 4, 3)
	opCase{op: "ReverseSequence", inputs: []*Tensor{x, Of([]int64{1, 2, 5}, 3)}}.mustFail(t, "sequence_lens[2] is 5, want one in [0, 4]")
	opCase{op: "ReverseSequence", inputs: []*Tensor{x, Of([]int64{1, 2}, 2)}}.mustFail(t, "sequence_lens has shape [2], want [3]")
	opCase{op: "ReverseSequence", inputs: []*Tensor{counted(Int32, 4), Of([]int64{1}, 1)}}.mustFail(t, "want rank 2 or more")
	opCase{op: "ReverseSequence", attrs: []Attr{IntAttr("time_axis", 1)}, inputs: []*Tensor{x, Of([]int64{1, 2, 5}, 3)}}.mustFail(t, "batch_axis is 1 and time_axis 1")
}

package ops

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTensorScatter(t *testing.T) {
	past, update := Of([]int32{1, 2, 3, 4, 5, 6}, 2, 3, 1), Of([]int32{10, 20, 30, 40}, 2, 2, 1)
	at := Of([]int64{1, 0}, 2)
	got := opCase{op: "TensorScatter", inputs: []*Tensor{past, update, at}}.mustRun(t)[0]
	require.Equal(t, []int32{1, 10, 20, 30, 40, 6}, Data[int32](got))
	got = opCase{op: "TensorScatter", inputs: []*Tensor{past, update}}.mustRun(t)[0]
	require.Equal(t, []int32{10, 20, 3, 30, 40, 6}, Data[int32](got))
	got = opCase{op: "TensorScatter", attrs: []Attr{StringAttr("mode", "circular")}, inputs: []*Tensor{past, update, Of([]int64{2, 4}, 2)}}.mustRun(t)[0]
	require.Equal(t, []int32{20, 2, 10, 4, 30, 40}, Data[int32](got))
}

// TestTensorScatterRandomTypes writes whole rows of every type.
func TestTensorScatterRandomTypes(t *testing.T) {
	for _, d := range movable() {
		past, update := counted(d, 2, 3, 4, 2), counted(d, 2, 3, 1, 2)
		got := opCase{op: "TensorScatter", inputs: []*Tensor{past, update, Of([]int64{3, 1}, 2)}}.mustRun(t)[0]
		forEachIndex(got.shape, func(i int, index []int) {
			want := elementAt(past, i)
			if index[2] == []int{3, 1}[index[0]] {
				want = elementAt(update, offsetOf(update.shape, []int{index[0], index[1], 0, index[3]}))
			}
			require.Equal(t, want, elementAt(got, i))
		})
	}
}

func TestTensorScatterErrors(t *testing.T) {
	past, update := counted(Int32, 2, 3, 1), counted(Int32, 2, 2, 1)
	opCase{op: "TensorScatter", inputs: []*Tensor{past, update, Of([]int64{0, 2}, 2)}}.mustFail(t, "write_indices[1] is 2, want one in [0, 1]")
	opCase{op: "TensorScatter", attrs: []Attr{StringAttr("mode", "circular")}, inputs: []*Tensor{past, update, Of([]int64{0, -1}, 2)}}.mustFail(t, "write_indices[1] is -1")
	opCase{op: "TensorScatter", inputs: []*Tensor{past, counted(Int32, 2, 4, 1)}}.mustFail(t, "want them equal, but no longer along axis 1")
	opCase{op: "TensorScatter", attrs: []Attr{IntAttr("axis", 0)}, inputs: []*Tensor{past, update}}.mustFail(t, "axis is 0, want one behind the batch axis")
	opCase{op: "TensorScatter", inputs: []*Tensor{past, update, Of([]int64{0}, 1)}}.mustFail(t, "write_indices has shape [1], want [2]")
	opCase{op: "TensorScatter", inputs: []*Tensor{past, counted(Int8, 2, 2, 1)}}.mustFail(t, "want one type")
}

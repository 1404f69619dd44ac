package ops

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCompress(t *testing.T) {
	x := Of([]int32{1, 2, 3, 4, 5, 6}, 3, 2)
	axis := func(a int) []Attr { return []Attr{IntAttr("axis", a)} }
	for _, c := range []struct {
		attrs     []Attr
		condition []bool
		shape     Shape
		want      []int32
	}{
		{axis(0), []bool{false, true, true}, Shape{2, 2}, []int32{3, 4, 5, 6}},
		{axis(-1), []bool{false, true}, Shape{3, 1}, []int32{2, 4, 6}},
		{nil, []bool{false, true, false, false, true}, Shape{2}, []int32{2, 5}},
		{axis(0), []bool{true}, Shape{1, 2}, []int32{1, 2}},
		{axis(0), []bool{true, false, false, true}, Shape{1, 2}, []int32{1, 2}}, // as onnxruntime 1.30
		{axis(0), []bool{}, Shape{0, 2}, nil},
	} {
		got := opCase{op: "Compress", attrs: c.attrs, inputs: []*Tensor{x, Of(c.condition, len(c.condition))}}.mustRun(t)[0]
		require.Equal(t, c.shape, got.Shape())
		require.Equal(t, c.want, Data[int32](got))
	}
	for _, d := range movable() {
		x := counted(d, 2, 3, 2)
		got := opCase{op: "Compress", attrs: axis(1), inputs: []*Tensor{x, Of([]bool{true, false, true}, 3)}}.mustRun(t)[0]
		requireMoved(t, got, x, func(index []int) []int { return []int{index[0], index[1] * 2, index[2]} })
	}
}

func TestCompressErrors(t *testing.T) {
	x := counted(Int32, 3, 2)
	opCase{op: "Compress", attrs: []Attr{IntAttr("axis", 2)}, inputs: []*Tensor{x, Of([]bool{true}, 1)}}.mustFail(t, "axis is 2")
	opCase{op: "Compress", inputs: []*Tensor{x, x}}.mustFail(t, "condition is tensor(int32)")
}

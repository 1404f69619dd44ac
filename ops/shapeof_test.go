package ops

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestShape(t *testing.T) {
	for _, c := range []struct {
		attrs []Attr
		opset int
		want  []int64
	}{
		{want: []int64{2, 0, 4}},
		{opset: 1, want: []int64{2, 0, 4}},
		{attrs: []Attr{IntAttr("start", 1)}, want: []int64{0, 4}},
		{attrs: []Attr{IntAttr("start", -1)}, want: []int64{4}},
		{attrs: []Attr{IntAttr("end", -1)}, want: []int64{2, 0}},
		{attrs: []Attr{IntAttr("start", -9), IntAttr("end", 9)}, want: []int64{2, 0, 4}},
		{attrs: []Attr{IntAttr("start", 2), IntAttr("end", 1)}, want: []int64{}},
	} {
		got := opCase{op: "Shape", opset: c.opset, attrs: c.attrs, inputs: []*Tensor{counted(Float16, 2, 0, 4)}}.mustRun(t)[0]
		require.Equal(t, c.want, append([]int64{}, Data[int64](got)...), c)
	}
	got := opCase{op: "Shape", inputs: []*Tensor{Of([]bool{true})}}.mustRun(t)[0]
	require.Equal(t, Shape{0}, got.Shape(), "of a scalar")
}

func TestShapeIsKnownBeforeTheRun(t *testing.T) {
	specs, err := (&shapeOf{end: MaxRank}).Infer([]Spec{tensorSpec(Float32, Shape{3, 5})})
	require.NoError(t, err)
	require.Equal(t, []int{3, 5}, specs[0].Const.Ints())
}

func TestShapeErrors(t *testing.T) {
	opCase{op: "Shape", opset: 13, attrs: []Attr{IntAttr("start", 1)}, inputs: []*Tensor{Of([]bool{true})}}.
		mustFail(t, "attribute start=1 is not known to Shape at opset 13")
	opCase{op: "Shape", inputs: []*Tensor{NewSequence(Float32, nil)}}.mustFail(t, "data is a sequence, want a tensor")
}

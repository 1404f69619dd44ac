package ops

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSqueeze(t *testing.T) {
	x := counted(Int16, 1, 3, 1, 2)
	for _, c := range []struct {
		axes []int // nil: absent
		want Shape
	}{
		{nil, Shape{3, 2}},
		{[]int{}, Shape{3, 2}}, // as onnxruntime 1.30
		{[]int{0}, Shape{3, 1, 2}},
		{[]int{-2, 0}, Shape{3, 2}},
	} {
		now := opCase{op: "Squeeze", inputs: []*Tensor{x, nil}}
		old := opCase{op: "Squeeze", opset: 11, inputs: []*Tensor{x}}
		if c.axes != nil {
			now.inputs[1] = OfInts(c.axes)
			old.attrs = []Attr{IntsAttr("axes", c.axes...)}
		}
		for _, oc := range []opCase{now, old} {
			got := oc.mustRun(t)[0]
			require.Equal(t, c.want, got.Shape())
			require.Equal(t, x.Bytes(), got.Bytes())
		}
	}
	require.Equal(t, Scalar(), opCase{op: "Squeeze", inputs: []*Tensor{counted(Int16, 1, 1)}}.mustRun(t)[0].Shape())
}

func TestSqueezeErrors(t *testing.T) {
	x := counted(Int16, 1, 3)
	opCase{op: "Squeeze", inputs: []*Tensor{x, OfInts([]int{1})}}.mustFail(t, "axis 1 of data of shape [1, 3] is squeezed, want extent 1")
	opCase{op: "Squeeze", inputs: []*Tensor{x, OfInts([]int{2})}}.mustFail(t, "axis is 2, want one in [-2, 2)")
	opCase{op: "Squeeze", inputs: []*Tensor{x, OfInts([]int{0, -2})}}.mustFail(t, "name axis 0 twice")
	opCase{op: "Squeeze", attrs: []Attr{IntsAttr("axes", 0)}, inputs: []*Tensor{x}}.mustFail(t, "attribute axes=[0] is not known")
}

package graph

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv/onnx"
	"github.com/tconv/tconv/ops"
)

func TestRecogniseGlobalPool(t *testing.T) {
	reduced := func(x *ops.Tensor, op string, attrs ...*onnx.Attribute) string {
		b := newBuilder().input("x", x.DType(), x.Shape()...).node("y", op, "x", attrs...).output("y")
		return rewritten(t, b, x)
	}
	x := ramp(2, 4, 2, 3)
	pixels := testInts("axes", -1, 2)
	t.Run("mean", func(t *testing.T) {
		require.Equal(t, golden(
			"in  x: tensor(float)[2, 4, 2, 3]",
			"y: tensor(float)[2, 4, 1, 1] = GlobalAveragePool-1(x)",
			"out y"), reduced(x, "ReduceMean", pixels))
	})
	t.Run("maximum", func(t *testing.T) {
		require.Contains(t, reduced(x, "ReduceMax", pixels), "= GlobalMaxPool-1(x)")
	})
	t.Run("of volumes, one sample with one channel", func(t *testing.T) {
		require.Contains(t, reduced(ramp(1, 1, 3, 1, 5), "ReduceMean"), "= GlobalAveragePool-1(x)")
	})
	for _, c := range []struct {
		name string
		x    *ops.Tensor
		op   string
		attr *onnx.Attribute
	}{
		{"channels too", x, "ReduceMean", testInts("axes", 1, 2, 3)},
		{"samples too", x, "ReduceMean", testInts("axes", 0, 2, 3)},
		{"rows alone", x, "ReduceMean", testInts("axes", 2)},
		{"without the axes", x, "ReduceMean", testInt("keepdims", 0)},
		{"another reduction", x, "ReduceMin", pixels},
		{"no spatial axes", ramp(2, 4), "ReduceMean", testInts("axes", 1)},
		{"another type", ops.Of([]int32{1, 2, 3, 4}, 1, 1, 2, 2), "ReduceMax", pixels},
		{"nothing to average", ops.NewTensor(ops.Float32, ops.Shape{2, 4, 0, 3}), "ReduceMean", pixels},
	} {
		t.Run("not: "+c.name, func(t *testing.T) { require.Contains(t, reduced(c.x, c.op, c.attr), "= "+c.op+"-") })
	}
}

package graph

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv/onnx"
	"github.com/tconv/tconv/ops"
)

func TestFoldPad(t *testing.T) {
	x := ramp(1, 2, 4, 5)
	padded := func(pads []int, attrs ...*onnx.Attribute) *builder {
		return newBuilder().input("x", ops.Float32, 1, 2, 4, 5).constant("w", ramp(3, 2, 3, 3)).constant("pads", ops.OfInts(pads)).
			node("y", "Pad", "x pads", attrs...)
	}
	around := []int{0, 0, 1, 2, 0, 0, 3, 0}
	t.Run("added to the pads that are there", func(t *testing.T) {
		b := padded(around).node("z", "Conv", "y w", testInts("pads", 0, 1, 1, 0)).output("z")
		require.Equal(t, golden(
			"in  x: tensor(float)[1, 2, 4, 5]",
			"z: tensor(float)[1, 3, 7, 6] = Conv-1(x, w) {pads=[1 3 4 0]}",
			"out z"), rewritten(t, b, x))
	})
	t.Run("VALID", func(t *testing.T) {
		b := padded(around).node("z", "Conv", "y w", testString("auto_pad", "VALID")).output("z")
		require.Contains(t, rewritten(t, b, x), "Conv-1(x, w) {pads=[1 2 3 0]}")
	})
	for name, b := range map[string]*builder{
		"reflect":        padded(around, testString("mode", "reflect")).node("z", "Conv", "y w").output("z"),
		"SAME":           padded(around).node("z", "Conv", "y w", testString("auto_pad", "SAME_UPPER")).output("z"),
		"cuts":           padded([]int{0, 0, -1, 2, 0, 0, 3, 0}).node("z", "Conv", "y w").output("z"),
		"another reader": padded(around).node("z", "Conv", "y w").node("r", "Relu", "y").output("z", "r"),
		"another value":  padded(around).constant("one", ops.Of([]float32{1})).node("p", "Pad", "x pads one").node("z", "Conv", "p w").output("z"),
		"pads the batch": padded([]int{1, 0, 1, 2, 0, 0, 3, 0}).node("z", "Conv", "y w").output("z"),
		"a pool":         padded(around).node("z", "MaxPool", "y", testInts("kernel_shape", 2, 2)).output("z"),
	} {
		t.Run("not: "+name, func(t *testing.T) { require.Contains(t, rewritten(t, b, x), "= Pad-") })
	}
}

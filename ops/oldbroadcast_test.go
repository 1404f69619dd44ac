package ops

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOldBroadcast(t *testing.T) {
	a := Of([]float32{0, 0, 0, 0, 0, 0, 0, 0}, 2, 2, 2)
	b := Of([]float32{1, 2}, 2)
	add := func(attrs ...Attr) []float32 {
		return Data[float32](opCase{op: "Add", opset: 6, attrs: attrs, inputs: []*Tensor{a, b}}.mustRun(t)[0])
	}
	require.Equal(t, []float32{1, 2, 1, 2, 1, 2, 1, 2}, add(IntAttr("broadcast", 1)), "at the end")
	require.Equal(t, []float32{1, 1, 2, 2, 1, 1, 2, 2}, add(IntAttr("broadcast", 1), IntAttr("axis", 1)))
	require.Equal(t, []float32{1, 1, 1, 1, 2, 2, 2, 2}, add(IntAttr("broadcast", 1), IntAttr("axis", 0)))

	slope := opCase{op: "PRelu", opset: 6, inputs: []*Tensor{Of([]float32{-1, -1, -1, -1}, 1, 2, 2), b}}.mustRun(t)
	require.Equal(t, []float32{-1, -1, -2, -2}, Data[float32](slope[0]), "one slope for each channel")
}

func TestOldBroadcastErrors(t *testing.T) {
	a, b := Of(make([]float32, 8), 2, 2, 2), Of([]float32{1, 2}, 2)
	opCase{op: "Add", opset: 6, inputs: []*Tensor{a, b}}.mustFail(t, "want the same without the attribute broadcast")
	opCase{op: "Add", opset: 6, attrs: []Attr{IntAttr("broadcast", 1), IntAttr("axis", 3)}, inputs: []*Tensor{a, b}}.mustFail(t, "axis is 3")
	opCase{op: "Add", opset: 6, attrs: []Attr{IntAttr("broadcast", 1)}, inputs: []*Tensor{b, a}}.mustFail(t, "want one that stretches to A's")
}

package ops

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv/backend/cpu"
)

func TestTrimTaps(t *testing.T) {
	g := cpu.ConvGeom{
		In: [3]int{1, 14, 14}, Out: [3]int{1, 14, 14}, Kernel: [3]int{1, 3, 3},
		Stride: [3]int{1, 1, 1}, Dilation: [3]int{1, 24, 12}, PadBegin: [3]int{0, 24, 12},
	}
	left, first := trimTaps(g)
	require.Equal(t, [3]int{0, 1, 0}, first, "rows: the outer taps lie 24 away; columns: 12, within the map")
	require.Equal(t, [3]int{1, 1, 3}, left.Kernel)
	require.Equal(t, [3]int{0, 0, 12}, left.PadBegin)

	w := []float32{0, 1, 2, 3, 4, 5, 6, 7, 8}
	require.Equal(t, []float32{3, 4, 5}, trimWeights(w, g.Kernel, left.Kernel, first))
}

// TestConvFarTaps holds convolutions whose outer taps meet only padding, on one or
// both sides, against the plain definition.
func TestConvFarTaps(t *testing.T) {
	x, w := NewTensor(Float32, Shape{1, 17, 5, 6}), NewTensor(Float32, Shape{18, 17, 3, 3})
	for i := range Data[float32](x) {
		Data[float32](x)[i] = float32(i%7 - 3)
	}
	for i := range Data[float32](w) {
		Data[float32](w)[i] = float32(i%5 - 2)
	}
	for _, pads := range [][]int{{9, 7, 9, 7}, {9, 0, 9, 14}, {18, 14, 0, 0}} {
		opCase{op: "Conv", attrs: []Attr{IntsAttr("dilations", 9, 7), IntsAttr("pads", pads...)}, inputs: []*Tensor{x, w}}.mustRun(t)
	}
}

package ops

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestClip(t *testing.T) {
	x := Of([]float32{-5, -1, 0, 2, 5, inf32, -inf32}, 7)
	const largest = float32(3.4028234663852886e38)
	for _, c := range []struct {
		name     string
		min, max *Tensor
		want     []float32
	}{
		{"both", Of([]float32{-1}), Of([]float32{2}), []float32{-1, -1, 0, 2, 2, 2, -1}},
		{"one-element tensors", Of([]float32{-1}, 1), Of([]float32{2}, 1), []float32{-1, -1, 0, 2, 2, 2, -1}},
		{"min missing", nil, Of([]float32{2}), []float32{-5, -1, 0, 2, 2, 2, -largest}},
		{"both missing", nil, nil, []float32{-5, -1, 0, 2, 5, largest, -largest}},
		{"min above max", Of([]float32{3}), Of([]float32{1}), []float32{1, 1, 1, 1, 1, 1, 1}},
		{"NaN bounds nothing", Of([]float32{nan32}), Of([]float32{2}), []float32{-5, -1, 0, 2, 2, 2, -inf32}},
	} {
		out := opCase{op: "Clip", inputs: []*Tensor{x, c.min, c.max}}.mustRun(t)
		require.Equal(t, c.want, Data[float32](out[0]), c.name)
	}
	out := opCase{op: "Clip", inputs: []*Tensor{Of([]float32{nan32}), Of([]float32{-1}), Of([]float32{2})}}.mustRun(t)
	require.NotEqual(t, Data[float32](out[0])[0], Data[float32](out[0])[0], "NaN stays NaN")

	ints := opCase{op: "Clip", inputs: []*Tensor{Of([]int8{-128, -3, 127}, 3), Of([]int8{-5}), nil}}.mustRun(t)
	require.Equal(t, []int8{-5, -3, 127}, Data[int8](ints[0]))
	empty := opCase{op: "Clip", inputs: []*Tensor{Of([]float32{}, 0)}}.mustRun(t)
	require.Equal(t, Shape{0}, empty[0].Shape())
}

func TestClipAttributes(t *testing.T) {
	attrs := []Attr{FloatAttr("min", 0), FloatAttr("max", 6)}
	out := opCase{op: "Clip", opset: 6, attrs: attrs, inputs: []*Tensor{Of([]float32{-1, 3, 7}, 3)}}.mustRun(t)
	require.Equal(t, []float32{0, 3, 6}, Data[float32](out[0]))
	double := opCase{op: "Clip", opset: 6, attrs: attrs[1:], inputs: []*Tensor{Of([]float64{-1, 3, 7}, 3)}}.mustRun(t)
	require.Equal(t, []float64{-1, 3, 6}, Data[float64](double[0]))
}

func TestClipErrors(t *testing.T) {
	x := Of([]float32{1}, 1)
	opCase{op: "Clip", inputs: []*Tensor{x, Of([]float32{1, 2}, 2)}}.mustFail(t, "min has shape [2], want a scalar")
	opCase{op: "Clip", inputs: []*Tensor{x, nil, Of([]float64{1})}}.mustFail(t, "max is tensor(double), want one type")
	opCase{op: "Clip", inputs: []*Tensor{Of([]bool{true}, 1)}}.mustFail(t, "input is tensor(bool), want one of")
	opCase{op: "Clip", attrs: []Attr{FloatAttr("min", 1)}, inputs: []*Tensor{x}}.mustFail(t, "attribute min=1 is not known to Clip at opset")
}

package ops

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func optimizerCase(op string, steps int64, attrs []Attr, tensors ...*Tensor) opCase {
	inputs := append([]*Tensor{Of([]float32{0.5}), Of([]int64{steps})}, tensors...)
	return opCase{op: op, domain: "ai.onnx.preview.training", opset: 1, attrs: attrs, inputs: inputs, outputs: len(tensors)}
}

func one32(v float32) *Tensor { return Of([]float32{v}, 1) }

func TestMomentum(t *testing.T) {
	attrs := func(mode string) []Attr {
		return []Attr{FloatAttr("norm_coefficient", 0.5), FloatAttr("alpha", 0.25), FloatAttr("beta", 2), StringAttr("mode", mode)}
	}
	// g = 0.5·2 + 3 = 4, v = 0.25·8 + 4 = 6, then 2 + 2·4 = 10
	run := func(mode string, steps int64) []float32 {
		out := optimizerCase("Momentum", steps, attrs(mode), one32(2), one32(3), one32(8)).mustRun(t)
		return []float32{Data[float32](out[0])[0], Data[float32](out[1])[0]}
	}
	require.Equal(t, []float32{-1, 6}, run("standard", 0))
	require.Equal(t, []float32{-3, 10}, run("standard", 1))
	require.Equal(t, []float32{2 - 0.5*(4+0.25*6), 6}, run("nesterov", 0))
	optimizerCase("Momentum", 0, attrs("standard")[1:], one32(2), one32(3), one32(8)).mustFail(t, "attribute norm_coefficient is missing")
}

func TestAdagrad(t *testing.T) {
	attrs := []Attr{FloatAttr("decay_factor", 1), FloatAttr("epsilon", 0)}
	// Two tensors: h = 7 + 9 = 16, x = 2 - 0.5/(1 + 4)·3/4.
	out := optimizerCase("Adagrad", 4, attrs, one32(2), ramp(2), one32(3), zeros(2), one32(7), ramp(2)).mustRun(t)
	require.InDelta(t, 2-0.1*0.75, Data[float32](out[0])[0], 1e-6)
	require.Equal(t, []float32{1, 2}, Data[float32](out[1]), "no gradient, no change")
	require.Equal(t, []float32{16}, Data[float32](out[2]))
	require.Equal(t, []float32{1, 2}, Data[float32](out[3]))
}

func TestAdam(t *testing.T) {
	attrs := []Attr{FloatAttr("alpha", 0.5), FloatAttr("beta", 0.75), FloatAttr("epsilon", 0), FloatAttr("norm_coefficient_post", 0.5)}
	// v = 0.5·1 + 0.5·4 = 2.5, h = 0.75·12 + 0.25·16 = 13
	run := func(steps int64) []*Tensor {
		return optimizerCase("Adam", steps, attrs, one32(2), one32(4), one32(1), one32(12)).mustRun(t)
	}
	out := run(0)
	require.InDelta(t, 0.5*(2-0.5*2.5/math.Sqrt(13)), Data[float32](out[0])[0], 1e-6)
	require.Equal(t, []float32{2.5}, Data[float32](out[1]))
	require.Equal(t, []float32{13}, Data[float32](out[2]))
	rate := 0.5 * math.Sqrt(1-0.75*0.75) / (1 - 0.25)
	require.InDelta(t, 0.5*(2-rate*2.5/math.Sqrt(13)), Data[float32](run(2)[0])[0], 1e-6)
	empty := optimizerCase("Adam", 0, attrs, zeros(0), zeros(0), zeros(0), zeros(0)).mustRun(t)
	require.Equal(t, Shape{0}, empty[2].shape)
}

func TestOptimizerErrors(t *testing.T) {
	optimizerCase("Adam", 0, nil, one32(1), one32(1), one32(1)).mustFail(t, "there are 3 tensors, want a multiple of 4")
	optimizerCase("Adagrad", 0, nil).mustFail(t, "there are 0 tensors")
	optimizerCase("Adagrad", 0, nil, one32(1), ramp(2), one32(1)).mustFail(t, "input 3 is tensor(float)[2], want tensor(float)[1] as its tensor")
	optimizerCase("Adagrad", 0, nil, one32(1), Of([]int32{1}, 1), one32(1)).mustFail(t, "input 3 is tensor(int32)")
	c := optimizerCase("Adagrad", 0, nil, one32(1), one32(1), one32(1))
	c.inputs[0] = ramp(2)
	c.mustFail(t, "R has shape [2] and T []")
	c.inputs[0] = OfStrings(nil, 0)
	c.mustFail(t, "R is tensor(string)")
}

package ops

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// batchNorm is a node whose statistics are mean 0 and variance 3 by default.
func batchNorm(x *Tensor, attrs ...Attr) opCase {
	c := channelsOf(x.Shape())
	fill := func(v float32) *Tensor {
		t := NewTensor(Float32, Shape{c})
		for i := range c {
			Data[float32](t)[i] = v
		}
		return t
	}
	return opCase{op: "BatchNormalization", attrs: attrs, inputs: []*Tensor{x, fill(2), fill(1), fill(3), fill(4)}}
}

func TestBatchNormalization(t *testing.T) {
	// (x - 3)/2·2 + 1 = x - 2
	for _, shape := range []Shape{{2, 2, 2}, {8}, {4, 2}, {1, 2, 1, 2, 2}} {
		c := batchNorm(Of([]float32{0, 1, 2, 3, 4, 5, 6, 7}, shape...), FloatAttr("epsilon", 0))
		for _, opset := range []int{6, 7, 9, 14, 15} {
			c.opset = opset
			require.Equal(t, []float32{-2, -1, 0, 1, 2, 3, 4, 5}, Data[float32](c.mustRun(t)[0]), "%v", shape)
		}
	}
	double := opCase{op: "BatchNormalization", inputs: []*Tensor{
		Of([]float64{1, 2}, 1, 2), Of([]float64{1, 1}, 2), Of([]float64{0, 10}, 2), Of([]float64{0, 0}, 2), Of([]float64{1, 1}, 2),
	}, attrs: []Attr{FloatAttr("epsilon", 0)}}
	require.Equal(t, []float64{1, 12}, Data[float64](double.mustRun(t)[0]))
	require.Equal(t, Shape{0, 2, 3}, batchNorm(Of([]float32{}, 0, 2, 3)).mustRun(t)[0].Shape())
	nan := batchNorm(Of([]float32{1}, 1, 1))
	nan.inputs[4] = Of([]float32{-1}, 1)
	require.True(t, math.IsNaN(float64(Data[float32](nan.mustRun(t)[0])[0])), "negative variance")
}

func TestBatchNormalizationElementwise(t *testing.T) {
	params := func(v ...float32) *Tensor { return Of(v, 1, 2) }
	c := opCase{op: "BatchNormalization", opset: 7, attrs: []Attr{IntAttr("spatial", 0), FloatAttr("epsilon", 0)}, inputs: []*Tensor{
		Of([]float32{5, 6, 7, 8}, 2, 1, 2), params(1, 2), params(0, 1), params(5, 6), params(1, 4),
	}}
	require.Equal(t, []float32{0, 1, 2, 3}, Data[float32](c.mustRun(t)[0]))
	c.opset = 9
	c.mustFail(t, "attribute spatial=0 is not known")
}

// The expected values are onnxruntime's.
func TestBatchNormalizationTraining(t *testing.T) {
	x := Of([]float32{1, 2, 3, 4, 5, 6, 7, 8}, 2, 2, 2)
	ones, threes := Of([]float32{1, 1}, 2), Of([]float32{3, 3}, 2)
	c := opCase{op: "BatchNormalization", opset: 9, outputs: 5, inputs: []*Tensor{x, Of([]float32{1, 2}, 2), ones, ones, threes}}
	out := c.mustRun(t)
	y := []float32{-0.21267667, 0.272394, -1.4253533, -0.45521188, 1.7276059, 2.2126767, 2.455212, 3.4253535}
	require.InDeltaSlice(t, y, Data[float32](out[0]), 1e-6)
	require.InDeltaSlice(t, []float32{1.25, 1.45}, Data[float32](out[1]), 1e-6)
	require.InDeltaSlice(t, []float32{3.125, 3.125}, Data[float32](out[2]), 1e-6)
	require.InDeltaSlice(t, []float32{3.5, 5.5}, Data[float32](out[3]), 1e-6)
	require.InDeltaSlice(t, []float32{0.48507068, 0.48507068}, Data[float32](out[4]), 1e-6)

	c.opset, c.outputs, c.attrs = 15, 3, []Attr{IntAttr("training_mode", 1), FloatAttr("momentum", 0.5)}
	out = c.mustRun(t)
	require.InDeltaSlice(t, y, Data[float32](out[0]), 1e-6)
	require.InDeltaSlice(t, []float32{2.25, 3.25}, Data[float32](out[1]), 1e-6)
	require.InDeltaSlice(t, []float32{3.625, 3.625}, Data[float32](out[2]), 1e-6)
}

func TestBatchNormalizationErrors(t *testing.T) {
	x := Of([]float32{1, 2}, 1, 2)
	c := batchNorm(x)
	c.inputs[3] = Of([]float32{1}, 1)
	c.mustFail(t, "mean has shape [1], want [2]")
	c.inputs[3] = Of([]float64{1, 1}, 2)
	c.mustFail(t, "X is tensor(float) and mean is tensor(double)")
	c = batchNorm(x)
	c.outputs = 2
	c.mustFail(t, "want training_mode 1")
	batchNorm(Of([]float32{1})).mustFail(t, "X is a scalar")
	batchNorm(Of([]float32{}, 0, 1), IntAttr("training_mode", 1)).mustFail(t, "the statistics of nothing")
	old := opCase{op: "BatchNormalization", opset: 7, outputs: 2, attrs: []Attr{IntAttr("spatial", 0)}, inputs: c.inputs}
	old.mustFail(t, "spatial 0 in training mode")
	old.opset, old.attrs = 6, []Attr{IntAttr("is_test", 1)}
	old.mustFail(t, "want is_test 0")
}

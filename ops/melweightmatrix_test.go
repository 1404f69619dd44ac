package ops

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func melCase(bands, length, rate int64, low, high float32) opCase {
	return opCase{op: "MelWeightMatrix", inputs: []*Tensor{
		Of([]int64{bands}), Of([]int64{length}), Of([]int64{rate}), Of([]float32{low}), Of([]float32{high}),
	}}
}

func TestMelWeightMatrix(t *testing.T) {
	// By the ONNX reference evaluator 1.22.
	out := melCase(4, 16, 8192, 0, 4096).mustRun(t)[0]
	require.Equal(t, Shape{9, 4}, out.shape)
	want := make([]float32, 36)
	want[0], want[5], want[10], want[15], want[19] = 1, 1, 1, 1, 0.5
	require.Equal(t, want, Data[float32](out))

	wide := melCase(2, 64, 8000, 100, 3000)
	wide.attrs = []Attr{IntAttr("output_datatype", int(Float64))}
	w := Data[float64](wide.mustRun(t)[0])
	peaks := 0
	for _, v := range w {
		require.True(t, v >= 0 && v <= 1)
		if v == 1 {
			peaks++
		}
	}
	require.Equal(t, 2, peaks, "each band has one peak")
}

func TestMelWeightMatrixErrors(t *testing.T) {
	melCase(4, 16, 8192, 0, 8192).mustFail(t, "outside a spectrum of 9 bins")
	melCase(4, 16, 8192, -1000, 100).mustFail(t, "the band is from -1000 to 100 hertz")
	melCase(4, 16, 8192, -100, 100).mustFail(t, "outside a spectrum")
	melCase(4, 16, 8192, 200, 100).mustFail(t, "the band is from 200 to 100 hertz")
	melCase(0, 16, 8192, 0, 100).mustFail(t, "num_mel_bins is [0], want one number from 1")
	c := melCase(4, 16, 8192, 0, 100)
	c.inputs[4] = Of([]float32{1, 2}, 2)
	c.mustFail(t, "upper_edge_hertz has shape [2], want one element")
	c.inputs[3] = Of([]int32{1})
	c.mustFail(t, "lower_edge_hertz is tensor(int32)")
}

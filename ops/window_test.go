package ops

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/x448/float16"
)

// By onnxruntime 1.30.
func TestWindows(t *testing.T) {
	run := func(op string, size, periodic int) []float32 {
		c := opCase{op: op, attrs: []Attr{IntAttr("periodic", periodic)}, inputs: []*Tensor{Of([]int64{int64(size)})}}
		return Data[float32](c.mustRun(t)[0])
	}
	require.InDeltaSlice(t, []float32{0, 1, 0}, run("HannWindow", 3, 0), 1e-7)
	require.InDeltaSlice(t, []float32{0, 0.75, 0.75}, run("HannWindow", 3, 1), 1e-7)
	require.InDeltaSlice(t, []float32{0.0869565, 1, 0.0869565}, run("HammingWindow", 3, 0), 1e-6)
	require.InDeltaSlice(t, []float32{0.0869565, 0.7717391, 0.7717391}, run("HammingWindow", 3, 1), 1e-6)
	require.InDeltaSlice(t, []float32{0, 1, 0}, run("BlackmanWindow", 3, 0), 1e-7)
	require.InDeltaSlice(t, []float32{0, 0.63, 0.63}, run("BlackmanWindow", 3, 1), 1e-6)
	for _, op := range []string{"HannWindow", "HammingWindow", "BlackmanWindow"} {
		require.Empty(t, run(op, 0, 1))
		require.Empty(t, run(op, 0, 0))
		require.True(t, math.IsNaN(float64(run(op, 1, 0)[0])))
		w := run(op, 513, 0)
		for i := range w {
			require.InDelta(t, w[512-i], w[i], 1e-6, "%s is symmetric", op)
		}
		require.Equal(t, run(op, 512, 1), w[:512])
	}
}

func TestWindowTypes(t *testing.T) {
	run := func(d DType) *Tensor {
		return opCase{op: "HannWindow", attrs: []Attr{IntAttr("output_datatype", int(d))}, inputs: []*Tensor{Of([]int32{4})}}.mustRun(t)[0]
	}
	require.InDeltaSlice(t, []float64{0, 0.5, 1, 0.5}, Data[float64](run(Float64)), 1e-15)
	require.Equal(t, []int8{0, 0, 1, 0}, Data[int8](run(Int8)))
	require.Equal(t, float16.Fromfloat32(0.5), Data[float16.Float16](run(Float16))[1])

	opCase{op: "HannWindow", attrs: []Attr{IntAttr("output_datatype", int(Bool))}, inputs: []*Tensor{Of([]int32{4})}}.mustFail(t, "output_datatype is bool")
	opCase{op: "HannWindow", inputs: []*Tensor{Of([]int32{-1})}}.mustFail(t, "size is [-1], want one number, 0 or more")
	opCase{op: "HannWindow", inputs: []*Tensor{Of([]int32{1, 2}, 2)}}.mustFail(t, "size is [1 2]")
	opCase{op: "HannWindow", inputs: []*Tensor{Of([]float32{1})}}.mustFail(t, "size is tensor(float)")
}

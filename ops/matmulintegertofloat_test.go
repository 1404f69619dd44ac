package ops

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// toFloat is a case of MatMulIntegerToFloat, dynamic one of DynamicQuantizeMatMul.
func toFloat(inputs ...*Tensor) opCase {
	return opCase{op: "MatMulIntegerToFloat", domain: MicrosoftDomain, opset: 1, inputs: inputs}
}

func dynamic(inputs ...*Tensor) opCase {
	return opCase{op: "DynamicQuantizeMatMul", domain: MicrosoftDomain, opset: 1, inputs: inputs}
}

// The numbers are onnxruntime 1.30's, to the last bit.
func TestMatMulIntegerToFloat(t *testing.T) {
	a, b := Of([]uint8{0, 128, 255, 7, 200, 33}, 2, 3), Of([]int8{-128, 127, 5, -6, 70, -1}, 3, 2)
	scale, scales := Of([]float32{0.02}, 1), Of([]float32{0.02, 0.3}, 2)
	zeros, bias := Of([]int8{3, -2}, 2), Of([]float32{0.5, -1}, 2)
	got := toFloat(a, b, Of([]float32{0.1}, 1), scales, Of([]uint8{100}, 1), zeros, bias).mustRun(t)[0]
	require.Equal(t, []float32{47.582000732421875, -386.71002197265625, 16.288002014160156, -374.9200134277344}, Data[float32](got))
	got = toFloat(a, b, Of([]float32{0.1}), scale).mustRun(t)[0]
	require.Equal(t, []float32{36.980003356933594, -2.0460000038146973, 4.828000068664551, -0.6880000233650208}, Data[float32](got))

	x := Of([]float32{-1.5, 0.25, 3, 0.7, -0.2, 1.1}, 2, 3)
	got = dynamic(x, b, scales, zeros, bias).mustRun(t)[0]
	require.Equal(t, []float32{8.459882736206055, -58.446475982666016, 0.10894116759300232, 26.878826141357422}, Data[float32](got))
	got = dynamic(x, b, scale).mustRun(t)[0]
	require.Equal(t, []float32{8.064705848693848, -3.8996472358703613, -0.29470589756965637, 1.7943530082702637}, Data[float32](got))
}

// TestMatMulIntegerToFloatRandom holds random products, batches and vectors among
// them, against the sums of MatMulInteger times scales that are powers of two.
func TestMatMulIntegerToFloatRandom(t *testing.T) {
	for seed := range uint64(200) {
		p := newIntegerProduct(rand.New(rand.NewPCG(seed, 43)))
		if p.aZero != nil && p.aZero.Len() != 1 {
			continue // onnxruntime takes one value
		}
		sums := opCase{op: "MatMulInteger", inputs: []*Tensor{p.a, p.b, p.aZero, p.bZero}}.mustRun(t)[0]
		got := toFloat(p.a, p.b, Of([]float32{0.5}), Of([]float32{0.25}), p.aZero, p.bZero).mustRun(t)[0]
		require.Equal(t, sums.shape, got.shape)
		for i, s := range Data[int32](sums) {
			require.Equal(t, float32(s)*0.125, Data[float32](got)[i], "seed %d: %+v", seed, p)
		}
	}
}

func TestMatMulIntegerToFloatEmpty(t *testing.T) {
	one := Of([]float32{1})
	for name, c := range map[string]struct {
		c    opCase
		want []float32
		dims Shape
	}{
		"no rows":            {toFloat(NewTensor(Uint8, Shape{0, 2}), Of([]int8{3, -4}, 2, 1), one, one), nil, Shape{0, 1}},
		"no columns":         {toFloat(Of([]uint8{3, 4}, 1, 2), NewTensor(Int8, Shape{2, 0}), one, one), nil, Shape{1, 0}},
		"nothing to add":     {toFloat(NewTensor(Uint8, Shape{1, 0}), NewTensor(Int8, Shape{0, 2}), one, one, nil, nil, Of([]float32{5, 6}, 2)), []float32{5, 6}, Shape{1, 2}},
		"dynamic, no rows":   {dynamic(NewTensor(Float32, Shape{0, 2}), Of([]int8{3, -4}, 2, 1), one), nil, Shape{0, 1}},
		"dynamic, no sums":   {dynamic(NewTensor(Float32, Shape{1, 0}), NewTensor(Int8, Shape{0, 2}), one), []float32{0, 0}, Shape{1, 2}},
		"dynamic, all zeros": {dynamic(NewTensor(Float32, Shape{1, 2}), Of([]int8{3, -4}, 2, 1), one), []float32{0}, Shape{1, 1}},
	} {
		got := c.c.mustRun(t)[0]
		require.Equal(t, c.dims, got.shape, name)
		require.Equal(t, append([]float32{}, c.want...), append([]float32{}, Data[float32](got)...), name)
	}
}

func TestMatMulIntegerToFloatErrors(t *testing.T) {
	a, b, one, two := Of([]uint8{1, 2}, 1, 2), Of([]int8{1, 2, 3, 4, 5, 6}, 2, 3), Of([]float32{1}), Of([]float32{1, 2}, 2)
	toFloat(Of([]float32{1}, 1, 1), b, one, one).mustFail(t, "a is tensor(float)")
	toFloat(a, b, Of([]float64{1}), one).mustFail(t, "a_scale is tensor(double)")
	toFloat(a, b, one, Of([]int8{1})).mustFail(t, "b_scale is tensor(int8)")
	toFloat(a, b, two, one).mustFail(t, "a_scale has shape [2], want one value")
	toFloat(a, b, one, two).mustFail(t, "b_scale has shape [2], want one value or 3")
	toFloat(a, b, one, one, Of([]int8{1})).mustFail(t, "a_zero_point is tensor(int8), want tensor(uint8)")
	toFloat(Of([]uint8{1, 2, 3, 4}, 2, 2), b, one, one, Of([]uint8{1, 2}, 2)).mustFail(t, "a_zero_point has shape [2], want one value")
	toFloat(a, b, one, one, nil, Of([]int8{1, 2}, 2)).mustFail(t, "b_zero_point has shape [2], want one value or 3")
	toFloat(a, b, one, one, nil, nil, two).mustFail(t, "want tensor(float)[3]")
	toFloat(a, Of([]int8{1}, 1, 1), one, one).mustFail(t, "A has 2 columns and B 1 rows")
	dynamic(a, b, one).mustFail(t, "A is tensor(uint8)")
	dynamic(Of([]float32{1, 2}, 1, 2), b, two).mustFail(t, "b_scale has shape [2], want one value or 3")
}

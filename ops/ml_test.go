package ops

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBinarizer(t *testing.T) {
	run := func(x *Tensor) *Tensor {
		return opCase{op: "Binarizer", domain: "ai.onnx.ml", opset: 1, attrs: []Attr{FloatAttr("threshold", 1)}, inputs: []*Tensor{x}}.mustRun(t)[0]
	}
	require.Equal(t, []float32{0, 0, 1, 0}, Data[float32](run(Of([]float32{-5, 1, 1.5, float32(math.NaN())}, 4))))
	require.Equal(t, []int64{0, 1}, Data[int64](run(Of([]int64{1, 2}, 2))))
	require.Equal(t, Shape{0}, run(zeros(0)).shape)
	opCase{op: "Binarizer", domain: "ai.onnx.ml", opset: 1, inputs: []*Tensor{OfStrings(nil, 0)}}.mustFail(t, "X is tensor(string)")
}

func TestArrayFeatureExtractor(t *testing.T) {
	extract := func(x, y *Tensor) opCase {
		return opCase{op: "ArrayFeatureExtractor", domain: "ai.onnx.ml", opset: 1, inputs: []*Tensor{x, y}}
	}
	out := extract(ramp(2, 3), Of([]int64{2, 0}, 1, 2)).mustRun(t)[0]
	require.Equal(t, Shape{2, 2}, out.shape)
	require.Equal(t, []float32{3, 1, 6, 4}, Data[float32](out))
	out = extract(OfStrings([]string{"a", "b"}, 2), Of([]int64{1, 1, 0}, 3)).mustRun(t)[0]
	require.Equal(t, Shape{1, 3}, out.shape)
	require.Equal(t, []string{"b", "b", "a"}, out.strings)
	require.Equal(t, Shape{0, 1}, extract(zeros(0, 3), Of([]int64{0}, 1)).mustRun(t)[0].shape)
	extract(ramp(2, 3), Of([]int64{3}, 1)).mustFail(t, "Y element 0 is 3, want one in [0, 3)")
	extract(ramp(), Of([]int64{0}, 1)).mustFail(t, "X is a scalar")
	extract(ramp(1), Of([]int32{0}, 1)).mustFail(t, "Y is tensor(int32)")
}

func TestLabelEncoder(t *testing.T) {
	encode := func(x *Tensor, attrs ...Attr) opCase {
		return opCase{op: "LabelEncoder", domain: "ai.onnx.ml", opset: 4, attrs: attrs, inputs: []*Tensor{x}}
	}
	words := OfStrings([]string{"Dori", "Amy", "Sally"}, 3, 1)
	keys, values := StringsAttr("keys_strings", "Amy", "Sally"), IntsAttr("values_int64s", 5, 6)
	out := encode(words, keys, values).mustRun(t)[0]
	require.Equal(t, Shape{3, 1}, out.shape)
	require.Equal(t, []int64{-1, 5, 6}, Data[int64](out))
	require.Equal(t, []int64{9, 5, 6}, Data[int64](encode(words, keys, values, IntAttr("default_int64", 9)).mustRun(t)[0]))

	nan := float32(math.NaN())
	numbers := Of([]float32{nan, 1, 2}, 3)
	names := encode(numbers, FloatsAttr("keys_floats", 1, nan), StringsAttr("values_strings", "one", "none")).mustRun(t)[0]
	require.Equal(t, []string{"none", "one", "_Unused"}, names.strings)
	short := encode(numbers, TensorAttr("keys_tensor", numbers), TensorAttr("values_tensor", Of([]int16{1, 2, 3}, 3)), TensorAttr("default_tensor", Of([]int16{7}, 1)))
	require.Equal(t, []int16{1, 2, 3}, Data[int16](short.mustRun(t)[0]))
	double := encode(words, keys, TensorAttr("values_tensor", Of([]float64{1, 2}, 2))).mustRun(t)[0]
	require.Equal(t, []float64{0, 1, 2}, Data[float64](double))
	require.True(t, math.Signbit(Data[float64](double)[0]))
	require.Equal(t, Shape{0}, encode(OfStrings(nil, 0), keys, values).mustRun(t)[0].shape)

	encode(words, keys).mustFail(t, "0 lists of values are given, want one")
	encode(words, keys, IntsAttr("values_int64s", 5)).mustFail(t, "there are 2 keys and 1 values")
	encode(ramp(1), keys, values).mustFail(t, "X is tensor(float), want tensor(string), the type of the keys")
	encode(words, keys, values, TensorAttr("default_tensor", ramp(1))).mustFail(t, "default_tensor is tensor(float)[1], want one tensor(int64)")
	encode(words, keys, TensorAttr("values_tensor", Of([]bool{true, false}, 2))).mustFail(t, "values are of type bool")
}

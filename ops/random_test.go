package ops

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// moments gives mean and standard deviation of values.
func momentsOf(x *Tensor) (mean, deviation float64) {
	v := realsOf(x)
	mean = sumOf(v, asIs) / float64(len(v))
	return mean, math.Sqrt(sumOf(v, func(x float64) float64 { return square(x - mean) }) / float64(len(v)))
}

func TestRandomFill(t *testing.T) {
	seed, shape := FloatAttr("seed", 7), IntsAttr("shape", 100, 1000)
	for d, tolerance := range map[DType]float64{Float32: 0, Float64: 0, Float16: 0.01, BFloat16: 0.05} {
		dtype := IntAttr("dtype", int(d))
		n := opCase{op: "RandomNormal", attrs: []Attr{seed, shape, dtype, FloatAttr("mean", 3), FloatAttr("scale", 2)}}.mustRun(t)[0]
		require.Equal(t, Shape{100, 1000}, n.Shape())
		mean, deviation := momentsOf(n)
		require.InDelta(t, 3, mean, 0.03+tolerance) // five standard errors
		require.InDelta(t, 2, deviation, 0.03+tolerance)

		u := opCase{op: "RandomUniform", attrs: []Attr{seed, shape, dtype, FloatAttr("low", -1), FloatAttr("high", 5)}}.mustRun(t)[0]
		mean, deviation = momentsOf(u)
		require.InDelta(t, 2, mean, 0.03+tolerance)
		require.InDelta(t, 6/math.Sqrt(12), deviation, 0.03+tolerance)
	}
}

func TestRandomSeeds(t *testing.T) {
	x := counted(Float32, 3, 5)
	for _, op := range []string{"RandomNormalLike", "RandomUniformLike"} {
		seeded := opCase{op: op, attrs: []Attr{FloatAttr("seed", 1)}, inputs: []*Tensor{x}}
		first := seeded.mustRun(t)[0]
		require.Equal(t, x.String(), first.String())
		require.Equal(t, first.Bytes(), seeded.mustRun(t)[0].Bytes())
		other := opCase{op: op, attrs: []Attr{FloatAttr("seed", 2)}, inputs: []*Tensor{x}}
		require.NotEqual(t, first.Bytes(), other.mustRun(t)[0].Bytes())
		free := opCase{op: op, inputs: []*Tensor{x}}
		require.NotEqual(t, free.mustRun(t)[0].Bytes(), free.mustRun(t)[0].Bytes())
		double := opCase{op: op, attrs: []Attr{IntAttr("dtype", int(Float64))}, inputs: []*Tensor{x}}
		require.Equal(t, Float64, double.mustRun(t)[0].DType())
	}
}

func TestBernoulli(t *testing.T) {
	p := NewTensor(Float32, Shape{3, 10_000})
	fill(Data[float32](p)[10_000:20_000], 0.3)
	fill(Data[float32](p)[20_000:], 1)
	got := Data[bool](opCase{op: "Bernoulli", attrs: []Attr{FloatAttr("seed", 1), IntAttr("dtype", int(Bool))}, inputs: []*Tensor{p}}.mustRun(t)[0])
	ones := [3]int{}
	for i, b := range got {
		if b {
			ones[i/10_000]++
		}
	}
	require.Equal(t, 0, ones[0])
	require.InDelta(t, 3000, ones[1], 230)
	require.Equal(t, 10_000, ones[2])
	require.Equal(t, Float32, opCase{op: "Bernoulli", inputs: []*Tensor{p}}.mustRun(t)[0].DType())
}

func TestMultinomial(t *testing.T) {
	x := Of([]float32{float32(math.Log(0.2)), float32(math.Log(0.8)), 100, float32(math.Inf(-1))}, 2, 2)
	got := opCase{op: "Multinomial", attrs: []Attr{FloatAttr("seed", 1), IntAttr("sample_size", 10_000), IntAttr("dtype", int(Int64))}, inputs: []*Tensor{x}}.mustRun(t)[0]
	require.Equal(t, Shape{2, 10_000}, got.Shape())
	var sums [2]int64
	for i, v := range Data[int64](got) {
		sums[i/10_000] += v
	}
	require.InDelta(t, 8000, sums[0], 200)
	require.Zero(t, sums[1])
	require.Equal(t, Int32, opCase{op: "Multinomial", inputs: []*Tensor{x}}.mustRun(t)[0].DType())
}

func TestRandomErrors(t *testing.T) {
	opCase{op: "RandomNormal"}.mustFail(t, "attribute shape is missing")
	opCase{op: "RandomNormal", attrs: []Attr{IntsAttr("shape", -1)}}.mustFail(t, "has the dimension -1")
	opCase{op: "RandomNormal", attrs: []Attr{IntsAttr("shape", 1), IntAttr("dtype", int(Int32))}}.mustFail(t, "output is tensor(int32), want a float")
	opCase{op: "RandomUniformLike", inputs: []*Tensor{counted(Int8, 1)}}.mustFail(t, "output is tensor(int8), want a float")
	opCase{op: "Bernoulli", inputs: []*Tensor{Of([]float32{1.5}, 1)}}.mustFail(t, "input element 0 is 1.5, want a probability in [0, 1]")
	opCase{op: "Bernoulli", inputs: []*Tensor{Of([]int8{1}, 1)}}.mustFail(t, "input is tensor(int8)")
	opCase{op: "Multinomial", inputs: []*Tensor{counted(Float32, 2)}}.mustFail(t, "want [batch, classes]")
	opCase{op: "Multinomial", attrs: []Attr{IntAttr("sample_size", 0)}, inputs: []*Tensor{counted(Float32, 2, 2)}}.mustFail(t, "sample_size is 0, want 1 or more")
	opCase{op: "Multinomial", attrs: []Attr{IntAttr("dtype", 1)}, inputs: []*Tensor{counted(Float32, 2, 2)}}.mustFail(t, "dtype is float, want int32 or int64")
}

package ops

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFusedConv(t *testing.T) {
	for seed := range uint64(60) {
		c := newRandomConv(rand.New(rand.NewPCG(seed, 81)), false)
		n := c.node("FusedConv")
		n.domain, n.opset = MicrosoftDomain, 1
		got := n.mustRun(t)[0]
		require.Equal(t, c.naive(false, got.shape), Data[float32](got), "seed %d", seed)
	}
	x, w := Of([]float32{-2, 1, 3}, 1, 1, 3), Of([]float32{1}, 1, 1, 1)
	run := func(name string, params ...float32) []float32 {
		attrs := []Attr{StringAttr("activation", name), FloatsAttr("activation_params", params...)}
		return Data[float32](microsoft("FusedConv", []*Tensor{x, w}, attrs...).mustRun(t)[0])
	}
	require.Equal(t, []float32{-1, 1, 3}, run("LeakyRelu", 0.5))
	require.Equal(t, []float32{-1, 1, 2}, run("Clip", -1, 2))
	require.InDeltaSlice(t, []float32{0, 1, 1}, run("HardSigmoid", 0.5, 0.75), 1e-6)
	microsoft("FusedConv", []*Tensor{x, w}, StringAttr("activation", "Sine")).mustFail(t, `activation is "Sine"`)
	microsoft("FusedConv", []*Tensor{x, w}, FloatsAttr("activation_params", 1, 2, 3)).mustFail(t, "activation_params has 3 values")
}

func TestNhwcConv(t *testing.T) {
	turn := func(x *Tensor) *Tensor {
		y := NewTensor(x.dtype, nhwcShape(x.shape))
		require.NoError(t, moveChannels(NewCall(t.Context(), nil), y, x, true))
		return y
	}
	for seed := range uint64(60) {
		c := newRandomConv(rand.New(rand.NewPCG(seed, 82)), false)
		c.r = nil
		n := c.node("NhwcConv")
		n.domain, n.opset = MicrosoftDomain, 1
		n.inputs[0], n.inputs[1] = turn(c.x), turn(c.w)
		got := n.mustRun(t)[0]
		shape := nchwShape(got.shape)
		require.Equal(t, turn(Of(c.naive(false, shape), shape...)).Bytes(), got.Bytes(), "seed %d: %+v", seed, c)
	}
	microsoft("NhwcConv", []*Tensor{zeros(1, 2), zeros(1, 2)}).mustFail(t, "want one rank of at least 3")
	microsoft("NhwcConv", []*Tensor{zeros(1, 4, 2), zeros(1, 1, 3)}).mustFail(t, "X has 2 channels, W wants 3")
}

func TestFusedMatMul(t *testing.T) {
	r := rand.New(rand.NewPCG(83, 1))
	for range 80 {
		m, k, n := 1+r.IntN(5), 1+r.IntN(5), 1+r.IntN(40)
		transA, transB := r.IntN(2), r.IntN(2)
		a, b := turnedLast(Shape{m, k}, transA == 1), turnedLast(Shape{k, n}, transB == 1)
		if r.IntN(2) == 0 {
			a = append(Shape{2, 1}, a...)
		}
		if r.IntN(2) == 0 {
			b = append(Shape{3}, b...)
		}
		x, y := integers(r, a...), integers(r, b...)
		got := microsoft("FusedMatMul", []*Tensor{x, y}, FloatAttr("alpha", 0.5), IntAttr("transA", transA), IntAttr("transB", transB)).mustRun(t)[0]
		forEachIndex(got.shape, func(i int, index []int) {
			rank := len(index)
			place := func(x *Tensor, row, col int, turn bool) float32 {
				if turn {
					row, col = col, row
				}
				at := []int{row, col}
				for d := len(x.shape) - 3; d >= 0; d-- {
					batch := index[rank-2-(len(x.shape)-2-d)]
					at = append([]int{min(batch, x.shape[d]-1)}, at...)
				}
				return Data[float32](x)[offsetOf(x.shape, at)]
			}
			want := float32(0)
			for p := range k {
				want += place(x, index[rank-2], p, transA == 1) * place(y, p, index[rank-1], transB == 1)
			}
			require.Equal(t, want/2, Data[float32](got)[i], "%v · %v", a, b)
		})
	}
	got := microsoft("FusedMatMul", []*Tensor{Of([]float64{1, 2}, 2), Of([]float64{3, 4}, 2)}, IntAttr("transA", 1)).mustRun(t)[0]
	require.Equal(t, []float64{11}, Data[float64](got))
	microsoft("FusedMatMul", []*Tensor{zeros(1, 1), zeros(1, 1)}, IntAttr("transBatchA", 1)).mustFail(t, "transBatchA is 1")
	microsoft("FusedMatMul", []*Tensor{zeros(1, 2), zeros(1, 2)}).mustFail(t, "A has 2 columns and B 1 rows")
	microsoft("FusedMatMul", []*Tensor{Of([]int64{1}, 1), Of([]int64{1}, 1)}).mustFail(t, "A is tensor(int64)")
}

func TestMicrosoftGelu(t *testing.T) {
	x := Of([]float32{-3, -1, 0, 0.5, 2, 4}, 2, 3)
	bias := Of([]float32{0.25, 0, -1}, 3)
	phi := func(v float64) float64 { return v / 2 * (1 + math.Erf(v/math.Sqrt2)) }
	byTanh := func(v float64) float64 {
		return v / 2 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(v+0.044715*v*v*v)))
	}
	for _, c := range []struct {
		op    string
		in    []*Tensor
		f     func(float64) float64
		bias  bool
		attrs []Attr
	}{
		{"Gelu", []*Tensor{x}, phi, false, nil},
		{"BiasGelu", []*Tensor{x, bias}, phi, true, nil},
		{"FastGelu", []*Tensor{x}, byTanh, false, nil},
		{"FastGelu", []*Tensor{x, bias}, byTanh, true, nil},
		{"QuickGelu", []*Tensor{x}, func(v float64) float64 { return v / (1 + math.Exp(-1.702*v)) }, false, nil},
		{"QuickGelu", []*Tensor{x}, func(v float64) float64 { return v / (1 + math.Exp(-v)) }, false, []Attr{FloatAttr("alpha", 1)}},
	} {
		for _, d := range []DType{Float32, Float64} {
			in := make([]*Tensor, len(c.in))
			for i := range in {
				in[i] = castTo(t, c.in[i], d)
			}
			got := floats(microsoft(c.op, in, c.attrs...).mustRun(t)[0])
			for i, v := range Data[float32](x) {
				want := float64(v)
				if c.bias {
					want += float64(Data[float32](bias)[i%3])
				}
				require.InDelta(t, c.f(want), got[i], 1e-6, "%s element %d", c.op, i)
			}
		}
	}
	microsoft("BiasGelu", []*Tensor{x}).mustFail(t, "input B is missing")
	microsoft("BiasGelu", []*Tensor{x, Of([]float32{1, 2}, 2)}).mustFail(t, "want B as long as A's last axis")
	microsoft("BiasGelu", []*Tensor{x, Of([]float64{1, 2, 3}, 3)}).mustFail(t, "A is tensor(float) and B is tensor(double)")
	microsoft("FastGelu", []*Tensor{Of([]float32{}, 0, 3), bias}).mustRun(t)
}

func TestSkipLayerNormalization(t *testing.T) {
	x, skip := Of([]float32{1, 2, 3, -1, 0, 4}, 2, 3), Of([]float32{0.5, 0, -1}, 1, 3)
	gamma, beta, bias := Of([]float32{1, 2, 3}, 3), Of([]float32{0, 1, -1}, 3), Of([]float32{1, 1, 2}, 3)
	sums := [][]float64{{2.5, 3, 4}, {0.5, 1, 5}}
	out := microsoft("SkipLayerNormalization", []*Tensor{x, skip, gamma, beta, bias}, FloatAttr("epsilon", 0.01))
	out.outputs = 4
	got := out.mustRun(t)
	simplified := microsoft("SkipSimplifiedLayerNormalization", []*Tensor{x, skip, gamma, bias}, FloatAttr("epsilon", 0.01)).mustRun(t)[0]
	for row, sum := range sums {
		mean := (sum[0] + sum[1] + sum[2]) / 3
		variance, square := 0.0, 0.0
		for _, v := range sum {
			variance += (v - mean) * (v - mean) / 3
			square += v * v / 3
		}
		inverse := 1 / math.Sqrt(variance+0.01)
		require.InDelta(t, mean, floats(got[1])[row], 1e-6)
		require.InDelta(t, inverse, floats(got[2])[row], 1e-6)
		for i, v := range sum {
			g, b := floats(gamma)[i], floats(beta)[i]
			require.InDelta(t, (v-mean)*inverse*g+b, floats(got[0])[row*3+i], 1e-5)
			require.InDelta(t, v, floats(got[3])[row*3+i], 0)
			require.InDelta(t, v/math.Sqrt(square+0.01)*g, floats(simplified)[row*3+i], 1e-5)
		}
	}
	two := microsoft("SkipSimplifiedLayerNormalization", []*Tensor{x, skip, gamma})
	two.outputs = 2
	two.mustFail(t, "output mean is asked for")
	microsoft("SkipLayerNormalization", []*Tensor{x, Of([]float32{1, 2}, 2), gamma}).mustFail(t, "skip has shape [2]")
	microsoft("SkipLayerNormalization", []*Tensor{x, skip, gamma, nil, Of([]float32{1, 2}, 2)}).mustFail(t, "bias has shape [2]")
	microsoft("SkipLayerNormalization", []*Tensor{x, skip, Of([]float32{1, 2}, 2)}).mustFail(t, "Scale has shape [2]")
}

func TestSimplifiedLayerNormalization(t *testing.T) {
	x, scale := Of([]float32{3, 4, 0, 5}, 2, 2), Of([]float32{1, 2}, 2)
	got := opCase{op: "SimplifiedLayerNormalization", inputs: []*Tensor{x, scale}, outputs: 2, attrs: []Attr{FloatAttr("epsilon", 0)}}.mustRun(t)
	require.Equal(t, Shape{2, 1}, got[1].shape)
	inverse := 1 / math.Sqrt(12.5)
	require.InDeltaSlice(t, []float64{inverse, inverse}, floats(got[1]), 1e-7)
	require.InDeltaSlice(t, []float64{3 * inverse, 8 * inverse, 0, 10 * inverse}, floats(got[0]), 1e-6)
	opCase{op: "SimplifiedLayerNormalization", inputs: []*Tensor{x, Of([]float32{1, 2, 3}, 3)}}.mustFail(t, "scale has shape [3]")

	old := opCase{op: "LayerNormalization", opset: 14, inputs: []*Tensor{x, scale}}.mustRun(t)[0]
	require.Equal(t, opCase{op: "LayerNormalization", inputs: []*Tensor{x, scale}}.mustRun(t)[0].Bytes(), old.Bytes())
}

func TestConvTransposeWithDynamicPads(t *testing.T) {
	for seed := range uint64(60) {
		c := newRandomConv(rand.New(rand.NewPCG(seed, 84)), true)
		c.r = nil
		n := c.node("ConvTransposeWithDynamicPads")
		n.domain, n.opset = MicrosoftDomain, 1
		n.inputs = []*Tensor{c.x, c.w, OfInts(c.pads), c.b}
		for i, a := range n.attrs {
			if a.Name == "pads" {
				n.attrs = append(n.attrs[:i:i], n.attrs[i+1:]...)
			}
		}
		got := n.mustRun(t)[0]
		require.Equal(t, c.naive(true, got.shape), Data[float32](got), "seed %d: %+v", seed, c)
	}
	x, w := zeros(1, 1, 4), zeros(1, 1, 2)
	run := func(text string, pads *Tensor, attrs ...Attr) {
		microsoft("ConvTransposeWithDynamicPads", []*Tensor{x, w, pads}, attrs...).mustFail(t, text)
	}
	run("Pads are [-1 0]", OfInts([]int{-1, 0}))
	run("pads is [1]: two pads wanted", OfInts([]int{1}))
	run("Pads [1 0] and auto_pad SAME_UPPER are both given", OfInts([]int{1, 0}), StringAttr("auto_pad", "SAME_UPPER"))
	run("want pads as an input", nil, IntsAttr("pads", 0, 0))
	run("Pads is tensor(float)", Of([]float32{1}, 1))
}

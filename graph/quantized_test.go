package graph

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv/ops"
)

// quantizing is a builder with the scale s = 1/2 and the zero points z (int8 3) and u
// (uint8 0).
func quantizing(shape ...int) *builder {
	return newBuilder().input("x", ops.Float32, shape...).constant("s", ops.Of([]float32{0.5})).constant("one", ops.Of([]float32{1})).
		constant("z", ops.Of([]int8{3})).constant("zero", ops.Of([]int8{0})).constant("u", ops.Of([]uint8{0})).constant("izero", ops.Of([]int32{0}))
}

// pair quantises in with the scale s, and gives it back as out.
func (b *builder) pair(out, in, zero string) *builder {
	return b.node(out+".q", "QuantizeLinear", in+" s "+zero).node(out, "DequantizeLinear", out+".q s "+zero)
}

// weights is a constant of int8 and what it stands for.
func (b *builder) weights(name string, dims ...int) *builder {
	n := 1
	for _, d := range dims {
		n *= d
	}
	data := make([]int8, n)
	for i := range data {
		data[i] = int8(i*5%11 - 5)
	}
	return b.constant(name+".q", ops.Of(data, dims...)).node(name, "DequantizeLinear", name+".q one zero")
}

func TestFuseQuantizedConv(t *testing.T) {
	conv := func() *builder {
		b := quantizing(1, 2, 3, 3).pair("a", "x", "z").weights("w", 2, 2, 1, 1)
		return b.constant("b.q", ops.Of([]int32{4, -6}, 2)).node("b", "DequantizeLinear", "b.q s izero")
	}
	t.Run("with bias", func(t *testing.T) {
		b := conv().node("y", "Conv", "a w b").pair("c", "y", "z").output("c")
		require.Equal(t, golden(
			"in  x: tensor(float)[1, 2, 3, 3]",
			"a.q: tensor(uint8)[1, 2, 3, 3] = QuantizeLinear-10(x, s, z.unsigned)",
			"c.q: tensor(uint8)[1, 2, 3, 3] = QLinearConv-10(a.q, s, z.unsigned, w.q, one, zero, s, z.unsigned, b.q)",
			"c: tensor(float)[1, 2, 3, 3] = DequantizeLinear-10(c.q, s, z.unsigned)",
			"out c"), rewritten(t, b, ramp(1, 2, 3, 3)))
		// Everything is a whole multiple of 1/2, and w the weights -5, 0 and 5, -1.
		x := make([]float32, 18)
		x[0], x[9] = 1, 2
		got := ops.Data[float32](b.run(t, RunOptions{}, ops.Of(x, 1, 2, 3, 3))[0])
		require.Equal(t, []float32{-3, 2}, []float32{got[0], got[1]})
		require.Equal(t, []float32{5*1 - 1*2 - 3, -3}, []float32{got[9], got[10]})
	})
	t.Run("a Relu that the zero point makes", func(t *testing.T) {
		b := conv().node("y", "Conv", "a w b").node("r", "Relu", "y").pair("c", "r", "u").output("c")
		text := rewritten(t, b, ramp(1, 2, 3, 3))
		require.Contains(t, text, "QLinearConv-10(")
		require.NotContains(t, text, "Relu")
	})
	t.Run("a Relu that cuts more", func(t *testing.T) {
		b := conv().node("y", "Conv", "a w b").node("r", "Relu", "y").pair("c", "r", "z").output("c")
		text := rewritten(t, b, ramp(1, 2, 3, 3))
		require.Contains(t, text, "= Relu-")
		require.Contains(t, text, "tconv.ConvInBlocks-1(a, w, b)")
	})
	t.Run("not of int8 that somebody else reads too", func(t *testing.T) {
		b := conv().node("y", "Conv", "a w b").pair("c", "y", "z").node("other", "Relu", "a").output("c", "other")
		text := rewritten(t, b, ramp(1, 2, 3, 3))
		require.Contains(t, text, "a.q: tensor(int8)")
		require.Contains(t, text, "tconv.ConvInBlocks-1(a, w, b)")
	})
	t.Run("not when the caller sees the result", func(t *testing.T) {
		b := conv().node("y", "Conv", "a w b").pair("c", "y", "z").output("c", "y")
		require.Contains(t, rewritten(t, b, ramp(1, 2, 3, 3)), "tconv.ConvInBlocks-1(a, w, b)")
	})
	t.Run("not with a bias of floats", func(t *testing.T) {
		b := conv().constant("f", ops.Of([]float32{1, 2}, 2)).node("y", "Conv", "a w f").pair("c", "y", "z").output("c")
		require.Contains(t, rewritten(t, b, ramp(1, 2, 3, 3)), "tconv.ConvInBlocks-1(a, w, f)")
	})
	t.Run("no order without a quantised result", func(t *testing.T) {
		b := conv().node("y", "Conv", "a w b").output("y")
		require.Contains(t, rewritten(t, b, ramp(1, 2, 3, 3)), "= Conv-1(a, w, b)")
	})
}

func TestFuseQuantizedOperators(t *testing.T) {
	for _, c := range []struct {
		name string
		b    *builder
		want string
	}{
		{"Add", quantizing(2, 3).pair("a", "x", "z").node("n", "Neg", "x").pair("m", "n", "z").node("y", "Add", "a m").pair("c", "y", "z"),
			"com.microsoft.QLinearAdd-1(a.q, s, z.unsigned, m.q, s, z.unsigned, s, z.unsigned)"},
		{"Mul", quantizing(2, 3).pair("a", "x", "u").pair("m", "x", "u").node("y", "Mul", "a m").pair("c", "y", "u"),
			"com.microsoft.QLinearMul-1(a.q, s, u, m.q, s, u, s, u)"},
		{"Concat", quantizing(2, 3).pair("a", "x", "u").pair("m", "x", "u").node("y", "Concat", "a m", testInt("axis", 1)).pair("c", "y", "u"),
			"com.microsoft.QLinearConcat-1(s, u, a.q, s, u, m.q, s, u) {axis=1}"},
		{"Sigmoid", quantizing(2, 3).pair("a", "x", "u").node("y", "Sigmoid", "a").pair("c", "y", "u"),
			"com.microsoft.QLinearSigmoid-1(a.q, s, u, s, u)"},
		{"Softmax", quantizing(2, 3).pair("a", "x", "u").node("y", "Softmax", "a").pair("c", "y", "u"),
			"com.microsoft.QLinearSoftmax-1(a.q, s, u, s, u) {opset=17}"},
		{"AveragePool", quantizing(1, 1, 3, 3).pair("a", "x", "u").node("y", "AveragePool", "a", testInts("kernel_shape", 2, 2)).pair("c", "y", "u"),
			"com.microsoft.QLinearAveragePool-1(a.q, s, u, s, u) {kernel_shape=[2 2]}"},
		{"MatMul", quantizing(2, 3).pair("a", "x", "z").weights("w", 3, 2).node("y", "MatMul", "a w").pair("c", "y", "z"),
			"QLinearMatMul-10(a.q, s, z.unsigned, w.q, one, zero, s, z.unsigned)"},
		{"Gemm", quantizing(2, 3).pair("a", "x", "z").weights("w", 2, 3).node("y", "Gemm", "a w", testInt("transB", 1)).pair("c", "y", "z"),
			"com.microsoft.QGemm-1(a.q, s, z.unsigned, w.q, one, zero, _, s, z.unsigned) {transB=1}"},
		{"Reshape", quantizing(2, 3).pair("a", "x", "u").constant("to", ops.OfInts([]int{3, 2})).node("y", "Reshape", "a to").pair("c", "y", "u"),
			"c.q: tensor(uint8)[3, 2] = Reshape-14(a.q, to)"},
		{"MaxPool", quantizing(1, 1, 3, 3).pair("a", "x", "u").node("y", "MaxPool", "a", testInts("kernel_shape", 2, 2)).pair("c", "y", "u"),
			"c.q: tensor(uint8)[1, 1, 2, 2] = MaxPool-8(a.q)"},
		{"not of other parameters", quantizing(2, 3).pair("a", "x", "u").constant("to", ops.OfInts([]int{3, 2})).node("y", "Reshape", "a to").
			node("c.q", "QuantizeLinear", "y one u").node("c", "DequantizeLinear", "c.q one u"), "= Reshape-14(a, to)"},
		{"not of mixed types", quantizing(2, 3).pair("a", "x", "u").pair("m", "x", "z").node("o", "Relu", "m").node("y", "Add", "a m").pair("c", "y", "u").output("o"),
			"= Add-6(a, m)"},
		{"not of values that are not dequantised", quantizing(2, 3).pair("a", "x", "u").node("y", "Add", "a x").pair("c", "y", "u"), "= Add-6(a, x)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := ramp(2, 3)
			if shape := c.b.model.Graph.Inputs[0].Type.Shape; len(shape.Dims) == 4 {
				x = ramp(1, 1, 3, 3)
			}
			require.Contains(t, rewritten(t, c.b.output("c"), x), c.want)
		})
	}
}

package graph

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/x448/float16"

	"github.com/tconv/tconv/ops"
)

// narrowed gives the values of a float tensor as 16-bit ones.
func narrowed(t *ops.Tensor, dtype ops.DType) *ops.Tensor {
	src := ops.Data[float32](t)
	if dtype == ops.Float16 {
		out := make([]float16.Float16, len(src))
		for i, v := range src {
			out[i] = float16.Fromfloat32(v)
		}
		return ops.Of(out, t.Shape()...)
	}
	out := make([]ops.BF16, len(src))
	for i, v := range src {
		out[i] = ops.ToBF16(v)
	}
	return ops.Of(out, t.Shape()...)
}

// halfModel is a small network whose inputs, weights and outputs have the type.
// Its weights are exact in every type.
func halfModel(dtype ops.DType) *builder {
	as := func(t *ops.Tensor) *ops.Tensor {
		if dtype == ops.Float32 {
			return t
		}
		return narrowed(t, dtype)
	}
	scale, shift := ops.Of([]float32{1, 0.5, 2, 1}, 4), ops.Of([]float32{0, 1, -1, 0.5}, 4)
	b := newBuilder().input("x", dtype, 1, 2, 5, 5).constant("w", as(ramp(4, 2, 3, 3))).constant("v", as(ramp(4, 3, 2, 2))).
		constant("s", as(scale)).constant("h", as(shift)).constant("mean", as(shift)).constant("var", as(ops.Of([]float32{1, 4, 1, 0.25}, 4))).
		node("a", "Conv", "x w", testInts("pads", 1, 1, 1, 1)).node("n", "BatchNormalization", "a s h mean var").
		node("r", "Relu", "n").node("u", "ConvTranspose", "r v", testInts("strides", 2, 2)).
		node("y", "Sigmoid", "u").node("z", "MaxPool", "r", testInts("kernel_shape", 2, 2)).output("y", "z")
	for i, out := range b.model.Graph.Outputs {
		out.Type = testInfo("", dtype, [][]int{{1, 3, 10, 10}, {1, 4, 4, 4}}[i]).Type
	}
	return b
}

// TestHalfModels holds 16-bit models against the same in float32: results are those
// of float32, rounded once.
func TestHalfModels(t *testing.T) {
	x := ramp(1, 2, 5, 5)
	for _, reference := range []bool{false, true} {
		want := halfModel(ops.Float32).run(t, RunOptions{Reference: reference}, x)
		for _, dtype := range []ops.DType{ops.Float16, ops.BFloat16} {
			got := halfModel(dtype).run(t, RunOptions{Reference: reference}, narrowed(x, dtype))
			for i := range want {
				require.Equal(t, dtype, got[i].DType())
				require.Equal(t, want[i].Shape(), got[i].Shape())
				step := 1.0 / 1024
				if dtype == ops.BFloat16 {
					step = 1.0 / 128
				}
				for k, v := range ops.Data[float32](ops.Widen(got[i])) {
					w := float64(ops.Data[float32](want[i])[k])
					require.InDelta(t, w, float64(v), math.Abs(w)*step+1e-6, "%v: output %d, element %d", dtype, i, k)
				}
			}
		}
	}
}

// TestHalfRefusesFloats: the inputs of a float16 model are float16.
func TestHalfRefusesFloats(t *testing.T) {
	m := halfModel(ops.Float16).loaded(t, RunOptions{})
	err := m.Run(context.Background(), []*ops.Tensor{ramp(1, 2, 5, 5)}, zeros(2))
	require.ErrorIs(t, err, ErrInput)
	require.ErrorContains(t, err, "float16")
}

// TestCastToHalfRounds: a Cast to float16 in a float32 model rounds, and what
// follows reads the rounded values.
func TestCastToHalfRounds(t *testing.T) {
	b := newBuilder().input("x", ops.Float32, 3).node("h", "Cast", "x", testInt("to", int64(ops.Float16))).
		node("d", "Add", "h h").node("y", "Cast", "d", testInt("to", int64(ops.Float32))).
		node("b", "Cast", "x", testInt("to", int64(ops.BFloat16))).node("z", "Cast", "b", testInt("to", int64(ops.Float32))).
		output("y", "h", "z")
	for _, reference := range []bool{false, true} {
		out := b.run(t, RunOptions{Reference: reference}, ops.Of([]float32{1.0001, 2049, -0.3}, 3))
		third := float16.Fromfloat32(-0.3).Float32()
		require.Equal(t, []float32{2, 4096, 2 * third}, ops.Data[float32](out[0]))
		require.Equal(t, ops.Float16, out[1].DType())
		require.Equal(t, []float32{1, 2048, third}, ops.Data[float32](ops.Widen(out[1])))
		require.Equal(t, []float32{1, 2048, ops.ToBF16(-0.3).Float()}, ops.Data[float32](out[2]))
	}
}

// TestHalfConstantsAndShapes: constants made by nodes are 16-bit too, and shapes of
// 16-bit values are numbers.
func TestHalfConstantsAndShapes(t *testing.T) {
	b := newBuilder().input("x", ops.Float16, 2, -1)
	value := ops.Of([]float32{0.5}, 1)
	b.constant("two", ops.OfInts([]int{2, -1})).constant("half", narrowed(value, ops.Float16)).
		node("f", "Mul", "x half").node("s", "Shape", "f").node("g", "Reshape", "f two").node("y", "Add", "g g").output("y", "s", "half")
	b.model.Graph.Outputs[0].Type = testInfo("", ops.Float16, []int{2, -1}).Type
	b.model.Graph.Outputs[2].Type = testInfo("", ops.Float16, []int{1}).Type
	out := b.run(t, RunOptions{}, narrowed(ramp(2, 3), ops.Float16))
	require.Equal(t, narrowed(ramp(2, 3), ops.Float16).Bytes(), out[0].Bytes())
	require.Equal(t, []int64{2, 3}, ops.Data[int64](out[1]))
	require.Equal(t, narrowed(value, ops.Float16).Bytes(), out[2].Bytes())
}

// TestHalfNamedByAttributes: a result whose type an attribute names as float16 is
// widened for its readers, whatever the attribute is called.
func TestHalfNamedByAttributes(t *testing.T) {
	half := int64(ops.Float16)
	x := narrowed(ops.Of([]float32{1, 2, 4}, 3), ops.Float16)
	for name, c := range map[string]struct {
		b    *builder
		want []float32 // times x
	}{
		"output_datatype": {newBuilder().constant("n", ops.Of([]int64{3})).
			node("k", "HannWindow", "n", testInt("output_datatype", half)), []float32{0, 0.75, 0.75}},
		"dtype": {newBuilder().constant("m", ops.Of(make([]float32, 3), 1, 3)).constant("shape", ops.OfInts([]int{3})).
			node("e", "EyeLike", "m", testInt("dtype", half)).node("k", "Reshape", "e shape"), []float32{1, 0, 0}},
		"output_dtype": {newBuilder().constant("q", ops.Of([]int8{4, 5, 6}, 3)).constant("s", ops.Of([]float32{0.5})).
			node("k", "DequantizeLinear", "q s", testInt("output_dtype", half)), []float32{2, 2.5, 3}},
		"to": {newBuilder().constant("q", ops.Of([]int8{4, 5, 6}, 3)).node("k", "Cast", "q", testInt("to", half)), []float32{4, 5, 6}},
	} {
		b := c.b.input("x", ops.Float16, 3).node("y", "Mul", "x k").output("y")
		b.model.OpsetImports[0].Version = 23
		b.model.Graph.Outputs[0].Type = testInfo("", ops.Float16, []int{3}).Type
		out := b.run(t, RunOptions{}, x)
		want := []float32{1 * c.want[0], 2 * c.want[1], 4 * c.want[2]}
		require.Equal(t, want, ops.Data[float32](ops.Widen(out[0])), name)
	}
}

// TestBitCastOfHalf: BitCast reads the bits of a 16-bit input, not those of its
// widened copy.
func TestBitCastOfHalf(t *testing.T) {
	b := newBuilder().input("x", ops.Float16, 2).node("bits", "BitCast", "x", testInt("to", int64(ops.Int16))).node("r", "Relu", "x").output("bits", "r")
	b.model.OpsetImports[0].Version = 26
	out := b.run(t, RunOptions{}, narrowed(ops.Of([]float32{1, -2}, 2), ops.Float16))
	require.Equal(t, []int16{0x3c00, -0x4000}, ops.Data[int16](out[0]))
}

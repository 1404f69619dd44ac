package ops

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/x448/float16"
)

func TestQuantizeLinear(t *testing.T) {
	// The case of the specification's test data, test_quantizelinear.
	x := Of([]float32{0, 2, 3, 1000, -254, -1000}, 6)
	got := opCase{op: "QuantizeLinear", inputs: []*Tensor{x, Of([]float32{2}), Of([]uint8{128})}}.mustRun(t)[0]
	require.Equal(t, []uint8{128, 129, 130, 255, 1, 0}, Data[uint8](got))
	// Ties go to the even value, before the zero point is added.
	x = Of([]float32{0.5, 1.5, 2.5, -0.5, -1.5, float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))}, 8)
	got = opCase{op: "QuantizeLinear", inputs: []*Tensor{x, Of([]float32{1}, 1), Of([]int8{1}, 1)}}.mustRun(t)[0]
	require.Equal(t, []int8{1, 3, 3, 1, -1, -128, 127, -128}, Data[int8](got))
	got = opCase{op: "QuantizeLinear", inputs: []*Tensor{x, Of([]float32{1})}}.mustRun(t)[0]
	require.Equal(t, []uint8{0, 2, 2, 0, 0, 0, 255, 0}, Data[uint8](got))
}

func TestQuantizeLinearBlocks(t *testing.T) {
	x := Of([]float32{6, 12, 50, 5, 50, 50}, 2, 3)
	scale := Of([]float32{1.5, 2.5, 3, 4.9}, 2, 2)
	attrs := []Attr{IntAttr("axis", 1), IntAttr("block_size", 2), IntAttr("output_dtype", int(Int16))}
	got := opCase{op: "QuantizeLinear", attrs: attrs, inputs: []*Tensor{x, scale}}.mustRun(t)[0]
	require.Equal(t, []int16{4, 8, 20, 2, 17, 10}, Data[int16](got))
	back := opCase{op: "DequantizeLinear", attrs: attrs[:2], inputs: []*Tensor{got, scale}}.mustRun(t)[0]
	require.InDeltaSlice(t, []float32{6, 12, 50, 6, 51, 49}, Data[float32](back), 1e-5)
}

func TestQuantizeLinearPrecision(t *testing.T) {
	// 2051/2 = 1025.5 is a tie between even and odd; as a bfloat16 it is 1024.
	x, scale := Of([]float32{2051}, 1), Of([]float32{2})
	run := func(attrs ...Attr) int16 {
		attrs = append(attrs, IntAttr("output_dtype", int(Int16)))
		return Data[int16](opCase{op: "QuantizeLinear", attrs: attrs, inputs: []*Tensor{x, scale}}.mustRun(t)[0])[0]
	}
	require.EqualValues(t, 1026, run())
	require.EqualValues(t, 1026, run(IntAttr("precision", int(Float16))))
	require.EqualValues(t, 1024, run(IntAttr("precision", int(BFloat16))))
	// An int32 is not rounded to a float first.
	x = Of([]int32{1<<24 + 1}, 1)
	require.EqualValues(t, 8193, Data[int16](opCase{op: "QuantizeLinear", attrs: []Attr{IntAttr("output_dtype", int(Int16))},
		inputs: []*Tensor{x, Of([]float32{2047.875})}}.mustRun(t)[0])[0])
}

// TestQuantizeLinearRandom holds every type of y against the formula, per axis and
// blocked along each axis, and back.
func TestQuantizeLinearRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 1))
	for _, d := range quantizedTypes {
		for _, block := range []int{0, 1, 2, 3} {
			shape := Shape{2, 5, 1 + r.IntN(3)}
			axis := r.IntN(3)
			scaleShape := Shape{shape[axis]}
			if block > 0 {
				scaleShape = shape.Clone()
				scaleShape[axis] = (shape[axis] + block - 1) / block
			}
			x, scale := randomReals(r, 40, shape...), randomReals(r, 1, scaleShape...)
			for i, v := range Data[float32](scale) {
				Data[float32](scale)[i] = float32(math.Abs(float64(v))) + 0.25
			}
			zero := NewTensor(d, scaleShape)
			lim, integer := integerLimits[d]
			if integer {
				zero = castTo(t, randomReals(r, 1, scaleShape...), d)
			}
			attrs := []Attr{IntAttr("axis", axis), IntAttr("block_size", block)}
			y := opCase{op: "QuantizeLinear", attrs: attrs, inputs: []*Tensor{x, scale, zero}}.mustRun(t)[0]
			back := opCase{op: "DequantizeLinear", attrs: attrs, inputs: []*Tensor{y, scale, zero}}.mustRun(t)[0]
			scaleOf := func(index []int) int {
				if block == 0 {
					return index[axis]
				}
				at := append([]int(nil), index...)
				at[axis] /= block
				return offsetOf(scaleShape, at)
			}
			values := Data[float64](castTo(t, y, Float64))
			zeros := Data[float64](castTo(t, zero, Float64))
			forEachIndex(shape, func(i int, index []int) {
				k := scaleOf(index)
				s, z := Data[float32](scale)[k], zeros[k]
				q := Data[float32](x)[i] / s
				want := Data[float64](castTo(t, castTo(t, Of([]float32{q}, 1), d), Float64))[0]
				if integer {
					want = min(max(math.RoundToEven(float64(q))+z, float64(lim[0])), float64(lim[1]))
				}
				require.Equal(t, want, values[i], "%v block %d axis %d: element %d is %v / %v", d, block, axis, i, Data[float32](x)[i], s)
				require.Equal(t, float32(want-z)*s, Data[float32](back)[i], "%v", d)
			})
		}
	}
}

// randomReals gives normally distributed floats of the given deviation.
func randomReals(r *rand.Rand, deviation float64, dims ...int) *Tensor {
	x := NewTensor(Float32, append(Shape{}, dims...))
	for i := range Data[float32](x) {
		Data[float32](x)[i] = float32(r.NormFloat64() * deviation)
	}
	return x
}

func TestQuantizeLinearErrors(t *testing.T) {
	x, s := Of([]float32{1, 2}, 1, 2), Of([]float32{1})
	run := func(text string, inputs []*Tensor, attrs ...Attr) {
		opCase{op: "QuantizeLinear", attrs: attrs, inputs: inputs}.mustFail(t, text)
	}
	run("x is tensor(int64)", []*Tensor{Of([]int64{1}, 1), s})
	run("y_scale is tensor(double)", []*Tensor{x, Of([]float64{1})})
	run("y is tensor(int64)", []*Tensor{x, s, Of([]int64{1})})
	run("y_scale has shape [] and y_zero_point [2]", []*Tensor{x, s, Of([]int8{1, 2}, 2)})
	run("output_dtype is int8 and y_zero_point tensor(uint8)", []*Tensor{x, s, Of([]uint8{1})}, IntAttr("output_dtype", int(Int8)))
	run("output_dtype is 77", []*Tensor{x, s}, IntAttr("output_dtype", 77))
	run("precision is int8", []*Tensor{x, s}, IntAttr("precision", int(Int8)))
	run("block_size is -1", []*Tensor{x, s}, IntAttr("block_size", -1))
	run("want one value or 2: axis 1", []*Tensor{x, Of([]float32{1, 2, 3}, 3)})
	run("want [1, 1]: blocks of 2 along axis 1", []*Tensor{x, s}, IntAttr("block_size", 2))
	run("axis is 2", []*Tensor{x, Of([]float32{1, 2}, 2)}, IntAttr("axis", 2))
	run("zero point 0 of type float8e5m2 is 1, want 0", []*Tensor{x, s, castTo(t, s, Float8E5M2)})
	opCase{op: "QuantizeLinear", opset: 10, attrs: []Attr{IntAttr("axis", 1)}, inputs: []*Tensor{x, s}}.mustFail(t, "attribute axis=1 is not known")
}

func TestQuantizeLinearEmpty(t *testing.T) {
	empty := Of([]float32{}, 0, 3)
	require.Equal(t, Shape{0, 3}, opCase{op: "QuantizeLinear", inputs: []*Tensor{empty, Of([]float32{1, 2, 3}, 3)}}.mustRun(t)[0].Shape())
	require.Equal(t, Shape{0, 3}, opCase{op: "QuantizeLinear", attrs: []Attr{IntAttr("axis", 0), IntAttr("block_size", 2)},
		inputs: []*Tensor{empty, Of([]float32{}, 0, 3)}}.mustRun(t)[0].Shape())
}

func TestDequantizeLinear(t *testing.T) {
	// test_dequantizelinear of the specification.
	got := opCase{op: "DequantizeLinear", inputs: []*Tensor{Of([]uint8{0, 3, 128, 255}, 4), Of([]float32{2}), Of([]uint8{128})}}.mustRun(t)[0]
	require.Equal(t, []float32{-256, -250, 0, 254}, Data[float32](got))
	// Differences of int32 are exact, and wrap around.
	got = opCase{op: "DequantizeLinear", attrs: []Attr{IntAttr("axis", 0)},
		inputs: []*Tensor{Of([]int32{1<<24 + 1, 5}, 2), Of([]float32{1, 0.5}, 2), Of([]int32{1 << 24, 7}, 2)}}.mustRun(t)[0]
	require.Equal(t, []float32{1, -1}, Data[float32](got))
	got = opCase{op: "DequantizeLinear", attrs: []Attr{IntAttr("output_dtype", int(Float16))},
		inputs: []*Tensor{Of([]int8{3}, 1), Of([]float32{0.1})}}.mustRun(t)[0]
	require.Equal(t, []float16.Float16{float16.Fromfloat32(0.3)}, Data[float16.Float16](got))
}

func TestDequantizeLinearErrors(t *testing.T) {
	x, s := Of([]int8{1}, 1), Of([]float32{1})
	run := func(text string, inputs []*Tensor, attrs ...Attr) {
		opCase{op: "DequantizeLinear", attrs: attrs, inputs: inputs}.mustFail(t, text)
	}
	run("x is tensor(float)", []*Tensor{Of([]float32{1}, 1), s})
	run("x_scale is tensor(int32)", []*Tensor{x, Of([]int32{1})})
	run("x is tensor(int8) and x_zero_point is tensor(uint8)", []*Tensor{x, s, Of([]uint8{1})})
	run("x_scale has shape [] and x_zero_point [2]", []*Tensor{x, s, Of([]int8{1, 2}, 2)})
	run("y is tensor(int8)", []*Tensor{x, s}, IntAttr("output_dtype", int(Int8)))
	run("y is tensor(float8e8m0)", []*Tensor{x, castTo(t, s, Float8E8M0)})
	run("want one value or 1", []*Tensor{x, Of([]float32{1, 2}, 2)}, IntAttr("axis", 0))
}

func TestDynamicQuantizeLinear(t *testing.T) {
	// test_dynamicquantizelinear of the specification.
	x := Of([]float32{0, 2, -3, -2.5, 1.34, 0.5}, 6)
	out := opCase{op: "DynamicQuantizeLinear", inputs: []*Tensor{x}, outputs: 3}.mustRun(t)
	require.Equal(t, []uint8{153, 255, 0, 26, 221, 179}, Data[uint8](out[0]))
	require.InDelta(t, 0.019607844, Data[float32](out[1])[0], 1e-9)
	require.Equal(t, []uint8{153}, Data[uint8](out[2]))
	for _, constant := range [][]float32{{}, {0}, {0, 0}} {
		out = opCase{op: "DynamicQuantizeLinear", inputs: []*Tensor{Of(constant, len(constant))}, outputs: 3}.mustRun(t)
		require.Equal(t, []float32{1}, Data[float32](out[1]))
		require.Equal(t, []uint8{0}, Data[uint8](out[2]))
	}
	opCase{op: "DynamicQuantizeLinear", inputs: []*Tensor{Of([]int8{1}, 1)}}.mustFail(t, "x is tensor(int8)")
}

func TestRoundEven(t *testing.T) {
	for v := float32(-70000); v < 70000; v += 0.25 {
		require.EqualValues(t, math.RoundToEven(float64(v)), roundEven(v), v)
	}
}

package ops

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/x448/float16"
)

// castTo runs Cast on x.
func castTo(t testing.TB, x *Tensor, to DType, attrs ...Attr) *Tensor {
	t.Helper()
	return opCase{op: "Cast", attrs: append(attrs, IntAttr("to", int(to))), inputs: []*Tensor{x}}.mustRun(t)[0]
}

// beyondInts are reals around and beyond the limits of the integer types.
var beyondInts = []float64{1.9, -1.9, 128, 255.7, 256, 300, -129, 40000, 70000, 2147483648, 3e9, 4294967296, 5e9,
	9.3e18, 2e19, -3e9, -9.3e18, 1e30, math.Inf(1), math.Inf(-1), math.NaN()}

// TestCastFloatToInteger holds the rule for what does not fit against values that
// onnxruntime 1.30 computed on amd64, each in a tensor of its own (in longer ones
// it gives others for uint32 from 2³² on).
func TestCastFloatToInteger(t *testing.T) {
	x := Of(beyondInts, len(beyondInts))
	const least32, least64 = math.MinInt32, math.MinInt64
	require.Equal(t, []int8{1, -1, -128, -1, 0, 44, 127, 64, 112, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, Data[int8](castTo(t, x, Int8)))
	require.Equal(t, []uint8{1, 255, 128, 255, 0, 44, 127, 64, 112, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, Data[uint8](castTo(t, x, Uint8)))
	require.Equal(t, []int16{1, -1, 128, 255, 256, 300, -129, -25536, 4464, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, Data[int16](castTo(t, x, Int16)))
	require.Equal(t, []uint16{1, 65535, 128, 255, 256, 300, 65407, 40000, 4464, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, Data[uint16](castTo(t, x, Uint16)))
	require.Equal(t, []int32{1, -1, 128, 255, 256, 300, -129, 40000, 70000, least32, least32, least32, least32,
		least32, least32, least32, least32, least32, least32, least32, least32}, Data[int32](castTo(t, x, Int32)))
	require.Equal(t, []uint32{1, 4294967295, 128, 255, 256, 300, 4294967167, 40000, 70000, 2147483648, 3000000000, 0, 705032704,
		0, 0, 1294967296, 0, 0, 0, 0, 0}, Data[uint32](castTo(t, x, Uint32)))
	require.Equal(t, []int64{1, -1, 128, 255, 256, 300, -129, 40000, 70000, 2147483648, 3000000000, 4294967296, 5000000000,
		least64, least64, -3000000000, least64, least64, least64, least64, least64}, Data[int64](castTo(t, x, Int64)))
	require.Equal(t, []uint64{1, 1<<64 - 1, 128, 255, 256, 300, 1<<64 - 129, 40000, 70000, 2147483648, 3000000000, 4294967296, 5000000000,
		9300000000000000000, 0, 1<<64 - 3000000000, 1 << 63, 0, 0, 1 << 63, 1 << 63}, Data[uint64](castTo(t, x, Uint64)))
	for _, b := range Data[bool](castTo(t, x, Bool)) {
		require.True(t, b)
	}
	require.Equal(t, []bool{false, false}, Data[bool](castTo(t, Of([]float64{0, math.Copysign(0, -1)}, 2), Bool)))
}

func TestCastIntegers(t *testing.T) {
	x := Of([]int64{300, -1, 1 << 31, 1<<40 + 5, math.MinInt64, 0}, 6)
	require.Equal(t, []int8{44, -1, 0, 5, 0, 0}, Data[int8](castTo(t, x, Int8)))
	require.Equal(t, []int32{300, -1, math.MinInt32, 5, 0, 0}, Data[int32](castTo(t, x, Int32)))
	require.Equal(t, []uint64{300, 1<<64 - 1, 1 << 31, 1<<40 + 5, 1 << 63, 0}, Data[uint64](castTo(t, x, Uint64)))
	require.Equal(t, []bool{true, true, true, true, true, false}, Data[bool](castTo(t, x, Bool)))
	require.Equal(t, []float32{1 << 63}, Data[float32](castTo(t, Of([]uint64{1<<63 + 1}, 1), Float32)))
	require.Equal(t, []int16{1, 0}, Data[int16](castTo(t, Of([]bool{true, false}, 2), Int16)))
	// Rounded once: by way of float64 this would be a tie, and 2²⁴ too low.
	require.Equal(t, []float32{0x1.000002p62}, Data[float32](castTo(t, Of([]int64{1<<62 + 1<<38 + 1}, 1), Float32)))
}

func TestCastHalves(t *testing.T) {
	x := Of([]float32{1, 65504, 65520, 0x1p-24, 0x1p-26, 1.0009765625, float32(math.Inf(-1))}, 7)
	h := Data[float16.Float16](castTo(t, x, Float16))
	require.Equal(t, []float16.Float16{0x3C00, 0x7BFF, 0x7C00, 1, 0, 0x3C01, 0xFC00}, h)
	require.Equal(t, []float64{1, 65504, math.Inf(1), 0x1p-24, 0, 1.0009765625, math.Inf(-1)}, Data[float64](castTo(t, Of(h, 7), Float64)))
	b := Data[BF16](castTo(t, Of([]float32{1, 1.00390625, 1.01171875, 3.4e38}, 4), BFloat16))
	require.Equal(t, []BF16{0x3F80, 0x3F80, 0x3F82, 0x7F80}, b)
	require.Equal(t, []float32{1, 1.015625}, Data[float32](castTo(t, Of([]BF16{0x3F80, 0x3F82}, 2), Float32)))
}

func TestCastPacked(t *testing.T) {
	x := Of([]float32{-9, -8, 7, 8, 2.5, -2.5, 15}, 7)
	require.Equal(t, []float32{7, -8, 7, -8, 3, -3, -1}, Data[float32](castTo(t, castTo(t, x, Int4), Float32)))
	require.Equal(t, []float32{7, 8, 7, 8, 3, 13, 15}, Data[float32](castTo(t, castTo(t, x, Uint4), Float32)))
	require.Equal(t, []int8{-1, 0, -1, 0, -1, 1, -1}, Data[int8](castTo(t, castTo(t, x, Int2), Int8)))
	require.Equal(t, []uint8{3, 0, 3, 0, 3, 1, 3}, Data[uint8](castTo(t, castTo(t, x, Uint2), Uint8)))
	require.Equal(t, []float32{-6, -6, 6, 6, 2, -2, 6}, Data[float32](castTo(t, castTo(t, x, Float4E2M1), Float32)))
}

func TestCastSaturate(t *testing.T) {
	x := Of([]float32{1e6, -1e6}, 2)
	require.Equal(t, []byte{0x7E, 0xFE}, castTo(t, x, Float8E4M3FN).Bytes())
	require.Equal(t, []byte{0x7F, 0xFF}, castTo(t, x, Float8E4M3FN, IntAttr("saturate", 0)).Bytes())
	require.Equal(t, []byte{20 + 127, 19 + 127}, castTo(t, Of([]float32{1e6, -1 << 19}, 2), Float8E8M0).Bytes())
	require.Equal(t, []byte{19 + 127}, castTo(t, x.View(Shape{2}), Float8E8M0, StringAttr("round_mode", "down")).Bytes()[:1])
}

func TestCastStrings(t *testing.T) {
	// As onnxruntime 1.30 writes them.
	x := Of([]float32{1, 0.1, 1e10, 123456789, 1e-5, float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), 16777216}, 9)
	require.Equal(t, []string{"1", "0.1", "1e+10", "1.2345679e+08", "9.9999997e-06", "NaN", "INF", "-INF", "16777216"}, castTo(t, x, String).Strings())
	require.Equal(t, []string{"0.33333333", "1.2345679e+17"}, castTo(t, Of([]float64{1. / 3, 123456789012345678}, 2), String).Strings())
	require.Equal(t, []string{"-5", "1"}, castTo(t, Of([]int8{-5, 1}, 2), String).Strings())
	require.Equal(t, []string{"18446744073709551615"}, castTo(t, Of([]uint64{math.MaxUint64}, 1), String).Strings())
	require.Equal(t, []string{"1", "0"}, castTo(t, Of([]bool{true, false}, 2), String).Strings())

	s := OfStrings([]string{"1.5", " -2e3", "+INF", "-inf", "nan", "0x10p0"}, 6)
	f := Data[float64](castTo(t, s, Float64))
	require.Equal(t, []float64{1.5, -2000, math.Inf(1), math.Inf(-1)}, f[:4])
	require.True(t, math.IsNaN(f[4]))
	require.Equal(t, 16.0, f[5])
	require.Equal(t, []int8{-1, 44}, Data[int8](castTo(t, OfStrings([]string{"-1", "300"}, 2), Int8)))
	require.Equal(t, []uint64{math.MaxUint64, 7}, Data[uint64](castTo(t, OfStrings([]string{"18446744073709551615", "+7"}, 2), Uint64)))
	require.Equal(t, []bool{true, false}, Data[bool](castTo(t, OfStrings([]string{"2", "0"}, 2), Bool)))
}

// TestCastThroughWider casts every type to one that holds its values and back.
func TestCastThroughWider(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for d := Float32; d <= Int2; d++ {
		if castTypes[d] == nil || d == String {
			continue
		}
		x := NewTensor(d, Shape{3, castRun + 5})
		for i := range x.Bytes() {
			x.Bytes()[i] = byte(r.Uint32())
		}
		wide := Float64
		switch d {
		case Int64, Uint64, Bool:
			wide = Int64
		}
		if d == Bool {
			for i := range x.Bytes() {
				x.Bytes()[i] &= 1
			}
		}
		if used := x.Len() * d.Bits() % 8; used != 0 {
			x.Bytes()[len(x.Bytes())-1] &= 1<<used - 1
		}
		y := castTo(t, x, wide)
		back := castTo(t, y, d, IntAttr("saturate", 0))
		if wide == Float64 {
			again := castTo(t, back, wide) // NaN has several codes
			for i, v := range Data[float64](y) {
				require.True(t, v == Data[float64](again)[i] || v != v && Data[float64](again)[i] != Data[float64](again)[i], "%v element %d: %v", d, i, v)
			}
			continue
		}
		require.Equal(t, x.Bytes(), back.Bytes(), d)
	}
}

func TestCastLike(t *testing.T) {
	got := opCase{op: "CastLike", inputs: []*Tensor{Of([]float32{1.5, 2}, 2), Of([]int64{}, 0)}}.mustRun(t)[0]
	require.Equal(t, []int64{1, 2}, Data[int64](got))
	require.NotEmpty(t, (&cast{}).Share([]Spec{tensorSpec(Int8, Shape{1}), tensorSpec(Int8, nil)}).Views)
	require.Empty(t, (&cast{}).Share([]Spec{tensorSpec(Int8, Shape{1}), tensorSpec(Uint8, nil)}).Views)
}

func TestCastErrors(t *testing.T) {
	x, to := []*Tensor{Of([]float32{1}, 1)}, IntAttr("to", int(Int64))
	opCase{op: "Cast", inputs: x}.mustFail(t, "attribute to is missing")
	opCase{op: "Cast", attrs: []Attr{IntAttr("to", 99)}, inputs: x}.mustFail(t, "attribute to is 99")
	opCase{op: "Cast", attrs: []Attr{IntAttr("to", int(Complex64))}, inputs: x}.mustFail(t, "attribute to is complex64")
	opCase{op: "Cast", attrs: []Attr{to}, inputs: []*Tensor{Of([]complex64{1}, 1)}}.mustFail(t, "cast of tensor(complex64) to tensor(int64)")
	opCase{op: "CastLike", inputs: []*Tensor{x[0], Of([]complex64{1}, 1)}}.mustFail(t, "cast of tensor(float) to tensor(complex64)")
	opCase{op: "Cast", opset: 13, attrs: []Attr{to, IntAttr("saturate", 0)}, inputs: x}.mustFail(t, "attribute saturate=0 is not known")
	opCase{op: "Cast", attrs: []Attr{to, StringAttr("round_mode", "x")}, inputs: x}.mustFail(t, `attribute round_mode is "x"`)
	for _, text := range []string{"", "abc", "1.5", "1_0", "99999999999999999999", "1x"} {
		opCase{op: "Cast", attrs: []Attr{to}, inputs: []*Tensor{OfStrings([]string{"1", text}, 2)}}.mustFail(t, "input element 1 is ")
	}
	opCase{op: "Cast", attrs: []Attr{IntAttr("to", int(Float32))}, inputs: []*Tensor{OfStrings([]string{"1e999"}, 1)}}.mustFail(t, `"1e999", want a number of type float`)
}

func BenchmarkCast(b *testing.B) {
	for _, c := range []struct{ from, to DType }{{Float32, Float16}, {Float16, Float32}, {Uint8, Float32}, {Float32, Uint8}, {Int64, Float32}, {Int64, Int32}, {Bool, Float32}, {Float32, Bool}} {
		b.Run(c.from.String()+"-"+c.to.String(), func(b *testing.B) {
			x := counted(c.from, 1<<20)
			y := NewTensor(c.to, Shape{1 << 20})
			op := &cast{to: c.to}
			call := NewCall(b.Context(), nil)
			b.SetBytes(int64(y.Len())) // MB/s reads as million elements per second
			for b.Loop() {
				op.Run(call, []*Tensor{x}, []*Tensor{y})
			}
		})
	}
}

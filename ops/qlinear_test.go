package ops

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// microsoft is a node of com.microsoft.
func microsoft(op string, inputs []*Tensor, attrs ...Attr) opCase {
	return opCase{op: op, domain: MicrosoftDomain, opset: 1, attrs: attrs, inputs: inputs}
}

// scalarOf is a zero point of a type of 8 bits.
func scalarOf(d DType, v int) *Tensor {
	t := NewTensor(d, Scalar())
	t.Bytes()[0] = byte(v)
	return t
}

// everyByte is all values of a type of 8 bits.
func everyByte(d DType) *Tensor {
	t := NewTensor(d, Shape{256})
	for i := range t.Bytes() {
		t.Bytes()[i] = byte(i)
	}
	return t
}

// randomZero is a random zero point in the range of the type.
func randomZero(r *rand.Rand, d DType) int {
	return int(integerLimits[d][0]) + r.IntN(256)
}

// clampRound rounds to even and saturates.
func clampRound(v float64, zero int, d DType) int32 {
	lim := integerLimits[d]
	return int32(min(max(math.RoundToEven(v)+float64(zero), float64(lim[0])), float64(lim[1])))
}

// TestQLinearBinary holds all pairs of values against the formulas, which agree with
// onnxruntime 1.30 for every pair at 40 (Add) and 24 (Mul) sets of scales, ties
// among them.
func TestQLinearBinary(t *testing.T) {
	r := rand.New(rand.NewPCG(61, 1))
	for i := range 12 {
		d := []DType{Uint8, Int8}[i%2]
		a, b := everyByte(d).View(Shape{256, 1}), everyByte(d).View(Shape{1, 256})
		sa, sb, sc := r.Float32()/50+0.01, r.Float32()/50+0.01, r.Float32()/50+0.01
		if i >= 8 {
			sa, sb, sc = 0.25, 0.5, 0.5 // ties
		}
		za, zb, zc := randomZero(r, d), randomZero(r, d), randomZero(r, d)
		in := []*Tensor{a, Of([]float32{sa}), scalarOf(d, za), b, Of([]float32{sb}), scalarOf(d, zb), Of([]float32{sc}), scalarOf(d, zc)}
		sum := microsoft("QLinearAdd", in).mustRun(t)[0]
		in[6] = Of([]float32{float32(sa*sb) * 40})
		product := microsoft("QLinearMul", in).mustRun(t)[0]
		for k := range 65536 {
			x, y := int(byteAt(a, k/256)), int(byteAt(b, k%256))
			ra, rb := sa/sc, sb/sc
			offset := float32(zc) - float32(float64(ra)*float64(za)+float64(rb*float32(zb)))
			want := float32(float64(x)*float64(ra) + float64(float32(float64(y)*float64(rb)+float64(offset))))
			require.Equal(t, clampRound(float64(want), 0, d), byteAt(sum, k), "%d + %d", x, y)
			factor := float32(sa*sb) / (float32(sa*sb) * 40)
			want = float32(float32((x-za)*(y-zb))*factor) + float32(zc)
			require.Equal(t, clampRound(float64(want), 0, d), byteAt(product, k), "%d · %d", x, y)
		}
	}
	// Without zero points, with an operand that stands still.
	one := Of([]float32{1})
	got := microsoft("QLinearAdd", []*Tensor{Of([]uint8{1, 2, 254}, 3), one, nil, Of([]uint8{3}), one, nil, one}).mustRun(t)[0]
	require.Equal(t, []uint8{4, 5, 255}, Data[uint8](got))
}

func TestQLinearBinaryErrors(t *testing.T) {
	x, one := Of([]uint8{1, 2}, 2), Of([]float32{1})
	run := func(text string, in ...*Tensor) { microsoft("QLinearAdd", in).mustFail(t, text) }
	run("A is tensor(float)", one, one, nil, one, one, nil, one)
	run("A is tensor(uint8) and B is tensor(int8)", x, one, nil, Of([]int8{1}), one, nil, one)
	run("A_scale is tensor(double)", x, Of([]float64{1}), nil, x, one, nil, one)
	run("B_zero_point is tensor(int8)", x, one, nil, x, one, Of([]int8{1}), one)
	run("C_zero_point has shape [2]", x, one, nil, x, one, nil, one, x)
	run("do not broadcast", x, one, nil, Of([]uint8{1, 2, 3}, 3), one, nil, one)
}

func TestQLinearUnary(t *testing.T) {
	r := rand.New(rand.NewPCG(62, 1))
	functions := map[string]func(x float64) float64{
		"QLinearSigmoid": func(x float64) float64 { return 1 / (1 + math.Exp(-x)) },
		"QLinearLeakyRelu": func(x float64) float64 {
			if x < 0 {
				return float64(float32(x) * 0.1)
			}
			return x
		},
	}
	for name, f := range functions {
		for _, d := range []DType{Uint8, Int8} {
			zx, zy := randomZero(r, d), randomZero(r, d)
			var attrs []Attr
			if name == "QLinearLeakyRelu" {
				attrs = append(attrs, FloatAttr("alpha", 0.1))
			}
			x := everyByte(d)
			got := microsoft(name, []*Tensor{x, Of([]float32{0.07}), scalarOf(d, zx), Of([]float32{0.011}), scalarOf(d, zy)}, attrs...).mustRun(t)[0]
			for i := range 256 {
				y := float32(f(float64(float32(int(byteAt(x, i))-zx) * 0.07)))
				require.Equal(t, clampRound(float64(y/0.011), zy, d), byteAt(got, i), "%s %v %d", name, d, i)
			}
		}
	}
}

func TestQLinearPools(t *testing.T) {
	x := Of([]uint8{1, 2, 3, 4, 5, 6, 7, 8, 10}, 1, 1, 3, 3)
	one := Of([]float32{1})
	got := microsoft("QLinearAveragePool", []*Tensor{x, one, nil, one, nil}, IntsAttr("kernel_shape", 2, 2), IntAttr("channels_last", 0)).mustRun(t)[0]
	require.Equal(t, []uint8{3, 4, 6, 7}, Data[uint8](got)) // 3, 4, 6, 7.25
	got = microsoft("QLinearAveragePool", []*Tensor{x, one, Of([]uint8{1}), one, Of([]uint8{10})},
		IntsAttr("kernel_shape", 2, 2), IntsAttr("pads", 1, 1, 0, 0), IntAttr("count_include_pad", 1)).mustRun(t)[0]
	require.Equal(t, []uint8{10, 10, 11, 11, 12, 13, 12, 15, 16}, Data[uint8](got)) // 0, .25, .75, .75, 2, 3, 2.25, 5, 6.25
	got = microsoft("QLinearGlobalAveragePool", []*Tensor{x, Of([]float32{0.5}), nil, Of([]float32{0.25}), nil}).mustRun(t)[0]
	require.Equal(t, []uint8{10}, Data[uint8](got)) // 46/9 = 5.1, twice
	microsoft("QLinearAveragePool", []*Tensor{x, one, nil, one, nil}, IntsAttr("kernel_shape", 2, 2), IntAttr("channels_last", 1)).mustFail(t, "channels_last is 1")
	microsoft("QLinearAveragePool", []*Tensor{x, one, nil, one, nil}).mustFail(t, "kernel_shape is missing")
	microsoft("QLinearGlobalAveragePool", []*Tensor{Of([]float32{1}, 1, 1, 1), one, nil, one}).mustFail(t, "X is tensor(float)")
}

func TestQLinearSoftmax(t *testing.T) {
	x := Of([]uint8{0, 1, 2, 2, 2, 2}, 2, 3)
	in := []*Tensor{x, Of([]float32{float32(math.Ln2)}), nil, Of([]float32{1. / 256}), Of([]uint8{0})}
	got := microsoft("QLinearSoftmax", in, IntAttr("axis", -1), IntAttr("opset", 13)).mustRun(t)[0]
	require.Equal(t, []uint8{37, 73, 146, 85, 85, 85}, Data[uint8](got)) // 256/7, 512/7, 1024/7, 256/3
	got = microsoft("QLinearSoftmax", in, IntAttr("axis", 0), IntAttr("opset", 11)).mustRun(t)[0]
	require.Equal(t, []uint8{13, 27, 54, 54, 54, 54}, Data[uint8](got)) // one row of six
	// The factor is floor(1/Y_scale), here 3; along an axis in the middle.
	r := rand.New(rand.NewPCG(64, 1))
	for _, d := range []DType{Uint8, Int8} {
		x, zero := randomBytes(r, d, 4, 7, 5), randomZero(r, d)
		got := microsoft("QLinearSoftmax", []*Tensor{x, Of([]float32{0.03}), scalarOf(d, zero), Of([]float32{0.26}), scalarOf(d, 1)}, IntAttr("axis", 1)).mustRun(t)[0]
		for i := range 4 {
			for k := range 5 {
				sum := 0.0
				power := func(j int) float64 { return math.Exp(float64(float32(byteAt(x, (i*7+j)*5+k)-int32(zero)) * 0.03)) }
				for j := range 7 {
					sum += power(j)
				}
				for j := range 7 {
					require.Equal(t, clampRound(power(j)/sum*3, 1, d), byteAt(got, (i*7+j)*5+k))
				}
			}
		}
	}
	in[0] = Of([]float32{1}, 1)
	microsoft("QLinearSoftmax", in).mustFail(t, "X is tensor(float)")
	in[0] = Of([]uint8{1}, 1)
	microsoft("QLinearSoftmax", in, IntAttr("axis", 2)).mustFail(t, "axis is 2")
}

func TestQLinearConcat(t *testing.T) {
	in := []*Tensor{
		Of([]float32{0.5}), Of([]uint8{10}),
		Of([]uint8{10, 11, 255}, 1, 3), Of([]float32{0.5}), Of([]uint8{10}),
		Of([]uint8{0, 1, 2, 3, 100}, 1, 5), Of([]float32{0.25}), Of([]uint8{1}),
	}
	got := microsoft("QLinearConcat", in, IntAttr("axis", 1)).mustRun(t)[0]
	require.Equal(t, []uint8{10, 11, 255, 10, 10, 10, 11, 60}, Data[uint8](got)) // -0.5, 0, 0.5, 1, 49.5: ties to even
	microsoft("QLinearConcat", in[:4], IntAttr("axis", 1)).mustFail(t, "4 inputs")
	microsoft("QLinearConcat", in).mustFail(t, "attribute axis is missing")
	in[5] = Of([]int8{1}, 1, 1)
	microsoft("QLinearConcat", in, IntAttr("axis", 1)).mustFail(t, "input 5 is tensor(int8)")
}

func TestQGemm(t *testing.T) {
	r := rand.New(rand.NewPCG(63, 1))
	for seed := range 60 {
		m, k, n := 1+r.IntN(5), 1+r.IntN(9), 1+r.IntN(5)
		transA, transB := seed%2 == 0, seed%3 == 0
		a, b := randomBytes(r, byteType(r), turned(Shape{m, k}, transA)...), randomBytes(r, byteType(r), turned(Shape{k, n}, transB)...)
		za, zb := randomZero(r, a.dtype), randomZero(r, b.dtype)
		bScale := randomReals(r, 0.01, n)
		bZero := NewTensor(b.dtype, Shape{n})
		for i := range bZero.Bytes() {
			bZero.Bytes()[i] = byte(zb)
		}
		in := []*Tensor{a, Of([]float32{0.02}), scalarOf(a.dtype, za), b, bScale, bZero, Of([]int32{5, -7, 900, 3, 1}[:n], n)}
		attrs := []Attr{FloatAttr("alpha", 1.5)}
		if transA {
			attrs = append(attrs, IntAttr("transA", 1))
		}
		if transB {
			attrs = append(attrs, IntAttr("transB", 1))
		}
		plain := microsoft("QGemm", in, attrs...).mustRun(t)[0]
		quantised := microsoft("QGemm", append(in, Of([]float32{0.3}), Of([]uint8{100})), attrs...).mustRun(t)[0]
		for i := range m {
			for j := range n {
				sum := []int32{5, -7, 900, 3, 1}[j]
				for p := range k {
					at, bt := i*k+p, p*n+j
					if transA {
						at = p*m + i
					}
					if transB {
						bt = j*k + p
					}
					sum += (byteAt(a, at) - int32(za)) * (byteAt(b, bt) - int32(zb))
				}
				factor := float32(float32(1.5)*0.02) * Data[float32](bScale)[j]
				require.Equal(t, float32(sum)*factor, Data[float32](plain)[i*n+j], "seed %d", seed)
				require.Equal(t, clampRound(float64(float32(sum)*(factor/0.3)), 100, Uint8), byteAt(quantised, i*n+j), "seed %d", seed)
			}
		}
	}
}

func TestQGemmErrors(t *testing.T) {
	one, zero := Of([]float32{1}), Of([]uint8{0})
	a, b := Of([]uint8{1, 2}, 1, 2), Of([]uint8{1, 2}, 2, 1)
	run := func(text string, in ...*Tensor) { microsoft("QGemm", in).mustFail(t, text) }
	run("A has shape [2], want rank 2", Of([]uint8{1, 2}, 2), one, zero, b, one, zero)
	run("A has 2 columns and B 1 rows", a, one, zero, a, one, zero)
	run("b_scale has shape [2], want one value", a, one, zero, b, Of([]float32{1, 2}, 2), zero)
	run("C is tensor(float)", a, one, zero, b, one, zero, one)
	run("C has shape [2], which does not broadcast to [1, 1]", a, one, zero, b, one, zero, Of([]int32{1, 2}, 2))
	run("y_scale is given without y_zero_point", a, one, zero, b, one, zero, nil, one)
	run("y_zero_point is tensor(int32)", a, one, zero, b, one, zero, nil, one, Of([]int32{1}))
}

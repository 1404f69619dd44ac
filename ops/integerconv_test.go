package ops

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// randomBytes gives random values of 8 bits over the whole range of the type.
func randomBytes(r *rand.Rand, d DType, dims ...int) *Tensor {
	x := NewTensor(d, append(Shape{}, dims...))
	for i := range x.Bytes() {
		x.Bytes()[i] = byte(r.Uint32())
	}
	return x
}

// byteType picks uint8 or int8.
func byteType(r *rand.Rand) DType { return []DType{Uint8, Int8}[r.IntN(2)] }

// integerCase is a random convolution of values of 8 bits.
type integerCase struct {
	*randomConv
	x, w, xZero, wZero *Tensor // the zero points may be nil
}

func newIntegerCase(r *rand.Rand) *integerCase {
	c := &integerCase{randomConv: newRandomConv(r, false)}
	c.b, c.r = nil, nil
	c.x, c.w = randomBytes(r, byteType(r), c.randomConv.x.shape...), randomBytes(r, byteType(r), c.randomConv.w.shape...)
	if r.IntN(3) > 0 {
		c.xZero = randomBytes(r, c.x.dtype)
	}
	switch r.IntN(3) {
	case 0:
		c.wZero = randomBytes(r, c.w.dtype, 1)
	case 1:
		c.wZero = randomBytes(r, c.w.dtype, c.w.shape[0])
	}
	// The formula is that of Conv on the differences, which floats hold exactly.
	c.randomConv.x, c.randomConv.w = floatsLessZero(c.x, c.xZero), floatsLessZero(c.w, c.wZero)
	return c
}

// attrs are the attributes of the node.
func (c *integerCase) attrs() []Attr { return c.node("Conv").attrs }

// sums are the results by the formula.
func (c *integerCase) sums(y Shape) []int32 {
	out := make([]int32, y.Elements())
	for i, v := range c.naive(false, y) {
		out[i] = int32(v)
	}
	return out
}

func TestConvIntegerRandom(t *testing.T) {
	for seed := range uint64(200) {
		c := newIntegerCase(rand.New(rand.NewPCG(seed, 31)))
		got := opCase{op: "ConvInteger", attrs: c.attrs(), inputs: []*Tensor{c.x, c.w, c.xZero, c.wZero}}.mustRun(t)[0]
		require.Equal(t, c.sums(got.shape), Data[int32](got), "seed %d: %+v", seed, c)
	}
}

func TestConvInteger(t *testing.T) {
	// test_convinteger_with_padding of the specification.
	x := Of([]uint8{2, 3, 4, 5, 6, 7, 8, 9, 10}, 1, 1, 3, 3)
	got := opCase{op: "ConvInteger", attrs: []Attr{IntsAttr("pads", 1, 1, 1, 1)}, inputs: []*Tensor{x, Of([]uint8{1, 1, 1, 1}, 1, 1, 2, 2), Of([]uint8{1})}}.mustRun(t)[0]
	require.Equal(t, []int32{1, 3, 5, 3, 5, 12, 16, 9, 11, 24, 28, 15, 7, 15, 17, 9}, Data[int32](got))
}

// TestConvIntegerLargeSums has sums beyond what floats hold: the plain definition
// takes over.
func TestConvIntegerLargeSums(t *testing.T) {
	const channels = 300 // 300·255² > 2²⁴
	x, w := NewTensor(Uint8, Shape{1, channels, 1}), NewTensor(Uint8, Shape{1, channels, 1})
	for i := range x.Bytes() {
		x.Bytes()[i], w.Bytes()[i] = 255, 255
	}
	x.Bytes()[0] = 254
	got := opCase{op: "ConvInteger", inputs: []*Tensor{x, w}}.mustRun(t)[0]
	require.Equal(t, []int32{channels*255*255 - 255}, Data[int32](got))
}

func TestConvIntegerErrors(t *testing.T) {
	x, w := Of(make([]uint8, 8), 1, 2, 4), Of(make([]int8, 4), 2, 2, 1)
	run := func(text string, inputs ...*Tensor) { opCase{op: "ConvInteger", inputs: inputs}.mustFail(t, text) }
	run("x is tensor(float)", Of([]float32{1}, 1, 1, 1), w)
	run("w is tensor(int32)", x, Of([]int32{1}, 1, 1, 1))
	run("x_zero_point is tensor(int8), want tensor(uint8)", x, w, Of([]int8{1}))
	run("x_zero_point has shape [2], want one value", x, w, Of([]uint8{1, 2}, 2))
	run("w_zero_point has shape [3], want one value or 2", x, w, nil, Of([]int8{1, 2, 3}, 3))
	run("w has shape [2, 2], want rank 3", x, Of(make([]int8, 4), 2, 2))
	run("X has rank 2", Of(make([]uint8, 4), 2, 2), Of(make([]int8, 4), 2, 2))
	run("X has 2 channels, W wants 1", x, Of(make([]int8, 2), 2, 1, 1))
}

func TestConvIntegerEmpty(t *testing.T) {
	got := opCase{op: "ConvInteger", inputs: []*Tensor{Of([]uint8{}, 0, 2, 4), Of(make([]int8, 4), 2, 2, 1)}}.mustRun(t)[0]
	require.Equal(t, Shape{0, 2, 4}, got.shape)
}

func TestQLinearConvRandom(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 32))
		c := newIntegerCase(r)
		if c.xZero == nil {
			c.xZero = NewTensor(c.x.dtype, Scalar())
		}
		if c.wZero == nil {
			c.wZero = NewTensor(c.w.dtype, Scalar())
		}
		channels := c.w.shape[0]
		wScale := Of([]float32{0.01 + r.Float32()/100})
		if r.IntN(2) == 0 {
			wScale = NewTensor(Float32, Shape{channels})
			for i := range channels {
				Data[float32](wScale)[i] = 0.01 + r.Float32()/100
			}
		}
		var bias *Tensor
		if r.IntN(2) == 0 {
			bias = NewTensor(Int32, Shape{channels})
			for i := range channels {
				Data[int32](bias)[i] = int32(r.IntN(2000) - 1000)
			}
		}
		xScale, yScale, yZero := Of([]float32{0.02}), Of([]float32{0.3}), randomBytes(r, byteType(r))
		got := opCase{op: "QLinearConv", attrs: c.attrs(),
			inputs: []*Tensor{c.x, xScale, c.xZero, c.w, wScale, c.wZero, yScale, yZero, bias}}.mustRun(t)[0]
		require.Equal(t, yZero.dtype, got.dtype)
		lim := integerLimits[got.dtype]
		for i, sum := range c.sums(got.shape) {
			m := i / product(got.shape[2:]) % channels
			if bias != nil {
				sum += Data[int32](bias)[m]
			}
			factor := float32(Data[float32](xScale)[0]*Data[float32](wScale)[min(m, wScale.Len()-1)]) / Data[float32](yScale)[0]
			want := math.RoundToEven(float64(float32(sum)*factor)) + float64(zeroPoint(yZero, 0))
			want = min(max(want, float64(lim[0])), float64(lim[1]))
			require.EqualValues(t, want, byteAt(got, i), "seed %d element %d", seed, i)
		}
	}
}

func TestQLinearConvErrors(t *testing.T) {
	good := []*Tensor{
		Of(make([]uint8, 8), 1, 2, 4), Of([]float32{1}), Of([]uint8{0}),
		Of(make([]int8, 4), 2, 2, 1), Of([]float32{1}), Of([]int8{0}),
		Of([]float32{1}), Of([]uint8{0}), Of([]int32{0, 0}, 2),
	}
	opCase{op: "QLinearConv", inputs: good}.mustRun(t)
	opCase{op: "QLinearConv", domain: MicrosoftDomain, opset: 1, attrs: []Attr{IntAttr("channels_last", 0)}, inputs: good}.mustRun(t)
	run := func(text string, i int, x *Tensor) {
		in := append([]*Tensor(nil), good...)
		in[i] = x
		opCase{op: "QLinearConv", inputs: in}.mustFail(t, text)
	}
	run("x_scale is tensor(double)", 1, Of([]float64{1}))
	run("x_scale has shape [2], want one value", 1, Of([]float32{1, 2}, 2))
	run("w_scale has shape [3], want one value or 2", 4, Of([]float32{1, 2, 3}, 3))
	run("y_scale has shape [2]", 6, Of([]float32{1, 2}, 2))
	run("y_zero_point is tensor(int32)", 7, Of([]int32{1}))
	run("y_zero_point has shape [2]", 7, Of([]uint8{1, 2}, 2))
	run("B is tensor(float)", 8, Of([]float32{1, 2}, 2))
	run("B has shape [3], want [2]", 8, Of([]int32{1, 2, 3}, 3))
	opCase{op: "QLinearConv", domain: MicrosoftDomain, opset: 1, attrs: []Attr{IntAttr("channels_last", 1)}, inputs: good}.mustFail(t, "channels_last is 1")
}

func TestIntegerConvMACs(t *testing.T) {
	o := &convInteger{newIntegerConv(NewNode("ConvInteger", "", 10, 2, 1), 1, 2, 3)}
	in := []Spec{tensorSpec(Uint8, Shape{1, 4, 5}), tensorSpec(Int8, Shape{6, 4, 2})}
	require.EqualValues(t, 6*4*4*2, o.MACs(in, []Spec{tensorSpec(Int32, Shape{1, 6, 4})}))
}

func BenchmarkQLinearConv(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	x, w := randomBytes(r, Uint8, 1, 64, 80, 80), randomBytes(r, Int8, 64, 64, 3, 3)
	for i := range w.Bytes() {
		w.Bytes()[i] = byte(int8(w.Bytes()[i]) / 4)
	}
	benchmarkBound(b, opCase{op: "QLinearConv", attrs: []Attr{IntsAttr("pads", 1, 1, 1, 1)}, inputs: []*Tensor{
		x, Of([]float32{1}), Of([]uint8{128}), w, Of([]float32{0.001}), Of([]int8{0}), Of([]float32{1}), Of([]uint8{0}),
	}}, 64*64*9*80*80)
}

package ops

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// integers makes a float tensor of whole numbers in [-8, 8], whose sums of
// products are exact in any order.
func integers(r *rand.Rand, shape ...int) *Tensor {
	t := NewTensor(Float32, shape)
	for i := range Data[float32](t) {
		Data[float32](t)[i] = float32(r.IntN(17) - 8)
	}
	return t
}

// ramp makes a float tensor of 1, 2, 3...
func ramp(shape ...int) *Tensor {
	t := NewTensor(Float32, shape)
	for i := range Data[float32](t) {
		Data[float32](t)[i] = float32(i + 1)
	}
	return t
}

// eachIndex calls f with every index of a shape, in row-major order.
func eachIndex(shape []int, f func(index []int)) {
	o := newOdometer(0, shape)
	for range product(shape) {
		f(o.index)
		o.next()
	}
}

// flatOffset is the offset of an index in a row-major tensor; ok is false outside it.
func flatOffset(shape Shape, index ...int) (at int, ok bool) {
	for i, d := range shape {
		if index[i] < 0 || index[i] >= d {
			return 0, false
		}
		at = at*d + index[i]
	}
	return at, true
}

// randomConv is a convolution (or the transposed one of the same attributes) with
// integer data, and its geometry.
type randomConv struct {
	rank, group                               int
	kernel, strides, dilations, pads, outputs []int
	x, w, b, r                                *Tensor
	act                                       string
}

func newRandomConv(r *rand.Rand, transposed bool) *randomConv {
	for {
		c := &randomConv{rank: 1 + r.IntN(3), group: 1 + r.IntN(3)}
		channels, outputs := (1+r.IntN(3))*c.group, (1+r.IntN(3))*c.group
		if r.IntN(4) == 0 { // depthwise
			c.group, outputs = channels, channels*(1+r.IntN(2))
		}
		x, y := []int{1 + r.IntN(2), channels}, []int{0, outputs}
		y[0] = x[0]
		w := []int{outputs, channels / c.group}
		if transposed {
			w = []int{channels, outputs / c.group}
		}
		c.pads = make([]int, 2*c.rank)
		for i := range c.rank {
			k, s, d := 1+r.IntN(4), 1+r.IntN(3), 1+r.IntN(3)
			in, extent := 1+r.IntN(9), (k-1)*d+1
			begin, end := r.IntN(3), r.IntN(3)
			out := (in+begin+end-extent)/s + 1
			if in+begin+end < extent {
				out = 0
			}
			if transposed {
				extra := r.IntN(max(s, d))
				c.outputs = append(c.outputs, extra)
				out = (in-1)*s + extent + extra - begin - end
			}
			c.kernel, c.strides, c.dilations = append(c.kernel, k), append(c.strides, s), append(c.dilations, d)
			c.pads[i], c.pads[c.rank+i] = begin, end
			x, w, y = append(x, in), append(w, k), append(y, max(0, out))
		}
		if product(y) == 0 {
			continue
		}
		c.x, c.w = integers(r, x...), integers(r, w...)
		if r.IntN(2) == 0 {
			c.b = integers(r, outputs)
		}
		if r.IntN(4) == 0 {
			c.r, c.act = integers(r, y...), "Relu"
		}
		return c
	}
}

// node is the case as a node; the internal operator where it has a residual.
func (c *randomConv) node(op string) opCase {
	n := opCase{op: op, inputs: []*Tensor{c.x, c.w, c.b}, attrs: []Attr{
		IntsAttr("kernel_shape", c.kernel...), IntsAttr("strides", c.strides...), IntsAttr("dilations", c.dilations...),
		IntsAttr("pads", c.pads...), IntAttr("group", c.group),
	}}
	if c.outputs != nil {
		n.attrs = append(n.attrs, IntsAttr("output_padding", c.outputs...))
	}
	if c.r != nil {
		n.domain, n.inputs = InternalDomain, append(n.inputs, c.r)
		n.attrs = append(n.attrs, StringAttr("activation", c.act))
	}
	return n
}

// naive computes the case by the formula. y has the shape of the result.
func (c *randomConv) naive(transposed bool, y Shape) []float32 {
	sum := make([]float32, y.Elements())
	fine, coarse := c.x.Shape(), y // the grid that taps step over, the grid that strides step over
	if transposed {
		fine, coarse = y, c.x.Shape()
	}
	fineGroup, coarseGroup := fine[1]/c.group, coarse[1]/c.group
	eachIndex(coarse, func(o []int) {
		at, _ := flatOffset(coarse, o...)
		eachIndex(append([]int{fineGroup}, c.kernel...), func(t []int) {
			i := []int{o[0], o[1]/coarseGroup*fineGroup + t[0]}
			for k := range c.rank {
				i = append(i, o[2+k]*c.strides[k]-c.pads[k]+t[1+k]*c.dilations[k])
			}
			from, ok := flatOffset(fine, i...)
			if !ok {
				return
			}
			weight, _ := flatOffset(c.w.Shape(), append([]int{o[1]}, t...)...)
			if transposed {
				sum[from] += Data[float32](c.x)[at] * Data[float32](c.w)[weight]
			} else {
				sum[at] += Data[float32](c.x)[from] * Data[float32](c.w)[weight]
			}
		})
	})
	for i := range sum {
		if c.b != nil {
			sum[i] += Data[float32](c.b)[i/product(y[2:])%y[1]]
		}
		if c.r != nil {
			sum[i] = max(0, sum[i]+Data[float32](c.r)[i])
		}
	}
	return sum
}

func testRandomConv(t *testing.T, op string, transposed bool) {
	for seed := range uint64(300) {
		c := newRandomConv(rand.New(rand.NewPCG(seed, 7)), transposed)
		out := c.node(op).mustRun(t)[0]
		require.Equal(t, c.naive(transposed, out.Shape()), Data[float32](out), "seed %d: %+v", seed, c)
	}
}

func TestConvRandom(t *testing.T) { testRandomConv(t, "Conv", false) }

func TestConv(t *testing.T) {
	x := ramp(1, 1, 4)
	w := Of([]float32{1, 10, 100}, 1, 1, 3)
	cases := []struct {
		name  string
		attrs []Attr
		want  []float32
	}{
		{"plain", nil, []float32{321, 432}},
		{"pads", []Attr{IntsAttr("pads", 1, 0)}, []float32{210, 321, 432}},
		{"stride", []Attr{IntsAttr("strides", 2), IntsAttr("pads", 1, 1)}, []float32{210, 432}},
		{"dilation", []Attr{IntsAttr("dilations", 2), IntsAttr("pads", 1, 1)}, []float32{420, 31}},
		{"same upper", []Attr{StringAttr("auto_pad", "SAME_UPPER"), IntsAttr("strides", 2)}, []float32{321, 43}},
		{"same lower", []Attr{StringAttr("auto_pad", "SAME_LOWER"), IntsAttr("strides", 2)}, []float32{210, 432}},
		{"same upper, dilation", []Attr{StringAttr("auto_pad", "SAME_UPPER"), IntsAttr("dilations", 2)}, []float32{310, 420, 31, 42}},
		{"same, stride over the kernel", []Attr{StringAttr("auto_pad", "SAME_UPPER"), IntsAttr("strides", 4)}, []float32{321}},
		{"valid", []Attr{StringAttr("auto_pad", "VALID"), IntsAttr("pads", 0, 0)}, []float32{321, 432}},
		{"kernel_shape", []Attr{IntsAttr("kernel_shape", 3)}, []float32{321, 432}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			out := opCase{op: "Conv", attrs: c.attrs, inputs: []*Tensor{x, w}}.mustRun(t)
			require.Equal(t, c.want, Data[float32](out[0]))
		})
	}
	double := opCase{op: "Conv", inputs: []*Tensor{Of([]float64{1, 2, 3}, 1, 1, 3), Of([]float64{1, 1}, 1, 1, 2), Of([]float64{0.5}, 1)}}
	require.Equal(t, []float64{3.5, 5.5}, Data[float64](double.mustRun(t)[0]))
}

func TestConvEmpty(t *testing.T) {
	run := func(x, w Shape, attrs ...Attr) *Tensor {
		return opCase{op: "Conv", attrs: attrs, inputs: []*Tensor{NewTensor(Float32, x), NewTensor(Float32, w)}}.mustRun(t)[0]
	}
	require.Equal(t, Shape{0, 2, 3}, run(Shape{0, 1, 4}, Shape{2, 1, 2}).Shape())
	require.Equal(t, Shape{1, 0, 3}, run(Shape{1, 1, 4}, Shape{0, 1, 2}).Shape())
	require.Equal(t, []float32{0, 0, 0}, Data[float32](run(Shape{1, 0, 4}, Shape{1, 0, 2})), "no channels")
	require.Equal(t, []float32{0, 0}, Data[float32](run(Shape{1, 1, 0}, Shape{1, 1, 3}, IntsAttr("pads", 2, 2))), "padding alone")
}

func TestConvNaN(t *testing.T) {
	x := ramp(1, 1, 5)
	Data[float32](x)[2] = float32(math.NaN())
	out := opCase{op: "Conv", attrs: []Attr{IntsAttr("pads", 1, 1)}, inputs: []*Tensor{x, Of([]float32{0, 0, 0}, 1, 1, 3)}}.mustRun(t)
	for i, v := range Data[float32](out[0]) {
		require.Equal(t, i >= 1 && i <= 3, v != v, "output %d: a NaN changes exactly its receptive field", i)
	}
}

func TestConvErrors(t *testing.T) {
	x, w := ramp(1, 2, 5, 5), ramp(3, 2, 3, 3)
	cases := []struct {
		text   string
		attrs  []Attr
		inputs []*Tensor
	}{
		{"X has 2 channels, W wants 3", nil, []*Tensor{x, ramp(3, 3, 3, 3)}},
		{"X has 2 channels, W wants 2 in each of 2 groups", []Attr{IntAttr("group", 2)}, []*Tensor{x, w}},
		{"group 2 does not divide 3 output channels", []Attr{IntAttr("group", 2)}, []*Tensor{x, ramp(3, 1, 3, 3)}},
		{"group must be at least 1", []Attr{IntAttr("group", 0)}, []*Tensor{x, w}},
		{"stride must be at least 1", []Attr{IntsAttr("strides", 1, 0)}, []*Tensor{x, w}},
		{"dilation must be at least 1", []Attr{IntsAttr("dilations", 0, 1)}, []*Tensor{x, w}},
		{"pad must be at least 0", []Attr{IntsAttr("pads", 0, 0, -1, 0)}, []*Tensor{x, w}},
		{"stride must be at most", []Attr{IntsAttr("strides", 1<<30+1, 1)}, []*Tensor{x, w}},
		{"two strides wanted for a 2-D input", []Attr{IntsAttr("strides", 1)}, []*Tensor{x, w}},
		{"two dilations wanted for a 2-D input", []Attr{IntsAttr("dilations", 1, 1, 1)}, []*Tensor{x, w}},
		{"four pads wanted for a 2-D input", []Attr{IntsAttr("pads", 1, 1)}, []*Tensor{x, w}},
		{"kernel_shape differs from W: [2, 2] and [3, 3]", []Attr{IntsAttr("kernel_shape", 2, 2)}, []*Tensor{x, w}},
		{"kernel larger than the padded input: it covers 5 of 4", []Attr{IntsAttr("dilations", 2, 1)}, []*Tensor{ramp(1, 2, 4, 5), w}},
		{"bias has 2 values, 3 output channels", nil, []*Tensor{x, w, ramp(2)}},
		{"B has shape [1, 3], want rank 1", nil, []*Tensor{x, w, ramp(1, 3)}},
		{"X has rank 3, W rank 4", nil, []*Tensor{ramp(1, 2, 5), w}},
		{"X has rank 2, want at least 3", nil, []*Tensor{ramp(1, 2), ramp(3, 2)}},
		{"X has 4 spatial axes", nil, []*Tensor{ramp(1, 1, 1, 1, 1, 1), ramp(1, 1, 1, 1, 1, 1)}},
		{"W has the kernel [0, 3]", nil, []*Tensor{x, ramp(3, 2, 0, 3)}},
		{"pads [1 1 1 1] and auto_pad VALID are both given", []Attr{StringAttr("auto_pad", "VALID"), IntsAttr("pads", 1, 1, 1, 1)}, []*Tensor{x, w}},
		{"auto_pad is \"SAME\", want one of", []Attr{StringAttr("auto_pad", "SAME")}, []*Tensor{x, w}},
		{"X is tensor(int32)", nil, []*Tensor{Of([]int32{1}, 1, 1, 1), Of([]int32{1}, 1, 1, 1)}},
		{"X is tensor(float) and W is tensor(double)", nil, []*Tensor{x, NewTensor(Float64, w.Shape())}},
		{"attribute activation=\"Relu\" is not known", []Attr{StringAttr("activation", "Relu")}, []*Tensor{x, w}},
		{"more than", []Attr{IntsAttr("pads", 1<<29, 1<<29, 1<<28, 1<<28)}, []*Tensor{x, w}},
	}
	for _, c := range cases {
		opCase{op: "Conv", attrs: c.attrs, inputs: c.inputs}.mustFail(t, c.text)
	}
	fused := opCase{op: "Conv", domain: InternalDomain, inputs: []*Tensor{x, w, nil, ramp(1, 3, 3, 2)}}
	fused.mustFail(t, "R has shape [1, 3, 3, 2], want that of Y, [1, 3, 3, 3]")
	fused.attrs = []Attr{StringAttr("activation", "Gelu")}
	fused.mustFail(t, `activation is "Gelu"`)
}

func TestConvMACs(t *testing.T) {
	op, err := newConv(NewNode("Conv", "", 11, 2, 1))
	require.NoError(t, err)
	in := []Spec{tensorSpec(Float32, Shape{2, 3, 8, 8}), tensorSpec(Float32, Shape{4, 3, 3, 3})}
	out, err := op.Infer(in)
	require.NoError(t, err)
	require.Equal(t, int64(2*4*6*6*3*3*3), op.(Coster).MACs(in, out))
}

func TestActivations(t *testing.T) {
	cases := []struct {
		kind        string
		alpha, beta float64
		want        [4]float64 // of -4, -1, 0.5, 4
	}{
		{"", 0, 0, [4]float64{-4, -1, 0.5, 4}},
		{"Relu", 0, 0, [4]float64{0, 0, 0.5, 4}},
		{"LeakyRelu", 0.5, 0, [4]float64{-2, -0.5, 0.5, 4}},
		{"Clip", -2, 1, [4]float64{-2, -1, 0.5, 1}},
		{"Sigmoid", 0, 0, [4]float64{0.0179862, 0.2689414, 0.6224593, 0.9820138}},
		{"Tanh", 0, 0, [4]float64{-0.9993293, -0.7615942, 0.4621172, 0.9993293}},
		{"HardSwish", 0, 0, [4]float64{0, -1.0 / 3, 0.5 * (0.5/6 + 0.5), 4}},
		{"HardSigmoid", 0.25, 0.5, [4]float64{0, 0.25, 0.625, 1}},
		{"Swish", 0, 0, [4]float64{-0.0719448, -0.2689414, 0.3112297, 3.9280552}},
	}
	for _, c := range cases {
		a := activation{c.kind, c.alpha, c.beta}
		for i, x := range []float64{-4, -1, 0.5, 4} {
			require.InDelta(t, c.want[i], a.apply(x), 1e-6, "%s(%v)", c.kind, x)
		}
		require.True(t, math.IsNaN(a.apply(math.NaN())), "%s(NaN)", c.kind)
	}
	require.Len(t, activationDefaults, len(cases), "every activation is tested")
	fused := opCase{op: "Conv", domain: InternalDomain, inputs: []*Tensor{Of([]float32{-1, 3}, 1, 1, 2), ramp(1, 1, 1), nil, Of([]float32{-1, -1}, 1, 1, 2)}}
	for kind, want := range map[string][]float32{"": {-2, 2}, "Relu": {0, 2}, "LeakyRelu": {-0.02, 2}, "HardSigmoid": {0.1, 0.9}, "Swish": {-0.2384058, 1.7615942}, "HardSwish": {-1.0 / 3, 5.0 / 3}, "Clip": {-2, 2}} {
		fused.attrs = []Attr{StringAttr("activation", kind)}
		require.InDeltaSlice(t, want, Data[float32](fused.mustRun(t)[0]), 1e-6, kind)
	}
	fused.attrs = []Attr{StringAttr("activation", "Clip"), FloatAttr("activation_alpha", 0), FloatAttr("activation_beta", 1)}
	require.Equal(t, []float32{0, 1}, Data[float32](fused.mustRun(t)[0]), fmt.Sprint(fused.attrs))
}

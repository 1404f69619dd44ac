package ops

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// randomPool is a pool's input and attributes; out is the shape of Y.
type randomPool struct {
	x                                *Tensor
	kernel, strides, dilations, pads []int
	ceil                             bool
	out                              Shape
}

func newRandomPool(r *rand.Rand) *randomPool {
	for {
		rank := 1 + r.IntN(3)
		p := &randomPool{pads: make([]int, 2*rank), ceil: r.IntN(2) == 0}
		x := []int{1 + r.IntN(2), 1 + r.IntN(3)}
		p.out = append(Shape{}, x...)
		for i := range rank {
			k, s, d, in := 1+r.IntN(4), 1+r.IntN(3), 1+r.IntN(2), 1+r.IntN(9)
			p.pads[i], p.pads[rank+i] = r.IntN(k), r.IntN(k)
			room := in + p.pads[i] + p.pads[rank+i] - (k-1)*d - 1
			out := room/s + 1
			if p.ceil {
				out = (room+s-1)/s + 1
				if (out-1)*s >= in+p.pads[i] {
					out--
				}
			}
			if room < 0 {
				out = 0
			}
			p.kernel, p.strides, p.dilations = append(p.kernel, k), append(p.strides, s), append(p.dilations, d)
			x, p.out = append(x, in), append(p.out, out)
		}
		if product(p.out) > 0 {
			p.x = integers(r, x...)
			return p
		}
	}
}

func (p *randomPool) attrs(more ...Attr) []Attr {
	a := append(more, IntsAttr("kernel_shape", p.kernel...), IntsAttr("strides", p.strides...),
		IntsAttr("dilations", p.dilations...), IntsAttr("pads", p.pads...))
	if p.ceil {
		a = append(a, IntAttr("ceil_mode", 1))
	}
	return a
}

// naive folds, for every output, the offsets in X under its window, and the number
// of taps that lie in input or padding.
func (p *randomPool) naive(f func(output int, under []int, padded int)) {
	output := 0
	eachIndex(p.out, func(o []int) {
		under, padded := []int{}, 0
		eachIndex(p.kernel, func(t []int) {
			i, inPadded := []int{o[0], o[1]}, true
			for k := range t {
				at := o[2+k]*p.strides[k] - p.pads[k] + t[k]*p.dilations[k]
				i = append(i, at)
				inPadded = inPadded && at < p.x.Shape()[2+k]+p.pads[len(t)+k]
			}
			if inPadded {
				padded++
			}
			if at, ok := flatOffset(p.x.Shape(), i...); ok {
				under = append(under, at)
			}
		})
		f(output, under, padded)
		output++
	})
}

func TestMaxPoolRandom(t *testing.T) {
	for seed := range uint64(300) {
		p := newRandomPool(rand.New(rand.NewPCG(seed, 9)))
		x := Data[float32](p.x)
		want, indices := make([]float32, p.out.Elements()), make([]int64, p.out.Elements())
		p.naive(func(o int, under []int, _ int) {
			want[o], indices[o] = float32(math.Inf(-1)), -1
			for _, at := range under {
				if x[at] > want[o] {
					want[o], indices[o] = x[at], int64(at)
				}
			}
		})
		c := opCase{op: "MaxPool", attrs: p.attrs(), inputs: []*Tensor{p.x}}
		out := c.mustRun(t)
		require.Equal(t, p.out, out[0].Shape(), "seed %d: %+v", seed, p)
		require.Equal(t, want, Data[float32](out[0]), "seed %d: %+v", seed, p)
		c.outputs = 2
		out = c.mustRun(t)
		require.Equal(t, want, Data[float32](out[0]), "seed %d: %+v", seed, p)
		require.Equal(t, indices, Data[int64](out[1]), "seed %d: %+v", seed, p)
	}
}

// The expected values are onnxruntime's.
func TestMaxPool(t *testing.T) {
	x := ramp(1, 1, 6)
	k3 := IntsAttr("kernel_shape", 3)
	cases := []struct {
		name  string
		attrs []Attr
		want  []float32
	}{
		{"plain", []Attr{k3}, []float32{3, 4, 5, 6}},
		{"same upper", []Attr{k3, IntsAttr("strides", 2), StringAttr("auto_pad", "SAME_UPPER")}, []float32{3, 5, 6}},
		{"same lower", []Attr{k3, IntsAttr("strides", 2), StringAttr("auto_pad", "SAME_LOWER")}, []float32{2, 4, 6}},
		{"auto_pad overrides pads", []Attr{k3, IntsAttr("strides", 2), StringAttr("auto_pad", "SAME_LOWER"), IntsAttr("pads", 1, 1)}, []float32{2, 4, 6}},
		{"valid, ceil", []Attr{k3, IntsAttr("strides", 2), StringAttr("auto_pad", "VALID"), IntAttr("ceil_mode", 1)}, []float32{3, 5, 6}},
		{"ceil", []Attr{k3, IntsAttr("strides", 3), IntsAttr("pads", 1, 1), IntAttr("ceil_mode", 1)}, []float32{2, 5, 6}},
		{"ceil, last window in the padding", []Attr{k3, IntsAttr("strides", 3), IntsAttr("pads", 0, 1), IntAttr("ceil_mode", 1)}, []float32{3, 6}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			out := opCase{op: "MaxPool", attrs: c.attrs, inputs: []*Tensor{x}}.mustRun(t)
			require.Equal(t, c.want, Data[float32](out[0]))
		})
	}
	pair := []Attr{IntsAttr("kernel_shape", 2)}
	require.Equal(t, []int8{2, 3}, Data[int8](opCase{op: "MaxPool", attrs: pair, inputs: []*Tensor{Of([]int8{1, 2, 3}, 1, 1, 3)}}.mustRun(t)[0]))
	require.Equal(t, []uint8{250, 3}, Data[uint8](opCase{op: "MaxPool", attrs: pair, inputs: []*Tensor{Of([]uint8{250, 2, 3}, 1, 1, 3)}}.mustRun(t)[0]))
	require.Equal(t, []float64{-1, 3}, Data[float64](opCase{op: "MaxPool", opset: 7, attrs: pair, inputs: []*Tensor{Of([]float64{-1, -2, 3}, 1, 1, 3)}}.mustRun(t)[0]))
	huge := opCase{op: "MaxPool", attrs: []Attr{IntsAttr("kernel_shape", 1<<28), IntsAttr("pads", 1<<28-1, 1<<28-1), IntsAttr("strides", 1<<27)}, inputs: []*Tensor{ramp(1, 1, 3)}}
	require.Equal(t, []float32{1, 3, 3}, Data[float32](huge.mustRun(t)[0]), "a kernel much larger than the input")
	require.Equal(t, Shape{0, 1, 2}, opCase{op: "MaxPool", attrs: pair, inputs: []*Tensor{ramp(0, 1, 3)}}.mustRun(t)[0].Shape())
}

// The expected values are onnxruntime's.
func TestMaxPoolIndices(t *testing.T) {
	run := func(x *Tensor, attrs ...Attr) []int64 {
		return Data[int64](opCase{op: "MaxPool", attrs: attrs, inputs: []*Tensor{x}, outputs: 2}.mustRun(t)[1])
	}
	k2, columns := IntsAttr("kernel_shape", 2, 2), IntAttr("storage_order", 1)
	require.Equal(t, []int64{0, 1, 2, 2, 3, 4, 5, 5, 3, 4, 5, 5, 6, 7, 8, 8, 9, 10, 11, 11, 9, 10, 11, 11},
		run(ramp(2, 1, 2, 3), k2, IntsAttr("pads", 1, 1, 1, 1)))
	require.Equal(t, []int64{3, 5, 9, 11}, run(ramp(2, 1, 2, 3), k2, columns))
	require.Equal(t, []int64{9, 11, 21, 23}, run(ramp(1, 2, 2, 3, 2), IntsAttr("kernel_shape", 2, 2, 2), columns))
	require.Equal(t, []int64{0, 1}, run(Of([]float32{5, 5, 5}, 1, 1, 3), IntsAttr("kernel_shape", 2)), "the first of equals")
	// A window of two pixels, both in the padding.
	require.Equal(t, []int64{-1}, run(ramp(1, 1, 2), IntsAttr("kernel_shape", 2), IntsAttr("dilations", 3), IntsAttr("pads", 1, 1)))
}

func TestMaxPoolNaN(t *testing.T) {
	nan := float32(math.NaN())
	for at := range 3 {
		x := ramp(1, 1, 3)
		Data[float32](x)[at] = nan
		for outputs := 1; outputs <= 2; outputs++ {
			out := opCase{op: "MaxPool", attrs: []Attr{IntsAttr("kernel_shape", 3)}, inputs: []*Tensor{x}, outputs: outputs}.mustRun(t)
			require.True(t, math.IsNaN(float64(Data[float32](out[0])[0])), "NaN at %d", at)
			if outputs == 2 {
				require.Equal(t, []int64{int64(at)}, Data[int64](out[1]))
			}
		}
	}
	inf := float32(math.Inf(-1))
	out := opCase{op: "MaxPool", attrs: []Attr{IntsAttr("kernel_shape", 2)}, inputs: []*Tensor{Of([]float32{inf, inf}, 1, 1, 2)}}.mustRun(t)
	require.Equal(t, []float32{inf}, Data[float32](out[0]))
}

func TestMaxPoolErrors(t *testing.T) {
	x, k2 := ramp(1, 1, 4, 4), IntsAttr("kernel_shape", 2, 2)
	cases := []struct {
		text  string
		x     *Tensor
		opset int
		attrs []Attr
	}{
		{"kernel_shape is missing", x, 0, nil},
		{"two kernel_shape wanted for a 2-D input", x, 0, []Attr{IntsAttr("kernel_shape", 2)}},
		{"kernel size must be at least 1", x, 0, []Attr{IntsAttr("kernel_shape", 2, 0)}},
		{"stride must be at least 1", x, 0, []Attr{k2, IntsAttr("strides", 0, 1)}},
		{"kernel larger than the padded input: it covers 5 of 4", x, 0, []Attr{IntsAttr("kernel_shape", 5, 1)}},
		{"a pad must be smaller than the kernel", x, 0, []Attr{k2, IntsAttr("pads", 2, 0, 0, 0)}},
		{"spatial axis 1: a size of 0 leaves no output", ramp(1, 1, 4, 0), 0, []Attr{k2, StringAttr("auto_pad", "SAME_UPPER")}},
		{"spatial axis 1 is empty", ramp(1, 1, 4, 0), 0, []Attr{k2, IntsAttr("pads", 1, 1, 1, 1)}},
		{"attribute dilations=[1 1] is not known", x, 8, []Attr{k2, IntsAttr("dilations", 1, 1)}},
		{"attribute ceil_mode=1 is not known", x, 8, []Attr{k2, IntAttr("ceil_mode", 1)}},
		{"X is tensor(int32)", Of([]int32{1}, 1, 1, 1), 0, []Attr{IntsAttr("kernel_shape", 1)}},
		{"X has rank 2", ramp(1, 2), 0, []Attr{IntsAttr("kernel_shape", 1)}},
		{"storage_order is 2, want 0 or 1", x, 0, []Attr{k2, IntAttr("storage_order", 2)}},
	}
	for _, c := range cases {
		opCase{op: "MaxPool", opset: c.opset, attrs: c.attrs, inputs: []*Tensor{c.x}}.mustFail(t, c.text)
	}
	opCase{op: "MaxPool", opset: 7, attrs: []Attr{k2}, inputs: []*Tensor{x}, outputs: 2}.mustFail(t, "2 outputs, want at most 1")
}

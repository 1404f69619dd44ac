package ops

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestConvTransposeRandom(t *testing.T) { testRandomConv(t, "ConvTranspose", true) }

// The expected values are onnxruntime's, except where it refuses the case.
func TestConvTranspose(t *testing.T) {
	upper, lower := StringAttr("auto_pad", "SAME_UPPER"), StringAttr("auto_pad", "SAME_LOWER")
	stride, shape := func(v int) Attr { return IntsAttr("strides", v) }, func(v int) Attr { return IntsAttr("output_shape", v) }
	outputPadding := IntsAttr("output_padding", 1)
	cases := []struct {
		name  string
		taps  int // of the kernel 1, 10, 100
		attrs []Attr
		want  []float32
	}{
		{"plain", 3, nil, []float32{1, 12, 120, 200}},
		{"stride", 3, []Attr{stride(2)}, []float32{1, 10, 102, 20, 200}},
		{"output_padding", 3, []Attr{stride(2), outputPadding}, []float32{1, 10, 102, 20, 200, 0}},
		{"stride over the kernel", 3, []Attr{stride(4)}, []float32{1, 10, 100, 0, 2, 20, 200}},
		{"pads", 3, []Attr{stride(2), IntsAttr("pads", 2, 0)}, []float32{102, 20, 200}},
		{"dilation", 3, []Attr{stride(2), IntsAttr("dilations", 2)}, []float32{1, 0, 12, 0, 120, 0, 200}},
		{"output_padding below dilation", 2, []Attr{stride(1), IntsAttr("dilations", 3), IntsAttr("output_padding", 2)}, []float32{1, 2, 0, 10, 20, 0, 0}},
		{"same upper, even", 3, []Attr{upper}, []float32{12, 120}},
		{"same upper, odd", 3, []Attr{upper, stride(2)}, []float32{1, 10, 102, 20}},
		{"same lower, odd", 3, []Attr{lower, stride(2)}, []float32{10, 102, 20, 200}},
		{"same upper, short kernel", 2, []Attr{upper, stride(4)}, []float32{1, 10, 0, 0, 2, 20}},
		{"same lower, short kernel", 2, []Attr{lower, stride(4)}, []float32{1, 10, 0, 0, 2, 20}},
		{"same upper, output_padding", 3, []Attr{upper, stride(2), outputPadding}, []float32{10, 102, 20, 200}},
		{"same lower, output_padding", 2, []Attr{lower, stride(2), outputPadding}, []float32{10, 2, 20, 0}},
		{"valid", 3, []Attr{StringAttr("auto_pad", "VALID"), stride(2)}, []float32{1, 10, 102, 20, 200}},
		{"output_shape", 3, []Attr{stride(2), shape(4)}, []float32{10, 102, 20, 200}},
		{"output_shape, upper", 3, []Attr{stride(2), shape(4), upper}, []float32{1, 10, 102, 20}},
		{"output_shape, lower", 3, []Attr{stride(2), shape(2), lower}, []float32{102, 20}},
		{"output_shape, larger", 3, []Attr{stride(2), shape(6)}, []float32{1, 10, 102, 20, 200, 0}},
		{"output_shape, output_padding", 3, []Attr{stride(2), shape(4), outputPadding}, []float32{10, 102, 20, 200}},
		{"output_shape overrides pads", 3, []Attr{stride(2), shape(4), IntsAttr("pads", 0, 3)}, []float32{10, 102, 20, 200}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := Of([]float32{1, 10, 100}[:c.taps], 1, 1, c.taps)
			out := opCase{op: "ConvTranspose", attrs: c.attrs, inputs: []*Tensor{ramp(1, 1, 2), w}}.mustRun(t)
			require.Equal(t, c.want, Data[float32](out[0]))
		})
	}
	double := opCase{op: "ConvTranspose", inputs: []*Tensor{Of([]float64{1, 2}, 1, 1, 2), Of([]float64{1, 3}, 1, 1, 2), Of([]float64{0.5}, 1)}}
	require.Equal(t, []float64{1.5, 5.5, 6.5}, Data[float64](double.mustRun(t)[0]))
}

// The transposed convolution is the adjoint of the convolution with the same W:
// <Conv(x), y> = <x, ConvTranspose(y)>.
func TestConvTransposeIsAdjoint(t *testing.T) {
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 3))
		c := newRandomConv(r, false)
		c.b, c.r = nil, nil
		conv := c.node("Conv").mustRun(t)[0]
		y := integers(r, conv.Shape()...)
		back := c.node("ConvTranspose")
		back.inputs[0] = y
		back.attrs = append(back.attrs, IntsAttr("output_shape", c.x.Shape()[2:]...))
		// output_shape would choose other pads, so they are given as output_padding.
		extra := make([]int, c.rank)
		for i := range extra {
			extent := (c.kernel[i]-1)*c.dilations[i] + 1
			extra[i] = c.x.Shape()[2+i] + c.pads[i] + c.pads[c.rank+i] - extent - (conv.Shape()[2+i]-1)*c.strides[i]
		}
		back.attrs[len(back.attrs)-1] = IntsAttr("output_padding", extra...)
		transposed := back.mustRun(t)[0]
		require.Equal(t, c.x.Shape(), transposed.Shape())
		require.Equal(t, dot(conv, y), dot(c.x, transposed), "seed %d", seed)
	}
}

// dot is the sum of products of two float tensors of one shape.
func dot(a, b *Tensor) (sum float64) {
	for i, v := range Data[float32](a) {
		sum += float64(v) * float64(Data[float32](b)[i])
	}
	return sum
}

func TestConvTransposeEmpty(t *testing.T) {
	run := func(x, w Shape) *Tensor {
		return opCase{op: "ConvTranspose", inputs: []*Tensor{NewTensor(Float32, x), NewTensor(Float32, w)}}.mustRun(t)[0]
	}
	require.Equal(t, Shape{0, 2, 5}, run(Shape{0, 1, 4}, Shape{1, 2, 2}).Shape())
	require.Equal(t, Shape{1, 0, 5}, run(Shape{1, 1, 4}, Shape{1, 0, 2}).Shape())
	require.Equal(t, []float32{0, 0, 0}, Data[float32](run(Shape{1, 0, 2}, Shape{0, 1, 2})), "no channels")
}

func TestConvTransposeErrors(t *testing.T) {
	x, w := ramp(1, 3, 2, 2), ramp(3, 3, 3, 3)
	cases := []struct {
		text   string
		attrs  []Attr
		inputs []*Tensor
	}{
		{"output_padding must be below stride or dilation", []Attr{IntsAttr("output_padding", 1, 1)}, []*Tensor{x, w}},
		{"output_padding 2 is not below stride 2 or dilation 1", []Attr{IntsAttr("strides", 2, 2), IntsAttr("output_padding", 2, 2)}, []*Tensor{x, w}},
		{"output_padding must be at least 0", []Attr{IntsAttr("output_padding", -1, 0)}, []*Tensor{x, w}},
		{"X has 3 channels, W wants 2", nil, []*Tensor{x, ramp(2, 3, 3, 3)}},
		{"group 2 does not divide 3 channels", []Attr{IntAttr("group", 2)}, []*Tensor{x, w}},
		{"group must be at least 1", []Attr{IntAttr("group", 0)}, []*Tensor{x, w}},
		{"stride must be at least 1", []Attr{IntsAttr("strides", 0, 1)}, []*Tensor{x, w}},
		{"dilation must be at least 1", []Attr{IntsAttr("dilations", 1, 0)}, []*Tensor{x, w}},
		{"two strides wanted for a 2-D input", []Attr{IntsAttr("strides", 1, 1, 1)}, []*Tensor{x, w}},
		{"two output_padding wanted", []Attr{IntsAttr("output_padding", 0)}, []*Tensor{x, w}},
		{"two output_shape wanted", []Attr{IntsAttr("output_shape", 1, 3, 4, 4)}, []*Tensor{x, w}},
		{"size must be at least 1", []Attr{IntsAttr("output_shape", 4, 0)}, []*Tensor{x, w}},
		{"output_shape is 7, want less than 6", []Attr{IntsAttr("strides", 2, 1), IntsAttr("output_shape", 5, 7)}, []*Tensor{x, ramp(3, 3, 3, 4)}},
		{"kernel_shape differs from W", []Attr{IntsAttr("kernel_shape", 2, 2)}, []*Tensor{x, w}},
		{"padding leaves no output", []Attr{IntsAttr("pads", 9, 9, 9, 9)}, []*Tensor{x, w}},
		{"bias has 2 values, 3 output channels", nil, []*Tensor{x, w, ramp(2)}},
		{"X has rank 3, W rank 4", nil, []*Tensor{ramp(1, 3, 2), w}},
		{"the input is empty", nil, []*Tensor{ramp(1, 3, 0, 2), w}},
		{"limit exceeded", []Attr{IntsAttr("strides", 1<<30, 1)}, []*Tensor{x, w}},
		{"auto_pad SAME_UPPER are both given", []Attr{StringAttr("auto_pad", "SAME_UPPER"), IntsAttr("pads", 1, 1, 1, 1)}, []*Tensor{x, w}},
	}
	for _, c := range cases {
		opCase{op: "ConvTranspose", attrs: c.attrs, inputs: c.inputs}.mustFail(t, c.text)
	}
}

func TestConvTransposeMACs(t *testing.T) {
	op, err := newConvTranspose(NewNode("ConvTranspose", "", 11, 2, 1, IntsAttr("strides", 2, 2)))
	require.NoError(t, err)
	in := []Spec{tensorSpec(Float32, Shape{2, 3, 8, 8}), tensorSpec(Float32, Shape{3, 4, 2, 2})}
	out, err := op.Infer(in)
	require.NoError(t, err)
	require.Equal(t, int64(2*3*8*8*4*2*2), op.(Coster).MACs(in, out))
}

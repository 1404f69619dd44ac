package ops

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAveragePoolRandom(t *testing.T) {
	for seed := range uint64(300) {
		p := newRandomPool(rand.New(rand.NewPCG(seed, 10)))
		x := Data[float32](p.x)
		for countPad := range 2 {
			want := make([]float32, p.out.Elements())
			p.naive(func(o int, under []int, padded int) {
				sum, count := float64(0), len(under)
				for _, at := range under {
					sum += float64(x[at])
				}
				if countPad == 1 {
					count = padded
				}
				want[o] = float32(sum / float64(max(1, count)))
			})
			out := opCase{op: "AveragePool", attrs: p.attrs(IntAttr("count_include_pad", countPad)), inputs: []*Tensor{p.x}}.mustRun(t)
			require.Equal(t, want, Data[float32](out[0]), "seed %d, count_include_pad %d: %+v", seed, countPad, p)
		}
	}
}

// The expected values are onnxruntime's.
func TestAveragePool(t *testing.T) {
	k3, s2 := IntsAttr("kernel_shape", 3), IntsAttr("strides", 2)
	countPad, ceil := IntAttr("count_include_pad", 1), IntAttr("ceil_mode", 1)
	upper := StringAttr("auto_pad", "SAME_UPPER")
	cases := []struct {
		name  string
		n     int // pixels of X: 1, 2, 3...
		attrs []Attr
		want  []float32
	}{
		{"plain", 4, []Attr{k3}, []float32{2, 3}},
		{"same upper", 4, []Attr{k3, s2, upper}, []float32{2, 3.5}},
		{"same lower", 4, []Attr{k3, s2, StringAttr("auto_pad", "SAME_LOWER")}, []float32{1.5, 3}},
		{"same upper, padding counts", 4, []Attr{k3, s2, upper, countPad}, []float32{2, 7. / 3}},
		{"pads", 4, []Attr{k3, IntsAttr("pads", 1, 1)}, []float32{1.5, 2, 3, 3.5}},
		{"padding counts", 4, []Attr{k3, IntsAttr("pads", 1, 1), countPad}, []float32{1, 2, 3, 7. / 3}},
		{"ceil, the rest does not count", 5, []Attr{k3, s2, IntsAttr("pads", 0, 1), ceil, countPad}, []float32{2, 4, 2.5}},
		{"ceil", 5, []Attr{k3, s2, IntsAttr("pads", 0, 1), ceil}, []float32{2, 4, 5}},
		{"dilation, ceil", 5, []Attr{IntsAttr("kernel_shape", 2), s2, IntsAttr("dilations", 2), IntsAttr("pads", 0, 1), ceil, countPad}, []float32{2, 4, 5}},
		{"no pixel", 2, []Attr{IntsAttr("kernel_shape", 2), IntsAttr("dilations", 3), IntsAttr("pads", 1, 1)}, []float32{0}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			out := opCase{op: "AveragePool", attrs: c.attrs, inputs: []*Tensor{ramp(1, 1, c.n)}}.mustRun(t)
			require.Equal(t, c.want, Data[float32](out[0]))
		})
	}
	double := opCase{op: "AveragePool", opset: 1, attrs: []Attr{IntsAttr("kernel_shape", 2)}, inputs: []*Tensor{Of([]float64{1, 2, 4}, 1, 1, 3)}}
	require.Equal(t, []float64{1.5, 3}, Data[float64](double.mustRun(t)[0]))
	double.inputs = []*Tensor{ramp(0, 1, 3)}
	require.Equal(t, Shape{0, 1, 2}, double.mustRun(t)[0].Shape())
	wide := ramp(1, 1, 2*rowTile+3)
	for i, v := range Data[float32](opCase{op: "AveragePool", attrs: []Attr{IntsAttr("kernel_shape", 3)}, inputs: []*Tensor{wide}}.mustRun(t)[0]) {
		require.Equal(t, float32(i+2), v)
	}
}

func TestAveragePoolErrors(t *testing.T) {
	k := IntsAttr("kernel_shape", 2)
	opCase{op: "AveragePool", opset: 11, attrs: []Attr{k, IntsAttr("dilations", 1)}, inputs: []*Tensor{ramp(1, 1, 4)}}.mustFail(t, "attribute dilations=[1] is not known")
	opCase{op: "AveragePool", opset: 6, attrs: []Attr{k, IntAttr("count_include_pad", 1)}, inputs: []*Tensor{ramp(1, 1, 4)}}.mustFail(t, "attribute count_include_pad=1 is not known")
	opCase{op: "AveragePool", opset: 7, attrs: []Attr{k, IntAttr("ceil_mode", 0)}, inputs: []*Tensor{ramp(1, 1, 4)}}.mustFail(t, "attribute ceil_mode=0 is not known")
	opCase{op: "AveragePool", attrs: []Attr{k}, inputs: []*Tensor{ramp(1, 1, 1)}}.mustFail(t, "kernel larger than the padded input: it covers 2 of 1")
	opCase{op: "AveragePool", attrs: []Attr{k}, inputs: []*Tensor{Of([]int8{1}, 1, 1, 1)}}.mustFail(t, "X is tensor(int8)")
}

// The expected values are onnxruntime's.
func TestLpPool(t *testing.T) {
	run := func(attrs ...Attr) []float32 {
		return Data[float32](opCase{op: "LpPool", attrs: append(attrs, IntsAttr("kernel_shape", 2)), inputs: []*Tensor{Of([]float32{-1, -2, -3, -4}, 1, 1, 4)}}.mustRun(t)[0])
	}
	require.InDeltaSlice(t, []float32{2.236068, 3.6055512, 5}, run(), 1e-6)
	require.InDeltaSlice(t, []float32{1, 2.0800838, 3.2710664, 4.4979415, 4}, run(IntAttr("p", 3), IntsAttr("pads", 1, 1)), 1e-6)
	require.Equal(t, []float32{1, 3, 5, 7, 4}, run(IntAttr("p", 1), IntsAttr("pads", 1, 1)))

	double := opCase{op: "LpPool", opset: 11, attrs: []Attr{IntsAttr("kernel_shape", 2)}, inputs: []*Tensor{Of([]float64{3, 4}, 1, 1, 2)}}
	require.Equal(t, []float64{5}, Data[float64](double.mustRun(t)[0]))
	double.attrs = append(double.attrs, IntsAttr("dilations", 1))
	double.mustFail(t, "attribute dilations=[1] is not known")
	opCase{op: "LpPool", attrs: []Attr{IntAttr("p", 0), IntsAttr("kernel_shape", 2)}, inputs: []*Tensor{ramp(1, 1, 4)}}.mustFail(t, "p is 0, want at least 1")
}

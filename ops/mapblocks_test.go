package ops

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv/backend/cpu"
)

// mustRunBlocked is mustRun for a node that must work on channel blocks when only
// its first output is asked for.
func (c opCase) mustRunBlocked(t testing.TB) {
	t.Helper()
	plain := c.mustRun(t)
	op, in, err := c.build()
	require.NoError(t, err)
	specs := make([]Spec, len(in))
	for i, x := range in {
		specs[i] = x.Spec()
	}
	specs[0].Const = nil
	want, err := op.Infer(specs)
	require.NoError(t, err)
	for _, tier := range cpu.Available() {
		_, ok := op.(Blocker).Blocked(specs, want[:1], cpu.KernelsFor(tier))
		require.True(t, ok, "%s: does not work on blocks", tier)
		checkBlocked(t, op.(Blocker), specs, want[:1], in, plain[:1], tier)
	}
}

// noise is a float tensor of small integers without a pattern.
func noise(dims ...int) *Tensor {
	x := NewTensor(Float32, dims)
	state := uint32(12345 + len(x.Bytes()))
	for i := range Data[float32](x) {
		state = state*1664525 + 1013904223
		Data[float32](x)[i] = float32(int(state>>24)%17 - 8)
	}
	return x
}

// withSpecials puts a NaN and infinities among the elements.
func withSpecials(x *Tensor) *Tensor {
	d := Data[float32](x)
	d[len(d)/3], d[len(d)/2], d[len(d)-1] = float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))
	return x
}

func TestConcatBlocked(t *testing.T) {
	for _, c := range [][]*Tensor{
		{noise(1, 16, 5, 7), noise(1, 32, 5, 7)},
		{noise(1, 16, 5, 7), noise(1, 3, 5, 7), noise(1, 21, 5, 7)},
		{noise(2, 5, 3, 3), noise(2, 40, 3, 3), noise(2, 1, 3, 3)},
		{noise(2, 24, 6), noise(2, 9, 6)},
		{noise(2, 8, 2, 3, 4), noise(2, 8, 2, 3, 4), noise(2, 4, 2, 3, 4)},
		{noise(1, 5, 70, 70), noise(1, 33, 70, 70)},
		{noise(1, 3, 2, 2)},
		{noise(1, 16, 5001), noise(1, 21, 5001)},
	} {
		opCase{op: "Concat", attrs: []Attr{IntAttr("axis", 1)}, inputs: c}.mustRunBlocked(t)
	}
}

func TestPoolsBlocked(t *testing.T) {
	for _, c := range []struct {
		x     *Tensor
		attrs []Attr
	}{
		{noise(1, 16, 8, 8), []Attr{IntsAttr("kernel_shape", 2, 2), IntsAttr("strides", 2, 2)}},
		{noise(2, 19, 9, 11), []Attr{IntsAttr("kernel_shape", 3, 3), IntsAttr("strides", 2, 2), IntsAttr("pads", 1, 1, 1, 1)}},
		{noise(1, 8, 9, 21), []Attr{IntsAttr("kernel_shape", 3, 3), IntsAttr("pads", 1, 1, 1, 1)}},
		{noise(1, 5, 14, 13), []Attr{IntsAttr("kernel_shape", 5, 5), IntsAttr("pads", 2, 2, 2, 2)}},
		{noise(1, 20, 9, 8), []Attr{IntsAttr("kernel_shape", 3, 2), IntsAttr("strides", 2, 3), IntAttr("ceil_mode", 1)}},
		{noise(1, 3, 30), []Attr{IntsAttr("kernel_shape", 4), IntsAttr("strides", 3), IntsAttr("pads", 2, 3)}},
		{noise(1, 17, 5, 6, 7), []Attr{IntsAttr("kernel_shape", 3, 2, 3), IntsAttr("strides", 2, 1, 1), IntsAttr("pads", 1, 0, 1, 1, 1, 1)}},
		{noise(1, 3, 12, 12), []Attr{IntsAttr("kernel_shape", 3, 3), IntsAttr("dilations", 2, 3), IntsAttr("pads", 2, 1, 2, 2)}},
		{noise(1, 3, 4, 4), []Attr{IntsAttr("kernel_shape", 2, 2), IntsAttr("dilations", 9, 1), IntsAttr("pads", 1, 0, 1, 0), StringAttr("auto_pad", "SAME_UPPER")}},
		{noise(1, 40, 70, 90), []Attr{IntsAttr("kernel_shape", 3, 3), IntsAttr("strides", 2, 2)}},
	} {
		opCase{op: "MaxPool", attrs: c.attrs, inputs: []*Tensor{c.x}}.mustRunBlocked(t)
		opCase{op: "MaxPool", attrs: c.attrs, inputs: []*Tensor{withSpecials(c.x.Clone())}}.mustRunBlocked(t)
		opCase{op: "AveragePool", attrs: c.attrs, inputs: []*Tensor{c.x}}.mustRunBlocked(t)
		opCase{op: "AveragePool", attrs: append(c.attrs, IntAttr("count_include_pad", 1)), inputs: []*Tensor{c.x}}.mustRunBlocked(t)
		for _, op := range []string{"GlobalAveragePool", "GlobalMaxPool"} {
			opCase{op: op, inputs: []*Tensor{c.x}}.mustRunBlocked(t)
			opCase{op: op, inputs: []*Tensor{withSpecials(c.x.Clone())}}.mustRunBlocked(t)
		}
	}
}

func TestResizeBlocked(t *testing.T) {
	for _, c := range []struct {
		x     *Tensor
		sizes []int // spatial
	}{
		{noise(1, 16, 5, 7), []int{10, 14}},
		{noise(2, 19, 5, 7), []int{11, 9}},
		{noise(1, 3, 9, 8), []int{4, 8}},
		{noise(1, 3, 1, 1), []int{5, 3}},
		{noise(1, 33, 9), []int{31}},
		{noise(2, 5, 3, 4, 5), []int{6, 4, 9}},
		{noise(1, 5, 3, 4, 5), []int{2, 7, 5}},
		{noise(1, 20, 20, 25), []int{40, 50}},
		{noise(1, 4, 6, 5), []int{6, 11}},
		{noise(1, 4, 6, 5), []int{9, 5}},
	} {
		sizes := OfInts(append([]int{c.x.Shape()[0], c.x.Shape()[1]}, c.sizes...))
		for _, mode := range []string{"nearest", "linear", "cubic"} {
			for _, coordinates := range []string{"half_pixel", "align_corners"} {
				attrs := []Attr{StringAttr("mode", mode), StringAttr("coordinate_transformation_mode", coordinates)}
				opCase{op: "Resize", attrs: attrs, inputs: []*Tensor{c.x, nil, nil, sizes}}.mustRunBlocked(t)
			}
		}
	}
	scales := Of([]float32{1, 1, 2, 2}, 4)
	opCase{op: "Upsample", opset: 9, attrs: []Attr{StringAttr("mode", "nearest")}, inputs: []*Tensor{noise(1, 9, 3, 3), scales}}.mustRunBlocked(t)
}

func TestNormalizationsBlocked(t *testing.T) {
	for i, x := range []*Tensor{
		noise(2, 18, 9, 11), noise(1, 36, 30, 40), noise(2, 6, 600), noise(1, 12, 3, 5, 7), noise(1, 16, 1, 1), noise(1, 2, 9, 1100), noise(1, 4, 17001),
	} {
		channels := x.Shape()[1]
		gain, bias, mean, variance := noise(channels), noise(channels), noise(channels), noise(channels)
		for i, v := range Data[float32](variance) {
			Data[float32](variance)[i] = v*v + 1
		}
		far := x.Clone() // a mean that is far from zero
		for i := range Data[float32](far) {
			Data[float32](far)[i] += 1000
		}
		for _, x := range []*Tensor{x, far} {
			opCase{op: "InstanceNormalization", inputs: []*Tensor{x, gain, bias}}.mustRunBlocked(t)
			for _, groups := range []int{1, channels / 2} {
				opCase{op: "GroupNormalization", attrs: []Attr{IntAttr("num_groups", groups)}, inputs: []*Tensor{x, gain, bias}}.mustRunBlocked(t)
			}
			opCase{op: "GroupNormalization", opset: 18, attrs: []Attr{IntAttr("num_groups", 2)}, inputs: []*Tensor{x, noise(2), noise(2)}}.mustRunBlocked(t)
		}
		opCase{op: "BatchNormalization", inputs: []*Tensor{x, gain, bias, mean, variance}}.mustRunBlocked(t)
		if i > 0 {
			continue
		}
		for _, act := range []string{"Relu", "LeakyRelu", "Clip", "Sigmoid", "Tanh", "HardSwish", "HardSigmoid", "Swish"} {
			attrs := []Attr{StringAttr("activation", act)}
			if act == "Clip" {
				attrs = append(attrs, FloatAttr("activation_alpha", 0.5), FloatAttr("activation_beta", 6))
			}
			opCase{op: "InstanceNormalization", domain: InternalDomain, opset: 1, attrs: attrs, inputs: []*Tensor{x, gain, bias}}.mustRunBlocked(t)
			attrs = append(attrs, IntAttr("num_groups", 2))
			opCase{op: "GroupNormalization", domain: InternalDomain, opset: 1, attrs: attrs, inputs: []*Tensor{x, gain, bias}}.mustRunBlocked(t)
		}
	}
}

func TestPadBlocked(t *testing.T) {
	for _, mode := range []string{"constant", "reflect", "edge", "wrap"} {
		attrs := []Attr{StringAttr("mode", mode)}
		for _, c := range []struct {
			x    *Tensor
			pads []int
		}{
			{noise(1, 16, 5, 7), []int{0, 0, 2, 3, 0, 0, 1, 4}},
			{noise(2, 19, 9, 8), []int{0, 0, -2, 1, 0, 0, 1, -3}},
			{noise(1, 3, 9), []int{0, 0, 4, 0, 0, 0}},
			{noise(1, 20, 3, 4, 5), []int{0, 0, 1, 0, 2, 0, 0, 2, 3, 1}},
			{noise(1, 18, 40, 50), []int{0, 0, 4, 4, 0, 0, 4, 4}},
		} {
			opCase{op: "Pad", attrs: attrs, inputs: []*Tensor{c.x, OfInts(c.pads)}}.mustRunBlocked(t)
			opCase{op: "Pad", attrs: attrs, inputs: []*Tensor{c.x, OfInts(c.pads), Of([]float32{7})}}.mustRunBlocked(t)
		}
		opCase{op: "Pad", attrs: attrs, inputs: []*Tensor{noise(1, 4, 5, 6), OfInts([]int{1, 2}), nil, OfInts([]int{-1})}}.mustRunBlocked(t)
	}
}

func TestDepthToSpaceBlocked(t *testing.T) {
	for _, c := range []struct {
		x    *Tensor
		side int
	}{
		{noise(1, 64, 5, 7), 2}, {noise(2, 12, 4, 9), 2}, {noise(1, 27, 6, 5), 3}, {noise(1, 9, 6, 5), 3}, {noise(1, 48, 3, 17), 4},
		{noise(1, 100, 3, 3), 2}, {noise(1, 45, 3, 3), 3}, {noise(1, 128, 40, 30), 2}, {noise(1, 7, 3, 3), 1},
	} {
		for _, mode := range []string{"DCR", "CRD"} {
			opCase{op: "DepthToSpace", attrs: []Attr{IntAttr("blocksize", c.side), StringAttr("mode", mode)}, inputs: []*Tensor{c.x}}.mustRunBlocked(t)
		}
	}
	for _, c := range []struct {
		x    *Tensor
		side int
	}{{noise(1, 16, 4, 6), 2}, {noise(2, 5, 6, 9), 3}, {noise(1, 3, 8, 4), 4}} {
		opCase{op: "SpaceToDepth", attrs: []Attr{IntAttr("blocksize", c.side)}, inputs: []*Tensor{c.x}}.mustRunBlocked(t)
	}
}

func TestSoftmaxBlocked(t *testing.T) {
	for _, x := range []*Tensor{noise(1, 21, 5, 7), noise(2, 3, 9), noise(1, 16, 2, 3, 5), noise(1, 19, 3, 300), noise(1, 1, 2, 2)} {
		for _, op := range []string{"Softmax", "LogSoftmax"} {
			opCase{op: op, attrs: []Attr{IntAttr("axis", 1)}, inputs: []*Tensor{x}}.mustRunBlocked(t)
			opCase{op: op, attrs: []Attr{IntAttr("axis", 1)}, inputs: []*Tensor{withSpecials(x.Clone())}}.mustRunBlocked(t)
		}
	}
}

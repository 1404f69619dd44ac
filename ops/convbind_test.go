package ops

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv/backend/cpu"
)

// bindBest binds a node for the best tier; W and B are constant.
func bindBest(t testing.TB, c opCase, packed *Packed) (Step, []*Tensor, []Spec) {
	t.Helper()
	op, in, err := c.build()
	require.NoError(t, err)
	specs := specsOf(in)
	for i := range specs {
		if i == 0 || i > 2 {
			specs[i].Const = nil
		}
	}
	out, err := op.Infer(specs)
	require.NoError(t, err)
	step, err := op.(Binder).Bind(&Binding{
		In: specs, Out: out, Kernels: cpu.KernelsFor(cpu.Detect()), Threads: 1, Packed: packed.Use(),
	})
	require.NoError(t, err)
	return step, in, out
}

// The packed weights serve every spatial size.
func TestConvBindSharesWeights(t *testing.T) {
	w := ramp(3, 3, 3, 3)
	for _, op := range []string{"Conv", "ConvTranspose"} {
		packed := NewPacked()
		for _, x := range []*Tensor{ramp(1, 3, 8, 8), ramp(2, 3, 9, 12)} {
			bindBest(t, opCase{op: op, attrs: []Attr{IntsAttr("strides", 2, 2)}, inputs: []*Tensor{x, w}}, packed)
		}
		require.Equal(t, len(w.Bytes()), packed.Bytes(), op)
	}
}

func TestConvBindKernel(t *testing.T) {
	tier := string(cpu.Detect())
	cases := []struct {
		name, kernel string
		node         opCase
	}{
		{"conv", "conv " + tier, opCase{op: "Conv", inputs: []*Tensor{ramp(1, 1, 3), ramp(1, 1, 2)}}},
		{"transposed", "convtranspose " + tier, opCase{op: "ConvTranspose", inputs: []*Tensor{ramp(1, 1, 3), ramp(1, 1, 2)}}},
		{"double", "plain", opCase{op: "Conv", inputs: []*Tensor{NewTensor(Float64, Shape{1, 1, 3}), NewTensor(Float64, Shape{1, 1, 2})}}},
		{"empty", "plain", opCase{op: "Conv", inputs: []*Tensor{ramp(0, 1, 3), ramp(1, 1, 2)}}},
		{"too many phases", "plain", opCase{op: "ConvTranspose", attrs: []Attr{IntsAttr("strides", 65, 65)}, inputs: []*Tensor{ramp(1, 1, 2, 2), ramp(1, 1, 1, 1)}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			step, _, _ := bindBest(t, c.node, NewPacked())
			require.Equal(t, c.kernel, step.Kernel())
			c.node.mustRun(t)
		})
	}
}

// Y may take the residual's memory.
func TestConvBindInPlace(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 6))
	for op, y := range map[string]*Tensor{"Conv": integers(r, 1, 20, 8, 8), "ConvTranspose": integers(r, 1, 20, 12, 12)} {
		c := opCase{op: op, domain: InternalDomain, inputs: []*Tensor{integers(r, 1, 20, 10, 10), integers(r, 20, 20, 3, 3), nil, y}}
		want := c.mustRun(t)[0]
		step, in, _ := bindBest(t, c, NewPacked())
		require.Equal(t, []Pair{{Out: 0, In: 3}}, step.Needs().InPlace)
		call := NewCall(context.Background(), nil)
		call.SetWorkspace(alignedBytes(step.Needs().Workspace))
		require.NoError(t, step.Run(call, in, []*Tensor{y}))
		require.Equal(t, Data[float32](want), Data[float32](y), op)
	}
}

// A stopped run ends early, in both definitions.
func TestConvStops(t *testing.T) {
	c := opCase{op: "Conv", inputs: []*Tensor{ramp(1, 2, 40, 40), ramp(2, 2, 3, 3)}}
	step, in, out := bindBest(t, c, NewPacked())
	op, _, err := c.build()
	require.NoError(t, err)
	for _, r := range []interface {
		Run(c *Call, in, out []*Tensor) error
	}{step, op} {
		stop := new(atomic.Bool)
		stop.Store(true)
		call := NewCall(context.Background(), nil)
		call.Begin(context.Background(), stop)
		call.SetWorkspace(alignedBytes(step.Needs().Workspace))
		y := NewTensor(Float32, out[0].Shape)
		require.NoError(t, r.Run(call, in, []*Tensor{y}))
		require.Zero(t, Data[float32](y)[y.Len()-1])
	}
}

// A transposed convolution of much work per weight goes from planes to planes.
func TestConvTransposePlanesToPlanes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 7))
	c := opCase{op: "ConvTranspose", attrs: []Attr{IntsAttr("strides", 2, 2)}, inputs: []*Tensor{integers(r, 1, 20, 128, 66), integers(r, 20, 40, 3, 2), integers(r, 40)}}
	c.mustRun(t)
	step, _, _ := bindBest(t, c, NewPacked())
	require.Equal(t, "convtranspose planes to planes "+string(cpu.Detect()), step.Kernel())
}

// A transposed depthwise convolution works on planes.
func TestConvTransposeDepthwisePlanes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 8))
	for _, out := range []int{17, 18} { // with a lane that has fewer taps, and without
		c := opCase{op: "ConvTranspose", domain: InternalDomain, inputs: []*Tensor{integers(r, 2, 5, 9, 9), integers(r, 5, 1, out-15, out-14), integers(r, 5)},
			attrs: []Attr{IntAttr("group", 5), IntsAttr("strides", 2, 2), IntsAttr("output_shape", 18, out), StringAttr("activation", "LeakyRelu"), FloatAttr("activation_alpha", 0.5)}}
		c.mustRun(t)
		step, _, _ := bindBest(t, c, NewPacked())
		require.Equal(t, "convtranspose depthwise planes "+string(cpu.Detect()), step.Kernel())
	}
}

// A transposed convolution whose channels would not fill lanes is made by pixels.
func TestConvTransposeByPixels(t *testing.T) {
	if cpu.Detect() == cpu.Generic {
		t.Skip("portable Go has no pixel kernels for transposed convolutions")
	}
	r := rand.New(rand.NewPCG(1, 9))
	c := opCase{op: "ConvTranspose", attrs: []Attr{IntsAttr("strides", 2, 2)}, inputs: []*Tensor{integers(r, 1, 33, 40, 41), integers(r, 33, 20, 2, 2), integers(r, 20)}}
	c.mustRun(t)
	step, _, _ := bindBest(t, c, NewPacked())
	require.Equal(t, "convtranspose by pixels "+string(cpu.Detect()), step.Kernel())
}

// A transposed convolution from blocks to few planes is a sub-pixel convolution, here with taps of zero on both sides of
// the kernel; mustRun compares it with the definition.
func TestConvTransposeSubPixel(t *testing.T) {
	kernels := cpu.KernelsFor(cpu.Detect())
	if kernels.Tier == cpu.Generic {
		t.Skip("the choice follows times of vector kernels")
	}
	r := rand.New(rand.NewPCG(1, 10))
	c := opCase{
		op: "ConvTranspose", domain: InternalDomain,
		attrs: []Attr{
			IntsAttr("strides", 4, 4), IntsAttr("pads", 3, 3, 3, 3), IntsAttr("output_padding", 1, 1),
			StringAttr("activation", "LeakyRelu"), FloatAttr("activation_alpha", 0.5),
		},
		inputs: []*Tensor{integers(r, 1, 56, 64, 65), integers(r, 56, 2, 9, 9), integers(r, 2)},
	}
	plain := c.mustRun(t)
	op, in, err := c.build()
	require.NoError(t, err)
	specs := specsOf(in)
	specs[0].Const = nil
	out, err := op.Infer(specs)
	require.NoError(t, err)
	choice, ok := op.(Blocker).Blocked(specs, out, kernels)
	require.True(t, ok)
	require.True(t, choice.PlanarOut)
	b := blockedCase{op: op.(Binder), tier: kernels.Tier, name: "sub-pixel"}
	b.place(t, choice, specs, out, in, kernels.Block, blockedHalos[0], true)
	require.Regexp(t, "^convtranspose sub-pixel f[24] "+string(kernels.Tier), b.step.Kernel())
	b.run(t, 2, nil, plain)
}

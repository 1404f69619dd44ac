package ops

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv/backend/cpu"
)

// blockableShapes have 1 to 3 spatial axes, and channels that fill blocks or do not.
var blockableShapes = []Shape{{1, 16, 9}, {2, 5, 7}, {2, 19, 3, 5}, {1, 32, 4, 4}, {2, 3, 2, 3, 4}, {1, 17, 1, 1}, {1, 1, 3, 3}}

// requireBlocked asserts that an operator takes a case in channel blocks, or that it does not.
func requireBlocked(t *testing.T, c opCase, want bool) {
	t.Helper()
	op, in, err := c.build()
	require.NoError(t, err)
	out, err := op.Infer(specsOf(in))
	require.NoError(t, err)
	_, got := op.(Blocker).Blocked(specsOf(in), out, cpu.KernelsFor(cpu.Generic))
	require.Equal(t, want, got, "%s of %v", c.op, c.inputs)
}

// checkBound, which run calls, compares the blocked form with the plain one.
func TestUnaryBlocked(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 1))
	for _, op := range []string{
		"Relu", "LeakyRelu", "ThresholdedRelu", "Abs", "Neg", "Sqrt", "Reciprocal", "HardSigmoid", "HardSwish", "Exp", "Sigmoid",
		"Tanh", "Erf", "Swish", "Gelu", "Elu", "Selu", "Celu", "Softplus", "Softsign", "Mish", "Log", "Sin", "Cos", "Floor", "Sign", "Clip",
	} {
		for _, shape := range blockableShapes {
			c := opCase{op: op, inputs: []*Tensor{Of(spreadFloats(rng, shape.Elements()), shape...)}}
			requireBlocked(t, c, true)
			c.mustRun(t)
		}
	}
}

// Maps and planes that are handed out in several chunks.
func TestUnaryChunks(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 1))
	for _, shape := range []Shape{{2, 35, 40, 41}, {3, 18, 2001}, {1, 3, 5, 50, 40}, {40000}, {300, 201}, {2, 70, 30, 30}, {1, 700, 40, 40}, {1, 400, 1030}} {
		x := Of(spreadFloats(rng, shape.Elements()), shape...)
		opCase{op: "LeakyRelu", inputs: []*Tensor{x}}.mustRun(t)
		opCase{op: "Add", inputs: []*Tensor{x, x}}.mustRun(t)
	}
}

func TestFoldBlocked(t *testing.T) {
	rng := rand.New(rand.NewPCG(12, 1))
	for _, op := range []string{"Add", "Sub", "Mul", "Div", "Min", "Max", "PRelu", "Mean"} {
		for _, x := range blockableShapes {
			pixels, image, lanes, both := x.Clone(), x.Clone(), x.Clone(), x.Clone()
			pixels[1] = 1
			for i := range x {
				if i != 0 {
					image[i] = 1
				}
				if i != 1 {
					lanes[i] = 1
				}
				if i > 1 {
					both[i] = 1
				}
			}
			one := pixels.Clone()
			one[0] = 1
			for _, y := range []Shape{x, {}, {1, 1}, lanes[1:], lanes, both, image, pixels, one, one[2:]} {
				for _, swap := range []bool{false, true}[:1+oneIf(op != "PRelu")] {
					c := opCase{op: op, inputs: []*Tensor{Of(spreadFloats(rng, x.Elements()), x...), Of(spreadFloats(rng, y.Elements()), y...)}}
					if swap {
						c.inputs[0], c.inputs[1] = c.inputs[1], c.inputs[0]
					}
					requireBlocked(t, c, true)
					c.mustRun(t)
				}
			}
		}
	}
}

func TestFoldBlockedOfThree(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 1))
	x := Shape{2, 19, 3, 5}
	of := func(s ...int) *Tensor { return Of(spreadFloats(rng, Shape(s).Elements()), s...) }
	for _, op := range []string{"Min", "Max", "Sum", "Mean"} {
		for _, c := range []struct {
			inputs []*Tensor
			want   bool
		}{
			{[]*Tensor{of(x...), of(x...), of(x...)}, true},
			{[]*Tensor{of(x...), of(19, 1, 1), of(2, 19, 1, 1), of()}, true},
			{[]*Tensor{of(19, 1, 1), of(x...), of(x...)}, true},
			{[]*Tensor{of(), of(19, 1, 1), of(x...)}, false},
			{[]*Tensor{of(x...), of(2, 1, 3, 5), of()}, false},
			{[]*Tensor{of(x...), of(19, 3, 1)}, false},
		} {
			requireBlocked(t, opCase{op: op, inputs: c.inputs}, c.want)
			opCase{op: op, inputs: c.inputs}.mustRun(t)
		}
	}
}

// Padding lanes stay zero without clearing wherever f(0, padding) is zero.
func TestFoldDirtyLanes(t *testing.T) {
	x := NewTensor(Float32, Shape{1, 3, 2, 2})
	for _, c := range []struct {
		op    string
		y     *Tensor
		dirty bool
	}{
		{"Add", x, false}, {"Div", x, true}, {"Add", Of([]float32{1, 2, 3}, 3, 1, 1), false}, {"Div", Of([]float32{1, 2, 3}, 3, 1, 1), false},
		{"Mul", Of([]float32{2}), false}, {"Mul", Of([]float32{inf32}), true}, {"Add", Of([]float32{2}), true},
	} {
		op, in, err := opCase{op: c.op, inputs: []*Tensor{x, c.y}}.build()
		require.NoError(t, err)
		specs, layout := specsOf(in), Layout{Block: 8}
		for i := range specs {
			if specs[i].Shape.Equal(x.Shape()) {
				specs[i].Layout, specs[i].Const = layout, nil
			}
		}
		out := tensorSpec(Float32, x.Shape())
		out.Layout = layout
		step, err := op.(Binder).Bind(&Binding{In: specs, Out: []Spec{out}, Kernels: cpu.KernelsFor(cpu.Generic), Threads: 1})
		require.NoError(t, err)
		require.Equal(t, c.dirty, step.Needs().DirtyLanes, "%s with %v", c.op, c.y)
	}
}

// BenchmarkElementwise compares bound operators with their plain definitions on a
// map of 64 channels of 128 x 128.
func BenchmarkElementwise(b *testing.B) {
	shape := Shape{1, 64, 128, 128}
	rng := rand.New(rand.NewPCG(14, 1))
	x := make([]float32, shape.Elements())
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	in, out := Of(x, shape...), NewTensor(Float32, shape)
	for _, op := range []string{"Relu", "Clip", "HardSwish", "Exp", "Sigmoid", "Tanh", "Erf", "Swish", "Gelu", "Elu", "Softplus", "Mish", "Add", "Mul", "Div", "Max"} {
		c := opCase{op: op, inputs: []*Tensor{in}}
		if _, ok := vecPairs[op]; ok || op == "Max" {
			c.inputs = append(c.inputs, Of([]float32(x), shape...))
		}
		o, inputs, err := c.build()
		require.NoError(b, err)
		specs := specsOf(inputs)
		for i := range specs {
			specs[i].Const = nil
		}
		steps := map[string]interface {
			Run(c *Call, in, out []*Tensor) error
		}{"plain": o}
		for _, tier := range cpu.Available() {
			step, err := o.(Binder).Bind(&Binding{In: specs, Out: []Spec{out.Spec()}, Kernels: cpu.KernelsFor(tier), Threads: 1})
			require.NoError(b, err)
			steps[string(tier)] = step
		}
		for name, step := range steps {
			b.Run(fmt.Sprintf("%s/%s", op, name), func(b *testing.B) {
				call := NewCall(context.Background(), nil)
				b.SetBytes(int64(len(in.Bytes())))
				for b.Loop() {
					_ = step.Run(call, inputs, []*Tensor{out})
				}
			})
		}
	}
}

// Chunks of planes keep runs that are long against a call: few planes go side by side, many rows one after the other.
func TestPlanesOf(t *testing.T) {
	for _, c := range []struct {
		shape          Shape
		cost           int
		planes, pixels int
	}{
		{Shape{1, 16, 8192}, 2, 16, 8192},
		{Shape{2, 64, 64, 64}, 1, 64, 4096},
		{Shape{1, 64, 20, 20}, 1, 1, 64 * 400},
		{Shape{1, 4096, 3072}, 10, 1, 4096 * 3072},
		{Shape{1, 2048, 32, 32}, 1, 1, 2048 * 1024},
		{Shape{1, 16, 8192}, 100, 1, 16 * 8192},
		{Shape{40000}, 1, 1, 40000},
	} {
		planes, pixels := planesOf(c.shape, c.cost)
		require.Equal(t, []int{c.planes, c.pixels}, []int{planes, pixels}, "%v, cost %d", c.shape, c.cost)
		if planes > 1 {
			require.GreaterOrEqual(t, walkCost/(planes*c.cost)*vecChunk, 1024, "pixels of a plane in a chunk")
		}
	}
}

package graph

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv/backend/cpu"
	"github.com/tconv/tconv/ops"
)

// A transposed convolution between planar values needs no converters, unless the input lies in blocks for another
// reader already or the output is wanted in blocks.
func TestAssignLayoutsKeepsPlanes(t *testing.T) {
	start := func() *builder {
		return newBuilder().input("x", ops.Float32, 1, 16, 128, 64).constant("w", ramp(16, 32, 2, 2)).
			node("y", "ConvTranspose", "x w", testInts("strides", 2, 2))
	}
	for _, c := range []struct {
		name  string
		model *builder
		want  []string
	}{
		{"planes", start().output("y"), []string{"ConvTranspose"}},
		{"blocks follow", start().constant("v", ramp(32, 32, 1, 1)).node("z", "Conv", "y v").output("z"),
			[]string{"ToBlocked", "ConvTranspose", "Conv"}},
		{"blocks are there", newBuilder().input("x", ops.Float32, 1, 16, 128, 64).constant("w", ramp(16, 32, 2, 2)).constant("v", ramp(32, 16, 1, 1)).
			node("z", "Conv", "x v").node("y", "ConvTranspose", "x w", testInts("strides", 2, 2)).output("z", "y"),
			[]string{"ToBlocked", "Conv", "ConvTranspose"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := c.model.loaded(t, RunOptions{Threads: 1})
			plan, err := m.Plan([]ops.Spec{{DType: ops.Float32, Shape: ops.Shape{1, 16, 128, 64}}})
			require.NoError(t, err)
			var got []string
			for _, s := range plan.Steps {
				got = append(got, s.Node.Op)
			}
			require.Equal(t, c.want, got)
		})
	}
}

// TestLayoutOfEnlargement has a planar map that is enlarged for a convolution: its
// small form is brought into blocks. Where nobody wants blocks it stays planar.
func TestLayoutOfEnlargement(t *testing.T) {
	kernels := func(b *builder) map[string]string {
		p, err := b.loaded(t, RunOptions{Threads: 1}).Plan([]ops.Spec{ramp(1, 8, 8, 32).Spec()})
		require.NoError(t, err)
		found := map[string]string{}
		for _, s := range p.Steps {
			if found[s.Node.Op] == "" {
				found[s.Node.Op] = s.Kernel
			}
			if s.Node.Op == "ToBlocked" {
				require.Equal(t, ops.Shape{1, 32, 8, 8}, p.Graph.Value(s.Node.Inputs[0]).Spec.Shape, "what is small is converted")
			}
		}
		return found
	}
	enlarged := func() *builder {
		return newBuilder().input("x", ops.Float32, 1, 8, 8, 32).constant("s", ops.Of([]float32{1, 1, 2, 2}, 4)).
			node("planes", "Transpose", "x", testInts("perm", 0, 3, 1, 2)).node("big", "Resize", "planes _ s", testString("mode", "linear"))
	}
	before := kernels(enlarged().constant("w", ramp(32, 32, 3, 3)).node("y", "Conv", "big w").output("y"))
	require.Contains(t, before["Resize"], "blocked")
	require.NotEmpty(t, before["ToBlocked"])
	alone := kernels(enlarged().node("y", "Transpose", "big", testInts("perm", 0, 2, 3, 1)).output("y"))
	require.NotContains(t, alone["Resize"], "blocked")
	require.Empty(t, alone["ToBlocked"])
}

// signs is a tensor of -1, 0 and 1, with which sums stay exact.
func signs(dims ...int) *ops.Tensor {
	t := ramp(dims...)
	for i := range ops.Data[float32](t) {
		ops.Data[float32](t)[i] = float32(i%3 - 1)
	}
	return t
}

// A value whose readers take planes as gladly as blocks stays planar: no converter stands before, between or after
// convolutions that are made by pixels.
func TestLayoutsAroundConvByPixels(t *testing.T) {
	b := newBuilder().input("x", ops.Float32, 1, 8, 4096).constant("w", signs(8, 8, 7)).constant("v", signs(1, 8, 7)).
		node("a", "Conv", "x w", testInts("pads", 3, 3)).node("b", "Relu", "a").
		node("c", "Conv", "b w", testInts("pads", 3, 3)).node("d", "Add", "c x").
		node("y", "Conv", "d v", testInts("pads", 3, 3)).output("y")
	x := ramp(1, 8, 4096)
	want := b.run(t, RunOptions{Reference: true}, x)[0]
	for _, tier := range cpu.Available() {
		m := b.loaded(t, RunOptions{Threads: 2, Kernels: cpu.KernelsFor(tier)})
		s := m.NewSession()
		out := zeros(1)
		require.NoError(t, s.Run(t.Context(), []*ops.Tensor{x}, out))
		require.Equal(t, ops.Data[float32](want), ops.Data[float32](out[0]), tier)
		for _, step := range s.entry.plan.Steps {
			if tier == cpu.AVX512 {
				require.Contains(t, []string{"conv by pixels avx512", "vec avx512"}, step.Kernel, step.Node.Name)
			}
		}
		s.Close()
		m.Close()
	}
}

// paddedSteps runs a model and its reference path and returns the places of its Pad steps, one line each.
func paddedSteps(t *testing.T, b *builder, x *ops.Tensor) (places []string) {
	t.Helper()
	want := b.run(t, RunOptions{Reference: true}, x)
	m := b.loaded(t, RunOptions{Threads: 2})
	defer m.Close()
	s := m.NewSession()
	defer s.Close()
	for range 2 { // the second run finds the memory of the first
		out := zeros(len(want))
		require.NoError(t, s.Run(t.Context(), []*ops.Tensor{x}, out))
		for i := range want {
			require.Equal(t, ops.Data[float32](want[i]), ops.Data[float32](out[i]))
		}
	}
	p := s.entry.plan
	checkPlaces(t, p)
	for i := range p.Steps {
		if p.Steps[i].Node.Op == "Pad" {
			places = append(places, p.PlaceText(i))
		}
	}
	return places
}

// A Pad in blocks writes around its input, in the input's memory, unless somebody later reads the zeros that were there,
// or what another Pad wrote there.
func TestPadAroundInput(t *testing.T) {
	reflect := testString("mode", "reflect")
	start := func() *builder {
		return newBuilder().input("x", ops.Float32, 1, 16, 12, 10).constant("w", signs(16, 16, 3, 3)).
			constant("around", ops.OfInts([]int{0, 0, 1, 2, 0, 0, 2, 1})).constant("other", ops.OfInts([]int{0, 0, 2, 1, 0, 0, 1, 2})).
			node("a", "Conv", "x w").node("r", "Relu", "a").node("p", "Pad", "r around", reflect).node("y", "Conv", "p w")
	}
	inside := func(places []string) (n int) {
		for _, p := range places {
			if strings.HasPrefix(p, "in place of") {
				n++
			}
		}
		return n
	}
	for _, c := range []struct {
		name  string
		model *builder
		want  int // Pads in the memory of their inputs
	}{
		{"alone", start().output("y"), 1},
		{"the input is added later", start().constant("v", signs(16, 16, 4, 4)).node("q", "Conv", "p v").node("z", "Add", "q r").output("z"), 1},
		{"zeros around the input are read later", start().constant("v", signs(16, 16, 4, 4)).node("q", "Conv", "p v").
			node("c", "Concat", "r q", testInt("axis", 1)).constant("u", signs(16, 32, 3, 3)).
			node("z", "Conv", "c u", testInts("pads", 1, 1, 1, 1)).output("z"), 0},
		{"two ways", start().node("q", "Pad", "r other", reflect).node("z", "Concat", "p q", testInt("axis", 1)).
			constant("v", signs(16, 32, 1, 1)).node("u", "Conv", "z v").output("u", "y"), 1},
		{"cut", start().constant("cut", ops.OfInts([]int{0, 0, -1, 1, 0, 0, 1, 1})).node("q", "Pad", "y cut", reflect).node("z", "Conv", "q w").output("z"), 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			places := paddedSteps(t, c.model, signs(1, 16, 12, 10))
			require.Equal(t, c.want, inside(places), places)
		})
	}
}

// Values that lie in one concatenation, padded on different sides and joined again, want halos that grow without end:
// they stop growing, and what does not line up is copied.
func TestHalosThatContradict(t *testing.T) {
	edge, pads := testString("mode", "edge"), testInts("pads", 1, 1, 1, 1)
	b := newBuilder().input("x", ops.Float32, 1, 16, 8, 8).constant("w", signs(16, 16, 3, 3)).constant("v", signs(16, 32, 3, 3)).
		constant("left", ops.OfInts([]int{0, 0, 0, 1, 0, 0, 0, 0})).constant("right", ops.OfInts([]int{0, 0, 0, 0, 0, 0, 0, 1})).
		node("a", "Conv", "x w", pads).node("b", "Conv", "a w", pads).
		node("c", "Concat", "a b", testInt("axis", 1)).node("y", "Conv", "c v", pads).
		node("p", "Pad", "a left", edge).node("q", "Pad", "b right", edge).
		node("d", "Concat", "p q", testInt("axis", 1)).node("z", "Conv", "d v").output("y", "z")
	x := signs(1, 16, 8, 8)
	require.Len(t, paddedSteps(t, b, x), 2)
	plan, err := b.loaded(t, RunOptions{Threads: 1}).Plan([]ops.Spec{x.Spec()})
	require.NoError(t, err)
	for _, v := range plan.Graph.Values {
		h := v.Spec.Layout.Halo
		require.LessOrEqual(t, h.Before[2]+h.After[2], 3+2*2*mostAlignments, v.Name)
	}
}

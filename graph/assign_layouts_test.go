package graph

import (
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

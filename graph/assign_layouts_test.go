package graph

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv/ops"
)

// A transposed convolution between planar values needs no converters, unless the input lies in blocks for another
// reader already or the output is wanted in blocks.
func TestAssignLayoutsKeepsPlanes(t *testing.T) {
	start := func() *builder {
		return newBuilder().input("x", ops.Float32, 1, 16, 64, 64).constant("w", ramp(16, 32, 2, 2)).
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
		{"blocks are there", newBuilder().input("x", ops.Float32, 1, 16, 64, 64).constant("w", ramp(16, 32, 2, 2)).constant("v", ramp(32, 16, 1, 1)).
			node("z", "Conv", "x v").node("y", "ConvTranspose", "x w", testInts("strides", 2, 2)).output("z", "y"),
			[]string{"ToBlocked", "Conv", "ConvTranspose"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := c.model.loaded(t, RunOptions{Threads: 1})
			plan, err := m.Plan([]ops.Spec{{DType: ops.Float32, Shape: ops.Shape{1, 16, 64, 64}}})
			require.NoError(t, err)
			var got []string
			for _, s := range plan.Steps {
				got = append(got, s.Node.Op)
			}
			require.Equal(t, c.want, got)
		})
	}
}

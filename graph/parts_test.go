package graph

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv/ops"
)

// planPlaces gives the places of all steps of a model's plan, by output.
func planPlaces(t *testing.T, b *builder, inputs ...*ops.Tensor) map[string]string {
	t.Helper()
	m := b.loaded(t, RunOptions{})
	specs := make([]ops.Spec, len(inputs))
	for i, x := range inputs {
		specs[i] = x.Spec()
	}
	p, err := m.Plan(plainSpecs(specs))
	require.NoError(t, err)
	places := map[string]string{}
	for i, s := range p.Steps {
		places[p.Graph.Value(s.Node.Outputs[0]).Name] = p.PlaceText(i)
	}
	return places
}

// The operands of a concatenation are made inside it, in blocks and in planes.
func TestConcatenationHasNoCopy(t *testing.T) {
	b := newBuilder().input("x", ops.Float32, 1, 16, 4, 4).constant("w", ramp(16, 16, 3, 3)).constant("v", ramp(23, 16, 3, 3)).
		constant("u", ramp(16, 39, 1, 1)).
		node("a", "Conv", "x w", testInts("pads", 1, 1, 1, 1)).node("p", "Relu", "a").
		node("c", "Conv", "p v", testInts("pads", 1, 1, 1, 1)).
		node("cat", "Concat", "p c", testInt("axis", 1)).node("y", "Conv", "cat u").output("y")
	places := planPlaces(t, b, ramp(1, 16, 4, 4))
	for _, name := range []string{"p", "c"} {
		require.True(t, strings.HasPrefix(places[name], `part of "cat"`), "%v", places)
	}

	rows := newBuilder().input("x", ops.Float32, 2, 3).node("a", "Relu", "x").node("s", "Sigmoid", "x").
		node("cat", "Concat", "a s", testInt("axis", 0)).node("y", "Neg", "cat").output("y")
	places = planPlaces(t, rows, ramp(2, 3))
	for _, name := range []string{"a", "s"} {
		require.True(t, strings.HasPrefix(places[name], `part of "cat"`), "%v", places)
	}
	for _, b := range []*builder{b, rows} {
		x := ramp(1, 16, 4, 4)
		if b == rows {
			x = ramp(2, 3)
		}
		requireSame(t, b.run(t, RunOptions{Reference: true}, x)[0], b.run(t, RunOptions{}, x)[0])
	}
}

package graph

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv/ops"
)

func TestFoldAffine(t *testing.T) {
	conv := func() *builder {
		return newBuilder().input("x", ops.Float32, 1, 2, 3, 3).constant("w", ramp(4, 2, 1, 1)).constant("b", ramp(4)).
			constant("s", ops.Of([]float32{1, 2, 3, 4}, 1, 4, 1, 1)).constant("t", ops.Of([]float32{4, 3, 2, 1}, 4, 1, 1)).
			constant("two", ops.Of([]float32{2})).constant("zero", ops.Of([]float32{0})).constant("wide", ramp(2, 4, 1, 1)).
			constant("pixels", ramp(3, 3)).node("y", "Conv", "x w b")
	}
	folded := golden(
		"in  x: tensor(float)[1, 2, 3, 3]",
		"z: tensor(float)[1, 4, 3, 3] = Conv-1(x, w.scaled, w.bias)",
		"out z")
	for _, c := range []struct {
		name string
		b    *builder
		want string
	}{
		{"Mul, then Add", conv().node("m", "Mul", "s y").node("z", "Add", "m t"), folded},
		{"Div, then Sub", conv().node("m", "Div", "y two").node("z", "Sub", "t m"), folded},
		{"Sub", conv().node("z", "Sub", "y t"), folded},
		{"Mul by a scalar", conv().node("z", "Mul", "two y"), folded},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, rewritten(t, c.b.output("z"), ramp(1, 2, 3, 3)))
		})
	}
	for _, c := range []struct {
		name string
		b    *builder
		want string
	}{
		{"a divisor", conv().node("z", "Div", "t y"), "= Div-"},
		{"division by zero", conv().node("z", "Div", "y zero"), "= Div-"},
		{"a constant of more images", conv().node("z", "Mul", "y wide"), "= Mul-"},
		{"a constant for each pixel", conv().node("z", "Mul", "y pixels"), "= Mul-"},
		{"another reader", conv().node("z", "Mul", "y s").output("y"), "= Mul-"},
		{"no constant", conv().node("z", "Mul", "y y"), "= Mul-"},
	} {
		t.Run("not "+c.name, func(t *testing.T) {
			g := c.b.output("z").loaded(t, RunOptions{}).Graph().String()
			require.Contains(t, g, c.want)
		})
	}
	t.Run("ConvTranspose with groups", func(t *testing.T) {
		b := newBuilder().input("x", ops.Float32, 1, 4, 2, 2).constant("w", ramp(4, 2, 2, 2)).constant("s", ops.Of([]float32{1, 2, 3, 4}, 1, 4, 1, 1)).
			node("y", "ConvTranspose", "x w", testInt("group", 2), testInts("strides", 2, 2)).node("z", "Mul", "y s").output("z")
		require.Equal(t, golden(
			"in  x: tensor(float)[1, 4, 2, 2]",
			"z: tensor(float)[1, 4, 4, 4] = ConvTranspose-1(x, w.scaled, w.bias) {group=2 strides=[2 2]}",
			"out z"), rewritten(t, b, ramp(1, 4, 2, 2)))
	})
}

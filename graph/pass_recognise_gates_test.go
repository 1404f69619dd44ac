package graph

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv/ops"
)

// gateBuilder has an input x, constants, and v = x + 0 as a value that passes may read.
func gateBuilder() *builder {
	b := newBuilder().input("x", ops.Float32, 2, 3)
	for name, v := range map[string]float64{
		"zero": 0, "half": 0.5, "one": 1, "two": 2, "three": 3, "six": 6, "sixth": 1. / 6, "root2": math.Sqrt2, "root1_2": 1 / math.Sqrt2,
		"c": 0.044715, "rootpi": math.Sqrt(2 / math.Pi), "k": 1.702,
	} {
		b.constant(name, ops.Of([]float32{float32(v)}))
	}
	return b.node("v", "Neg", "x")
}

func TestRecogniseGates(t *testing.T) {
	type nodes [][3]string
	for _, c := range []struct {
		name  string
		nodes nodes // the last makes y
		want  string
	}{
		{"SiLU", nodes{{"s", "Sigmoid", "v"}, {"y", "Mul", "v s"}}, "Swish-24(v)"},
		{"SiLU of a product", nodes{{"p", "Mul", "v x"}, {"s", "Sigmoid", "p"}, {"y", "Mul", "s p"}}, "Swish-24(p)"},
		{"quick GELU", nodes{{"a", "Mul", "v k"}, {"s", "Sigmoid", "a"}, {"y", "Mul", "v s"}}, "Swish-24(v) {alpha=1.702}"},
		{"Mish", nodes{{"a", "Softplus", "v"}, {"s", "Tanh", "a"}, {"y", "Mul", "v s"}}, "Mish-18(v)"},
		{"HardSwish, divided last", nodes{{"a", "Add", "v three"}, {"b", "Clip", "a zero six"}, {"d", "Mul", "v b"}, {"y", "Div", "d six"}}, "HardSwish-14(v)"},
		{"HardSwish, divided first", nodes{{"a", "Add", "three v"}, {"b", "Clip", "a zero six"}, {"d", "Div", "b six"}, {"y", "Mul", "v d"}}, "HardSwish-14(v)"},
		{"HardSwish, multiplied", nodes{{"a", "Add", "v three"}, {"b", "Clip", "a zero six"}, {"d", "Mul", "b sixth"}, {"y", "Mul", "d v"}}, "HardSwish-14(v)"},
		{"HardSigmoid", nodes{{"a", "Add", "v three"}, {"b", "Clip", "a zero six"}, {"y", "Div", "b six"}}, "HardSigmoid-6(v) {alpha=0.16666667 beta=0.5}"},
		{"GELU of PyTorch", nodes{{"a", "Div", "v root2"}, {"e", "Erf", "a"}, {"p", "Add", "e one"}, {"m", "Mul", "v p"}, {"y", "Mul", "m half"}}, "Gelu-20(v)"},
		{"GELU, halved first", nodes{{"h", "Mul", "v half"}, {"a", "Mul", "v root1_2"}, {"e", "Erf", "a"}, {"p", "Add", "one e"}, {"y", "Mul", "h p"}}, "Gelu-20(v)"},
		{"GELU, gate halved", nodes{{"a", "Div", "v root2"}, {"e", "Erf", "a"}, {"p", "Add", "e one"}, {"h", "Mul", "half p"}, {"y", "Mul", "v h"}}, "Gelu-20(v)"},
		{"GELU by tanh", nodes{
			{"q", "Pow", "v three"}, {"r", "Mul", "q c"}, {"s", "Add", "v r"}, {"u", "Mul", "s rootpi"}, {"e", "Tanh", "u"},
			{"p", "Add", "e one"}, {"h", "Mul", "v half"}, {"y", "Mul", "h p"},
		}, `Gelu-20(v) {approximate="tanh"}`},
		{"GELU by tanh, products", nodes{
			{"q", "Mul", "v v"}, {"w", "Mul", "q v"}, {"r", "Mul", "c w"}, {"s", "Add", "v r"}, {"u", "Mul", "s rootpi"}, {"e", "Tanh", "u"},
			{"p", "Add", "e one"}, {"h", "Mul", "v p"}, {"y", "Mul", "h half"},
		}, `Gelu-20(v) {approximate="tanh"}`},
		{"GELU by tanh, factored", nodes{
			{"q", "Mul", "v v"}, {"r", "Mul", "c q"}, {"s", "Add", "r one"}, {"w", "Mul", "v s"}, {"u", "Mul", "w rootpi"}, {"e", "Tanh", "u"},
			{"p", "Add", "e one"}, {"h", "Mul", "v p"}, {"y", "Mul", "h half"},
		}, `Gelu-20(v) {approximate="tanh"}`},
		{"not another scale", nodes{{"a", "Div", "v root2"}, {"e", "Erf", "a"}, {"p", "Add", "e one"}, {"y", "Mul", "v p"}}, "Mul-6(v, p)"},
		{"not another argument", nodes{{"s", "Sigmoid", "x"}, {"y", "Mul", "v s"}}, "Mul-6(v, s)"},
		{"not a quotient", nodes{{"s", "Sigmoid", "v"}, {"y", "Div", "v s"}}, "Div-6(v, s)"},
		{"not a quotient of a constant", nodes{{"a", "Add", "v three"}, {"b", "Clip", "a zero six"}, {"p", "Add", "b one"}, {"y", "Div", "sixth p"}}, "Div-6(sixth, p)"},
		{"not other bounds", nodes{{"a", "Add", "v three"}, {"b", "Clip", "a zero two"}, {"d", "Mul", "v b"}, {"y", "Div", "d six"}}, "Div-6(d, six)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := gateBuilder()
			for _, n := range c.nodes {
				b.node(n[0], n[1], n[2])
			}
			got := rewritten(t, b.output("y"), ops.Of([]float32{-4, -1, -0.25, 0, 0.5, 3}, 2, 3))
			require.Contains(t, got, "y: tensor(float)[2, 3] = "+c.want+"\n")
		})
	}
	t.Run("not when somebody else reads the gate", func(t *testing.T) {
		b := gateBuilder().node("s", "Sigmoid", "v").node("y", "Mul", "v s").output("y", "s")
		require.Contains(t, rewritten(t, b, ramp(2, 3)), "= Mul-6(v, s)")
	})
	t.Run("not when a constant makes it larger", func(t *testing.T) {
		b := gateBuilder().constant("wide", ops.Of([]float32{1. / 6}, 1, 1, 1)).
			node("a", "Add", "v three").node("b", "Clip", "a zero six").node("d", "Mul", "v b").node("y", "Mul", "d wide").output("y")
		require.Contains(t, rewritten(t, b, ramp(2, 3)), "= Mul-6(d, wide)")
	})
	t.Run("long chains of products take linear time", func(t *testing.T) {
		b := gateBuilder()
		last := "v"
		for i := range 20000 {
			next := "n" + string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676))
			b.node(next, "Mul", last+" two")
			last = next
		}
		g := b.output(last).graph(t)
		require.NoError(t, g.Infer(Limits{}))
		require.NoError(t, recogniseGates(g))
		require.Len(t, g.Nodes, 20001)
	})
}

func TestFuseActivationOfMoreKinds(t *testing.T) {
	conv := func() *builder {
		return newBuilder().input("x", ops.Float32, 1, 2, 3, 3).constant("w", ramp(4, 2, 1, 1)).constant("slope", ops.Of([]float32{0.25}, 1, 1, 1)).
			constant("slopes", ramp(4, 1, 1)).node("y", "Conv", "x w")
	}
	for _, c := range []struct {
		name string
		b    *builder
		want string
	}{
		{"SiLU", conv().node("s", "Sigmoid", "y").node("z", "Mul", "y s"), `{activation="Swish"}`},
		{"HardSigmoid", conv().node("z", "HardSigmoid", "y"), `{activation="HardSigmoid" activation_alpha=0.2 activation_beta=0.5}`},
		{"PRelu of one slope", conv().node("z", "PRelu", "y slope"), `{activation="LeakyRelu" activation_alpha=0.25}`},
		{"PRelu of a slope for each channel stays", conv().node("z", "PRelu", "y slopes"), "= PRelu-"},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Contains(t, rewritten(t, c.b.output("z"), ramp(1, 2, 3, 3)), c.want)
		})
	}
}

package graph

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv/ops"
)

// groupNorm is a group normalization of [1, 4, 2, 3] in 2 groups as PyTorch exports it, without gamma and beta.
func groupNorm() *builder {
	return newBuilder().input("x", ops.Float32, 1, 4, 2, 3).constant("apart", ops.OfInts([]int{0, 2, -1})).
		constant("whole", ops.OfInts([]int{1, 4, 2, 3})).constant("one", ops.Of([]float32{1, 2}, 2)).constant("zero", ops.Of([]float32{0, 3}, 2)).
		constant("gamma", ops.Of([]float32{1, 2, 3, 4}, 4, 1, 1)).constant("beta", ops.Of([]float32{4, 3, 2, 1}, 1, 4, 1, 1)).
		node("r", "Reshape", "x apart").node("i", "InstanceNormalization", "r one zero").node("b", "Reshape", "i whole")
}

func TestRecogniseGroupNorm(t *testing.T) {
	x := ramp(1, 4, 2, 3)
	t.Run("with gamma and beta", func(t *testing.T) {
		b := groupNorm().node("m", "Mul", "b gamma").node("y", "Add", "beta m").output("y")
		require.Equal(t, golden(
			"in  x: tensor(float)[1, 4, 2, 3]",
			"y: tensor(float)[1, 4, 2, 3] = tconv.GroupNormalization-1(x, y.gamma, y.beta) {num_groups=2}",
			"out y"), rewritten(t, b, x))
	})
	t.Run("alone", func(t *testing.T) {
		require.Contains(t, rewritten(t, groupNorm().node("y", "Neg", "b").output("y"), x), "GroupNormalization-1(x, b.gamma, b.beta)")
	})
	t.Run("not when somebody else reads what lies in between", func(t *testing.T) {
		require.Contains(t, rewritten(t, groupNorm().node("y", "Neg", "i").output("y", "b"), x), "= InstanceNormalization-")
	})
	t.Run("gamma that varies over pixels stays outside", func(t *testing.T) {
		b := groupNorm().constant("map", ramp(2, 3)).node("y", "Mul", "b map").output("y")
		require.Contains(t, rewritten(t, b, x), "= Mul-")
	})
}

func TestFuseNormActivation(t *testing.T) {
	x := ramp(1, 4, 2, 3)
	norm := func() *builder {
		return newBuilder().input("x", ops.Float32, 1, 4, 2, 3).constant("scale", ramp(4)).constant("bias", ramp(4)).
			node("n", "InstanceNormalization", "x scale bias")
	}
	t.Run("LeakyRelu", func(t *testing.T) {
		require.Equal(t, golden(
			"in  x: tensor(float)[1, 4, 2, 3]",
			`y: tensor(float)[1, 4, 2, 3] = tconv.InstanceNormalization-1(x, scale, bias) {activation="LeakyRelu" activation_alpha=0.01}`,
			"out y"), rewritten(t, norm().node("y", "LeakyRelu", "n").output("y"), x))
	})
	t.Run("SiLU after a group normalization", func(t *testing.T) {
		b := groupNorm().node("s", "Sigmoid", "b").node("y", "Mul", "b s").output("y")
		require.Equal(t, golden(
			"in  x: tensor(float)[1, 4, 2, 3]",
			`y: tensor(float)[1, 4, 2, 3] = tconv.GroupNormalization-1(x, b.gamma, b.beta) {num_groups=2 activation="Swish"}`,
			"out y"), rewritten(t, b, x))
	})
	t.Run("not when somebody else reads the normalization", func(t *testing.T) {
		require.Contains(t, rewritten(t, norm().node("y", "Relu", "n").output("y", "n"), x), "= Relu-")
	})
	t.Run("not twice", func(t *testing.T) {
		require.Contains(t, rewritten(t, norm().node("r", "Relu", "n").node("y", "Sigmoid", "r").output("y"), x), "= Sigmoid-")
	})
}

func TestRecogniseSwish(t *testing.T) {
	x := ramp(2, 3)
	b := newBuilder().input("x", ops.Float32, 2, 3).node("a", "Neg", "x").node("s", "Sigmoid", "a").node("y", "Mul", "s a").output("y")
	require.Contains(t, rewritten(t, b, x), "= Swish-24(a)")
	b = newBuilder().input("x", ops.Float32, 2, 3).node("s", "Sigmoid", "x").node("y", "Mul", "s x").output("y", "s")
	require.Contains(t, rewritten(t, b, x), "= Mul-")
}

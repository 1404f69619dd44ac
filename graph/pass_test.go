package graph

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv/onnx"
	"github.com/tconv/tconv/ops"
)

// rewritten gives the text of a model after the load passes and the shape passes,
// and asserts that the result equals that of the plain graph.
func rewritten(t *testing.T, b *builder, inputs ...*ops.Tensor) string {
	t.Helper()
	m := b.loaded(t, RunOptions{})
	specs := make([]ops.Spec, len(inputs))
	for i, x := range inputs {
		specs[i] = x.Spec()
	}
	g, err := m.Specialise(plainSpecs(specs), nil)
	require.NoError(t, err)
	fast := b.run(t, RunOptions{}, inputs...)
	plain := b.run(t, RunOptions{Reference: true}, inputs...)
	for i := range plain {
		requireSame(t, plain[i], fast[i])
	}
	return g.String()
}

// requireSame asserts equality up to float32 rounding of sums of small integers
// times folded factors.
func requireSame(t *testing.T, want, got *ops.Tensor) {
	t.Helper()
	require.Equal(t, want.String(), got.String())
	if want.DType() != ops.Float32 {
		require.Equal(t, want.Bytes(), got.Bytes())
		return
	}
	require.InDeltaSlice(t, ops.Data[float32](want), ops.Data[float32](got), 1e-4)
}

func golden(lines ...string) string { return strings.Join(lines, "\n") + "\n" }

func TestFoldBatchNorm(t *testing.T) {
	statistics := func(b *builder) *builder {
		return b.constant("scale", ops.Of([]float32{1, 2, 3, 4}, 4)).constant("shift", ops.Of([]float32{0, 1, 0, -1}, 4)).
			constant("mean", ops.Of([]float32{1, 0, 2, 0}, 4)).constant("var", ops.Of([]float32{1, 4, 9, 16}, 4))
	}
	t.Run("Conv", func(t *testing.T) {
		b := statistics(newBuilder().input("x", ops.Float32, 1, 2, 3, 3).constant("w", ramp(4, 2, 1, 1))).
			node("y", "Conv", "x w").node("z", "BatchNormalization", "y scale shift mean var").output("z")
		require.Equal(t, golden(
			"in  x: tensor(float)[1, 2, 3, 3]",
			"z: tensor(float)[1, 4, 3, 3] = Conv-1(x, w.scaled, w.bias)",
			"out z"), rewritten(t, b, ramp(1, 2, 3, 3)))
	})
	t.Run("ConvTranspose with groups and a bias", func(t *testing.T) {
		b := statistics(newBuilder().input("x", ops.Float32, 1, 4, 2, 2).constant("w", ramp(4, 2, 2, 2)).constant("b", ramp(4))).
			node("y", "ConvTranspose", "x w b", testInt("group", 2), testInts("strides", 2, 2)).
			node("z", "BatchNormalization", "y scale shift mean var").output("z")
		require.Equal(t, golden(
			"in  x: tensor(float)[1, 4, 2, 2]",
			"z: tensor(float)[1, 4, 4, 4] = ConvTranspose-1(x, w.scaled, w.bias) {group=2 strides=[2 2]}",
			"out z"), rewritten(t, b, ramp(1, 4, 2, 2)))
	})
	t.Run("not when somebody else reads the convolution", func(t *testing.T) {
		b := statistics(newBuilder().input("x", ops.Float32, 1, 2, 3, 3).constant("w", ramp(4, 2, 1, 1))).
			node("y", "Conv", "x w").node("z", "BatchNormalization", "y scale shift mean var").output("z", "y")
		require.Contains(t, rewritten(t, b, ramp(1, 2, 3, 3)), "BatchNormalization-")
	})
}

func TestFuseActivation(t *testing.T) {
	conv := func(shape ...int) *builder {
		return newBuilder().input("x", ops.Float32, shape...).constant("w", ramp(4, 2, 1, 1)).node("y", "Conv", "x w")
	}
	t.Run("Relu", func(t *testing.T) {
		require.Equal(t, golden(
			"in  x: tensor(float)[1, 2, 3, 3]",
			`z: tensor(float)[1, 4, 3, 3] = tconv.Conv-1(x, w) {activation="Relu"}`,
			"out z"), rewritten(t, conv(1, 2, 3, 3).node("z", "Relu", "y").output("z"), ramp(1, 2, 3, 3)))
	})
	t.Run("Clip with constant bounds", func(t *testing.T) {
		b := conv(1, 2, 3, 3).constant("lo", ops.Of([]float32{0})).constant("hi", ops.Of([]float32{6})).node("z", "Clip", "y lo hi").output("z")
		require.Contains(t, rewritten(t, b, ramp(1, 2, 3, 3)), `{activation="Clip" activation_alpha=0 activation_beta=6}`)
	})
	t.Run("not twice", func(t *testing.T) {
		b := conv(1, 2, 3, 3).node("z", "Relu", "y").node("s", "Sigmoid", "z").output("s")
		require.Contains(t, rewritten(t, b, ramp(1, 2, 3, 3)), "= Sigmoid-")
	})
	t.Run("not when the convolution is an output", func(t *testing.T) {
		b := conv(1, 2, 3, 3).node("z", "Relu", "y").output("z", "y")
		require.Contains(t, rewritten(t, b, ramp(1, 2, 3, 3)), "= Relu-")
	})
}

func TestFuseResidual(t *testing.T) {
	base := func() *builder {
		return newBuilder().input("x", ops.Float32, 1, 2, 3, 3).constant("w", ramp(2, 2, 1, 1)).node("y", "Conv", "x w")
	}
	t.Run("addition, then activation", func(t *testing.T) {
		b := base().node("s", "Add", "x y").node("z", "Relu", "s").output("z")
		require.Equal(t, golden(
			"in  x: tensor(float)[1, 2, 3, 3]",
			`z: tensor(float)[1, 2, 3, 3] = tconv.Conv-1(x, w, _, x) {activation="Relu"}`,
			"out z"), rewritten(t, b, ramp(1, 2, 3, 3)))
	})
	t.Run("not when the shapes differ", func(t *testing.T) {
		b := base().constant("c", ramp(3, 1)).node("s", "Add", "y c").output("s")
		require.Contains(t, rewritten(t, b, ramp(1, 2, 3, 3)), "= Add-")
	})
	t.Run("not y + y", func(t *testing.T) {
		require.Contains(t, rewritten(t, base().node("s", "Add", "y y").output("s"), ramp(1, 2, 3, 3)), "= Add-")
	})
	t.Run("of two convolutions the later takes the earlier", func(t *testing.T) {
		b := base().node("v", "Conv", "x w").node("s", "Add", "v y").output("s")
		require.Contains(t, rewritten(t, b, ramp(1, 2, 3, 3)), "s: tensor(float)[1, 2, 3, 3] = tconv.Conv-1(x, w, _, y)")
	})
}

func TestFuseNearestConv(t *testing.T) {
	build := func(scale []float32, pads []int64, resize ...*onnx.Attribute) *builder {
		return newBuilder().input("x", ops.Float32, 1, 2, 3, 4).constant("s", ops.Of(scale, 4)).constant("w", ramp(3, 2, 3, 3)).
			node("y", "Resize", "x _ s", resize...).node("z", "Conv", "y w", testInts("pads", pads...)).output("z")
	}
	x := ramp(1, 2, 3, 4)
	require.Equal(t, golden(
		"in  x: tensor(float)[1, 2, 3, 4]",
		"z: tensor(float)[1, 3, 6, 8] = ConvTranspose-1(x, w.nearest) {strides=[2 2] pads=[1 1 1 1]}",
		"out z"), rewritten(t, build([]float32{1, 1, 2, 2}, []int64{1, 1, 1, 1}), x))
	require.Contains(t, rewritten(t, build([]float32{1, 1, 3, 2}, []int64{0, 2, 1, 0}), x), "{strides=[3 2] pads=[2 0 1 2]}")

	asymmetric := []*onnx.Attribute{testString("coordinate_transformation_mode", "asymmetric"), testString("nearest_mode", "floor")}
	require.NotContains(t, rewritten(t, build([]float32{1, 1, 2, 2}, []int64{1, 1, 1, 1}, asymmetric...), x), "Resize")
	asymmetric[1] = testString("nearest_mode", "ceil")
	require.Contains(t, rewritten(t, build([]float32{1, 1, 2, 2}, []int64{1, 1, 1, 1}, asymmetric...), x), "Resize")
	require.Contains(t, rewritten(t, build([]float32{1, 1, 2, 2}, []int64{1, 1, 1, 1}, testString("mode", "linear")), x), "Resize")
	require.Contains(t, rewritten(t, build([]float32{1, 1, 2.5, 2}, []int64{1, 1, 1, 1}), x), "Resize", "not a whole number")
}

func TestFoldConstants(t *testing.T) {
	b := newBuilder().input("x", ops.Float32, -1, 4).constant("one", ops.OfInts([]int{1})).constant("rest", ops.OfInts([]int{-1})).
		node("s", "Shape", "x").node("n", "Gather", "s one").node("to", "Concat", "n rest", testInt("axis", 0)).
		node("y", "Reshape", "x to").output("y")
	require.Equal(t, golden(
		"in  x: tensor(float)[6, 4]",
		"y: tensor(float)[4, 6] = Reshape-14(x, to)",
		"out y"), rewritten(t, b, ramp(6, 4)))
}

func TestFoldConstantsStopsAtLimits(t *testing.T) {
	b := newBuilder().constant("huge", ops.OfInts([]int{1 << 14, 1 << 14})).node("y", "ConstantOfShape", "huge").output("y")
	g := b.graph(t)
	require.NoError(t, g.Infer(Limits{}))
	require.Nil(t, g.Const(g.Outputs[0]), "1 GiB from 16 bytes must not be computed at load")
	require.Equal(t, "tensor(float)[16384, 16384]", g.Value(g.Outputs[0]).Spec.String())
}

func TestRemoveIdentities(t *testing.T) {
	b := newBuilder().input("x", ops.Float32, 2, 3).constant("same", ops.OfInts([]int{2, 3})).
		node("a", "Identity", "x").node("b", "Dropout", "a").node("c", "Reshape", "b same").
		node("d", "Cast", "c", testInt("to", 1)).node("e", "Transpose", "d", testInts("perm", 0, 1)).
		node("y", "Relu", "e").output("y")
	require.Equal(t, golden("in  x: tensor(float)[2, 3]", "y: tensor(float)[2, 3] = Relu-6(x)", "out y"), rewritten(t, b, ramp(2, 3)))

	kept := newBuilder().input("x", ops.Float32, 2, 3).node("y", "Identity", "x").output("y")
	require.Contains(t, rewritten(t, kept, ramp(2, 3)), "= Identity-", "an output never aliases an input")
}

func TestDropDead(t *testing.T) {
	b := newBuilder().input("x", ops.Float32, 2, 3).node("dead", "Relu", "x").node("y", "Sigmoid", "x").output("y")
	require.NotContains(t, rewritten(t, b, ramp(2, 3)), "Relu")
}

// TestFirstOutputUnread: operators give their other outputs without the first.
func TestFirstOutputUnread(t *testing.T) {
	x, labels := ramp(2, 3), ops.Of([]int64{0, 2}, 2)
	for name, node := range map[string]func() *builder{
		"Dropout": func() *builder { return newBuilder().node("y z", "Dropout", "x") },
		"SoftmaxCrossEntropyLoss": func() *builder {
			return newBuilder().constant("l", labels).node("y z", "SoftmaxCrossEntropyLoss", "x l")
		},
		"TopK": func() *builder {
			return newBuilder().constant("k", ops.OfInts([]int{2})).node("y z", "TopK", "x k")
		},
		"Unique": func() *builder { return newBuilder().node("y z", "Unique", "x") },
	} {
		for _, reference := range []bool{false, true} {
			both := node().input("x", ops.Float32, 2, 3).output("y", "z").run(t, RunOptions{Reference: reference}, x)
			alone := node().input("x", ops.Float32, 2, 3).output("z").run(t, RunOptions{Reference: reference}, x)
			require.Equal(t, both[1].Bytes(), alone[0].Bytes(), name)
		}
	}
}

// TestDropUnreadOutputs: an output that nobody reads is not asked for, one that the
// graph gives is.
func TestDropUnreadOutputs(t *testing.T) {
	pool := func(outputs ...string) *builder {
		return newBuilder().input("x", ops.Float32, 1, 1, 4, 4).node("p i", "MaxPool", "x", testInts("kernel_shape", 2, 2)).node("y", "Relu", "p").output(outputs...)
	}
	for _, c := range []struct {
		b    *builder
		want string
	}{{pool("y"), "p: tensor(float)[1, 1, 3, 3], _ = MaxPool"}, {pool("y", "i"), "i: tensor(int64)[1, 1, 3, 3] = MaxPool"}} {
		require.Contains(t, rewritten(t, c.b, ramp(1, 1, 4, 4)), c.want)
		want := c.b.run(t, RunOptions{Reference: true}, ramp(1, 1, 4, 4))
		for i, got := range c.b.run(t, RunOptions{}, ramp(1, 1, 4, 4)) {
			require.Equal(t, want[i].Bytes(), got.Bytes())
		}
	}
}

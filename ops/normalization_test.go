package ops

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv/backend/cpu"
)

// normalCase is a normalization with its expected result, which is onnxruntime's
// unless its name says otherwise.
type normalCase struct {
	name   string
	op     string
	opset  int
	attrs  []Attr
	inputs []*Tensor
	want   []float32
}

// ones makes a float vector of ones.
func ones(n int) *Tensor {
	t := NewTensor(Float32, Shape{n})
	for i := range n {
		Data[float32](t)[i] = 1
	}
	return t
}

func TestNormalizations(t *testing.T) {
	x, x8 := ramp(1, 2, 3), ramp(1, 2, 2, 2)
	minus := Of([]float32{-1, -2, -3, -4, -5, -6}, 1, 2, 3)
	groups := IntAttr("num_groups", 2)
	cases := []normalCase{
		{"instance", "InstanceNormalization", 0, nil, []*Tensor{x, ones(2), ones(2)}, []float32{-0.22473562, 1, 2.2247355, -0.22473574, 1, 2.2247353}},
		{"instance of one pixel", "InstanceNormalization", 0, nil, []*Tensor{ramp(1, 2, 1), ones(2), ones(2)}, []float32{1, 1}},
		{"instance, epsilon", "InstanceNormalization", 6, []Attr{FloatAttr("epsilon", 1e16)}, []*Tensor{x, ones(2), ones(2)}, []float32{1, 1, 1, 1, 1, 1}},
		{"group 18", "GroupNormalization", 18, []Attr{groups}, []*Tensor{ramp(1, 4, 2), ramp(2), ones(2)}, []float32{-0.34163547, 0.55278814, 1.4472119, 2.3416355, -1.6832709, 0.10557634, 1.8944237, 3.6832709}},
		{"group 21", "GroupNormalization", 21, []Attr{groups}, []*Tensor{ramp(1, 4, 2), ramp(4), ones(4)}, []float32{-0.34163547, 0.55278814, 1.8944237, 3.6832709, -3.0249062, -0.34163547, 2.7888474, 6.3665419}},
		{"group of rank 2", "GroupNormalization", 18, []Attr{groups}, []*Tensor{ramp(1, 4), ramp(2), ones(2)}, []float32{2.0027161e-05, 1.99998, -0.99995995, 2.9999599}},
		{"layer", "LayerNormalization", 0, nil, []*Tensor{x, ones(3)}, []float32{-1.2247356, 0, 1.2247356, -1.2247356, 0, 1.2247356}},
		{"layer, scale by row", "LayerNormalization", 0, nil, []*Tensor{x, ramp(2, 1)}, []float32{-1.2247357, 0, 1.2247357, -2.4494715, 0, 2.4494715}},
		{"layer, scale broadcast in the row", "LayerNormalization", 0, []Attr{IntAttr("axis", 1)}, []*Tensor{x, ramp(3)}, []float32{-1.4638476, -1.7566171, -0.87830853, 0.29276952, 1.7566171, 4.3915424}},
		{"layer, bias by row", "LayerNormalization", 0, nil, []*Tensor{x, ones(3), ramp(2, 1)}, []float32{-0.22473569, 1, 2.2247357, 0.77526432, 2, 3.2247357}},
		{"rms", "RMSNormalization", 0, nil, []*Tensor{x, ones(3)}, []float32{0.46290955, 0.9258191, 1.3887286, 0.7895419, 0.9869274, 1.1843128}},
		{"rms, scale by row", "RMSNormalization", 0, nil, []*Tensor{x, ramp(2, 1)}, []float32{0.46290955, 0.9258191, 1.3887286, 1.5790838, 1.9738547, 2.3686256}},
		{"lp", "LpNormalization", 0, nil, []*Tensor{x}, []float32{0.26726124, 0.53452247, 0.80178368, 0.45584232, 0.56980288, 0.68376344}},
		{"lp 1, axis 1", "LpNormalization", 0, []Attr{IntAttr("p", 1), IntAttr("axis", 1)}, []*Tensor{minus}, []float32{-0.2, -0.2857143, -0.33333334, -0.8, -0.71428573, -0.66666669}},
		{"lp of zeros", "LpNormalization", 0, nil, []*Tensor{Of([]float32{0, 0}, 2)}, []float32{0, 0}},
		{"mvn", "MeanVarianceNormalization", 0, nil, []*Tensor{x8}, []float32{-1.3416407, -0.44721359, 0.44721359, 1.3416407, -1.3416407, -0.44721359, 0.44721359, 1.3416407}},
		{"mvn, inner axes", "MeanVarianceNormalization", 9, []Attr{IntsAttr("axes", 1, 3)}, []*Tensor{x8}, []float32{-1.2126782, -0.72760689, -1.2126782, -0.72760689, 0.72760689, 1.2126782, 0.72760689, 1.2126782}},
		{"mvn of a constant, as ONNX defines it", "MeanVarianceNormalization", 0, []Attr{IntsAttr("axes", 0)}, []*Tensor{Of([]float32{3, 3}, 2)}, []float32{0, 0}},
		{"lrn 1", "LRN", 0, []Attr{IntAttr("size", 1), FloatAttr("alpha", 1), FloatAttr("beta", 1)}, []*Tensor{ramp(1, 4, 1, 1)}, []float32{0.5, 0.4, 0.3, 0.23529412}},
		{"lrn 3", "LRN", 0, []Attr{IntAttr("size", 3), FloatAttr("alpha", 1), FloatAttr("beta", 1)}, []*Tensor{ramp(1, 4, 1, 1)}, []float32{0.375, 0.35294116, 0.28125, 0.4285714}},
		{"lrn 2, by hand", "LRN", 0, []Attr{IntAttr("size", 2), FloatAttr("alpha", 2), FloatAttr("beta", 1)}, []*Tensor{ramp(1, 2, 1)}, []float32{1. / 6, 2. / 5}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			out := opCase{op: c.op, opset: c.opset, attrs: c.attrs, inputs: c.inputs}.mustRun(t)[0]
			require.InDeltaSlice(t, c.want, Data[float32](out), 2e-6)
		})
	}
}

// Every normalization does the same in double, in place, and on something empty.
func TestNormalizationsDouble(t *testing.T) {
	widen := func(x *Tensor) *Tensor {
		if x == nil {
			return nil
		}
		out := NewTensor(Float64, x.Shape())
		for i, v := range Data[float32](x) {
			Data[float64](out)[i] = float64(v)
		}
		return out
	}
	r := rand.New(rand.NewPCG(11, 12))
	x := integers(r, 2, 4, 5, rowTile+3)
	cases := []opCase{
		{op: "BatchNormalization", inputs: []*Tensor{x, ones(4), ones(4), ones(4), ones(4)}},
		{op: "InstanceNormalization", inputs: []*Tensor{x, ramp(4), ones(4)}},
		{op: "GroupNormalization", attrs: []Attr{IntAttr("num_groups", 2)}, inputs: []*Tensor{x, ramp(4), ones(4)}},
		{op: "LayerNormalization", attrs: []Attr{IntAttr("axis", 2)}, inputs: []*Tensor{x, ones(rowTile + 3), ramp(4, 1, 1)}},
		{op: "RMSNormalization", inputs: []*Tensor{x, ones(rowTile + 3)}},
		{op: "LpNormalization", attrs: []Attr{IntAttr("axis", 1)}, inputs: []*Tensor{x}},
		{op: "MeanVarianceNormalization", inputs: []*Tensor{x}},
		{op: "LRN", attrs: []Attr{IntAttr("size", 3)}, inputs: []*Tensor{x}},
	}
	for _, c := range cases {
		t.Run(c.op, func(t *testing.T) {
			single := c.mustRun(t)[0]
			for i := range c.inputs {
				c.inputs[i] = widen(c.inputs[i])
			}
			double := c.mustRun(t)[0]
			for i, v := range Data[float64](double) {
				require.InDelta(t, v, Data[float32](single)[i], 1e-6)
			}
			c.requireInPlace(t, double)

			c.inputs[0] = NewTensor(Float64, Shape{0, 4, 5, rowTile + 3})
			require.Equal(t, c.inputs[0].Shape(), c.mustRun(t)[0].Shape())
		})
	}
}

// requireInPlace asserts that an operator which may write over its first input
// gives the same then.
func (c opCase) requireInPlace(t *testing.T, want *Tensor) {
	op, in, err := c.build()
	require.NoError(t, err)
	s, ok := op.(Sharer)
	if !ok || len(s.Share(specsOf(in)).InPlace) == 0 {
		return
	}
	in[0] = in[0].Clone()
	require.NoError(t, op.Run(NewCall(t.Context(), nil), in, []*Tensor{in[0]}))
	require.Equal(t, want.Bytes(), in[0].Bytes(), "in place")
}

func TestLayerNormalizationStatistics(t *testing.T) {
	for _, x := range []*Tensor{ramp(1, 2, 3), Of([]float64{1, 2, 3, 4, 5, 6}, 1, 2, 3)} {
		scale := NewTensor(x.DType(), Shape{3})
		out := opCase{op: "LayerNormalization", inputs: []*Tensor{x, scale}, outputs: 3}.mustRun(t)
		require.Equal(t, Shape{1, 2, 1}, out[1].Shape())
		require.Equal(t, []float32{2, 5}, Data[float32](out[1]), "float, whatever X is")
		require.InDeltaSlice(t, []float32{1.2247357, 1.2247357}, Data[float32](out[2]), 1e-6)
	}
	double := opCase{op: "LayerNormalization", attrs: []Attr{IntAttr("stash_type", 11)}, inputs: []*Tensor{ramp(1, 2), ones(2)}, outputs: 2}
	require.Equal(t, []float64{1.5}, Data[float64](double.mustRun(t)[1]))
}

// A large mean does not swallow the variance.
func TestNormalizationAccuracy(t *testing.T) {
	x := NewTensor(Float32, Shape{1, 1, 1000})
	for i := range 1000 {
		Data[float32](x)[i] = 1e4 + float32(i%2)
	}
	out := opCase{op: "InstanceNormalization", attrs: []Attr{FloatAttr("epsilon", 0)}, inputs: []*Tensor{x, ones(1), NewTensor(Float32, Shape{1})}}.mustRun(t)
	for i, v := range Data[float32](out[0]) {
		require.InDelta(t, 2*float64(i%2)-1, float64(v), 1e-6)
	}
}

// TestNormPlanes has planes of every length around the vectors', far from 0 and near it, of few channels and with groups.
func TestNormPlanes(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for _, size := range []int{1, 2, 15, 16, 17, 100, 4097, 9000} {
		for _, offset := range []float32{0, 3, -2000} {
			x := randomFloats(r, Float32, 2, 6, size)
			for i := range Data[float32](x) {
				Data[float32](x)[i] += offset
			}
			gain, bias := randomFloats(r, Float32, 6), randomFloats(r, Float32, 6)
			group := opCase{op: "GroupNormalization", attrs: []Attr{IntAttr("num_groups", 3)}, inputs: []*Tensor{x, gain, bias}}.mustRun(t)[0]
			opCase{op: "InstanceNormalization", inputs: []*Tensor{x, gain, bias}}.mustRun(t)
			checkGroups(t, x, group, gain, bias)
		}
	}
}

// checkGroups holds the groups of two of six channels against their definition.
func checkGroups(t *testing.T, x, y, gain, bias *Tensor) {
	t.Helper()
	xs, ys := Data[float32](x), Data[float32](y)
	size := len(xs) / 12
	for g := range 6 {
		mean, variance := moments(xs[2*g*size : 2*(g+1)*size])
		for i := 2 * g * size; i < 2*(g+1)*size; i++ {
			c := i / size % 6
			want := (float64(xs[i])-mean)/math.Sqrt(variance+1e-5)*float64(Data[float32](gain)[c]) + float64(Data[float32](bias)[c])
			require.InDelta(t, want, float64(ys[i]), 1e-5*(1+math.Abs(want)))
		}
	}
}

func TestNormalizationErrors(t *testing.T) {
	x := ramp(1, 4, 2)
	fail := func(op, text string, attrs []Attr, inputs ...*Tensor) {
		t.Helper()
		opCase{op: op, attrs: attrs, inputs: inputs}.mustFail(t, text)
	}
	fail("InstanceNormalization", "scale has shape [3], want [4]", nil, x, ones(3), ones(4))
	fail("InstanceNormalization", "B has shape [1, 4], want [4]", nil, x, ones(4), ramp(1, 4))
	fail("InstanceNormalization", "B is tensor(double)", nil, x, ones(4), NewTensor(Float64, Shape{4}))
	fail("InstanceNormalization", "input has rank 2", nil, ramp(1, 4), ones(4), ones(4))
	fail("GroupNormalization", "num_groups 3 does not divide 4 channels", []Attr{IntAttr("num_groups", 3)}, x, ones(4), ones(4))
	fail("GroupNormalization", "num_groups is missing", nil, x, ones(4), ones(4))
	fail("GroupNormalization", "scale has shape [2], want [4]", []Attr{IntAttr("num_groups", 2)}, x, ones(2), ones(4))
	fail("GroupNormalization", "X has rank 1", []Attr{IntAttr("num_groups", 1)}, ramp(4), ones(4), ones(4))
	fail("LayerNormalization", "axis is 3, want one in [-3, 3)", []Attr{IntAttr("axis", 3)}, x, ones(2))
	fail("LayerNormalization", "Scale has shape [3], which does not broadcast to X", nil, x, ones(3))
	fail("LayerNormalization", "B has shape [2, 1, 4, 2], which does not broadcast to X", nil, x, ones(2), ramp(2, 1, 4, 2))
	fail("LayerNormalization", "at least one element from axis 2 on", nil, ramp(1, 4, 0), ones(0))
	fail("LayerNormalization", "stash_type is int32", []Attr{IntAttr("stash_type", 6)}, x, ones(2))
	fail("RMSNormalization", "scale has shape [3]", nil, x, ones(3))
	fail("RMSNormalization", "axis is -4", []Attr{IntAttr("axis", -4)}, x, ones(2))
	fail("RMSNormalization", "at least one element from axis 2 on", nil, ramp(1, 4, 0), ones(0))
	fail("LpNormalization", "p is 3, want 1 or 2", []Attr{IntAttr("p", 3)}, x)
	fail("LpNormalization", "axis is 0, want one in [0, 0)", []Attr{IntAttr("axis", 0)}, ramp())
	fail("MeanVarianceNormalization", "axis is 3, want one in [-3, 3)", nil, x)
	fail("MeanVarianceNormalization", "name axis 1 twice", []Attr{IntsAttr("axes", 1, -2)}, x)
	fail("LRN", "size is missing", nil, x)
	fail("LRN", "X has rank 1", []Attr{IntAttr("size", 1)}, ramp(4))
	for _, op := range []string{"InstanceNormalization", "LayerNormalization", "RMSNormalization", "LpNormalization", "MeanVarianceNormalization"} {
		inputs := []*Tensor{Of([]int64{1}, 1), ones(1), ones(1)}
		def, err := Lookup("", op, NewestOpset)
		require.NoError(t, err)
		opCase{op: op, inputs: inputs[:len(def.Inputs)]}.mustFail(t, "is tensor(int64), want one of")
	}
}

func TestMoments(t *testing.T) {
	for n := 1; n < 12; n++ {
		x := make([]float32, n)
		total, squares := 0.0, 0.0
		for i := range x {
			x[i] = float32(i*i + 1)
			total += float64(x[i])
		}
		for _, v := range x {
			squares += math.Pow(float64(v)-total/float64(n), 2)
		}
		mean, variance := moments(x)
		require.InDelta(t, total/float64(n), mean, 1e-12)
		require.InDelta(t, squares/float64(n), variance, 1e-9)
	}
}

// checkBound, which mustRun calls, compares the kernels over rows with the plain definition.
func TestNormRows(t *testing.T) {
	rng := rand.New(rand.NewPCG(16, 1))
	of := func(s ...int) *Tensor { return Of(spreadFloats(rng, Shape(s).Elements()), s...) }
	wide := of(2, cpu.LongestNormRow+1)
	for _, c := range []struct {
		kernel string // of LayerNormalization
		axis   int
		inputs []*Tensor
	}{
		{"rows", -1, []*Tensor{of(3, 5, 49), of(49), of(49)}},
		{"rows", -1, []*Tensor{of(3, 5, 8), of(8)}},
		{"rows", 1, []*Tensor{of(3, 5, 7), of(5, 7), of(1, 5, 7)}},
		{"rows", 0, []*Tensor{of(33), of(33)}},
		{"rows", -1, []*Tensor{of(1, 33), of(1, 33)}},
		{"rows", -1, []*Tensor{of(0, 33), of(33)}},
		{"plain", -1, []*Tensor{of(3, 7), of(7), of(7)}},
		{"plain", -1, []*Tensor{of(3, 49), of(3, 1), of(49)}},
		{"plain", -1, []*Tensor{of(3, 49), of(49), of(1)}},
		{"plain", -1, []*Tensor{wide, of(cpu.LongestNormRow + 1)}},
	} {
		for _, name := range []string{"LayerNormalization", "RMSNormalization", "SimplifiedLayerNormalization"} {
			for outputs := 1; outputs <= map[byte]int{'L': 3, 'R': 1, 'S': 2}[name[0]]; outputs++ {
				n := opCase{op: name, attrs: []Attr{IntAttr("axis", c.axis)}, inputs: c.inputs, outputs: outputs}
				if name[0] != 'L' {
					n.inputs = n.inputs[:2]
				}
				n.mustRun(t)
			}
		}
		op, in, err := opCase{op: "LayerNormalization", attrs: []Attr{IntAttr("axis", c.axis)}, inputs: c.inputs}.build()
		require.NoError(t, err)
		step, err := op.(Binder).Bind(&Binding{In: specsOf(in), Kernels: cpu.KernelsFor(cpu.Generic), Threads: 1})
		require.NoError(t, err)
		require.Contains(t, step.Kernel(), c.kernel, c.inputs)
	}
}

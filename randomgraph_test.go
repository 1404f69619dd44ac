package tconv_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/backend/cpu"
	"github.com/tconv/tconv/graph"
	"github.com/tconv/tconv/onnx"
)

// graphMaker builds a random network out of the nodes of decoders. Every value is a
// map [N, C, spatial...] of floats.
type graphMaker struct {
	*mutator
	t     testing.TB
	b     *modelBuilder
	maps  []string // values so far
	shape map[string][]int
	count int
}

// randomGraph makes a network of about n nodes, and an input for it.
func randomGraph(t testing.TB, seed uint64, n int) (*modelBuilder, tconv.Tensors) {
	g := &graphMaker{mutator: newMutator(nil, seed), t: t, b: newModel(), shape: map[string][]int{}}
	g.b.model.OpsetImports[0].Version = pick(g.mutator, []int64{13, 17, 18, 20, 21})
	spatial := pick(g.mutator, []int{1, 2, 2, 2, 2, 3})
	shape := []int{1 + g.IntN(2), pick(g.mutator, []int{1, 3, 4, 8, 16, 17})}
	for range spatial {
		shape = append(shape, pick(g.mutator, []int{4, 5, 6, 8, 14 - 3*spatial}))
	}
	g.b.input("x", tconv.Float32, shape...)
	if g.IntN(2) == 0 { // the model does not say how large the map is
		for i := range g.b.model.Graph.Inputs[0].Type.Shape.Dims[2:] {
			g.b.model.Graph.Inputs[0].Type.Shape.Dims[2+i] = onnx.Dimension{Kind: onnx.DimParam, Param: fmt.Sprint("d", i)}
		}
	}
	g.maps, g.shape["x"] = []string{"x"}, shape
	for tries := 0; len(g.b.model.Graph.Nodes) < n && tries < 20*n; tries++ {
		g.grow()
	}
	last := g.maps[len(g.maps)-1]
	g.b.node(g.result(), "Relu", last)
	g.chooseOutputs()
	return g.b, tconv.Tensors{"x": wave(shape...)}
}

// chooseOutputs makes outputs of what nobody reads, and of some other values.
func (g *graphMaker) chooseOutputs() {
	read := map[string]bool{}
	for _, n := range g.b.model.Graph.Nodes {
		for _, in := range n.Inputs {
			read[in] = true
		}
	}
	for _, name := range g.maps[1:] {
		if !read[name] || g.IntN(12) == 0 {
			g.b.output(name)
		}
	}
}

// grow adds one operator to a random value, mostly the last one, or takes it back
// where its shapes do not fit or grow too large.
func (g *graphMaker) grow() {
	x := g.maps[len(g.maps)-1]
	if g.IntN(4) == 0 {
		x = pick(g.mutator, g.maps)
	}
	nodes, constants, values := len(g.b.model.Graph.Nodes), len(g.b.model.Graph.Initializers), len(g.maps)
	g.add(x)
	if !g.fits() {
		g.b.model.Graph.Nodes = g.b.model.Graph.Nodes[:nodes]
		g.b.model.Graph.Initializers = g.b.model.Graph.Initializers[:constants]
		g.maps = g.maps[:values]
	}
}

// fits infers the shapes of the values that were added.
func (g *graphMaker) fits() bool {
	m := *g.b.model
	whole := *m.Graph
	m.Graph = &whole
	m.Graph.Inputs = []*onnx.ValueInfo{valueInfo("x", tconv.Float32, g.shape["x"])}
	m.Graph.Outputs = nil
	for _, name := range g.maps {
		m.Graph.Outputs = append(m.Graph.Outputs, &onnx.ValueInfo{Name: name})
	}
	ir, err := graph.Import(&m, graph.ImportOptions{})
	if err != nil || ir.Infer(graph.Limits{}) != nil {
		return false
	}
	for i, id := range ir.Outputs {
		s := ir.Value(id).Spec
		if !s.Static() || s.Shape.Elements() > 1<<15 || s.Shape.Elements() == 0 || s.Shape.Rank() != len(g.shape["x"]) || s.DType != tconv.Float32 {
			return false
		}
		g.shape[g.maps[i]] = s.Shape
	}
	return true
}

// name makes the name of a new value; result declares it as a map.
func (g *graphMaker) name() string {
	g.count++
	return fmt.Sprint("v", g.count)
}

func (g *graphMaker) result() string {
	name := g.name()
	g.maps = append(g.maps, name)
	return name
}

// weights adds a constant of values around 1/fan.
func (g *graphMaker) weights(fan int, shape ...int) string {
	w := wave(shape...)
	data, _ := tconv.Data[float32](w)
	shift := g.IntN(1000)
	for i := range data {
		data[i] = float32((i+shift)*31%17-8) / float32(4+2*fan)
	}
	name := g.name()
	g.b.constant(g.t, name, w)
	return name
}

// positive adds a constant of values from 0.5 on.
func (g *graphMaker) positive(shape ...int) string {
	w := wave(shape...)
	data, _ := tconv.Data[float32](w)
	for i := range data {
		data[i] = 0.5 + float32(i%5)/4
	}
	name := g.name()
	g.b.constant(g.t, name, w)
	return name
}

// ints adds a constant vector.
func (g *graphMaker) ints(v ...int) string {
	name := g.name()
	list := make([]int64, len(v))
	for i, x := range v {
		list[i] = int64(x)
	}
	g.b.constant(g.t, name, vector(list...))
	return name
}

// each gives one number for each spatial axis.
func (g *graphMaker) each(x string, f func(axis int) int) []int64 {
	var out []int64
	for i := range g.shape[x][2:] {
		out = append(out, int64(f(i)))
	}
	return out
}

// add applies a random operator to x.
func (g *graphMaker) add(x string) {
	kinds := []func(x string){
		g.conv, g.conv, g.conv, g.conv, g.convTranspose, g.convTranspose, g.batchNorm, g.batchNorm, g.activation, g.activation, g.activation,
		g.combine, g.combine, g.combine, g.concat, g.concat, g.concat, g.pool, g.resize, g.resize, g.move, g.move, g.reshape, g.reduce,
		g.normalize, g.split, g.expandSizes,
	}
	kinds[g.IntN(len(kinds))](x)
}

func (g *graphMaker) conv(x string) {
	c := g.shape[x][1]
	group := 1
	m := pick(g.mutator, []int{1, 3, 4, 8, 16, 20})
	if g.IntN(4) == 0 {
		group, m = c, c*(1+g.IntN(2))
	} else if c%2 == 0 && m%2 == 0 && g.IntN(4) == 0 {
		group = 2
	}
	k := pick(g.mutator, []int{1, 1, 3, 3, 3, 2, 5})
	shape := []int{m, c / group}
	for range g.shape[x][2:] {
		shape = append(shape, k)
	}
	in := fmt.Sprintf("%s %s", x, g.weights(c/group*k, shape...))
	if g.IntN(2) == 0 {
		in += " " + g.weights(1, m)
	}
	attrs := []*onnx.Attribute{intAttr("group", int64(group))}
	if g.IntN(4) > 0 { // mostly the size stays
		same := g.each(x, func(int) int { return k / 2 })
		attrs = append(attrs, intsAttr("pads", append(same, same...)...))
	} else {
		attrs = append(attrs, intsAttr("strides", g.each(x, func(int) int { return 1 + g.IntN(2) })...),
			intsAttr("dilations", g.each(x, func(int) int { return 1 + g.IntN(2) })...),
			intsAttr("pads", append(g.each(x, func(int) int { return g.IntN(3) }), g.each(x, func(int) int { return g.IntN(3) })...)...))
	}
	g.b.node(g.result(), "Conv", in, attrs...)
}

func (g *graphMaker) convTranspose(x string) {
	c, m := g.shape[x][1], pick(g.mutator, []int{1, 2, 4, 8, 16})
	group := 1
	if c%2 == 0 && g.IntN(4) == 0 {
		group = 2
	}
	k := pick(g.mutator, []int{2, 2, 3, 4})
	shape := []int{c, m}
	for range g.shape[x][2:] {
		shape = append(shape, k)
	}
	in := fmt.Sprintf("%s %s", x, g.weights(c/group, shape...))
	if g.IntN(2) == 0 {
		in += " " + g.weights(1, m*group)
	}
	attrs := []*onnx.Attribute{intAttr("group", int64(group)), intsAttr("strides", g.each(x, func(int) int { return 1 + g.IntN(2) })...)}
	if g.IntN(3) == 0 {
		attrs = append(attrs, intsAttr("pads", append(g.each(x, func(int) int { return g.IntN(2) }), g.each(x, func(int) int { return g.IntN(2) })...)...))
	}
	g.b.node(g.result(), "ConvTranspose", in, attrs...)
}

func (g *graphMaker) batchNorm(x string) {
	c := g.shape[x][1]
	g.b.node(g.result(), "BatchNormalization", strings.Join([]string{x, g.weights(1, c), g.weights(1, c), g.weights(1, c), g.positive(c)}, " "))
}

func (g *graphMaker) activation(x string) {
	switch g.IntN(9) {
	case 0, 1, 2:
		g.b.node(g.result(), "Relu", x)
	case 3:
		g.b.node(g.result(), "LeakyRelu", x)
	case 4:
		lo, hi := g.name(), g.name()
		a, _ := tconv.Wrap([]float32{-0.25})
		b, _ := tconv.Wrap([]float32{0.5})
		g.b.constant(g.t, lo, a).constant(g.t, hi, b).node(g.result(), "Clip", strings.Join([]string{x, lo, hi}, " "))
	case 5:
		g.b.node(g.result(), "Sigmoid", x)
	case 6:
		g.b.node(g.result(), "HardSwish", x)
	case 7: // SiLU as exporters write it
		s := g.name()
		g.b.node(s, "Sigmoid", x).node(g.result(), "Mul", x+" "+s)
	case 8:
		g.b.node(g.result(), "PRelu", x+" "+g.weights(1, append([]int{g.shape[x][1]}, slices.Repeat([]int{1}, len(g.shape[x])-2)...)...))
	}
}

// partner gives a value of the same shape as x, x itself where there is no other.
func (g *graphMaker) partner(x string) string {
	var list []string
	for _, name := range g.maps {
		if slices.Equal(g.shape[name], g.shape[x]) {
			list = append(list, name)
		}
	}
	return pick(g.mutator, list)
}

func (g *graphMaker) combine(x string) {
	op := pick(g.mutator, []string{"Add", "Add", "Add", "Mul", "Sub", "Max"})
	other := g.partner(x)
	if g.IntN(4) == 0 {
		other = g.weights(1, append([]int{g.shape[x][1]}, slices.Repeat([]int{1}, len(g.shape[x])-2)...)...)
	}
	in := x + " " + other
	if g.IntN(2) == 0 {
		in = other + " " + x
	}
	g.b.node(g.result(), op, in)
}

func (g *graphMaker) concat(x string) {
	var list []string
	for _, name := range g.maps {
		a, b := g.shape[name], g.shape[x]
		if a[0] == b[0] && slices.Equal(a[2:], b[2:]) {
			list = append(list, name)
		}
	}
	in := []string{x}
	for range 1 + g.IntN(2) {
		in = append(in, pick(g.mutator, list))
	}
	g.Shuffle(len(in), func(i, j int) { in[i], in[j] = in[j], in[i] })
	axis := int64(1)
	if g.IntN(8) == 0 {
		axis = int64(g.IntN(len(g.shape[x])))
	}
	g.b.node(g.result(), "Concat", strings.Join(in, " "), intAttr("axis", axis))
}

func (g *graphMaker) pool(x string) {
	attrs := []*onnx.Attribute{intsAttr("kernel_shape", g.each(x, func(int) int { return 2 })...),
		intsAttr("strides", g.each(x, func(int) int { return 1 + g.IntN(2) })...)}
	switch g.IntN(4) {
	case 0, 1:
		g.b.node(g.result(), "MaxPool", x, attrs...)
	case 2:
		g.b.node(g.result(), "AveragePool", x, attrs...)
	case 3:
		g.b.node(g.result(), "GlobalAveragePool", x)
	}
}

func (g *graphMaker) resize(x string) {
	sizes := slices.Clone(g.shape[x])
	for i := range sizes[2:] {
		sizes[2+i] = max(1, sizes[2+i]*pick(g.mutator, []int{1, 2, 2, 2, 3})/pick(g.mutator, []int{1, 1, 1, 2}))
	}
	mode := pick(g.mutator, []string{"nearest", "linear"})
	how := pick(g.mutator, []string{"half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"})
	g.b.node(g.result(), "Resize", x+" _ _ "+g.ints(sizes...), textAttr("mode", mode), textAttr("coordinate_transformation_mode", how))
}

// move rearranges elements.
func (g *graphMaker) move(x string) {
	shape := g.shape[x]
	switch g.IntN(6) {
	case 0:
		g.b.node(g.result(), "DepthToSpace", x, intAttr("blocksize", 2), textAttr("mode", pick(g.mutator, []string{"DCR", "CRD"})))
	case 1:
		g.b.node(g.result(), "SpaceToDepth", x, intAttr("blocksize", 2))
	case 2:
		perm := []int64{0, 1}
		for i := len(shape) - 1; i >= 2; i-- {
			perm = append(perm, int64(i))
		}
		g.b.node(g.result(), "Transpose", x, intsAttr("perm", perm...))
	case 3:
		pads := make([]int, 2*len(shape))
		for i := 2; i < len(shape); i++ {
			pads[i], pads[len(shape)+i] = g.IntN(2), g.IntN(3)-g.IntN(2)
		}
		g.b.node(g.result(), "Pad", x+" "+g.ints(pads...), textAttr("mode", pick(g.mutator, []string{"constant", "reflect", "edge"})))
	case 4:
		axis := 1 + g.IntN(len(shape)-1)
		g.b.node(g.result(), "Slice", strings.Join([]string{x, g.ints(g.IntN(2)), g.ints(shape[axis] - g.IntN(2)), g.ints(axis)}, " "))
	case 5:
		g.b.node(g.result(), pick(g.mutator, []string{"Identity", "Dropout"}), x)
	}
}

// reshape flattens and goes back, or moves channels as a shuffle does.
func (g *graphMaker) reshape(x string) {
	shape, flat, back := g.shape[x], g.name(), g.name()
	switch g.IntN(3) {
	case 0:
		g.b.node(flat, "Reshape", x+" "+g.ints(shape[0], -1)).node(g.result(), "Reshape", flat+" "+g.ints(shape...))
	case 1:
		if shape[1]%2 > 0 {
			return
		}
		split := append([]int{shape[0], 2, shape[1] / 2}, shape[2:]...)
		perm := []int64{0, 2, 1}
		for i := 3; i < len(split); i++ {
			perm = append(perm, int64(i))
		}
		g.b.node(flat, "Reshape", x+" "+g.ints(split...)).node(back, "Transpose", flat, intsAttr("perm", perm...)).
			node(g.result(), "Reshape", back+" "+g.ints(shape...))
	case 2:
		g.b.node(flat, "Unsqueeze", x+" "+g.ints(1)).node(back, "Relu", flat).node(g.result(), "Squeeze", back+" "+g.ints(1))
	}
}

// reduce weighs channels by their means, as squeeze-and-excitation does.
func (g *graphMaker) reduce(x string) {
	mean, gate := g.name(), g.name()
	g.b.node(mean, "GlobalAveragePool", x).node(gate, "Sigmoid", mean).node(g.result(), "Mul", x+" "+gate)
}

func (g *graphMaker) normalize(x string) {
	c := g.shape[x][1]
	epsilon := &onnx.Attribute{Name: "epsilon", Type: onnx.AttributeFloat, F: 0.5}
	if g.IntN(2) == 0 {
		g.b.node(g.result(), "Softmax", x, intAttr("axis", 1))
		return
	}
	g.b.node(g.result(), "InstanceNormalization", strings.Join([]string{x, g.weights(1, c), g.weights(1, c)}, " "), epsilon)
}

// split takes channels apart; both parts are maps.
func (g *graphMaker) split(x string) {
	c := g.shape[x][1]
	if c < 2 {
		return
	}
	g.b.node(g.result()+" "+g.result(), "Split", x+" "+g.ints(c/2, c-c/2), intAttr("axis", 1))
}

// expandSizes resizes to the size of another value, computed from its Shape.
func (g *graphMaker) expandSizes(x string) {
	y := pick(g.mutator, g.maps)
	shape, head, rest, sizes := g.name(), g.name(), g.name(), g.name()
	rank := len(g.shape[x])
	g.b.node(shape, "Shape", y).
		node(rest, "Slice", strings.Join([]string{shape, g.ints(2), g.ints(rank), g.ints(0)}, " ")).
		node(head+"s", "Shape", x).node(head, "Slice", strings.Join([]string{head + "s", g.ints(0), g.ints(2), g.ints(0)}, " ")).
		node(sizes, "Concat", head+" "+rest, intAttr("axis", 0)).
		node(g.result(), "Resize", x+" _ _ "+sizes, textAttr("mode", "nearest"), textAttr("coordinate_transformation_mode", "asymmetric"))
}

// checkNoDiff runs a model on the fast path - twice in a session, and on another
// number of threads - and on the reference path: the results are the same.
func checkNoDiff(t testing.TB, data []byte, in tconv.Tensors) (text string) {
	ctx := context.Background()
	reference, err := tconv.Load(data, tconv.WithReference(), tconv.WithThreads(1))
	require.NoError(t, err)
	defer reference.Close()
	want, err := reference.Run(ctx, in)
	require.NoError(t, err)
	sums := map[string]bool{}
	for _, threads := range []int{1, 3} {
		m, err := tconv.Load(data, tconv.WithThreads(threads))
		if err != nil {
			return "the fast path: " + err.Error()
		}
		defer m.Close()
		s := m.NewSession()
		for range 2 {
			got, err := s.Run(ctx, in)
			if err != nil {
				return "the fast path: " + err.Error()
			}
			sums[digest(got)] = true
			for name, w := range want {
				require.Equal(t, w.String(), got[name].String())
				if miss := farthest(t, got[name], w); miss > 1e-4 {
					text = fmt.Sprintf("output %s is off by %.2g of the largest value", name, miss)
				}
			}
		}
		s.Close()
	}
	if text == "" && len(sums) > 1 {
		text = "other bits on another number of threads, or in a second run"
	}
	return text
}

// farthest is the largest difference of two tensors, over the largest value or 1.
func farthest(t testing.TB, got, want *tconv.Tensor) float64 {
	a, err := got.Float64s()
	require.NoError(t, err)
	b, err := want.Float64s()
	require.NoError(t, err)
	worst, largest := 0.0, 1.0
	for i, w := range b {
		largest = math.Max(largest, math.Abs(w))
		if d := math.Abs(a[i] - w); d > worst || math.IsNaN(d) {
			worst = d
		}
	}
	return worst / largest
}

// TestRandomGraphs holds the fast path against the reference path on random
// networks, on every kernel tier and with every algorithm of convolution in turn. TCONV_GRAPHS sets how many there are,
// TCONV_MUTANT_SEED where they begin.
func TestRandomGraphs(t *testing.T) {
	tiers := cpu.Available()
	start := envInt("TCONV_MUTANT_SEED", 0)
	algorithms := []cpu.Algorithm{cpu.AnyAlgorithm, cpu.AnyAlgorithm, cpu.Direct, cpu.F2, cpu.F3, cpu.F4}
	used := map[string]int{}
	for i := start; i < start+envInt("TCONV_GRAPHS", 300); i++ {
		tier := tiers[i%len(tiers)]
		algorithm := algorithms[i%len(algorithms)]
		t.Setenv(cpu.TierVariable, string(tier))
		t.Setenv(cpu.AlgorithmVariable, string(algorithm))
		b, in := randomGraph(t, uint64(i), 1+i%14)
		for _, n := range b.model.Graph.Nodes {
			used[n.OpType]++
		}
		if text := checkNoDiff(t, b.bytes(), in); text != "" {
			t.Errorf("graph %d on %s %s: %s\n%s", i, tier, algorithm, text, describe(b.bytes()))
		}
	}
	t.Logf("nodes: %v", used)
}

package onnxgo

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	decoder "github.com/owulveryck/onnx-go"
	"github.com/owulveryck/onnx-go/backend"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/graph/simple"
	"gorgonia.org/tensor"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/onnx"
)

var _ backend.ComputationBackend = (*Graph)(nil)

// fixture is a small model for tests.
type fixture struct{ model *onnx.Model }

// newFixture starts a model whose inputs are float[2].
func newFixture(opset int64, inputs ...string) *fixture {
	f := &fixture{&onnx.Model{IRVersion: 8, OpsetImports: []onnx.OperatorSetID{{Version: opset}}, Graph: &onnx.Graph{Name: "test"}}}
	for _, name := range inputs {
		f.model.Graph.Inputs = append(f.model.Graph.Inputs, declared(name))
	}
	return f
}

// declared names a value of type float[2].
func declared(name string) *onnx.ValueInfo {
	shape := &onnx.Shape{Dims: []onnx.Dimension{{Kind: onnx.DimValue, Value: 2}}}
	return &onnx.ValueInfo{Name: name, Type: &onnx.Type{Kind: onnx.TypeTensor, ElemType: onnx.DataType(tconv.Float32), Shape: shape}}
}

// weight adds an initializer, which old is an input too, as in files before version 4.
func (f *fixture) weight(name string, old bool, values ...float32) *fixture {
	g := f.model.Graph
	g.Initializers = append(g.Initializers, &onnx.Tensor{
		Name: name, DataType: onnx.DataType(tconv.Float32), Dims: []int64{int64(len(values))}, FloatData: values})
	if old {
		g.Inputs = append(g.Inputs, declared(name))
	}
	return f
}

// node adds "outputs = op(inputs)"; names are separated by spaces, "_" is omitted.
func (f *fixture) node(outputs, op, inputs string, attrs ...*onnx.Attribute) *fixture {
	names := func(s string) []string {
		list := strings.Fields(s)
		for i := range list {
			list[i] = strings.TrimPrefix(list[i], "_")
		}
		return list
	}
	f.model.Graph.Nodes = append(f.model.Graph.Nodes, &onnx.Node{OpType: op, Inputs: names(inputs), Outputs: names(outputs), Attributes: attrs})
	return f
}

// output declares outputs.
func (f *fixture) output(names ...string) *fixture {
	for _, name := range names {
		f.model.Graph.Outputs = append(f.model.Graph.Outputs, declared(name))
	}
	return f
}

// decode gives the model to onnx-go.
func (f *fixture) decode(t *testing.T) (*Graph, *decoder.Model) {
	t.Helper()
	g := NewGraph()
	m := decoder.NewModel(g)
	require.NoError(t, m.UnmarshalBinary(onnx.Marshal(f.model)))
	return g, m
}

// vector makes a tensor of gorgonia.
func vector(values ...float32) *tensor.Dense { return tensor.New(tensor.WithBacking(values)) }

// set gives inputs by name.
func set(t *testing.T, m *decoder.Model, name string, x tensor.Tensor) {
	t.Helper()
	n, ok := m.GetNodeByName(name)
	require.True(t, ok, name)
	require.NoError(t, n.(*Node).SetTensor(x))
}

// elements gives those of a value by name.
func elements(t *testing.T, m *decoder.Model, name string) []float32 {
	t.Helper()
	n, ok := m.GetNodeByName(name)
	require.True(t, ok, name)
	x := n.(*Node).GetTensor()
	require.NotNil(t, x, name)
	return x.Data().([]float32)
}

func TestRunsFollowTheInputs(t *testing.T) {
	for _, old := range []bool{false, true} {
		g, m := newFixture(9, "x").weight("w", old, 10, 20).node("h", "Mul", "x x").node("y", "Add", "h w").output("y").decode(t)
		require.Equal(t, []int64{0}, m.Input)
		require.NoError(t, m.SetInput(0, vector(1, 2)))
		require.NoError(t, g.Run())
		first := elements(t, m, "y")
		require.Equal(t, []float32{11, 24}, first)
		require.NoError(t, m.SetInput(0, vector(3, 4)))
		require.NoError(t, g.Run())
		require.Equal(t, []float32{19, 36}, elements(t, m, "y"))
		require.Equal(t, []float32{11, 24}, first, "an earlier result stays")

		// A run with another shape has a plan of its own.
		require.NoError(t, m.SetInput(0, tensor.New(tensor.WithShape(2, 2), tensor.WithBacking([]float32{1, 2, 3, 4}))))
		require.NoError(t, g.Run())
		require.Equal(t, []float32{11, 24, 19, 36}, elements(t, m, "y"))

		// What was a weight becomes an input.
		require.NoError(t, m.SetInput(0, vector(1, 2)))
		set(t, m, "w", vector(0, 1))
		require.NoError(t, g.Run())
		require.Equal(t, []float32{1, 5}, elements(t, m, "y"))
		set(t, m, "w", vector(5, 5))
		require.NoError(t, g.Run())
		require.Equal(t, []float32{6, 9}, elements(t, m, "y"))

		// A graph that was closed makes its model anew.
		require.NoError(t, g.Close())
		require.NoError(t, g.Close())
		require.NoError(t, g.Run())
		require.Equal(t, []float32{6, 9}, elements(t, m, "y"))
	}
}

func TestMissingInput(t *testing.T) {
	g, m := newFixture(9, "x", "z").weight("w", true, 1, 1).node("h", "Add", "x w").node("y", "Add", "h z").output("y").decode(t)
	err := g.Run()
	require.ErrorIs(t, err, tconv.ErrInput)
	require.ErrorContains(t, err, `"x", "z"`)
	require.NoError(t, m.SetInput(0, vector(1, 2)))
	require.ErrorContains(t, g.Run(), `"z"`)
	require.NoError(t, m.SetInput(1, vector(1, 2)))
	require.NoError(t, g.Run())
	require.Equal(t, []float32{3, 5}, elements(t, m, "y"))
	require.ErrorIs(t, m.SetInput(1, nil), tconv.ErrInput)
	require.NoError(t, m.SetInput(1, vector(1, 2, 3)))
	require.ErrorIs(t, g.Run(), tconv.ErrInput, "shapes that do not fit")
}

func TestValuesInside(t *testing.T) {
	f := newFixture(9, "x").node("a", "Neg", "x").node("b", "Neg", "a").node("c", "Neg", "b").output("b", "c")
	f.model.Graph.ValueInfo = append(f.model.Graph.ValueInfo, declared("a"))
	g, m := f.decode(t)
	require.NoError(t, m.SetInput(0, vector(1, 2)))
	require.NoError(t, g.Run())
	require.Len(t, g.network.outputs, 1)
	out, err := m.GetOutputTensors()
	require.NoError(t, err)
	require.Equal(t, []float32{1, 2}, out[0].Data(), "an output that another node reads")
	require.Equal(t, []float32{-1, -2}, out[1].Data())
	require.NoError(t, m.SetInput(0, vector(3, 4)))
	require.NoError(t, g.Run())
	require.Len(t, g.network.outputs, 2, "from now on it is computed with the others")
	require.Equal(t, []float32{3, 4}, elements(t, m, "b"))
	require.Equal(t, []float32{-3, -4}, elements(t, m, "a"))
}

func TestInputAsOutput(t *testing.T) {
	g, m := newFixture(9, "x").node("y", "Neg", "x").output("x", "y").decode(t)
	set(t, m, "x", vector(1, 2))
	require.NoError(t, g.Run())
	out, err := m.GetOutputTensors()
	require.NoError(t, err)
	require.Equal(t, []float32{1, 2}, out[0].Data())
	require.Equal(t, []float32{-1, -2}, out[1].Data())
}

func TestOmittedAndUnusedValues(t *testing.T) {
	min := func(v float32) *onnx.Attribute { return &onnx.Attribute{Name: "min", Type: onnx.AttributeFloat, F: v} }
	for name, f := range map[string]*fixture{
		"input":        newFixture(11, "x").weight("max", false, 9).node("y", "Clip", "x _ max").output("y"),
		"output":       newFixture(9, "x").node("y _", "Dropout", "x").output("y"),
		"first output": newFixture(9, "x").node("_ y", "Split", "both", axis(0), ints("split", 1, 2)).node("both", "Concat", "one x", axis(0)).weight("one", false, 0).output("y"),
		"unused":       newFixture(9, "x").node("y mask", "Dropout", "x").output("y"),
		"no result":    newFixture(9, "x").node("y", "Clip", "x", min(-9)).node("_", "Neg", "y").output("y"),
	} {
		t.Run(name, func(t *testing.T) {
			g, m := f.decode(t)
			require.NoError(t, m.SetInput(0, vector(1, 2)))
			require.NoError(t, g.Run())
			require.Len(t, g.network.outputs, 1)
			require.Equal(t, []float32{1, 2}, elements(t, m, "y"))
		})
	}
}

// axis and ints make attributes.
func axis(v int64) *onnx.Attribute {
	return &onnx.Attribute{Name: "axis", Type: onnx.AttributeInt, I: v}
}

func ints(name string, v ...int64) *onnx.Attribute {
	return &onnx.Attribute{Name: name, Type: onnx.AttributeInts, Ints: v}
}

// TestConstants: onnx-go makes up an input for nodes that have none, of one name for
// all of them.
func TestConstants(t *testing.T) {
	constant := func(v ...float32) *onnx.Attribute {
		return &onnx.Attribute{Name: "value", Type: onnx.AttributeTensor, T: &onnx.Tensor{
			DataType: onnx.DataType(tconv.Float32), Dims: []int64{int64(len(v))}, FloatData: v}}
	}
	g, m := newFixture(9, "x").node("a", "Constant", "", constant(1, 2)).node("b", "Constant", "", constant(10, 20)).
		node("h", "Add", "a b").node("y", "Sub", "h x").output("y").decode(t)
	require.NoError(t, m.SetInput(0, vector(1, 1)))
	require.NoError(t, g.Run())
	require.Equal(t, []float32{10, 21}, elements(t, m, "y"))
}

func TestOpset(t *testing.T) {
	integer := func(name string, v int64) *onnx.Attribute {
		return &onnx.Attribute{Name: name, Type: onnx.AttributeInt, I: v}
	}
	axes := func() *fixture {
		f := newFixture(13, "x").node("y", "Unsqueeze", "x axes").output("y")
		f.model.Graph.Initializers = []*onnx.Tensor{{Name: "axes", DataType: onnx.DataType(tconv.Int64), Dims: []int64{1}, Int64Data: []int64{0}}}
		return f
	}
	for name, c := range map[string]struct {
		fixture *fixture
		want    int
	}{
		"anything":          {newFixture(9, "x").node("y", "Neg", "x").output("y"), 9},
		"axes as attribute": {newFixture(9, "x").node("y", "Unsqueeze", "x", ints("axes", 0)).output("y"), 9},
		"axes as input":     {axes(), 13},
		"broadcast":         {newFixture(6, "x").weight("w", false, 1).node("y", "Add", "x w", integer("broadcast", 1)).output("y"), 6},
		"hard swish":        {newFixture(14, "x").node("y", "HardSwish", "x").output("y"), 14},
		"of onnxruntime":    {newFixture(9, "x").node("y", "QuickGelu", "x").output("y"), 9},
	} {
		t.Run(name, func(t *testing.T) {
			g, m := c.fixture.decode(t)
			require.Zero(t, g.Opset())
			require.NoError(t, m.SetInput(0, vector(1, 2)))
			require.NoError(t, g.Run())
			require.Equal(t, c.want, g.Opset())
		})
	}
}

// TestOpsetOfSoftmax: what the form does not tell, the file or the caller must.
func TestOpsetOfSoftmax(t *testing.T) {
	f := newFixture(13, "x").node("y", "Softmax", "x", axis(0)).output("y")
	x := tensor.New(tensor.WithShape(2, 2, 1), tensor.WithBacking([]float32{3, 3, 3, 3}))
	for name, c := range map[string]struct {
		decode func(g *Graph, m *decoder.Model, data []byte) error
		want   []float32
	}{
		"guessed": {func(g *Graph, m *decoder.Model, data []byte) error { return m.UnmarshalBinary(data) }, []float32{0.25, 0.25, 0.25, 0.25}},
		"read":    {func(g *Graph, m *decoder.Model, data []byte) error { return g.Unmarshal(m, data) }, []float32{0.5, 0.5, 0.5, 0.5}},
		"told": {func(g *Graph, m *decoder.Model, data []byte) error {
			return errors.Join(g.SetOpset(13), m.UnmarshalBinary(data))
		}, []float32{0.5, 0.5, 0.5, 0.5}},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewGraph()
			m := decoder.NewModel(g)
			require.NoError(t, c.decode(g, m, onnx.Marshal(f.model)))
			require.NoError(t, m.SetInput(0, x))
			require.NoError(t, g.Run())
			require.Equal(t, c.want, elements(t, m, "y"))
		})
	}
}

func TestSetOpsetErrors(t *testing.T) {
	g := NewGraph()
	require.ErrorIs(t, g.SetOpset(0), tconv.ErrUnsupported)
	require.ErrorIs(t, g.SetOpset(1000), tconv.ErrUnsupported)
	require.ErrorIs(t, g.Unmarshal(decoder.NewModel(g), onnx.Marshal(newFixture(1000).model)), tconv.ErrUnsupported)
}

// TestErrorOfOpset: where no version fits, the error is that of the version which
// explains most: here that which has the input axes.
func TestErrorOfOpset(t *testing.T) {
	f := newFixture(13, "x").node("h", "Unsqueeze", "x axes").node("y", "NoSuchOperator", "h").output("y")
	f.model.Graph.Initializers = []*onnx.Tensor{{Name: "axes", DataType: onnx.DataType(tconv.Int64), Dims: []int64{1}, Int64Data: []int64{0}}}
	g, m := f.decode(t)
	require.NoError(t, m.SetInput(0, vector(1, 2)))
	err := g.Run()
	require.ErrorContains(t, err, "NoSuchOperator")
	require.NotContains(t, err.Error(), "Unsqueeze")
}

func TestUnsupported(t *testing.T) {
	g, m := newFixture(9, "x").node("h", "Neg", "x").node("y", "NoSuchOperator", "h").output("y").decode(t)
	require.NoError(t, m.SetInput(0, vector(1, 2)))
	err := g.Run()
	require.ErrorIs(t, err, tconv.ErrUnsupported)
	var list *tconv.UnsupportedError
	require.ErrorAs(t, err, &list)
	require.Len(t, list.Ops, 1)
	var theirs *decoder.ErrNotImplemented
	require.ErrorAs(t, err, &theirs)
	require.Contains(t, theirs.Operator, "NoSuchOperator")
}

func TestInvalidGraphs(t *testing.T) {
	neg := func(g *Graph, out, in string) {
		a, b := g.NewNode().(*Node), (*Node)(nil)
		a.SetName(out)
		g.AddNode(a)
		b = g.NewNode().(*Node)
		b.SetName(in)
		g.AddNode(b)
		g.SetWeightedEdge(g.NewWeightedEdge(a, b, 0))
		_ = g.ApplyOperation(decoder.Operation{Name: "Neg"}, a)
	}
	operation := func(attributes map[string]any) func(g *Graph) {
		return func(g *Graph) {
			n := g.NewNode()
			g.AddNode(n)
			_ = g.ApplyOperation(decoder.Operation{Name: "Constant", Attributes: attributes}, n)
		}
	}
	for name, c := range map[string]struct {
		build func(g *Graph)
		want  string
		kind  error
	}{
		"nothing":        {func(*Graph) {}, "no operations", tconv.ErrInvalidModel},
		"cycle":          {func(g *Graph) { neg(g, "a", "b"); neg(g, "b", "a") }, "cycle", tconv.ErrInvalidModel},
		"self":           {func(g *Graph) { neg(g, "a", "a") }, "cycle", tconv.ErrInvalidModel},
		"made twice":     {func(g *Graph) { neg(g, "a", "x"); neg(g, "a", "x") }, "another operation", tconv.ErrInvalidModel},
		"foreign node":   {func(g *Graph) { g.AddNode(simple.Node(1)) }, "simple.Node", tconv.ErrInvalidModel},
		"nil node":       {func(g *Graph) { g.AddNode(nil) }, "<nil>", tconv.ErrInvalidModel},
		"other graph":    {func(g *Graph) { _ = g.ApplyOperation(decoder.Operation{Name: "Neg"}, NewGraph().NewNode()) }, "NewNode", tconv.ErrInvalidModel},
		"foreign edge":   {func(g *Graph) { g.SetWeightedEdge(simple.WeightedEdge{F: simple.Node(1), T: simple.Node(2)}) }, "simple.Node", tconv.ErrInvalidModel},
		"added twice":    {func(g *Graph) { n := g.NewNode(); g.AddNode(n); g.AddNode(n) }, "twice", tconv.ErrInvalidModel},
		"odd weight":     {func(g *Graph) { g.SetWeightedEdge(g.NewWeightedEdge(g.NewNode(), g.NewNode(), 0.5)) }, "0.5", tconv.ErrInvalidModel},
		"attribute type": {operation(map[string]any{"value": struct{}{}}), "not given", tconv.ErrUnsupported},
		"attribute":      {operation(map[string]any{"value": 'x'}), "int32", tconv.ErrUnsupported},
		"attribute kind": {operation(map[string]any{"value": 1}), "int", tconv.ErrInvalidModel},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewGraph()
			c.build(g)
			err := g.Run()
			require.ErrorIs(t, err, c.kind)
			require.ErrorContains(t, err, c.want)
		})
	}
}

// TestByHand builds a network without onnx-go's decoder, with nodes that have no
// names and attributes of the types that onnx-go's documentation shows.
func TestByHand(t *testing.T) {
	g := NewGraph()
	x, w, h, y := g.NewNode(), (*Node)(nil), (*Node)(nil), (*Node)(nil)
	g.AddNode(x)
	for _, n := range []**Node{&w, &h, &y} {
		*n = g.NewNode().(*Node)
		g.AddNode(*n)
	}
	require.NoError(t, w.SetTensor(vector(3, 4)))
	g.SetWeightedEdge(g.NewWeightedEdge(h, x, 0))
	g.SetWeightedEdge(g.NewWeightedEdge(h, w, 1))
	require.NoError(t, g.ApplyOperation(decoder.Operation{Name: "Concat", Attributes: map[string]any{"axis": 0}}, h))
	g.SetWeightedEdge(g.NewWeightedEdge(y, h, 0))
	require.NoError(t, g.ApplyOperation(decoder.Operation{Name: "Slice", Attributes: map[string]any{"starts": []int{1}, "ends": []int64{3}}}, y))
	require.NoError(t, x.(*Node).SetTensor(vector(1, 2)))
	require.NoError(t, g.Run())
	require.Equal(t, []float32{2, 3}, y.GetTensor().Data())

	require.Equal(t, 4, g.Nodes().Len())
	require.Equal(t, h, g.Node(h.ID()))
	require.Nil(t, g.Node(9))
	require.Equal(t, 2, g.From(h.ID()).Len())
	require.Equal(t, 1, g.To(h.ID()).Len())
	require.True(t, g.HasEdgeBetween(x.ID(), h.ID()))
	require.True(t, g.HasEdgeFromTo(h.ID(), x.ID()))
	require.False(t, g.HasEdgeFromTo(x.ID(), h.ID()))
	require.NotNil(t, g.Edge(h.ID(), x.ID()))
	require.Nil(t, g.Edge(x.ID(), h.ID()))
}

func TestRunContext(t *testing.T) {
	g, m := newFixture(9, "x").node("y", "Neg", "x").output("y").decode(t)
	require.NoError(t, m.SetInput(0, vector(1, 2)))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, g.RunContext(ctx), tconv.ErrCanceled)
	require.NoError(t, g.RunContext(context.Background()))
}

func TestOptions(t *testing.T) {
	g := NewGraph(tconv.WithThreads(0))
	m := decoder.NewModel(g)
	require.NoError(t, g.Unmarshal(m, onnx.Marshal(newFixture(9, "x").node("y", "Neg", "x").output("y").model)))
	require.NoError(t, m.SetInput(0, vector(1, 2)))
	require.ErrorIs(t, g.Run(), tconv.ErrInput)
}

// TestForgottenGraph: a program that was written for gorgonnx closes nothing.
func TestForgottenGraph(t *testing.T) {
	var model *tconv.Model
	func() {
		g, m := newFixture(9, "x").node("y", "Neg", "x").output("y").decode(t)
		require.NoError(t, m.SetInput(0, vector(1, 2)))
		require.NoError(t, g.Run())
		model = g.network.model
	}()
	require.Eventually(t, func() bool {
		runtime.GC()
		x, err := tconv.Wrap([]float32{1, 2}, 2)
		require.NoError(t, err)
		_, err = model.Run(context.Background(), tconv.Tensors{"x": x})
		return errors.Is(err, tconv.ErrClosed)
	}, 10*time.Second, 10*time.Millisecond)
}

// TestMutants changes bytes of models: whatever onnx-go makes of them, nothing panics
// and every error has a kind.
func TestMutants(t *testing.T) {
	f := newFixture(9, "x").weight("w", true, 10, 20).node("h m", "Dropout", "x").node("y", "Concat", "h w", axis(0)).output("y")
	data := onnx.Marshal(f.model)
	for i := range data {
		for _, b := range []byte{0, 1, 2, 0x7f, 0x80, 0xff, data[i] + 1} {
			mutant := append([]byte(nil), data...)
			mutant[i] = b
			g := NewGraph(tconv.WithThreads(1))
			m := decoder.NewModel(g)
			if g.Unmarshal(m, mutant) != nil || len(m.Input) == 0 || m.SetInput(0, vector(1, 2)) != nil {
				continue
			}
			if err := g.Run(); err != nil {
				require.NotErrorIs(t, err, tconv.ErrInternal, "byte %d = %d", i, b)
				require.True(t, errors.Is(err, tconv.ErrInvalidModel) || errors.Is(err, tconv.ErrUnsupported) || errors.Is(err, tconv.ErrInput) ||
					errors.Is(err, tconv.ErrLimit), "byte %d = %d: %v", i, b, err)
			}
			g.Close()
		}
	}
}

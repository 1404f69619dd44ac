package graph

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv/onnx"
	"github.com/tconv/tconv/ops"
)

func TestImportSortsNodes(t *testing.T) {
	g := newBuilder().input("x", ops.Float32, 2).node("c", "Add", "a b").node("b", "Relu", "a").node("a", "Sigmoid", "x").output("c").graph(t)
	var order []string
	for _, n := range g.Nodes {
		order = append(order, g.Value(n.Outputs[0]).Name)
	}
	require.Equal(t, []string{"a", "b", "c"}, order)
}

func TestImportReportsEveryProblem(t *testing.T) {
	b := newBuilder().input("x", ops.Float32, 2).
		node("a", "Relu", "nowhere").node("a", "Relu", "x").node("b", "Relu", "").output("c")
	_, err := b.importError()
	var invalid *InvalidError
	require.ErrorAs(t, err, &invalid)
	require.ErrorIs(t, err, ErrInvalidModel)
	for _, text := range []string{`input "nowhere" is made by no node`, `has the name of another value`, `input X is missing`, `graph output "c" is made by no node`} {
		require.ErrorContains(t, err, text)
	}
}

func TestImportListsUnsupported(t *testing.T) {
	b := newBuilder().input("x", ops.Float32, 2).
		node("a", "NoSuchOp", "x").node("b", "NoSuchOp", "x").node("c", "Relu", "x", testInt("alpha", 1)).output("a", "b", "c")
	_, err := b.importError()
	var unsupported *UnsupportedError
	require.ErrorAs(t, err, &unsupported)
	require.ErrorIs(t, err, ErrUnsupported)
	require.Equal(t, []UnsupportedOp{
		{Op: "NoSuchOp-17", Reason: "not implemented", Count: 2, Nodes: []string{"make_a", "make_b"}},
		{Op: "Relu-6", Reason: "attribute alpha=1 is not known to Relu at opset 17", Count: 1, Nodes: []string{"make_c"}},
	}, unsupported.Ops)
}

func TestImportRefusesCycle(t *testing.T) {
	b := newBuilder().input("x", ops.Float32, 2).node("a", "Add", "x c").node("b", "Relu", "a").node("c", "Relu", "b").output("c")
	_, err := b.importError()
	require.ErrorIs(t, err, ErrInvalidModel)
	require.ErrorContains(t, err, "the graph has a cycle")
	for _, name := range []string{"make_a", "make_b", "make_c"} {
		require.ErrorContains(t, err, name)
	}
}

func TestImportRefusesNewerOpset(t *testing.T) {
	b := newBuilder().input("x", ops.Float32, 2).node("y", "Relu", "x").output("y")
	b.model.OpsetImports[0].Version = ops.NewestOpset + 1
	_, err := b.importError()
	require.ErrorIs(t, err, ErrUnsupported)
	require.ErrorContains(t, err, "newer than the newest tested")
}

// function defines y = Relu(x + x) under the name Twice, whose body may call
// another function.
func testFunction(name, body string) *onnx.Function {
	return &onnx.Function{
		Name: name, Domain: "local", Inputs: []string{"x"}, Outputs: []string{"y"},
		OpsetImports: []onnx.OperatorSetID{{Version: 17}, {Domain: "local", Version: 1}},
		Nodes: []*onnx.Node{
			{OpType: "Add", Inputs: []string{"x", "x"}, Outputs: []string{"sum"}},
			{OpType: body, Domain: map[bool]string{true: "local"}[body != "Relu"], Inputs: []string{"sum"}, Outputs: []string{"y"}},
		},
	}
}

func TestImportInlinesFunctions(t *testing.T) {
	b := newBuilder().input("x", ops.Float32, 2).node("y", "Outer", "x").node("z", "Outer", "y").output("z")
	for _, n := range b.model.Graph.Nodes {
		n.Domain = "local"
	}
	b.model.OpsetImports = append(b.model.OpsetImports, onnx.OperatorSetID{Domain: "local", Version: 1})
	b.model.Functions = []*onnx.Function{testFunction("Outer", "Inner"), testFunction("Inner", "Relu")}
	out := b.run(t, RunOptions{}, ops.Of([]float32{-1, 3}, 2))
	require.Equal(t, []float32{0, 48}, ops.Data[float32](out[0]))

	b.model.Functions[1] = testFunction("Inner", "Outer")
	_, err := b.importError()
	require.ErrorIs(t, err, ErrLimit)
	require.ErrorContains(t, err, "calls itself")
}

// TestLoadTimeIsLinear loads chains of 25,000 and of 100,000 nodes: the longer
// within seconds, and in at most 6 times the time of the shorter.
func TestLoadTimeIsLinear(t *testing.T) {
	load := func(n int) time.Duration {
		b := newBuilder().input("x0", ops.Float32, 2)
		for i := range n {
			b.node(name(i+1), "Relu", name(i))
		}
		data := b.output(name(n)).bytes()
		start := time.Now()
		m, err := onnx.Unmarshal(data)
		require.NoError(t, err)
		g, err := Import(m, ImportOptions{})
		require.NoError(t, err)
		require.NoError(t, g.Infer(Limits{}))
		require.NoError(t, g.Rewrite(LoadPasses))
		require.NoError(t, g.Rewrite(ShapePasses))
		return time.Since(start)
	}
	load(1000)
	short, long := load(25_000), load(100_000)
	for range 4 { // a busy machine delays some of them
		if long < 6*short+200*time.Millisecond {
			break
		}
		short, long = min(short, load(25_000)), min(long, load(100_000))
	}
	t.Logf("25,000 nodes: %v, 100,000 nodes: %v", short, long)
	require.Less(t, long, 10*time.Second)
	require.Less(t, long, 6*short+200*time.Millisecond)
}

// name writes x and a number in few bytes.
func name(i int) string {
	return "x" + strings.TrimLeft(string([]byte{byte('0' + i/100000%10), byte('0' + i/10000%10), byte('0' + i/1000%10), byte('0' + i/100%10), byte('0' + i/10%10)}), "0") + string(byte('0'+i%10))
}

package graph

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv/backend/cpu"
	"github.com/tconv/tconv/onnx"
	"github.com/tconv/tconv/ops"
)

// builder writes small models for tests.
type builder struct {
	model *onnx.Model
}

func newBuilder() *builder {
	return &builder{&onnx.Model{
		IRVersion: 8, OpsetImports: []onnx.OperatorSetID{{Version: 17}}, Graph: &onnx.Graph{Name: "test"},
	}}
}

// input declares a graph input; a dimension of -1 is open.
func (b *builder) input(name string, dtype ops.DType, dims ...int) *builder {
	b.model.Graph.Inputs = append(b.model.Graph.Inputs, testInfo(name, dtype, dims))
	return b
}

func testInfo(name string, dtype ops.DType, dims []int) *onnx.ValueInfo {
	shape := &onnx.Shape{}
	for _, d := range dims {
		dim := onnx.Dimension{Kind: onnx.DimValue, Value: int64(d)}
		if d < 0 {
			dim = onnx.Dimension{Kind: onnx.DimParam, Param: "n"}
		}
		shape.Dims = append(shape.Dims, dim)
	}
	return &onnx.ValueInfo{Name: name, Type: &onnx.Type{Kind: onnx.TypeTensor, ElemType: onnx.DataType(dtype), Shape: shape}}
}

// output declares graph outputs without a type.
func (b *builder) output(names ...string) *builder {
	for _, n := range names {
		b.model.Graph.Outputs = append(b.model.Graph.Outputs, &onnx.ValueInfo{Name: n})
	}
	return b
}

// constant adds an initializer.
func (b *builder) constant(name string, t *ops.Tensor) *builder {
	p := &onnx.Tensor{Name: name, DataType: onnx.DataType(t.DType()), RawData: LittleEndian(t.Bytes(), t.DType())}
	for _, d := range t.Shape() {
		p.Dims = append(p.Dims, int64(d))
	}
	b.model.Graph.Initializers = append(b.model.Graph.Initializers, p)
	return b
}

// node adds "outputs = Op(inputs)"; names are separated by spaces, "_" is omitted.
func (b *builder) node(outputs, op, inputs string, attrs ...*onnx.Attribute) *builder {
	split := func(s string) []string {
		names := strings.Fields(s)
		for i := range names {
			if names[i] == "_" {
				names[i] = ""
			}
		}
		return names
	}
	first, _, _ := strings.Cut(outputs, " ")
	b.model.Graph.Nodes = append(b.model.Graph.Nodes, &onnx.Node{
		Name: "make_" + first, OpType: op, Inputs: split(inputs), Outputs: split(outputs), Attributes: attrs,
	})
	return b
}

func testInts(name string, v ...int64) *onnx.Attribute {
	return &onnx.Attribute{Name: name, Type: onnx.AttributeInts, Ints: v}
}

func testInt(name string, v int64) *onnx.Attribute {
	return &onnx.Attribute{Name: name, Type: onnx.AttributeInt, I: v}
}

// bytes gives the model as a file would hold it.
func (b *builder) bytes() []byte { return onnx.Marshal(b.model) }

// graph imports the model through its bytes.
func (b *builder) graph(t testing.TB) *Graph {
	t.Helper()
	g, err := b.importError()
	require.NoError(t, err)
	return g
}

func (b *builder) importError() (*Graph, error) {
	m, err := onnx.Unmarshal(b.bytes())
	if err != nil {
		return nil, err
	}
	return Import(m, ImportOptions{})
}

// loaded makes the model ready to run.
func (b *builder) loaded(t testing.TB, opt RunOptions) *Model {
	t.Helper()
	if opt.Kernels == nil {
		opt.Kernels = cpu.KernelsFor(cpu.Detect())
	}
	if opt.Threads == 0 {
		opt.Threads = 2
	}
	m, err := NewModel(b.graph(t), opt)
	require.NoError(t, err)
	t.Cleanup(func() { m.Close() })
	return m
}

// run runs the model once.
func (b *builder) run(t testing.TB, opt RunOptions, inputs ...*ops.Tensor) []*ops.Tensor {
	t.Helper()
	m := b.loaded(t, opt)
	out := make([]*ops.Tensor, len(m.Graph().Outputs))
	for i := range out {
		out[i] = new(ops.Tensor)
	}
	require.NoError(t, m.Run(context.Background(), inputs, out))
	return out
}

// ramp is a float tensor of small integers that differ from their neighbours.
func ramp(dims ...int) *ops.Tensor {
	n := 1
	for _, d := range dims {
		n *= d
	}
	data := make([]float32, n)
	for i := range data {
		data[i] = float32(i*7%17 - 8)
	}
	return ops.Of(data, dims...)
}

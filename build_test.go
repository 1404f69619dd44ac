package tconv_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/onnx"
)

// modelBuilder writes small models for tests.
type modelBuilder struct{ model *onnx.Model }

func newModel() *modelBuilder {
	return &modelBuilder{&onnx.Model{
		IRVersion: 8, OpsetImports: []onnx.OperatorSetID{{Version: 20}}, Graph: &onnx.Graph{Name: "test"},
	}}
}

// input declares a graph input.
func (b *modelBuilder) input(name string, dtype tconv.DType, shape ...int) *modelBuilder {
	b.model.Graph.Inputs = append(b.model.Graph.Inputs, valueInfo(name, dtype, shape))
	return b
}

// constant adds an initializer.
func (b *modelBuilder) constant(t testing.TB, name string, v *tconv.Tensor) *modelBuilder {
	b.model.Graph.Initializers = append(b.model.Graph.Initializers, protoOf(t, name, v))
	return b
}

// node adds "outputs = op(inputs)"; names are separated by spaces, "_" is omitted.
func (b *modelBuilder) node(outputs, op, inputs string, attrs ...*onnx.Attribute) *modelBuilder {
	names := func(s string) []string {
		list := strings.Fields(s)
		for i := range list {
			if list[i] == "_" {
				list[i] = ""
			}
		}
		return list
	}
	b.model.Graph.Nodes = append(b.model.Graph.Nodes, &onnx.Node{
		Name: "make_" + names(outputs)[0], OpType: op, Inputs: names(inputs), Outputs: names(outputs), Attributes: attrs})
	return b
}

// output declares graph outputs.
func (b *modelBuilder) output(names ...string) *modelBuilder {
	for _, n := range names {
		b.model.Graph.Outputs = append(b.model.Graph.Outputs, &onnx.ValueInfo{Name: n})
	}
	return b
}

// bytes gives the model as a file would hold it.
func (b *modelBuilder) bytes() []byte { return onnx.Marshal(b.model) }

// load loads the model; it is closed when the test ends.
func (b *modelBuilder) load(t testing.TB, opts ...tconv.Option) *tconv.Model {
	t.Helper()
	m, err := tconv.Load(b.bytes(), opts...)
	require.NoError(t, err)
	t.Cleanup(func() { m.Close() })
	return m
}

func intAttr(name string, v int64) *onnx.Attribute {
	return &onnx.Attribute{Name: name, Type: onnx.AttributeInt, I: v}
}

func intsAttr(name string, v ...int64) *onnx.Attribute {
	return &onnx.Attribute{Name: name, Type: onnx.AttributeInts, Ints: v}
}

func textAttr(name, v string) *onnx.Attribute {
	return &onnx.Attribute{Name: name, Type: onnx.AttributeString, S: []byte(v)}
}

// wave is a tensor of floats between -1 and 1 that repeat in no short period.
func wave(shape ...int) *tconv.Tensor {
	data := make([]float32, elements(shape))
	for i := range data {
		data[i] = float32(i*37%1009)/504.5 - 1
	}
	t, err := tconv.Wrap(data, shape...)
	if err != nil {
		panic(err)
	}
	return t
}

// vector is a tensor of integers of rank 1.
func vector(v ...int64) *tconv.Tensor {
	t, err := tconv.Wrap(v, len(v))
	if err != nil {
		panic(err)
	}
	return t
}

// convChain is a model of n convolutions of c channels on maps of size x size.
func convChain(t testing.TB, n, c, size int) *modelBuilder {
	b := newModel().input("x0", tconv.Float32, 1, c, size, size)
	w := wave(c, c, 3, 3)
	data, _ := tconv.Data[float32](w)
	for i := range data {
		data[i] /= float32(2 * c)
	}
	for i := range n {
		b.constant(t, fmt.Sprint("w", i), w).
			node(fmt.Sprint("c", i), "Conv", fmt.Sprintf("x%d w%d", i, i), intsAttr("pads", 1, 1, 1, 1)).
			node(fmt.Sprint("x", i+1), "Relu", fmt.Sprint("c", i))
	}
	return b.output(fmt.Sprint("x", n))
}

package tconv_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/onnx"
)

// scaledModel is y = x·k, where the input k has the initializer 2.
func scaledModel() []byte {
	scalar := func(name string) *onnx.ValueInfo {
		return &onnx.ValueInfo{Name: name, Type: &onnx.Type{Kind: onnx.TypeTensor, ElemType: onnx.Float, Shape: &onnx.Shape{}}}
	}
	return onnx.Marshal(&onnx.Model{
		IRVersion: 8, OpsetImports: []onnx.OperatorSetID{{Version: 17}},
		Graph: &onnx.Graph{
			Name: "scaled", Inputs: []*onnx.ValueInfo{scalar("x"), scalar("k")}, Outputs: []*onnx.ValueInfo{{Name: "y"}},
			Initializers: []*onnx.Tensor{{Name: "k", DataType: onnx.Float, FloatData: []float32{2}}},
			Nodes:        []*onnx.Node{{OpType: "Mul", Inputs: []string{"x", "k"}, Outputs: []string{"y"}}},
		},
	})
}

// TestReplaceable runs with the initializer of an input and with another value.
func TestReplaceable(t *testing.T) {
	wrap := func(v float32) *tconv.Tensor {
		x, err := tconv.Wrap([]float32{v})
		require.NoError(t, err)
		return x
	}
	run := func(m *tconv.Model, in tconv.Tensors) float32 {
		out, err := m.Run(context.Background(), in)
		require.NoError(t, err)
		y, err := tconv.Data[float32](out["y"])
		require.NoError(t, err)
		return y[0]
	}
	m, err := tconv.Load(scaledModel(), tconv.WithReplaceable("k"))
	require.NoError(t, err)
	defer m.Close()
	require.Equal(t, float32(6), run(m, tconv.Tensors{"x": wrap(3)}))
	require.Equal(t, float32(15), run(m, tconv.Tensors{"x": wrap(3), "k": wrap(5)}))
	require.Equal(t, float32(6), run(m, tconv.Tensors{"x": wrap(3)}))
	_, err = m.Run(context.Background(), tconv.Tensors{"x": wrap(3), "j": wrap(5)})
	require.ErrorContains(t, err, `the model has no input "j"`)

	fixed, err := tconv.Load(scaledModel())
	require.NoError(t, err)
	defer fixed.Close()
	require.Equal(t, float32(6), run(fixed, tconv.Tensors{"x": wrap(3)}))
	_, err = fixed.Run(context.Background(), tconv.Tensors{"x": wrap(3), "k": wrap(5)})
	require.ErrorIs(t, err, tconv.ErrInput)
	_, err = tconv.Load(scaledModel(), tconv.WithReplaceable("x"))
	require.ErrorContains(t, err, `the model has no input "x" with an initializer`)
}

package conformance

import (
	"context"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/onnx"
)

// TestConstants runs one test, y = x + w, with w as an input and as a constant: the
// model that runs has one input less, and the test's own model stays as it is.
func TestConstants(t *testing.T) {
	model := &onnx.Model{IRVersion: 8, OpsetImports: []onnx.OperatorSetID{{Version: 17}}, Graph: &onnx.Graph{
		Name: "g", Inputs: []*onnx.ValueInfo{{Name: "x", Type: floatType(2)}, {Name: "w", Type: floatType(2)}}, Outputs: []*onnx.ValueInfo{{Name: "y"}},
		Nodes: []*onnx.Node{{OpType: "Add", Inputs: []string{"x", "w"}, Outputs: []string{"y"}}},
	}}
	files := fstest.MapFS{"node/test_sum/model.onnx": {Data: onnx.Marshal(model)}}
	for name, data := range map[string][]float32{"input_0": {1, 2}, "input_1": {10, 20}, "output_0": {11, 22}} {
		pb, err := tconv.MarshalTensor(tensor(t, data, 2), "")
		require.NoError(t, err)
		files["node/test_sum/test_data_set_0/"+name+".pb"] = &fstest.MapFile{Data: pb}
	}
	s := &Suite{files: files}
	require.NoError(t, s.find())
	for _, s.Constants = range []bool{false, true} {
		require.NoError(t, s.Run(context.Background(), s.Tests[0]).Err)
	}

	feed := tconv.Tensors{"x": tensor(t, []float32{1, 2}, 2), "w": tensor(t, []float32{10, 20}, 2)}
	constant, err := WithConstants(model, feed)
	require.NoError(t, err)
	require.Len(t, feed, 1)
	require.Len(t, model.Graph.Inputs, 2)
	m, err := tconv.Load(onnx.Marshal(constant))
	require.NoError(t, err)
	defer m.Close()
	require.Len(t, m.Inputs(), 1)
}

// TestAlone asks for one output at a time of y, z = x + x, x - x.
func TestAlone(t *testing.T) {
	g := &onnx.Graph{Name: "g", Inputs: []*onnx.ValueInfo{{Name: "x", Type: floatType(2)}}, Outputs: []*onnx.ValueInfo{{Name: "y"}, {Name: "z"}},
		Nodes: []*onnx.Node{{OpType: "Add", Inputs: []string{"x", "x"}, Outputs: []string{"y"}}, {OpType: "Sub", Inputs: []string{"x", "x"}, Outputs: []string{"z"}}}}
	model := onnx.Marshal(&onnx.Model{IRVersion: 8, OpsetImports: []onnx.OperatorSetID{{Version: 17}}, Graph: g})
	files := fstest.MapFS{"node/test_two/model.onnx": {Data: model}}
	for name, data := range map[string][]float32{"input_0": {1, 2}, "output_0": {2, 4}, "output_1": {0, 1}} {
		pb, err := tconv.MarshalTensor(tensor(t, data, 2), "")
		require.NoError(t, err)
		files["node/test_two/test_data_set_0/"+name+".pb"] = &fstest.MapFile{Data: pb}
	}
	s := &Suite{files: files, Alone: true}
	require.NoError(t, s.find())
	require.EqualError(t, s.Run(context.Background(), s.Tests[0]).Err, `test_data_set_0: output "z": element 1 is 0, want 1`)
	var runs [][]int
	for outputs := range s.outputs(g) {
		runs = append(runs, outputs)
		require.Len(t, withOutputs(&onnx.Model{Graph: g}, outputs).Graph.Outputs, 1)
	}
	require.Equal(t, [][]int{{0}, {1}}, runs)
	require.Len(t, g.Outputs, 2)
}

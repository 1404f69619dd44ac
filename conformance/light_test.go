package conformance

import (
	"context"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/onnx"
)

// lightSuite is a suite of one light model, y = x + w with w = [10, 20], whose
// wanted output is want.
func lightSuite(t *testing.T, x *onnx.ValueInfo, want ...float32) *Suite {
	model := onnx.Marshal(&onnx.Model{IRVersion: 3, OpsetImports: []onnx.OperatorSetID{{Version: 9}}, Graph: &onnx.Graph{
		Name: "g", Inputs: []*onnx.ValueInfo{x, {Name: "w", Type: floatType(2)}}, Outputs: []*onnx.ValueInfo{{Name: "y"}},
		Initializers: []*onnx.Tensor{{Name: "w", DataType: onnx.Float, Dims: []int64{2}, FloatData: []float32{10, 20}}},
		Nodes:        []*onnx.Node{{OpType: "Add", Inputs: []string{"x", "w"}, Outputs: []string{"y"}}},
	}})
	output, err := tconv.MarshalTensor(tensor(t, want, 2, 2), "y")
	require.NoError(t, err)
	s := &Suite{files: fstest.MapFS{
		"data/light/light_sum.onnx":        {Data: model},
		"data/light/light_sum_output_0.pb": {Data: output},
	}}
	require.NoError(t, s.find())
	return s
}

// floatType is a float tensor; -1 is an open dimension.
func floatType(dims ...int64) *onnx.Type {
	shape := &onnx.Shape{}
	for _, d := range dims {
		dim := onnx.Dimension{Kind: onnx.DimValue, Value: d}
		if d < 0 {
			dim = onnx.Dimension{Kind: onnx.DimParam, Param: "n"}
		}
		shape.Dims = append(shape.Dims, dim)
	}
	return &onnx.Type{Kind: onnx.TypeTensor, ElemType: onnx.Float, Shape: shape}
}

// TestLight feeds 0, 1/4, 2/4, 3/4 to an input of four elements.
func TestLight(t *testing.T) {
	x := &onnx.ValueInfo{Name: "x", Type: floatType(2, 2)}
	s := lightSuite(t, x, 10, 20.25, 10.5, 20.75)
	require.Equal(t, []Test{{Name: "light/light_sum", path: "data/light/light_sum", light: true}}, s.Tests)
	r := s.Run(context.Background(), s.Tests[0])
	require.NoError(t, r.Err)
	require.Equal(t, []string{"Add"}, r.Ops)

	s = lightSuite(t, x, 10, 20.25, 10.6, 20.75)
	r = s.Run(context.Background(), s.Tests[0])
	require.Equal(t, Failed, r.Status)
	require.EqualError(t, r.Err, `output "y": element 2 is 10.5, want 10.600000381469727`)
}

func TestRamp(t *testing.T) {
	x, err := ramp(&onnx.ValueInfo{Name: "x", Type: floatType(-1, 2)})
	require.NoError(t, err)
	require.Equal(t, []int{1, 2}, x.Shape())
	data, err := tconv.Data[float32](x)
	require.NoError(t, err)
	require.Equal(t, []float32{0, 0.5}, data)

	integer := floatType(2)
	integer.ElemType = onnx.Int64
	for name, typ := range map[string]*onnx.Type{
		"no type": nil, "integers": integer, "no rank": {Kind: onnx.TypeTensor, ElemType: onnx.Float},
		"too large": floatType(1<<20, 1<<20), "overflow": floatType(1<<62, 4), "empty": floatType(0),
	} {
		_, err := ramp(&onnx.ValueInfo{Name: "x", Type: typ})
		require.ErrorIs(t, err, tconv.ErrUnsupported, name)
	}
}

package tconv

import (
	"archive/zip"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv/onnx"
)

// weightyModel is a model of more than 1 MiB with maps of open size.
func weightyModel() []byte {
	w := make([]byte, 4*256*128*3*3)
	for i := range len(w) / 4 {
		w[4*i+2], w[4*i+3] = byte(i%200), 0x3c // about 0.01
	}
	dim := func(n int64) onnx.Dimension { return onnx.Dimension{Kind: onnx.DimValue, Value: n} }
	value := func(name string, c int64) *onnx.ValueInfo {
		return &onnx.ValueInfo{Name: name, Type: &onnx.Type{Kind: onnx.TypeTensor, ElemType: onnx.Float,
			Shape: &onnx.Shape{Dims: []onnx.Dimension{dim(1), dim(c), {Kind: onnx.DimParam, Param: "h"}, {Kind: onnx.DimParam, Param: "w"}}}}}
	}
	return onnx.Marshal(&onnx.Model{IRVersion: 8, OpsetImports: []onnx.OperatorSetID{{Version: 17}}, Graph: &onnx.Graph{
		Name:         "weighty",
		Nodes:        []*onnx.Node{{Name: "conv", OpType: "Conv", Inputs: []string{"x", "w"}, Outputs: []string{"y"}}},
		Initializers: []*onnx.Tensor{{Name: "w", DataType: onnx.Float, Dims: []int64{256, 128, 3, 3}, RawData: w}},
		Inputs:       []*onnx.ValueInfo{value("x", 128)}, Outputs: []*onnx.ValueInfo{value("y", 256)},
	}})
}

// runSquare runs the model on a square of n pixels.
func runSquare(m *Model, n int) ([]float32, error) {
	data := make([]float32, 128*n*n)
	for i := range data {
		data[i] = float32(i%17) - 8
	}
	x, err := Wrap(data, 1, 128, n, n)
	if err != nil {
		return nil, err
	}
	out, err := m.Run(context.Background(), Tensors{"x": x})
	if err != nil {
		return nil, err
	}
	return Data[float32](out["y"])
}

// Wherever a model lies, its weights are the same, and are read again for new shapes.
func TestWeightsFromAnywhere(t *testing.T) {
	data, dir := weightyModel(), t.TempDir()
	path := filepath.Join(dir, "m.onnx")
	require.NoError(t, os.WriteFile(path, data, 0o600))
	archive := filepath.Join(dir, "m.zip")
	f, err := os.Create(archive)
	require.NoError(t, err)
	z := zip.NewWriter(f)
	w, err := z.Create("m.onnx")
	require.NoError(t, err)
	_, err = w.Write(data)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	require.NoError(t, f.Close())
	zipped, err := zip.OpenReader(archive)
	require.NoError(t, err)
	defer zipped.Close()

	memory, err := Load(data)
	require.NoError(t, err)
	defer memory.Close()
	for name, open := range map[string]func() (*Model, error){
		"file":   func() (*Model, error) { return Open(path) },
		"folder": func() (*Model, error) { return OpenFS(os.DirFS(dir), "m.onnx") },
		"map":    func() (*Model, error) { return OpenFS(fstest.MapFS{"m.onnx": {Data: data}}, "m.onnx") },
		"zip":    func() (*Model, error) { return OpenFS(zipped, "m.onnx") },
	} {
		m, err := open()
		require.NoError(t, err, name)
		for _, n := range []int{5, 8, 5} {
			want, err := runSquare(memory, n)
			require.NoError(t, err)
			got, err := runSquare(m, n)
			require.NoError(t, err, name)
			require.Equal(t, want, got, name)
		}
		require.NoError(t, m.Close())
	}
}

func TestModelFileThatChanges(t *testing.T) {
	data := weightyModel()
	path := filepath.Join(t.TempDir(), "m.onnx")
	require.NoError(t, os.WriteFile(path, data, 0o600))
	m, err := Open(path)
	require.NoError(t, err)
	defer m.Close()
	changed := append([]byte(nil), data...)
	changed[len(changed)/2] ^= 1
	require.NoError(t, os.WriteFile(path, changed, 0o600))
	_, err = runSquare(m, 5)
	require.ErrorIs(t, err, ErrInvalidModel)
	require.ErrorContains(t, err, "changed in the model's file since it was opened")
	require.NoError(t, os.Remove(path))
	_, err = runSquare(m, 5)
	require.ErrorIs(t, err, ErrIO)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.NoError(t, os.WriteFile(path, data, 0o600))
	_, err = runSquare(m, 5)
	require.NoError(t, err)
}

// A model of which nothing was left in the file does not want it any more.
func TestSmallModelWithoutItsFile(t *testing.T) {
	data, err := os.ReadFile("testdata/architectures/unet_dynamic_sizes.onnx")
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "m.onnx")
	require.NoError(t, os.WriteFile(path, data, 0o600))
	m, err := Open(path)
	require.NoError(t, err)
	defer m.Close()
	require.NoError(t, os.Remove(path))
	in := m.Inputs()[0]
	for _, n := range []int{16, 32} {
		x, err := Wrap(make([]float32, in.Shape[1]*n*n), 1, in.Shape[1], n, n)
		require.NoError(t, err)
		_, err = m.Run(context.Background(), Tensors{in.Name: x})
		require.NoError(t, err)
	}
}

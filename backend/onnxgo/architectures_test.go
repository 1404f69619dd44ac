package onnxgo

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/owulveryck/onnx-go"
	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/npy"
)

// unparsed are the models that onnx-go cannot decode, with the start of its error.
var unparsed = map[string]string{
	"fast_style.onnx":    "No data found", // a constant without elements: the empty roi of a Resize
	"unet_bilinear.onnx": "No data found",
}

// bySoftmax are the models that need the version of the operator set to be told: a
// Softmax of version 13 behind nodes that had the same form in version 9.
var bySoftmax = map[string]bool{"segnet_unpool.onnx": true}

// TestModels runs the repository's models through onnx-go. The graph that onnx-go
// hands over is the same as that of the file, so results have the same bits as those
// of the tconv model itself.
func TestModels(t *testing.T) {
	var paths []string
	for _, pattern := range []string{"../../testdata/architectures/*.onnx", "../../models/*/*.onnx"} {
		found, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, found, pattern)
		paths = append(paths, found...)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			want, err := tconv.Load(data)
			require.NoError(t, err)
			defer want.Close()
			in := modelInputs(t, strings.TrimSuffix(path, ".onnx")+".npz", want)
			out, err := want.Run(context.Background(), in)
			require.NoError(t, err)
			for _, told := range []bool{true, false} {
				g := NewGraph()
				m := onnx.NewModel(g)
				if told {
					err = g.Unmarshal(m, data)
				} else {
					err = m.UnmarshalBinary(data)
				}
				if reason := unparsed[filepath.Base(path)]; reason != "" {
					require.ErrorContains(t, err, reason)
					continue
				}
				require.NoError(t, err)
				err = sameRun(t, g, m, want, in, out)
				if !told && bySoftmax[filepath.Base(path)] {
					require.ErrorIs(t, err, errOther)
					continue
				}
				require.NoError(t, err, "opset %d", g.Opset())
				if told {
					require.Equal(t, want.Metadata().Opsets[""], g.Opset())
				}
			}
		})
	}
}

// modelInputs reads the inputs of a model from the archive beside it.
func modelInputs(t *testing.T, path string, m *tconv.Model) tconv.Tensors {
	archive, err := npy.OpenZipFile(path)
	require.NoError(t, err)
	defer archive.Close()
	in := tconv.Tensors{}
	for _, info := range m.Inputs() {
		array, err := archive.Read("in:" + info.Name)
		require.NoError(t, err)
		in[info.Name], err = tconv.FromBytes(info.DType, array.Data, array.Shape...)
		require.NoError(t, err)
	}
	return in
}

// errOther says that results differ from those wanted.
var errOther = errors.New("other results")

// sameRun runs the graph and holds its outputs against those of a tconv model.
func sameRun(t *testing.T, g *Graph, m *onnx.Model, want *tconv.Model, in, out tconv.Tensors) error {
	for i, info := range want.Inputs() {
		x, err := toGorgonia(in[info.Name])
		require.NoError(t, err)
		require.NoError(t, m.SetInput(i, x))
	}
	if err := g.Run(); err != nil {
		return err
	}
	results, err := m.GetOutputTensors()
	require.NoError(t, err)
	for i, info := range want.Outputs() {
		got, err := fromGorgonia(results[i])
		require.NoError(t, err)
		require.Equal(t, out[info.Name].Shape(), got.Shape(), info.Name)
		if string(out[info.Name].Bytes()) != string(got.Bytes()) {
			return errOther
		}
	}
	return nil
}

package tconv_test

import (
	"archive/zip"
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/npy"
)

// TestOnnxruntimeLayers runs the models of testdata/ort/layers.zip on both paths
// against onnxruntime's outputs: recurrent layers and operators on floats within the
// tolerance of TestOnnxruntimeCases, quantised ones to the last integer.
func TestOnnxruntimeLayers(t *testing.T) {
	z, err := zip.OpenReader("testdata/ort/layers.zip")
	require.NoError(t, err)
	defer z.Close()
	count := 0
	for _, f := range z.File {
		name, ok := strings.CutSuffix(f.Name, ".onnx")
		if !ok {
			continue
		}
		count++
		tol := ortTolerance
		if strings.Contains(name, "_QLinear") || strings.Contains(name, "_group_") || strings.Contains(name, "_QGemm") {
			tol = tolerance{1e-6, 1e-6}
		}
		model, arrays := readEntry(t, z, f.Name), readEntry(t, z, name+".npz")
		t.Run(name, func(t *testing.T) {
			a, err := npy.OpenZip(bytes.NewReader(arrays), int64(len(arrays)))
			require.NoError(t, err)
			g := goldenOf(t, a)
			for path, opts := range map[string][]tconv.Option{"fast": nil, "reference": {tconv.WithReference()}} {
				m, err := tconv.Load(model, opts...)
				require.NoError(t, err, path)
				got, err := m.Run(context.Background(), g.in)
				require.NoError(t, err, path)
				require.NoError(t, m.Close())
				for output, want := range g.out {
					require.Equal(t, want.String(), got[output].String(), "%s, output %s", path, output)
					if worst := excess(t, got[output], want, tol); worst > 0 {
						t.Errorf("%s: output %s is beyond the tolerance by %.2g of max|want|", path, output, worst)
					}
				}
			}
		})
	}
	require.Greater(t, count, 400)
}

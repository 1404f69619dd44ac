package tconv_test

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv/backend/cpu"
	"github.com/tconv/tconv/npy"
)

// TestOnnxruntimeLayers runs the models of testdata/ort/layers.zip on every
// kernel tier and on the reference path against onnxruntime's outputs: recurrent layers and operators on floats within the
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
			eachTier(t, func(tier cpu.Tier) { g.checkModel(t, string(tier), model, tol) })
		})
	}
	require.Greater(t, count, 400)
}

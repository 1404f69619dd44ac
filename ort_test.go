package tconv_test

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/backend/cpu"
	"github.com/tconv/tconv/conformance"
	"github.com/tconv/tconv/npy"
	"github.com/tconv/tconv/onnx"
)

// ortTolerance is what results of one operator may differ by: rtol 1e-3 and 1e-4
// of the largest value.
var ortTolerance = tolerance{1e-3, 1e-4}

// TestOnnxruntimeCases runs the one-node models of testdata/ort, on every kernel tier
// and on the reference path, with all inputs as inputs and with all but the first as
// constants, against onnxruntime's outputs. Where tconv follows
// the reference evaluator of the onnx package instead, the case stands in
// testdata/ort/reference.txt with the reason.
func TestOnnxruntimeCases(t *testing.T) {
	z, err := zip.OpenReader("testdata/ort/cases.zip")
	require.NoError(t, err)
	defer z.Close()
	text, err := os.ReadFile("testdata/ort/reference.txt")
	require.NoError(t, err)
	follows, err := conformance.ParseSkipList(string(text))
	require.NoError(t, err)
	count := 0
	for _, f := range z.File {
		name, ok := strings.CutSuffix(f.Name, ".onnx")
		if !ok {
			continue
		}
		count++
		model, arrays := readEntry(t, z, name+".onnx"), readEntry(t, z, name+".npz")
		_, reference := follows.Reason(name)
		t.Run(name, func(t *testing.T) { checkOrtCase(t, model, arrays, reference) })
	}
	require.Greater(t, count, 500)
	require.Empty(t, follows.Unused(), "lines of reference.txt that match no case")
}

func readEntry(t *testing.T, z *zip.ReadCloser, name string) []byte {
	f, err := z.Open(name)
	require.NoError(t, err)
	defer f.Close()
	data, err := io.ReadAll(f)
	require.NoError(t, err)
	return data
}

// checkOrtCase runs one case on every tier, with inputs as they are and as constants.
func checkOrtCase(t *testing.T, model, arrays []byte, reference bool) {
	a, err := npy.OpenZip(bytes.NewReader(arrays), int64(len(arrays)))
	require.NoError(t, err)
	g := goldenOf(t, a)
	if reference {
		require.NotEmpty(t, g.ref, "the reference evaluator agrees with onnxruntime: take the case off reference.txt")
		g.out = g.ref
	}
	constant := golden{maps.Clone(g.in), g.out, nil}
	proto, err := onnx.Unmarshal(model)
	require.NoError(t, err)
	folded, err := conformance.WithConstants(proto, constant.in)
	require.NoError(t, err)
	eachTier(t, func(tier cpu.Tier) {
		g.checkModel(t, string(tier), model, ortTolerance)
		constant.checkModel(t, string(tier)+" with constants", onnx.Marshal(folded), ortTolerance)
	})
}

// checkModel loads a model and holds its outputs against the golden ones.
func (g golden) checkModel(t *testing.T, what string, model []byte, tol tolerance) {
	t.Helper()
	m, err := tconv.Load(model)
	require.NoError(t, err, what)
	got, err := m.Run(context.Background(), g.in)
	require.NoError(t, err, what)
	require.NoError(t, m.Close())
	for name, want := range g.out {
		require.Equal(t, want.String(), got[name].String(), "%s, output %s", what, name)
		if worst := excess(t, got[name], want, tol); worst > 0 {
			t.Errorf("%s: output %s is beyond the tolerance by %.2g of max|want|", what, name, worst)
		}
	}
}

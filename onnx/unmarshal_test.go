package onnx

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// architectures are the models of the repository, absent in a checkout without them.
func architectures(t testing.TB) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob("../testdata/architectures/*.onnx")
	require.NoError(t, err)
	models := make(map[string][]byte)
	for _, path := range paths {
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		models[filepath.Base(path)] = b
	}
	return models
}

func TestUnmarshalArchitectures(t *testing.T) {
	for name, b := range architectures(t) {
		m, err := Unmarshal(b)
		require.NoError(t, err, name)
		require.NotEmpty(t, m.Graph.Nodes, name)
		require.NotEmpty(t, m.Graph.Outputs, name)
	}
}

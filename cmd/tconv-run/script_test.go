package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv/onnx"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"tconv-run": main})
}

// TestScripts runs testdata/*.txtar, which use the command as a user does. $ARCH and $MODELS are the folders of tiny and of
// embedded models; "code N command..." wants an exit code.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata", RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			for name, folder := range map[string]string{"ARCH": "../../testdata/architectures", "MODELS": "../../models"} {
				abs, err := filepath.Abs(folder)
				if err != nil {
					return err
				}
				env.Setenv(name, abs)
			}
			env.Setenv("NO_COLOR", "1")
			return writeModels(env.WorkDir)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"code": code, "cut": cut},
	})
}

// code runs a command and checks its exit code.
func code(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	if neg || err != nil {
		ts.Fatalf("usage: code N command...")
	}
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// cut writes the first N bytes of a file to another.
func cut(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	data := ts.ReadFile(args[1])
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(data[:n]), 0o666))
}

// writeModels writes models that no exporter makes.
func writeModels(dir string) error {
	float := func(name string, dims ...onnx.Dimension) *onnx.ValueInfo {
		return &onnx.ValueInfo{Name: name, Type: &onnx.Type{Kind: onnx.TypeTensor, ElemType: onnx.Float, Shape: &onnx.Shape{Dims: dims}}}
	}
	size := func(n int64) onnx.Dimension { return onnx.Dimension{Kind: onnx.DimValue, Value: n} }
	model := func(inputs, outputs []*onnx.ValueInfo, nodes ...*onnx.Node) *onnx.Model {
		return &onnx.Model{IRVersion: 8, OpsetImports: []onnx.OperatorSetID{{Version: 17}},
			Graph: &onnx.Graph{Name: "g", Nodes: nodes, Inputs: inputs, Outputs: outputs}}
	}
	node := func(name, op string, in []string, out ...string) *onnx.Node {
		return &onnx.Node{Name: name, OpType: op, Inputs: in, Outputs: out}
	}
	x, y := float("x", size(2), size(3)), float("y", size(2), size(3))
	for name, m := range map[string]*onnx.Model{
		"unknown.onnx": model([]*onnx.ValueInfo{x}, []*onnx.ValueInfo{y}, node("f1", "Frobnicate", []string{"x"}, "a"),
			node("f2", "Frobnicate", []string{"a"}, "b"), node("w", "Wobble", []string{"b"}, "y")),
		"cycle.onnx": model([]*onnx.ValueInfo{x}, []*onnx.ValueInfo{y}, node("one", "Add", []string{"x", "b"}, "a"), node("two", "Relu", []string{"a"}, "b"),
			node("three", "Relu", []string{"b"}, "y")),
		"add.onnx": model([]*onnx.ValueInfo{float("left", size(2), size(3)), float("right", size(2), size(3))},
			[]*onnx.ValueInfo{float("sum", size(2), size(3)), float("rest", size(2), size(3))},
			node("add", "Add", []string{"left", "right"}, "sum"), node("sub", "Sub", []string{"left", "right"}, "rest")),
		"divide.onnx": model([]*onnx.ValueInfo{x}, []*onnx.ValueInfo{y}, node("sub", "Sub", []string{"x", "x"}, "zero"),
			node("/div/Div", "Div", []string{"x", "zero"}, "y")),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), onnx.Marshal(m), 0o666); err != nil {
			return err
		}
	}
	return nil
}

// The models of the scripts are valid files.
func TestWriteModels(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, writeModels(dir))
	found, err := filepath.Glob(filepath.Join(dir, "*.onnx"))
	require.NoError(t, err)
	require.Len(t, found, 4)
}

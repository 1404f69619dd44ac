package tconv_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const modulePath = "github.com/tconv/tconv"

// allowedImports says what each package may import beside the standard library.
// "." is the root package; a trailing "/..." takes in everything below.
var allowedImports = map[string][]string{
	"onnx":            {"google.golang.org/protobuf/encoding/protowire"},
	"backend/cpu":     {"golang.org/x/sys/...", "github.com/x448/float16"},
	"ops":             {"backend/cpu", "github.com/x448/float16"},
	"graph":           {"onnx", "ops", "backend/cpu"},
	".":               {"graph", "onnx", "ops", "backend/cpu", "github.com/x448/float16"},
	"npy":             {},
	"models":          {},
	"vision":          {".", "golang.org/x/image/..."},
	"conformance":     {".", "onnx"},
	"cmd/tconv-run":   {".", "conformance", "graph", "onnx", "ops", "backend/cpu", "npy", "models", "vision", "github.com/spf13/cobra", "github.com/spf13/pflag", "golang.org/x/sys/...", "golang.org/x/image/...", "github.com/x448/float16"},
	"backend/onnxgo":  {".", "ops", "graph", "github.com/owulveryck/onnx-go/...", "gorgonia.org/tensor", "gonum.org/v1/gonum/..."},
	"vision/internal": {"golang.org/x/image/..."},
}

// TestLayering parses the imports of every file that is not a test and holds them
// against the table.
func TestLayering(t *testing.T) {
	for dir, imports := range packageImports(t) {
		allowed, ok := allowedImports[dir]
		if !ok {
			t.Errorf("package %s is in no layer: add it to allowedImports", dir)
			continue
		}
		for imported, file := range imports {
			if !importAllowed(imported, allowed) {
				t.Errorf("%s imports %s, which package %s must not know", file, imported, dir)
			}
		}
	}
}

// packageImports gives, by folder, the imports that are not of the standard
// library, each with a file that has it.
func packageImports(t *testing.T) map[string]map[string]string {
	found := map[string]map[string]string{}
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && file != "." && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		dir := path.Dir(filepath.ToSlash(file))
		if found[dir] == nil {
			found[dir] = map[string]string{}
		}
		for _, i := range parsed.Imports {
			p, _ := strconv.Unquote(i.Path.Value)
			if first, _, _ := strings.Cut(p, "/"); strings.Contains(first, ".") {
				found[dir][p] = file
			}
		}
		return nil
	})
	require.NoError(t, err)
	require.Contains(t, found, "graph", "the walk must find packages")
	return found
}

// importAllowed reports whether one of the patterns allows the import.
func importAllowed(imported string, allowed []string) bool {
	for _, a := range allowed {
		if a == "." {
			a = modulePath
		} else if first, _, _ := strings.Cut(a, "/"); !strings.Contains(first, ".") {
			a = modulePath + "/" + a
		}
		if below, ok := strings.CutSuffix(a, "/..."); ok && (imported == below || strings.HasPrefix(imported, below+"/")) || imported == a {
			return true
		}
	}
	return false
}

// TestRootLinksLittle asserts that a program which imports only package tconv
// links nothing of the command line, of pictures or of the adapters.
func TestRootLinksLittle(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	require.Contains(t, string(out), modulePath+"/graph")
	for _, heavy := range []string{"gorgonia.org", "spf13/cobra", "golang.org/x/image", "onnx-go", "progressbar", "stretchr", "net/http"} {
		require.NotContains(t, string(out), heavy)
	}
}

// TestNoCgo asserts that no package of the module uses cgo.
func TestNoCgo(t *testing.T) {
	cmd := exec.Command("go", "list", "-f", "{{if .CgoFiles}}{{.ImportPath}}{{end}}", "./...")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	out, err := cmd.Output()
	require.NoError(t, err)
	require.Empty(t, strings.TrimSpace(string(out)))
}

package tconv_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/onnx"
)

// kinds are the errors that callers branch on. ErrInternal is not among them: it
// says that tconv has a bug.
var kinds = []error{
	tconv.ErrInvalidModel, tconv.ErrUnsupported, tconv.ErrInput, tconv.ErrLimit, tconv.ErrCanceled, tconv.ErrIO, tconv.ErrClosed,
}

// maxErrorBytes bounds the text of an error: a screen, even if names in a model
// are long.
const maxErrorBytes = 16 << 10

// fault says what is wrong with an error that a hostile model gave; "" when it is
// typed and can be printed.
func fault(err error) string {
	if err == nil {
		return ""
	}
	text := err.Error()
	if len(text) > maxErrorBytes {
		return fmt.Sprintf("error of %d bytes: %.200s", len(text), text)
	}
	if errors.Is(err, tconv.ErrInternal) {
		return "internal error: " + text
	}
	for _, r := range text {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f {
			return fmt.Sprintf("control character %U in: %q", r, text)
		}
	}
	for _, kind := range kinds {
		if errors.Is(err, kind) {
			return ""
		}
	}
	return "error of no kind: " + text
}

// guarded runs f and gives what went wrong as text: a panic, an untyped error, or
// more than the time that it may take, twice: the machine may have stood still.
func guarded(limit time.Duration, f func() error) (text string) {
	text, took := once(f)
	if text == "" && took > limit {
		text, took = once(f)
	}
	if text == "" && took > limit {
		text = fmt.Sprintf("took %v, want at most %v", took, limit)
	}
	return text
}

// once runs f and gives what went wrong, and the time.
func once(f func() error) (text string, took time.Duration) {
	start := time.Now()
	defer func() {
		if v := recover(); v != nil {
			text = fmt.Sprintf("panic: %v\n%s", v, debug.Stack())
		}
		took = time.Since(start)
	}()
	return fault(f()), 0
}

// loadOnly loads a model from bytes and closes it.
func loadOnly(data []byte, opts ...tconv.Option) error {
	m, err := tconv.Load(data, opts...)
	if err != nil {
		return err
	}
	return m.Close()
}

// TestPrefixes cuts each architecture at every byte of its structure, and at some
// of the bytes of its weights: what is left gives a typed error, or loads where
// nothing but trailing metadata is missing; never a panic, never a second.
func TestPrefixes(t *testing.T) {
	for _, path := range modelFiles(t, "testdata/architectures") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			loads := 0
			for _, n := range cuts(t, data) {
				text := guarded(time.Second, func() error {
					err := loadOnly(data[:n], tconv.WithThreads(1))
					if err == nil {
						loads++
					}
					return err
				})
				require.Empty(t, text, "the first %d of %d bytes", n, len(data))
			}
			require.LessOrEqual(t, loads, 64, "prefixes that load: only trailing metadata may be cut off")
		})
	}
}

// cuts are the lengths at which TestPrefixes cuts a model: each byte but for the
// insides of long raw data, of which every 97th is taken.
func cuts(t *testing.T, data []byte) []int {
	const near, stride = 4, 97
	inside := make([]bool, len(data))
	m, err := onnx.Unmarshal(data)
	require.NoError(t, err)
	for _, w := range m.Graph.Initializers {
		for i := int(w.RawOffset) + near; w.RawOffset >= 0 && i < int(w.RawOffset)+len(w.RawData)-near; i++ {
			inside[i] = true
		}
	}
	var out []int
	for n := 0; n < len(data); n++ {
		if !inside[n] || n%stride == 0 {
			out = append(out, n)
		}
	}
	return out
}

// TestNoModel loads what is no model at all.
func TestNoModel(t *testing.T) {
	for name, data := range map[string][]byte{
		"nothing":     nil,
		"text":        []byte("hello, this is a text file named .onnx\n"),
		"git pointer": []byte("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n"),
		"html":        []byte("<!DOCTYPE html><html><body>404</body></html>"),
		"zip":         []byte("PK\x03\x04\x14\x00\x00\x00\x08\x00"),
		"zeros":       make([]byte, 1000),
		"ones":        bytes.Repeat([]byte{0xff}, 1000),
		"pickle":      []byte("\x80\x02}q\x00(X\x05\x00\x00\x00modelq\x01"),
	} {
		t.Run(name, func(t *testing.T) {
			err := loadOnly(data)
			require.Error(t, err)
			require.Empty(t, fault(err))
			require.ErrorIs(t, err, tconv.ErrInvalidModel)
		})
	}
}

// TestOpenRefuses opens what is no regular file.
func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	_, err := tconv.Open(filepath.Join(dir, "missing.onnx"))
	require.ErrorIs(t, err, tconv.ErrIO)
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = tconv.Open(dir)
	require.ErrorIs(t, err, tconv.ErrIO)
	require.ErrorContains(t, err, "is a folder")
	_, err = tconv.OpenFS(os.DirFS(dir), "missing.onnx")
	require.ErrorIs(t, err, tconv.ErrIO)
	_, err = tconv.OpenFS(os.DirFS(dir), "../outside.onnx")
	require.ErrorIs(t, err, tconv.ErrIO)
	_, err = tconv.OpenFS(os.DirFS(dir), ".")
	require.ErrorIs(t, err, tconv.ErrIO)
}

// TestLongNames asserts that names of a megabyte, and names that would play with a
// terminal, give errors that fit a screen and can be printed.
func TestLongNames(t *testing.T) {
	long := strings.Repeat("n\x1b[31m\n", 1<<18)
	base := func() *onnx.Model {
		return &onnx.Model{IRVersion: 8, OpsetImports: []onnx.OperatorSetID{{Version: 17}}, Graph: &onnx.Graph{
			Name: "g", Inputs: []*onnx.ValueInfo{valueInfo("x", tconv.Float32, []int{2, 3})},
			Nodes:   []*onnx.Node{{OpType: "Relu", Inputs: []string{"x"}, Outputs: []string{"y"}}},
			Outputs: []*onnx.ValueInfo{{Name: "y"}},
		}}
	}
	attribute := func(a *onnx.Attribute) func(m *onnx.Model) {
		return func(m *onnx.Model) { m.Graph.Nodes[0].Attributes = append(m.Graph.Nodes[0].Attributes, a) }
	}
	for name, change := range map[string]func(m *onnx.Model){
		"node name and operator": func(m *onnx.Model) { m.Graph.Nodes[0].Name, m.Graph.Nodes[0].OpType = long, long },
		"operator":               func(m *onnx.Model) { m.Graph.Nodes[0].OpType = long },
		"operator of a domain": func(m *onnx.Model) {
			m.Graph.Nodes[0].Domain = long
			m.OpsetImports = append(m.OpsetImports, onnx.OperatorSetID{Domain: long, Version: 1})
		},
		"domain":             func(m *onnx.Model) { m.Graph.Nodes[0].Domain = long },
		"node input":         func(m *onnx.Model) { m.Graph.Nodes[0].Inputs[0] = long },
		"node output":        func(m *onnx.Model) { m.Graph.Nodes[0].Outputs[0] = long },
		"graph output":       func(m *onnx.Model) { m.Graph.Outputs[0].Name = long },
		"attribute":          attribute(&onnx.Attribute{Name: long, Type: onnx.AttributeInt}),
		"attribute's text":   attribute(&onnx.Attribute{Name: "a", Type: onnx.AttributeString, S: []byte(long)}),
		"attribute's values": attribute(&onnx.Attribute{Name: "a", Type: onnx.AttributeInts, Ints: make([]int64, 1<<20)}),
		"attribute's words": attribute(&onnx.Attribute{Name: "a", Type: onnx.AttributeStrings,
			Strings: [][]byte{[]byte(long), []byte(long)}}),
		"opset domain": func(m *onnx.Model) { m.OpsetImports[0] = onnx.OperatorSetID{Domain: long, Version: -1} },
		"initializer": func(m *onnx.Model) {
			m.Graph.Initializers = []*onnx.Tensor{{Name: long, DataType: onnx.Float, Dims: []int64{3}}}
		},
		"shapes that differ": func(m *onnx.Model) {
			m.Graph.Nodes[0] = &onnx.Node{Name: long, OpType: "Conv", Inputs: []string{"x", "x"}, Outputs: []string{"y"}}
		},
		"auto_pad": func(m *onnx.Model) {
			m.Graph.Nodes[0] = &onnx.Node{OpType: "Conv", Inputs: []string{"x", "x"}, Outputs: []string{"y"},
				Attributes: []*onnx.Attribute{{Name: "auto_pad", Type: onnx.AttributeString, S: []byte(long)}}}
		},
		"input type": func(m *onnx.Model) {
			m.Graph.Inputs[0].Name, m.Graph.Inputs[0].Type.ElemType = long, 99
		},
		"function": func(m *onnx.Model) {
			m.Functions = []*onnx.Function{{Name: long, Domain: long}, {Name: long, Domain: long}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := base()
			change(m)
			text := guarded(time.Second, func() error { return loadOnly(onnx.Marshal(m)) })
			require.Empty(t, text)
		})
	}
}

// TestManyOfAll asserts that long lists in a file take linear time.
func TestManyOfAll(t *testing.T) {
	const many = 200_000
	relu := func(i int) *onnx.Node {
		return &onnx.Node{OpType: "Relu", Inputs: []string{"x"}, Outputs: []string{fmt.Sprint("y", i)}}
	}
	model := func(nodes ...*onnx.Node) *onnx.Model {
		return &onnx.Model{IRVersion: 8, OpsetImports: []onnx.OperatorSetID{{Version: 17}}, Graph: &onnx.Graph{
			Name: "g", Inputs: []*onnx.ValueInfo{valueInfo("x", tconv.Float32, []int{1})},
			Nodes: nodes, Outputs: []*onnx.ValueInfo{{Name: "y0"}},
		}}
	}
	for name, make := range map[string]func() *onnx.Model{
		"attributes": func() *onnx.Model {
			n := relu(0)
			for i := range many {
				n.Attributes = append(n.Attributes, &onnx.Attribute{Name: fmt.Sprint("a", i), Type: onnx.AttributeInt})
			}
			return model(n)
		},
		"operators that are not known": func() *onnx.Model {
			m := model(relu(0))
			for i := range many {
				m.Graph.Nodes = append(m.Graph.Nodes, &onnx.Node{OpType: fmt.Sprint("Op", i), Outputs: []string{fmt.Sprint("z", i)}})
			}
			return m
		},
		"inputs of a node": func() *onnx.Model {
			n := &onnx.Node{OpType: "Sum", Outputs: []string{"y0"}}
			for range many {
				n.Inputs = append(n.Inputs, "x")
			}
			return model(n)
		},
		"inputs of a Concat": func() *onnx.Model {
			n := &onnx.Node{OpType: "Concat", Outputs: []string{"y0"}, Attributes: []*onnx.Attribute{{Name: "axis", Type: onnx.AttributeInt}}}
			for range many {
				n.Inputs = append(n.Inputs, "x")
			}
			return model(n)
		},
		"graph outputs": func() *onnx.Model {
			m := model(relu(0))
			for range many {
				m.Graph.Outputs = append(m.Graph.Outputs, &onnx.ValueInfo{Name: "y0"})
			}
			return m
		},
		"outputs of nodes": func() *onnx.Model {
			m := model()
			m.Graph.Outputs = nil
			for i := range many / 4 {
				m.Graph.Nodes = append(m.Graph.Nodes, relu(i))
				m.Graph.Outputs = append(m.Graph.Outputs, &onnx.ValueInfo{Name: fmt.Sprint("y", i)})
			}
			return m
		},
		"opset imports": func() *onnx.Model {
			m := model(relu(0))
			for i := range many {
				m.OpsetImports = append(m.OpsetImports, onnx.OperatorSetID{Domain: fmt.Sprint("d", i), Version: 1})
			}
			return m
		},
		"functions": func() *onnx.Model {
			m := model(relu(0))
			for i := range many / 4 {
				m.Functions = append(m.Functions, &onnx.Function{Name: fmt.Sprint("f", i), Domain: "local"})
			}
			return m
		},
		"graph inputs": func() *onnx.Model {
			m := model(relu(0))
			for i := range many / 4 {
				m.Graph.Inputs = append(m.Graph.Inputs, valueInfo(fmt.Sprint("in", i), tconv.Float32, []int{1}))
			}
			return m
		},
		"functions that call functions twice": laughs,
	} {
		t.Run(name, func(t *testing.T) {
			data := onnx.Marshal(make())
			text := guarded(4*time.Second, func() error { return loadOnly(data, tconv.WithThreads(1)) })
			require.Empty(t, text)
		})
	}
}

// laughs is a model of a few hundred bytes with a function that calls another one
// twice, and so on, 40 deep; the last is empty.
func laughs() *onnx.Model {
	m := &onnx.Model{
		IRVersion:    8,
		OpsetImports: []onnx.OperatorSetID{{Version: 17}, {Domain: "l", Version: 1}},
		Graph: &onnx.Graph{
			Name: "g", Inputs: []*onnx.ValueInfo{valueInfo("x", tconv.Float32, []int{1})},
			Nodes:   []*onnx.Node{{OpType: "F0", Domain: "l"}, {OpType: "Relu", Inputs: []string{"x"}, Outputs: []string{"y0"}}},
			Outputs: []*onnx.ValueInfo{{Name: "y0"}},
		},
	}
	for i := range 40 {
		f := &onnx.Function{Name: fmt.Sprint("F", i), Domain: "l", OpsetImports: []onnx.OperatorSetID{{Domain: "l", Version: 1}}}
		if i < 39 {
			call := &onnx.Node{OpType: fmt.Sprint("F", i+1), Domain: "l"}
			f.Nodes = []*onnx.Node{call, call}
		}
		m.Functions = append(m.Functions, f)
	}
	return m
}

// runLimited runs a model once, for at most a second less what cleaning up takes.
func runLimited(m *tconv.Model, in tconv.Tensors) (tconv.Tensors, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 700*time.Millisecond)
	defer cancel()
	return m.Run(ctx, in)
}

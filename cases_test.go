package tconv_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/backend/cpu"
	"github.com/tconv/tconv/conformance"
	"github.com/tconv/tconv/onnx"
	"github.com/tconv/tconv/ops"
)

// workedCase is one node of testdata/cases/cases.json; its README says how the
// expected values were made.
type workedCase struct {
	Name       string                     `json:"name"`
	Op         string                     `json:"op"`
	Opset      int64                      `json:"opset"`
	Attributes map[string]json.RawMessage `json:"attributes"`
	Exact      bool                       `json:"exact"`
	ShapeOnly  bool                       `json:"shape_only"`
	Error      string                     `json:"error"`
	Inputs     json.RawMessage            `json:"inputs"`
	Outputs    json.RawMessage            `json:"outputs"`
}

// caseTensor is a tensor of a case.
type caseTensor struct {
	Name  string        `json:"-"`
	Shape []int         `json:"shape"`
	DType string        `json:"dtype"`
	Data  []json.Number `json:"data"`
}

// TestWorkedCases runs every case through the public API, on every kernel tier and
// on the reference path, with inputs as inputs and as constants: values within rtol 1e-3 and atol 1e-5 of onnxruntime's, equal
// where they are integers, and an error that says so where one is expected.
func TestWorkedCases(t *testing.T) {
	data, err := os.ReadFile("testdata/cases/cases.json")
	require.NoError(t, err)
	var cases []workedCase
	require.NoError(t, json.Unmarshal(data, &cases))
	require.Greater(t, len(cases), 100)
	eachTier(t, func(tier cpu.Tier) {
		for _, c := range cases {
			t.Run(c.Name+"/"+string(tier), func(t *testing.T) { c.run(t, false) })
			t.Run(c.Name+"/"+string(tier)+" with constants", func(t *testing.T) { c.run(t, true) })
		}
	})
}

// run runs the case, with the inputs behind the first as constants if they are to be.
func (c *workedCase) run(t *testing.T, constants bool) {
	inputs := orderedTensors(t, c.Inputs)
	outputs := orderedTensors(t, c.Outputs)
	if c.Error != "" {
		outputs = []caseTensor{{Name: "Y"}}
	}
	model, feed := c.model(t, inputs, outputs), c.feed(t, inputs)
	if constants {
		var err error
		model, err = conformance.WithConstants(model, feed)
		require.NoError(t, err)
	}
	m, err := tconv.Load(onnx.Marshal(model))
	if err == nil {
		defer m.Close()
		var got tconv.Tensors
		if got, err = m.Run(context.Background(), feed); err == nil && c.Error == "" {
			for _, want := range outputs {
				c.compare(t, want, got[want.Name])
			}
			return
		}
	}
	if c.Error == "" {
		require.NoError(t, err)
	}
	require.Error(t, err, "wanted: %s", c.Error)
	for _, word := range significantWords(c.Error) {
		require.Contains(t, strings.ToLower(err.Error()), word, "wanted an error that says: %s", c.Error)
	}
}

// significantWords are the numbers and ONNX terms of an expected message: an
// error must contain them all, whatever words stand between.
func significantWords(message string) []string {
	var out []string
	for _, w := range strings.FieldsFunc(strings.ToLower(message), func(r rune) bool { return strings.ContainsRune(" ,²=", r) }) {
		if _, err := strconv.Atoi(w); err == nil {
			out = append(out, w)
		}
		switch w {
		case "output_padding", "stride", "dilation", "group", "kernel_shape", "bias", "rank", "blocksize", "scales", "sizes", "scale", "kernel", "x", "w":
			out = append(out, w)
		}
	}
	return out
}

// model makes the one-node model of a case. Inputs are graph inputs.
func (c *workedCase) model(t testing.TB, inputs, outputs []caseTensor) *onnx.Model {
	node := &onnx.Node{Name: c.Name, OpType: c.Op}
	g := &onnx.Graph{Name: c.Name, Nodes: []*onnx.Node{node}}
	node.Inputs = c.inputNames(t, inputs)
	for _, in := range inputs {
		g.Inputs = append(g.Inputs, valueInfo(in.Name, dtypeNamed(t, in.DType), in.Shape))
	}
	for _, out := range outputs {
		node.Outputs = append(node.Outputs, out.Name)
		g.Outputs = append(g.Outputs, &onnx.ValueInfo{Name: out.Name})
	}
	for name, raw := range c.Attributes {
		node.Attributes = append(node.Attributes, caseAttribute(t, name, raw))
	}
	return &onnx.Model{IRVersion: 8, OpsetImports: []onnx.OperatorSetID{{Version: c.Opset}}, Graph: g}
}

// inputNames gives the inputs of the node by position: a case names them as ONNX
// does and leaves out those that it omits.
func (c *workedCase) inputNames(t testing.TB, inputs []caseTensor) []string {
	def, err := ops.Lookup("", c.Op, int(c.Opset))
	require.NoError(t, err)
	var names []string
	found := 0
	for _, name := range def.Inputs {
		name = strings.TrimSuffix(name, "?")
		if !slices.ContainsFunc(inputs, func(in caseTensor) bool { return in.Name == name }) {
			name = ""
		} else {
			found++
		}
		names = append(names, name)
	}
	require.Equal(t, len(inputs), found, "inputs of %s", c.Name)
	return names
}

// valueInfo declares a tensor.
func valueInfo(name string, dtype tconv.DType, shape []int) *onnx.ValueInfo {
	s := &onnx.Shape{}
	for _, d := range shape {
		s.Dims = append(s.Dims, onnx.Dimension{Kind: onnx.DimValue, Value: int64(d)})
	}
	return &onnx.ValueInfo{Name: name, Type: &onnx.Type{Kind: onnx.TypeTensor, ElemType: onnx.DataType(dtype), Shape: s}}
}

func (c *workedCase) feed(t *testing.T, inputs []caseTensor) tconv.Tensors {
	feed := tconv.Tensors{}
	for _, in := range inputs {
		feed[in.Name] = in.tensor(t)
	}
	return feed
}

// compare holds an output against its case.
func (c *workedCase) compare(t *testing.T, want caseTensor, got *tconv.Tensor) {
	require.Equal(t, want.Shape, got.Shape(), "shape of %s", want.Name)
	require.Equal(t, dtypeNamed(t, want.DType), got.DType(), "type of %s", want.Name)
	if c.ShapeOnly {
		return
	}
	values, err := got.Float64s()
	require.NoError(t, err)
	expected, err := want.tensor(t).Float64s()
	require.NoError(t, err)
	for i, w := range expected {
		tolerance := 1e-5 + 1e-3*math.Abs(w)
		if c.Exact {
			tolerance = 0
		}
		if !(math.Abs(values[i]-w) <= tolerance) {
			t.Fatalf("%s[%d] is %v, want %v", want.Name, i, values[i], w)
		}
	}
}

// orderedTensors reads a JSON object in its order.
func orderedTensors(t testing.TB, raw json.RawMessage) []caseTensor {
	if len(raw) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	_, err := d.Token()
	require.NoError(t, err)
	var out []caseTensor
	for d.More() {
		name, err := d.Token()
		require.NoError(t, err)
		c := caseTensor{Name: name.(string)}
		require.NoError(t, d.Decode(&c))
		out = append(out, c)
	}
	return out
}

// tensor makes the tensor that a case writes down.
func (c *caseTensor) tensor(t testing.TB) *tconv.Tensor {
	parse := func(n json.Number) float64 {
		v, err := n.Float64()
		require.NoError(t, err)
		return v
	}
	if c.Data == nil { // a case about shapes alone
		c.Data = slices.Repeat([]json.Number{"0"}, elements(c.Shape))
	}
	var out *tconv.Tensor
	var err error
	switch c.DType {
	case "float32":
		out, err = tconv.Wrap(convertEach(c.Data, func(n json.Number) float32 { return float32(parse(n)) }), c.Shape...)
	case "int64":
		out, err = tconv.Wrap(convertEach(c.Data, func(n json.Number) int64 { return int64(parse(n)) }), c.Shape...)
	default:
		t.Fatalf("type %q", c.DType)
	}
	require.NoError(t, err)
	return out
}

func elements(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

func convertEach[A, B any](src []A, f func(A) B) []B {
	out := make([]B, len(src))
	for i, v := range src {
		out[i] = f(v)
	}
	return out
}

// dtypeNamed finds an element type by its numpy name.
func dtypeNamed(t testing.TB, name string) tconv.DType {
	switch name {
	case "", "float32":
		return tconv.Float32
	case "int64":
		return tconv.Int64
	}
	t.Fatalf("type %q", name)
	return 0
}

// caseAttribute reads an attribute: a number with a point is a float, one without
// an int.
func caseAttribute(t testing.TB, name string, raw json.RawMessage) *onnx.Attribute {
	a := &onnx.Attribute{Name: name}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	require.NoError(t, d.Decode(&v))
	switch v := v.(type) {
	case string:
		a.Type, a.S = onnx.AttributeString, []byte(v)
	case json.Number:
		if i, err := v.Int64(); err == nil {
			a.Type, a.I = onnx.AttributeInt, i
		} else {
			f, err := v.Float64()
			require.NoError(t, err)
			a.Type, a.F = onnx.AttributeFloat, float32(f)
		}
	case []any:
		if strings.Contains(string(raw), ".") {
			a.Type = onnx.AttributeFloats
		} else {
			a.Type = onnx.AttributeInts
		}
		for _, e := range v {
			f, err := e.(json.Number).Float64()
			require.NoError(t, err)
			if a.Type == onnx.AttributeFloats {
				a.Floats = append(a.Floats, float32(f))
			} else {
				a.Ints = append(a.Ints, int64(f))
			}
		}
	default:
		t.Fatal(fmt.Sprintf("attribute %s = %s", name, raw))
	}
	return a
}

package tconv_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/onnx"
	"github.com/tconv/tconv/ops"
)

// operatorForm is a registered operator with the attributes that it reads, found
// by asking its constructor.
type operatorForm struct {
	def   *ops.Def
	attrs []ops.Attr
}

// operatorForms lists every operator that a file can name.
func operatorForms() []operatorForm {
	var out []operatorForm
	for d := range ops.Defs() {
		if d.Domain != "" {
			continue
		}
		f := operatorForm{def: d}
		for _, name := range attributeNames {
			for kind := ops.AttrFloat; kind <= ops.AttrStrings; kind++ {
				if a := (ops.Attr{Name: name, Kind: kind}); kind != ops.AttrGraph && f.reads(a) {
					f.attrs = append(f.attrs, a)
				}
			}
		}
		out = append(out, f)
	}
	return out
}

// reads reports whether the constructor takes an attribute of that name and kind.
func (f *operatorForm) reads(a ops.Attr) (ok bool) {
	defer func() { _ = recover() }() // an attribute of kind tensor without one, say
	n := ops.NewNode(f.def.Name, "", f.def.Since, len(f.def.Inputs), 1, a)
	_, err := f.def.Build(n)
	return err == nil || !strings.Contains(err.Error(), "is not known to") && !strings.Contains(err.Error(), "is of type")
}

// randomModel makes a model of one node of the operator: random attributes, and
// small random inputs of which some are constants of the model.
func (m *mutator) randomModel(f operatorForm) *onnx.Model {
	opset := f.def.Since
	if m.IntN(2) == 0 {
		opset = max(opset, 7+m.IntN(18))
	}
	n := &onnx.Node{OpType: f.def.Name}
	g := &onnx.Graph{Name: "g", Nodes: []*onnx.Node{n}}
	for many, i := 1+2*m.IntN(2), 0; i < len(f.attrs); i++ {
		if a := f.attrs[i]; m.IntN(5) < many {
			n.Attributes = append(n.Attributes, m.attribute(a))
		}
	}
	rank, dtype := m.IntN(6), m.dtype()
	for i, name := range f.def.Inputs {
		for range 1 + m.IntN(2) {
			if strings.HasSuffix(name, "?") && m.IntN(2) == 0 {
				n.Inputs = append(n.Inputs, "")
			} else {
				m.input(g, n, i, rank, dtype)
			}
			if !strings.HasSuffix(name, "...") {
				break
			}
		}
	}
	for i := range f.def.Outputs {
		if i > 0 && m.IntN(2) == 0 {
			break
		}
		n.Outputs = append(n.Outputs, fmt.Sprint("y", i))
		g.Outputs = append(g.Outputs, &onnx.ValueInfo{Name: n.Outputs[i]})
	}
	return &onnx.Model{IRVersion: 8, OpsetImports: []onnx.OperatorSetID{{Version: int64(opset)}}, Graph: g}
}

// dtype gives mostly the types that operators take.
func (m *mutator) dtype() tconv.DType {
	if m.IntN(3) > 0 {
		return tconv.Float32
	}
	return pick(m, []tconv.DType{tconv.Float32, tconv.Float64, tconv.Float16, tconv.BFloat16, tconv.Int8, tconv.Int16, tconv.Int32,
		tconv.Int64, tconv.Uint8, tconv.Uint16, tconv.Uint32, tconv.Uint64, tconv.Bool, tconv.String, ops.Int4, ops.Complex64, ops.Float8E5M2})
}

// extent gives a small dimension, 0 now and then.
func (m *mutator) extent() int { return pick(m, []int{0, 1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9}) }

// attribute gives an attribute of the kind with a value that is often sensible.
func (m *mutator) attribute(a ops.Attr) *onnx.Attribute {
	number := func() int64 {
		if m.IntN(12) == 0 {
			return m.odd(1)
		}
		return int64(m.IntN(6) - 1)
	}
	out := &onnx.Attribute{Name: a.Name, Type: onnx.AttributeType(a.Kind), I: number(), F: m.oddFloat(1)}
	out.S = []byte(pick(m, []string{"SAME_UPPER", "SAME_LOWER", "VALID", "linear", "cubic", "nearest", "asymmetric", "align_corners",
		"half_pixel", "DCR", "CRD", "reflect", "edge", "wrap", "constant", "floor", "NOTSET", "add", "max", "tanh", "half_pixel_symmetric"}))
	for range m.IntN(7) {
		out.Ints = append(out.Ints, number())
		out.Floats = append(out.Floats, m.oddFloat(1))
		out.Strings = append(out.Strings, out.S)
	}
	if a.Kind == ops.AttrTensor {
		out.T = m.smallTensor("", m.shape(m.IntN(2)), m.dtype())
	}
	return out
}

// input adds an input to the node: for the first ones a tensor of the rank and
// type of the others, mostly; else one of the small vectors of integers or floats
// that shapes, axes, scales and pads are given as.
func (m *mutator) input(g *onnx.Graph, n *onnx.Node, i, rank int, dtype tconv.DType) {
	name := fmt.Sprint("x", len(n.Inputs))
	n.Inputs = append(n.Inputs, name)
	first := firstDims(g)
	var t *onnx.Tensor
	switch kind := m.IntN(10); {
	case i == 0 || kind < 2:
		t = m.smallTensor(name, m.shape(rank), dtype)
	case kind < 4: // the same shape again, as the inputs of Add have it
		t = m.smallTensor(name, first, dtype)
	case kind < 6 && len(first) > 1: // one value per channel, as parameters of normalizations are
		t = m.smallTensor(name, first[1:2], pick(m, []tconv.DType{dtype, tconv.Float32}))
	case kind < 7 && len(first) > 2: // weights of a convolution
		t = m.smallTensor(name, append([]int64{first[1], first[1]}, m.shape(len(first)-2)...), dtype)
	case kind < 9:
		n := []int64{int64(m.IntN(5))}
		if m.IntN(2) == 0 {
			n[0] = int64(len(first) * (1 + m.IntN(2))) // pads, scales, sizes
		}
		t = m.smallTensor(name, n, pick(m, []tconv.DType{tconv.Int64, tconv.Int64, tconv.Float32, tconv.Int32, tconv.Bool}))
	default:
		t = m.smallTensor(name, m.shape(m.IntN(3)), m.dtype())
	}
	if m.IntN(2) == 0 {
		g.Initializers = append(g.Initializers, t)
		return
	}
	g.Inputs = append(g.Inputs, valueInfo(name, tconv.DType(t.DataType), shapeOf(t)))
}

// firstDims are the dimensions of the first input.
func firstDims(g *onnx.Graph) []int64 {
	var dims []int64
	for _, v := range g.Inputs {
		if v.Name == "x0" {
			for _, d := range v.Type.Shape.Dims {
				dims = append(dims, d.Value)
			}
		}
	}
	for _, t := range g.Initializers {
		if t.Name == "x0" {
			dims = t.Dims
		}
	}
	return slices.Clone(dims)
}

// shape gives small dimensions.
func (m *mutator) shape(rank int) []int64 {
	var dims []int64
	for range rank {
		dims = append(dims, int64(m.extent()))
	}
	return dims
}

// smallTensor makes a constant with small values, some of them odd.
func (m *mutator) smallTensor(name string, dims []int64, dtype tconv.DType) *onnx.Tensor {
	t := &onnx.Tensor{Name: name, DataType: onnx.DataType(dtype), Dims: dims}
	for range shapeOf(t).Elements() {
		if m.IntN(30) == 0 {
			t.Int64Data = append(t.Int64Data, m.odd(1))
			t.FloatData = append(t.FloatData, m.oddFloat(1))
		} else {
			t.Int64Data = append(t.Int64Data, int64(m.IntN(7)-1))
			t.FloatData = append(t.FloatData, float32(m.IntN(9)-2)/2)
		}
		t.StringData = append(t.StringData, []byte{byte('a' + m.IntN(4))})
	}
	switch dtype {
	case tconv.Float32:
		t.Int64Data, t.StringData = nil, nil
	case tconv.Int64:
		t.FloatData, t.StringData = nil, nil
	case tconv.String:
		t.Int64Data, t.FloatData = nil, nil
	default:
		t.RawData = make([]byte, ops.ByteSize(dtype, shapeOf(t)))
		for i := range t.RawData {
			t.RawData[i] = byte(m.IntN(3))
			if dtype == tconv.Bool {
				t.RawData[i] &= 1
			}
			if size := dtype.Size(); size > 1 && i%size > 0 && dtype.IsInteger() {
				t.RawData[i] = 0
			}
		}
		t.Int64Data, t.FloatData, t.StringData = nil, nil, nil
	}
	return t
}

func shapeOf(t *onnx.Tensor) ops.Shape {
	s := ops.Shape{}
	for _, d := range t.Dims {
		s = append(s, int(d))
	}
	return s
}

// TestRandomNodes builds nodes of every operator with random attributes and
// inputs, and runs each on the fast path and on the reference path: no panic, no
// second, typed errors, and both paths agree - on whether it is an error, and on
// the result. TCONV_MUTANTS and TCONV_MUTANT_SEED as for TestMutants.
func TestRandomNodes(t *testing.T) {
	count, start := envInt("TCONV_MUTANTS", 12_000), envInt("TCONV_MUTANT_SEED", 0)
	if testing.Short() {
		count /= 10
	}
	forms := operatorForms()
	const parts = 4
	var ran atomic.Int64
	var wg sync.WaitGroup
	for part := range parts {
		wg.Go(func() {
			for i := start + part; i < start+count; i += parts {
				m := newMutator(nil, uint64(i))
				m.tame = true
				f := forms[i%len(forms)]
				data := onnx.Marshal(m.randomModel(f))
				ok, text := m.bothWays(f.def, data)
				if text != "" {
					t.Errorf("node %d, %v: %s\n%s", i, f.def, text, describe(data))
				}
				if ok {
					ran.Add(1)
				}
			}
		})
	}
	wg.Wait()
	t.Logf("%d nodes of %d operators, %d run", count, len(forms), ran.Load())
	require.Greater(t, int(ran.Load()), count/20)
}

// bothWays runs a model on the fast path and on the reference path.
func (m *mutator) bothWays(def *ops.Def, data []byte) (ok bool, text string) {
	var feed tconv.Tensors
	var got [2]tconv.Tensors
	var errs [2]error
	for i, opts := range [][]tconv.Option{hostileOptions(), append(hostileOptions(), tconv.WithReference())} {
		text := guarded(mutantTime, func() error {
			model, err := tconv.Load(data, opts...)
			if err != nil {
				errs[i] = err
				return err
			}
			defer model.Close()
			if feed == nil {
				feed = m.feedFor(model)
			}
			if feed != nil {
				got[i], errs[i] = runLimited(model, feed)
			}
			return errs[i]
		})
		if text != "" {
			return false, text
		}
	}
	if errors.Is(errs[0], tconv.ErrCanceled) || errors.Is(errs[1], tconv.ErrCanceled) {
		return false, "" // no time left: nothing to compare
	}
	if (errs[0] == nil) != (errs[1] == nil) {
		return false, fmt.Sprintf("fast path: %v; reference path: %v", errs[0], errs[1])
	}
	if errs[0] != nil || def.Random {
		return errs[0] == nil, ""
	}
	for name, want := range got[1] {
		if text := differ(got[0][name], want, 1e-3); text != "" {
			return false, fmt.Sprintf("output %s: fast path and reference path differ: %s", name, text)
		}
	}
	return true, ""
}

// differ says how two tensors differ: in type, in shape, or in an element by more
// than tol of the larger of it and one; "" when they do not. NaN equals NaN.
func differ(got, want *tconv.Tensor, tol float64) string {
	if got.String() != want.String() {
		return fmt.Sprintf("%v, want %v", got, want)
	}
	a, err := got.Float64s()
	if err != nil {
		return ""
	}
	b, _ := want.Float64s()
	for i, w := range b {
		if a[i] == w || math.IsNaN(a[i]) && math.IsNaN(w) || math.Abs(a[i]-w) <= tol*math.Max(1, math.Abs(w)) {
			continue
		}
		return fmt.Sprintf("element %d is %v, want %v", i, a[i], w)
	}
	return ""
}

package tconv_test

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/onnx"
	"github.com/tconv/tconv/ops"
)

// seedModel is a model that mutants are made of.
type seedModel struct {
	name  string
	data  []byte
	small bool // cheap enough to run
}

// seedModels are the architectures, and the worked cases as models of one node:
// once with the inputs given by the caller, once as constants of the model.
func seedModels(t testing.TB) []seedModel {
	var out []seedModel
	for _, path := range modelFiles(t, "testdata/architectures") {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		out = append(out, seedModel{filepath.Base(path), data, len(data) < 16<<10})
	}
	flow := flowModels(t)
	for _, name := range slices.Sorted(maps.Keys(flow)) {
		for range 8 { // as many as there are worked cases of an operator
			out = append(out, seedModel{name, flow[name].bytes(), true})
		}
	}
	return append(out, caseSeeds(t)...)
}

// caseSeeds makes models of the worked cases.
func caseSeeds(t testing.TB) []seedModel {
	data, err := os.ReadFile("testdata/cases/cases.json")
	require.NoError(t, err)
	var cases []workedCase
	require.NoError(t, json.Unmarshal(data, &cases))
	var out []seedModel
	for _, c := range cases {
		inputs, outputs := orderedTensors(t, c.Inputs), orderedTensors(t, c.Outputs)
		if c.Error != "" {
			outputs = []caseTensor{{Name: "Y"}}
		}
		m := c.model(t, inputs, outputs)
		out = append(out, seedModel{c.Name, onnx.Marshal(m), true})
		for i, in := range inputs {
			if i > 0 && in.Name != "" {
				m.Graph.Initializers = append(m.Graph.Initializers, protoOf(t, in.Name, in.tensor(t)))
			}
		}
		out = append(out, seedModel{c.Name + " of constants", onnx.Marshal(m), true})
	}
	return out
}

// protoOf writes a tensor as a file's.
func protoOf(t testing.TB, name string, tensor *tconv.Tensor) *onnx.Tensor {
	data, err := tconv.MarshalTensor(tensor, name)
	require.NoError(t, err)
	p, err := onnx.UnmarshalTensor(data)
	require.NoError(t, err)
	return p
}

// mutator changes models at random.
type mutator struct {
	*rand.Rand
	seeds []seedModel
	ops   []string // of every operator, its name

	tame        bool // floats are small numbers: both paths agree on them
	loaded, ran bool // what the last mutant did
}

func newMutator(seeds []seedModel, seed uint64) *mutator {
	m := &mutator{Rand: rand.New(rand.NewPCG(seed, 1)), seeds: seeds}
	for d := range ops.Defs() {
		if d.Domain == "" {
			m.ops = append(m.ops, d.Name)
		}
	}
	return m
}

func pick[T any](m *mutator, list []T) (v T) {
	if len(list) > 0 {
		v = list[m.IntN(len(list))]
	}
	return v
}

// odd gives an integer that is seldom what a reader expects.
func (m *mutator) odd(near int64) int64 {
	return pick(m, []int64{
		0, 1, -1, 2, 3, 5, 7, 16, 64, 255, 1000, 65536, 1 << 20, 1<<31 - 1, 1 << 31, 1 << 32, 1 << 40, 1 << 59, 1 << 60,
		math.MaxInt64, math.MinInt64, math.MinInt64 + 1, -2, -3, near + 1, near - 1, near * 2, -near, near,
	})
}

// oddFloat is the same for floats.
func (m *mutator) oddFloat(near float32) float32 {
	if m.tame {
		return pick(m, []float32{0, 1, -1, 0.5, 2.5, 3, -0.25, near})
	}
	inf := float32(math.Inf(1))
	return pick(m, []float32{0, 1, -1, 0.5, 1e-30, 1e30, -1e30, inf, -inf, inf - inf, near * 2, -near, near + 1, 1e9, 2.5})
}

// mutate gives the bytes of a mutant of a seed.
func (m *mutator) mutate(seed seedModel) []byte {
	if m.IntN(6) == 0 {
		return m.bytes(slices.Clone(seed.data))
	}
	p, err := onnx.Unmarshal(seed.data)
	if err != nil {
		return m.bytes(slices.Clone(seed.data))
	}
	for range 1 + m.IntN(4)/2 {
		m.model(p)
	}
	data := onnx.Marshal(p)
	if m.IntN(20) == 0 {
		data = m.bytes(data)
	}
	return data
}

// bytes changes single bytes, cuts some out, or puts some in.
func (m *mutator) bytes(b []byte) []byte {
	for range 1 + m.IntN(4) {
		if len(b) == 0 {
			return b
		}
		i := m.IntN(len(b))
		switch m.IntN(6) {
		case 0:
			b[i] ^= 1 << m.IntN(8)
		case 1:
			b[i] = byte(m.Uint32())
		case 2:
			b = slices.Delete(b, i, min(len(b), i+1+m.IntN(20)))
		case 3:
			b = slices.Insert(b, i, make([]byte, 1+m.IntN(20))...)
		case 4:
			b = slices.Insert(b, i, binary.AppendUvarint(nil, m.Uint64()>>m.IntN(64))...)
		case 5:
			from := pick(m, m.seeds).data
			at := m.IntN(len(from))
			b = slices.Insert(b, i, from[at:min(len(from), at+m.IntN(200))]...)
		}
	}
	return b
}

// model changes one thing of a model.
func (m *mutator) model(p *onnx.Model) {
	g := p.Graph
	if inner := subgraphs(g); inner != nil && m.IntN(2) == 0 {
		g = pick(m, inner)
	}
	n := pick(m, g.Nodes)
	if n == nil {
		n = &onnx.Node{OpType: pick(m, m.ops)}
		g.Nodes = append(g.Nodes, n)
	}
	switch m.IntN(20) {
	case 0, 1, 2:
		m.edges(g, n)
	case 3, 4, 5, 6:
		m.attributes(n)
	case 7, 8, 9:
		m.tensor(pick(m, g.Initializers))
	case 10, 11:
		m.value(pick(m, g.Inputs))
	case 12:
		m.value(pick(m, g.Outputs))
	case 13, 14:
		n.OpType = pick(m, m.ops)
	case 15:
		for i := range p.OpsetImports {
			p.OpsetImports[i].Version = pick(m, []int64{m.Int64N(30), m.odd(p.OpsetImports[i].Version)})
		}
	case 16:
		m.nodes(g)
	case 17:
		m.constants(g)
	case 18:
		g.SparseInitializers = append(g.SparseInitializers, m.sparse(g))
	case 19:
		p.Functions = append(p.Functions, m.function(g, n))
		p.OpsetImports = append(p.OpsetImports, onnx.OperatorSetID{Domain: "local", Version: 1})
	}
}

// names are all names of values of a graph.
func names(g *onnx.Graph) []string {
	out := []string{"", "nowhere"}
	for _, n := range g.Nodes {
		out = append(out, n.Outputs...)
	}
	for _, t := range g.Initializers {
		out = append(out, t.Name)
	}
	for _, v := range g.Inputs {
		out = append(out, v.Name)
	}
	return out
}

// edges rewires inputs and outputs of a node.
func (m *mutator) edges(g *onnx.Graph, n *onnx.Node) {
	all := names(g)
	switch m.IntN(7) {
	case 0, 1, 2:
		if len(n.Inputs) > 0 {
			n.Inputs[m.IntN(len(n.Inputs))] = pick(m, all)
		}
	case 3:
		n.Inputs = append(n.Inputs, pick(m, all))
	case 4:
		n.Inputs = n.Inputs[:len(n.Inputs)-min(1, len(n.Inputs))]
	case 5:
		n.Outputs = append(n.Outputs, "extra"+strconv.Itoa(m.IntN(3)))
	case 6:
		g.Outputs = append(g.Outputs, &onnx.ValueInfo{Name: pick(m, all)})
	}
}

// attributeNames are names that operators read.
var attributeNames = []string{
	"axis", "axes", "pads", "strides", "dilations", "kernel_shape", "group", "output_padding", "output_shape", "auto_pad", "mode",
	"ceil_mode", "count_include_pad", "storage_order", "to", "perm", "blocksize", "alpha", "beta", "epsilon", "value", "keepdims",
	"coordinate_transformation_mode", "nearest_mode", "cubic_coeff_a", "extrapolation_value", "keep_aspect_ratio_policy",
	"antialias", "scales", "sizes", "starts", "ends", "split", "num_outputs", "transA", "transB", "p", "largest", "sorted",
	"batch_dims", "reduction", "num_groups", "stash_type", "allowzero", "saturate", "exclude_outside", "momentum", "spatial",
	"select_last_index", "noop_with_empty_axes", "exclusive", "reverse", "fmod", "direction", "upper", "start", "end", "dtype",
	"min", "max", "broadcast", "training_mode", "size", "bias", "gamma", "lambd", "approximate", "equation", "detect_negative",
	"detect_positive", "k", "ratio", "seed", "value_ints", "value_float", "center_point_box", "bogus",
}

// attributes changes one attribute of a node, adds one, or drops one.
func (m *mutator) attributes(n *onnx.Node) {
	a := pick(m, n.Attributes)
	if a == nil || m.IntN(4) == 0 {
		a = &onnx.Attribute{Name: pick(m, attributeNames), Type: onnx.AttributeType(1 + m.IntN(8))}
		n.Attributes = append(n.Attributes, a)
	}
	switch m.IntN(12) {
	case 0:
		n.Attributes = slices.DeleteFunc(n.Attributes, func(b *onnx.Attribute) bool { return b == a })
		return
	case 1:
		a.Type = onnx.AttributeType(m.IntN(16))
	case 2:
		a.Name = pick(m, attributeNames)
	}
	a.I = m.odd(a.I)
	a.F = m.oddFloat(a.F)
	if len(a.S) == 0 || m.IntN(2) == 0 {
		a.S = []byte(pick(m, []string{"", "SAME_UPPER", "SAME_LOWER", "VALID", "linear", "cubic", "nearest", "asymmetric",
			"align_corners", "half_pixel", "tf_crop_and_resize", "DCR", "CRD", "reflect", "edge", "wrap", "constant", "floor", "NOTSET", "add", "tanh"}))
	}
	switch m.IntN(5) {
	case 0:
		a.Ints = append(a.Ints, m.odd(1))
	case 1:
		a.Ints = a.Ints[:len(a.Ints)-min(1, len(a.Ints))]
	default:
		if len(a.Ints) > 0 {
			i := m.IntN(len(a.Ints))
			a.Ints[i] = m.odd(a.Ints[i])
		}
	}
	a.Floats = append(a.Floats, m.oddFloat(1))
	if a.T != nil {
		m.tensor(a.T)
	} else if m.IntN(4) == 0 {
		a.T = &onnx.Tensor{DataType: onnx.DataType(m.IntN(28)), Dims: []int64{m.odd(1)}, RawData: make([]byte, m.IntN(9))}
	}
	if m.IntN(20) == 0 {
		a.RefAttrName = pick(m, attributeNames)
	}
}

// tensor changes type, dimensions or contents of a constant.
func (m *mutator) tensor(t *onnx.Tensor) {
	if t == nil {
		return
	}
	switch m.IntN(8) {
	case 0:
		t.DataType = onnx.DataType(m.IntN(30) - 1)
	case 1:
		if len(t.Dims) > 0 {
			i := m.IntN(len(t.Dims))
			t.Dims[i] = m.odd(t.Dims[i])
		}
	case 2:
		t.Dims = append(t.Dims, pick(m, []int64{1, 0, 2, m.odd(1)}))
	case 3:
		if len(t.Dims) > 1 {
			m.Shuffle(len(t.Dims), func(i, j int) { t.Dims[i], t.Dims[j] = t.Dims[j], t.Dims[i] })
		}
	case 4:
		t.RawData = t.RawData[:m.IntN(len(t.RawData)+1)]
	case 5, 6:
		t.RawData = slices.Clone(t.RawData)
		m.fill(t)
	case 7:
		t.DataLocation = onnx.LocationExternal
		t.External = []onnx.StringEntry{{Key: "location", Value: pick(m, []string{"/etc/passwd", "../x", "x", "", "a/../../b"})}}
	}
}

// fill puts odd values into a constant.
func (m *mutator) fill(t *onnx.Tensor) {
	switch {
	case t.DataType == onnx.Int64 && len(t.RawData) >= 8:
		at := 8 * m.IntN(len(t.RawData)/8)
		old := int64(binary.LittleEndian.Uint64(t.RawData[at:]))
		binary.LittleEndian.PutUint64(t.RawData[at:], uint64(m.odd(old)))
	case t.DataType == onnx.Float && len(t.RawData) >= 4:
		at := 4 * m.IntN(len(t.RawData)/4)
		binary.LittleEndian.PutUint32(t.RawData[at:], math.Float32bits(m.oddFloat(1)))
	default:
		for i := range t.RawData {
			t.RawData[i] = byte(m.Uint32())
		}
	}
}

// value changes the declaration of an input or output.
func (m *mutator) value(v *onnx.ValueInfo) {
	if v == nil || v.Type == nil {
		return
	}
	switch s := v.Type.Shape; m.IntN(6) {
	case 0:
		v.Type.ElemType = onnx.DataType(m.IntN(30) - 1)
	case 1:
		v.Type.Shape = nil
	case 2:
		v.Type.Kind = onnx.TypeKind(m.IntN(6))
	case 3:
		if s != nil {
			s.Dims = append(s.Dims, onnx.Dimension{Kind: onnx.DimValue, Value: pick(m, []int64{0, 1, 2, m.odd(1)})})
		}
	default:
		if s != nil && len(s.Dims) > 0 {
			d := &s.Dims[m.IntN(len(s.Dims))]
			*d = onnx.Dimension{Kind: pick(m, []onnx.DimensionKind{onnx.DimValue, onnx.DimParam, onnx.DimUnknown}),
				Value: m.odd(d.Value), Param: "n"}
		}
	}
}

// nodes drops, doubles, swaps or adds a node.
func (m *mutator) nodes(g *onnx.Graph) {
	i := m.IntN(len(g.Nodes))
	switch m.IntN(4) {
	case 0:
		g.Nodes = slices.Delete(g.Nodes, i, i+1)
	case 1:
		g.Nodes = append(g.Nodes, g.Nodes[i])
	case 2:
		j := m.IntN(len(g.Nodes))
		g.Nodes[i], g.Nodes[j] = g.Nodes[j], g.Nodes[i]
	case 3:
		all := names(g)
		n := &onnx.Node{OpType: pick(m, m.ops), Outputs: []string{"new" + strconv.Itoa(len(g.Nodes))}}
		for range 1 + m.IntN(4) {
			n.Inputs = append(n.Inputs, pick(m, all))
		}
		for range m.IntN(3) {
			m.attributes(n)
		}
		g.Nodes = append(g.Nodes, n)
		g.Outputs = append(g.Outputs, &onnx.ValueInfo{Name: n.Outputs[0]})
	}
}

// constants makes a graph input a constant, or a constant a graph input.
func (m *mutator) constants(g *onnx.Graph) {
	if t := pick(m, g.Initializers); t != nil && m.IntN(2) == 0 {
		g.Initializers = slices.DeleteFunc(g.Initializers, func(u *onnx.Tensor) bool { return u == t })
		v := &onnx.ValueInfo{Name: t.Name, Type: &onnx.Type{Kind: onnx.TypeTensor, ElemType: t.DataType, Shape: &onnx.Shape{}}}
		for _, d := range t.Dims {
			v.Type.Shape.Dims = append(v.Type.Shape.Dims, onnx.Dimension{Kind: onnx.DimValue, Value: d})
		}
		g.Inputs = append(g.Inputs, v)
		return
	}
	v := pick(m, g.Inputs)
	if v == nil || v.Type == nil || v.Type.Shape == nil {
		return
	}
	t := &onnx.Tensor{Name: v.Name, DataType: v.Type.ElemType}
	n := int64(1)
	for _, d := range v.Type.Shape.Dims {
		t.Dims = append(t.Dims, d.Value)
		n *= max(0, min(d.Value, 1<<12))
	}
	t.RawData = make([]byte, min(n, 1<<16)*int64(max(1, ops.DType(t.DataType).Size())))
	g.Initializers = append(g.Initializers, t)
}

// sparse makes a sparse initializer, in the place of another one where there is.
func (m *mutator) sparse(g *onnx.Graph) *onnx.SparseTensor {
	name := "sparse"
	if t := pick(m, g.Initializers); t != nil {
		name = t.Name
		g.Initializers = slices.DeleteFunc(g.Initializers, func(u *onnx.Tensor) bool { return u == t })
	}
	return &onnx.SparseTensor{
		Values:  &onnx.Tensor{Name: name, DataType: onnx.Float, Dims: []int64{2}, FloatData: []float32{1, 2}},
		Indices: &onnx.Tensor{DataType: onnx.Int64, Dims: []int64{2}, Int64Data: []int64{0, m.odd(3)}},
		Dims:    []int64{m.odd(3), m.odd(5)},
	}
}

// function turns a node into the call of a function.
func (m *mutator) function(g *onnx.Graph, n *onnx.Node) *onnx.Function {
	inner := *n
	f := &onnx.Function{Name: "Call" + n.OpType, Domain: "local", Inputs: slices.Clone(n.Inputs), Outputs: slices.Clone(n.Outputs),
		OpsetImports: []onnx.OperatorSetID{{Version: pick(m, []int64{17, m.odd(17)})}, {Domain: "local", Version: 1}},
		Nodes:        []*onnx.Node{&inner}}
	n.OpType, n.Domain, n.Attributes = f.Name, "local", nil
	if m.IntN(4) == 0 {
		f.Nodes = append(f.Nodes, &onnx.Node{OpType: f.Name, Domain: "local", Inputs: f.Inputs, Outputs: []string{"again"}})
	}
	return f
}

// feedFor makes inputs for a model: of the declared shape with open dimensions
// filled in, at most a few thousand elements; nil where that cannot be.
func (m *mutator) feedFor(model *tconv.Model) tconv.Tensors {
	feed := tconv.Tensors{}
	for _, in := range model.Inputs() {
		shape := slices.Clone(in.Shape)
		n := 1
		for i, d := range shape {
			if d < 0 {
				shape[i] = m.IntN(9)
			}
			if n *= shape[i]; n > 1<<14 {
				return nil
			}
		}
		dtype := in.DType
		if dtype == ops.Undefined {
			dtype = tconv.Float32
		}
		if dtype == tconv.String {
			t, err := tconv.WrapStrings(make([]string, n), shape...)
			if err != nil {
				return nil
			}
			feed[in.Name] = t
			continue
		}
		t, err := tconv.FromBytes(dtype, m.elements(dtype, n), shape...)
		if err != nil {
			return nil
		}
		feed[in.Name] = t
	}
	return feed
}

// elements gives the bytes of n elements: any bits, or small numbers.
func (m *mutator) elements(dtype tconv.DType, n int) []byte {
	data := make([]byte, ops.ByteSize(dtype, ops.Shape{n}))
	small := m.tame || m.IntN(2) == 0
	for i := range data {
		data[i] = byte(m.Uint32())
		if dtype == tconv.Bool {
			data[i] &= 1
		} else if small {
			data[i] &= 0x11
		}
	}
	size := dtype.Size()
	for i := 0; small && size > 0 && i < len(data); i += size {
		switch v := m.IntN(9) - 2; dtype {
		case tconv.Float32:
			binary.NativeEndian.PutUint32(data[i:], math.Float32bits(float32(v)/2))
		case tconv.Float64:
			binary.NativeEndian.PutUint64(data[i:], math.Float64bits(float64(v)/2))
		case tconv.Int64:
			binary.NativeEndian.PutUint64(data[i:], uint64(v))
		case tconv.Int32:
			binary.NativeEndian.PutUint32(data[i:], uint32(v))
		}
	}
	return data
}

// hostileOptions are the limits under which mutants run.
func hostileOptions() []tconv.Option {
	return []tconv.Option{tconv.WithThreads(1), tconv.WithMemoryLimit(256 << 20)}
}

// tryMutant loads a mutant, and runs it where that is cheap. It gives what is
// wrong, or "".
func (m *mutator) tryMutant(data []byte, run bool) string {
	opts := hostileOptions()
	if m.IntN(4) == 0 {
		opts = append(opts, tconv.WithReference())
	}
	var model *tconv.Model
	text := guarded(mutantTime, func() (err error) {
		model, err = tconv.Load(data, opts...)
		return err
	})
	m.loaded, m.ran = model != nil, false
	if text != "" || model == nil {
		return text
	}
	defer model.Close()
	feed := m.feedFor(model)
	if !run || feed == nil {
		return ""
	}
	return guarded(mutantTime, func() error {
		_, err := runLimited(model, feed)
		m.ran = err == nil
		return err
	})
}

// mutantTime is what a mutant may take to load, and to run.
const mutantTime = time.Second

// TestMutants loads, and mostly runs, models that were changed at random: nothing
// panics, takes a second, or gives an error of no kind. TCONV_MUTANTS sets how
// many there are, TCONV_MUTANT_SEED where they begin.
func TestMutants(t *testing.T) {
	count, start := envInt("TCONV_MUTANTS", 15_000), envInt("TCONV_MUTANT_SEED", 0)
	if testing.Short() {
		count /= 10
	}
	seeds := seedModels(t)
	require.GreaterOrEqual(t, len(seeds), 100)
	const parts = 4
	var loaded, ran atomic.Int64
	var wg sync.WaitGroup
	for part := range parts {
		wg.Go(func() {
			for i := start + part; i < start+count && !t.Failed(); i += parts {
				m := newMutator(seeds, uint64(i))
				seed := seeds[i%len(seeds)]
				data := m.mutate(seed)
				if text := m.tryMutant(data, seed.small); text != "" {
					t.Errorf("mutant %d of %s: %s\n%s", i, seed.name, text, describe(data))
				}
				if m.loaded {
					loaded.Add(1)
				}
				if m.ran {
					ran.Add(1)
				}
			}
		})
	}
	wg.Wait()
	t.Logf("%d mutants, %d load, %d run", count, loaded.Load(), ran.Load())
	require.Greater(t, int(ran.Load()), count/20, "mutants that run: too few to be a test of running")
}

// envInt reads a number from the environment.
func envInt(name string, def int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return def
}

// describe writes a model for the log of a failure.
func describe(data []byte) string {
	m, err := onnx.Unmarshal(data)
	if err != nil {
		return fmt.Sprintf("%x", data)
	}
	text := fmt.Sprintf("opsets %v\n", m.OpsetImports)
	for _, in := range m.Graph.Inputs {
		text += fmt.Sprintf("in %s %+v\n", in.Name, in.Type)
	}
	for _, t := range m.Graph.Initializers {
		text += fmt.Sprintf("init %s %v %v\n", t.Name, t.DataType, t.Dims)
	}
	for _, n := range m.Graph.Nodes {
		text += fmt.Sprintf("%q = %s(%q)\n", n.Outputs, n.OpType, n.Inputs)
		for _, a := range n.Attributes {
			text += fmt.Sprintf("   %s type %v i=%d f=%v s=%q ints=%v floats=%v\n", a.Name, a.Type, a.I, a.F, a.S, a.Ints, a.Floats)
		}
	}
	return text
}

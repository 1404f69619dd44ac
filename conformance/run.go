package conformance

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"path"
	"slices"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/onnx"
)

// Status is how a test ended.
type Status string

// The ends of a test.
const (
	Passed      Status = "passed"
	Failed      Status = "failed"
	Unsupported Status = "unsupported" // tconv says that it cannot run the model
)

// Result is the end of one test.
type Result struct {
	Test   string
	Ops    []string // the operators of the model, sorted; those of another domain with it
	Types  []string // the element types of graph inputs and outputs, sorted
	Status Status
	Err    error // nil when it passed
}

// Run runs one test with all its data sets.
func (s *Suite) Run(ctx context.Context, t Test, opts ...tconv.Option) Result {
	r := Result{Test: t.Name, Status: Passed}
	r.Err = s.run(ctx, t, &r, opts)
	switch {
	case r.Err == nil:
	case errors.Is(r.Err, tconv.ErrUnsupported):
		r.Status = Unsupported
	default:
		r.Status = Failed
	}
	return r
}

func (s *Suite) run(ctx context.Context, t Test, r *Result, opts []tconv.Option) error {
	data, err := fs.ReadFile(s.files, t.model())
	if err != nil {
		return err
	}
	proto, err := onnx.Unmarshal(data)
	if err != nil {
		return err
	}
	r.Ops, r.Types = operators(proto), types(proto)
	if t.light {
		m, err := tconv.Load(data, opts...)
		if err != nil {
			return err
		}
		defer m.Close()
		return s.runLight(ctx, t, m, proto.Graph)
	}
	sets, err := s.dataSets(t)
	if err != nil {
		return err
	}
	for _, set := range sets {
		for outputs := range s.outputs(proto.Graph) {
			if err := s.runSet(ctx, set, proto, outputs, opts); err != nil {
				return fmt.Errorf("%s: %w", path.Base(set), err)
			}
		}
	}
	return nil
}

// outputs yields the graph outputs of each run by their indices: all, or one at a time.
func (s *Suite) outputs(g *onnx.Graph) iter.Seq[[]int] {
	return func(yield func([]int) bool) {
		var all []int
		for i := range g.Outputs {
			if all = append(all, i); s.Alone && !yield([]int{i}) {
				return
			}
		}
		if !s.Alone {
			yield(all)
		}
	}
}

// runSet runs the model with some of its outputs on the data set in a folder.
// input_N.pb belongs to graph input N, output_N.pb to graph output N.
func (s *Suite) runSet(ctx context.Context, set string, proto *onnx.Model, outputs []int, opts []tconv.Option) error {
	feed := tconv.Tensors{}
	for i, in := range proto.Graph.Inputs {
		x, err := s.tensor(fmt.Sprintf("%s/input_%d.pb", set, i), in)
		if errors.Is(err, fs.ErrNotExist) {
			continue // an optional graph input, or one with an initializer
		}
		if err != nil {
			return err
		}
		feed[in.Name] = x
	}
	model := withOutputs(proto, outputs)
	if s.Constants {
		var err error
		if model, err = WithConstants(model, feed); err != nil {
			return err
		}
	}
	m, err := tconv.Load(onnx.Marshal(model), opts...)
	if err != nil {
		return err
	}
	defer m.Close()
	got, err := m.Run(ctx, feed)
	if err != nil {
		return err
	}
	for _, i := range outputs {
		if err := s.checkOutput(fmt.Sprintf("%s/output_%d.pb", set, i), proto.Graph.Outputs[i], got, RelativeTolerance); err != nil {
			return err
		}
	}
	return nil
}

// withOutputs is a model with some of its outputs.
func withOutputs(proto *onnx.Model, outputs []int) *onnx.Model {
	model, graph := *proto, *proto.Graph
	graph.Outputs = nil
	for _, i := range outputs {
		graph.Outputs = append(graph.Outputs, proto.Graph.Outputs[i])
	}
	model.Graph = &graph
	return &model
}

// WithConstants is a model with the tensors of feed, all but that of the first
// input, as initializers, and takes these out of feed. The model stays as it is.
func WithConstants(proto *onnx.Model, feed tconv.Tensors) (*onnx.Model, error) {
	model, graph := *proto, *proto.Graph
	graph.Inputs, graph.Initializers = nil, slices.Clone(graph.Initializers)
	for i, in := range proto.Graph.Inputs {
		x, ok := feed[in.Name]
		if i == 0 || !ok || x.Kind() != tconv.KindTensor {
			graph.Inputs = append(graph.Inputs, in)
			continue
		}
		data, err := tconv.MarshalTensor(x, in.Name)
		if err != nil {
			return nil, err
		}
		w, err := onnx.UnmarshalTensor(data)
		if err != nil {
			return nil, err
		}
		graph.Initializers = append(graph.Initializers, w)
		delete(feed, in.Name)
	}
	model.Graph = &graph
	return &model, nil
}

// checkOutput holds a graph output against a file.
func (s *Suite) checkOutput(name string, out *onnx.ValueInfo, got tconv.Tensors, rtol float64) error {
	want, err := s.tensor(name, out)
	if err != nil {
		return err
	}
	if err := compareWithin(got[out.Name], want, rtol); err != nil {
		return fmt.Errorf("output %q: %w", out.Name, err)
	}
	return nil
}

// tensor reads a value of a data set: the declared type says which message it is.
func (s *Suite) tensor(name string, info *onnx.ValueInfo) (*tconv.Tensor, error) {
	data, err := fs.ReadFile(s.files, name)
	if err != nil {
		return nil, err
	}
	kind := onnx.TypeTensor
	if info.Type != nil && info.Type.Kind != onnx.TypeUndefined {
		kind = info.Type.Kind
	}
	read := tconv.UnmarshalTensor
	switch kind {
	case onnx.TypeTensor:
	case onnx.TypeSequence:
		read = tconv.UnmarshalSequence
	case onnx.TypeOptional:
		read = tconv.UnmarshalOptional
	default:
		return nil, fmt.Errorf("%w: %s is a %v", tconv.ErrUnsupported, name, kind)
	}
	x, _, err := read(data)
	return x, err
}

// operators lists the operators of a model, sub-graphs and functions included.
func operators(m *onnx.Model) []string {
	found := map[string]bool{}
	local := map[string]bool{}
	for _, f := range m.Functions {
		local[f.Domain+"."+f.Name] = true
		collect(f.Nodes, found)
	}
	collect(m.Graph.Nodes, found)
	maps.DeleteFunc(found, func(name string, _ bool) bool { return local[name] })
	return slices.Sorted(maps.Keys(found))
}

// collect adds the operators of nodes and of the graphs in their attributes.
func collect(nodes []*onnx.Node, found map[string]bool) {
	for _, n := range nodes {
		name := n.OpType
		if n.Domain != "" && n.Domain != "ai.onnx" {
			name = n.Domain + "." + name
		}
		found[name] = true
		for _, a := range n.Attributes {
			if a.G != nil {
				collect(a.G.Nodes, found)
			}
			for _, g := range a.Graphs {
				collect(g.Nodes, found)
			}
		}
	}
}

// types lists the element types of graph inputs and outputs; what is no tensor
// stands under its kind.
func types(m *onnx.Model) []string {
	found := map[string]bool{}
	for _, v := range slices.Concat(m.Graph.Inputs, m.Graph.Outputs) {
		switch {
		case v.Type == nil:
		case v.Type.Kind == onnx.TypeTensor:
			found[tconv.DType(v.Type.ElemType).String()] = true
		default:
			found[fmt.Sprint(v.Type.Kind)] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

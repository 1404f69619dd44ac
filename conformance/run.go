package conformance

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
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
	data, err := s.read(t, "model.onnx")
	if err != nil {
		return err
	}
	proto, err := onnx.Unmarshal(data)
	if err != nil {
		return err
	}
	r.Ops, r.Types = operators(proto), types(proto)
	inputs, outputs := slices.Clone(proto.Graph.Inputs), slices.Clone(proto.Graph.Outputs)
	m, err := tconv.Load(data, opts...)
	if err != nil {
		return err
	}
	defer m.Close()
	sets, err := s.dataSets(t)
	if err != nil {
		return err
	}
	for _, set := range sets {
		if err := s.runSet(ctx, t, set, m, inputs, outputs); err != nil {
			return fmt.Errorf("%s: %w", set, err)
		}
	}
	return nil
}

// runSet runs the model on one data set. input_N.pb belongs to graph input N.
func (s *Suite) runSet(ctx context.Context, t Test, set string, m *tconv.Model, inputs, outputs []*onnx.ValueInfo) error {
	feed := tconv.Tensors{}
	for i, in := range inputs {
		x, err := s.tensor(t, fmt.Sprintf("%s/input_%d.pb", set, i), in)
		if errors.Is(err, fs.ErrNotExist) {
			continue // an optional graph input, or one with an initializer
		}
		if err != nil {
			return err
		}
		feed[in.Name] = x
	}
	got, err := m.Run(ctx, feed)
	if err != nil {
		return err
	}
	for i, out := range outputs {
		want, err := s.tensor(t, fmt.Sprintf("%s/output_%d.pb", set, i), out)
		if err != nil {
			return err
		}
		if err := Compare(got[out.Name], want); err != nil {
			return fmt.Errorf("output %q: %w", out.Name, err)
		}
	}
	return nil
}

// tensor reads a value of a data set: the declared type says which message it is.
func (s *Suite) tensor(t Test, name string, info *onnx.ValueInfo) (*tconv.Tensor, error) {
	data, err := s.read(t, name)
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

package tconv

import (
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/tconv/tconv/graph"
	"github.com/tconv/tconv/ops"
)

// Info describes an input or output of a model.
type Info struct {
	Name  string
	DType DType
	Shape []int    // -1 where a dimension is open; nil where not even the rank is said
	Dims  []string // the same as text, with the model's own names of open dimensions
	Kind  ops.Kind // a tensor, or a sequence or optional of such
	Holds ops.Kind // of an optional: whether it holds a tensor or a sequence
}

// String writes the type as float[1, 3, height, width].
func (i Info) String() string {
	text := i.DType.String()
	if i.DType == ops.Undefined {
		text = "?"
	}
	switch {
	case i.Kind == ops.KindOptional && i.Holds == ops.KindSequence:
		return fmt.Sprintf("optional(sequence(%s))", text)
	case i.Kind != ops.KindTensor:
		return fmt.Sprintf("%v(%s)", i.Kind, text)
	case i.Dims == nil:
		return text + "[...]"
	}
	text += "["
	for k, d := range i.Dims {
		if k > 0 {
			text += ", "
		}
		text += d
	}
	return text + "]"
}

// infos describes values; declared, if given, is what the file says of them.
func infos(g *graph.Graph, ids []graph.ValueID, declared []ops.Spec) []Info {
	out := make([]Info, len(ids))
	for i, id := range ids {
		v := g.Value(id)
		spec := v.Spec
		if declared != nil && i < len(declared) {
			spec = declared[i]
		}
		out[i] = Info{Name: v.Name, Kind: spec.Kind, Holds: spec.Holds, DType: spec.DType, Shape: spec.Shape.Clone(), Dims: slices.Clone(v.Dims)}
		for k := range out[i].Dims {
			if k < len(spec.Shape) && spec.Shape[k] != ops.Unknown {
				out[i].Dims[k] = fmt.Sprint(spec.Shape[k])
			}
		}
	}
	return out
}

func hasName(list []Info, name string) bool {
	return slices.ContainsFunc(list, func(i Info) bool { return i.Name == name })
}

// Inputs describes what a run takes, in the model's order.
func (m *Model) Inputs() []Info { return slices.Clone(m.inputs) }

// Outputs describes what a run gives, in the model's order.
func (m *Model) Outputs() []Info { return slices.Clone(m.output) }

// Path is where the model came from.
func (m *Model) Path() string { return m.path }

// Threads is the most goroutines that one run uses.
func (m *Model) Threads() int { return m.runner.Threads() }

// WeightBytes is the memory of the model's constants.
func (m *Model) WeightBytes() int64 { return m.weight }

// Metadata is what the file says of itself.
type Metadata struct {
	Producer     string // name and version of the program that wrote it
	IRVersion    int64
	Opsets       map[string]int // by domain; "" is the default domain
	Description  string
	ModelVersion int64
	Properties   map[string]string
}

// Metadata gives what the file says of itself.
func (m *Model) Metadata() Metadata {
	p := m.proto
	meta := Metadata{
		Producer: p.ProducerName, IRVersion: p.IRVersion, Description: p.DocString, ModelVersion: p.ModelVersion,
		Opsets: map[string]int{}, Properties: map[string]string{},
	}
	if p.ProducerVersion != "" {
		meta.Producer += " " + p.ProducerVersion
	}
	for domain, version := range m.runner.Graph().Opsets {
		meta.Opsets[domain] = version
	}
	for _, e := range p.Metadata {
		meta.Properties[e.Key] = e.Value
	}
	return meta
}

// Node describes one operator of the loaded model.
type Node struct {
	Name            string
	Op              string // with the version whose rules it follows: Conv-11
	Inputs, Outputs []string
}

// Nodes yields the operators that are left after loading, by index.
func (m *Model) Nodes() iter.Seq2[int, Node] {
	g := m.runner.Graph()
	return func(yield func(int, Node) bool) {
		for i, n := range g.Nodes {
			if !yield(i, Node{n.Name, n.OpName(), valueNames(g, n.Inputs), valueNames(g, n.Outputs)}) {
				return
			}
		}
	}
}

// valueNames gives names; "" for what is omitted.
func valueNames(g *graph.Graph, ids []graph.ValueID) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		if id != graph.NoValue {
			out[i] = g.Value(id).Name
		}
	}
	return out
}

// Event tells an observer that a step of a run is done.
type Event struct {
	Step, Steps int // its number, from 0, and how many there are
	Node, Op    string
	Kernel      string // how it was computed
	MACs        int64  // multiply-adds of the direct definition, 0 where unknown
	Start       time.Time
	Elapsed     time.Duration
	Outputs     []string // names of the values that it made; "" where nobody asks

	tensors []*ops.Tensor
}

// newEvent makes the public form of an event.
func newEvent(e graph.Event) Event {
	return Event{Step: e.Step, Steps: e.Steps, Node: e.Node.Name, Op: e.Node.OpName(), Kernel: e.Kernel,
		MACs: e.MACs, Start: e.Start, Elapsed: e.Elapsed, Outputs: valueNames(e.Graph, e.Node.Outputs), tensors: e.Outputs}
}

// Output gives the value Outputs[i], which is valid during the call of the observer
// only; nil where nobody asks for it. Steps leave many values in channel blocks:
// those are copied, so that the elements lie row-major as in every Tensor.
func (e Event) Output(i int) *Tensor {
	t := e.tensors[i]
	if t == nil || t.Kind() != ops.KindTensor || t.Layout().Planar() {
		return wrapped(t)
	}
	out := ops.NewTensor(t.DType(), t.Shape().Clone())
	m := t.Map()
	m.ToPlanar(nil, ops.Data[float32](out))
	return wrapped(out)
}

// wrapped makes the public form of a tensor; nil stays nil.
func wrapped(t *ops.Tensor) *Tensor {
	if t == nil {
		return nil
	}
	return &Tensor{*t}
}

// Plan is what a run for given input shapes will do and need.
type Plan struct {
	Steps       []PlanStep
	ArenaBytes  int   // memory of values and workspaces of one run
	OutputBytes int   // memory of the outputs
	WeightBytes int64 // memory of the constants
	MACs        int64 // multiply-adds of one run, as far as operators can tell
}

// PlanStep is one operator of a plan.
type PlanStep struct {
	Node, Op string
	Kernel   string   // how it is computed
	Outputs  []string // types and shapes
	MACs     int64
	Place    string // where output 0 lies: arena[from:to], output, input, view
}

// Plan tells what a run for inputs of the given shapes will do and need, without
// running. Inputs whose shapes the model tells in full may be left out.
func (m *Model) Plan(shapes map[string][]int) (*Plan, error) {
	specs, err := m.specsFor(shapes)
	if err != nil {
		return nil, err
	}
	p, err := m.runner.Plan(specs)
	if err != nil {
		return nil, classify(err)
	}
	out := &Plan{ArenaBytes: p.ArenaBytes, OutputBytes: p.OutputBytes, WeightBytes: m.weight, MACs: p.MACs()}
	for i, s := range p.Steps {
		step := PlanStep{Node: s.Node.Name, Op: s.Node.OpName(), Kernel: s.Kernel, MACs: s.MACs, Place: p.PlaceText(i)}
		for _, id := range s.Node.Outputs {
			if id != graph.NoValue {
				step.Outputs = append(step.Outputs, p.Graph.Value(id).Spec.String())
			}
		}
		out.Steps = append(out.Steps, step)
	}
	return out, nil
}

// specsFor completes the shapes that a caller gives with what the model tells.
func (m *Model) specsFor(shapes map[string][]int) ([]ops.Spec, error) {
	for name := range shapes {
		if !hasName(m.inputs, name) {
			return nil, m.inputError(fmt.Sprintf("the model has no input %q", name))
		}
	}
	var specs []ops.Spec
	for _, in := range m.inputs {
		spec := ops.Spec{Kind: in.Kind, Holds: in.Holds, DType: in.DType, Shape: ops.Shape(in.Shape).Clone()}
		if s, ok := shapes[in.Name]; ok {
			if err := ops.Shape(s).Check(); err != nil {
				return nil, m.inputError(err.Error())
			}
			spec.Shape = append(ops.Shape{}, s...)
		}
		if spec.Kind == ops.KindTensor && !spec.Shape.Known() {
			return nil, m.inputError(fmt.Sprintf("the shape of input %q is open: give it", in.Name))
		}
		specs = append(specs, spec)
	}
	return specs, nil
}

// Stage gives the graph as text after a stage of loading: "graph" (as loaded),
// "infer" (types and shapes known) or "rewrite" (as it is run).
func (m *Model) Stage(stage string, shapes map[string][]int) (string, error) {
	if stage == "graph" {
		return m.runner.Graph().String(), nil
	}
	specs, err := m.specsFor(shapes)
	if err != nil {
		return "", err
	}
	text, found := "", false
	_, err = m.runner.Specialise(specs, func(name string, g *graph.Graph) {
		if name == stage {
			text, found = g.String(), true
		}
	})
	if err != nil {
		return "", classify(err)
	}
	if !found {
		return "", fmt.Errorf("%w: stage %q, want graph, infer or rewrite", ErrInput, stage)
	}
	return text, nil
}

package main

import (
	"context"
	"errors"
	"os"

	"github.com/spf13/cobra"

	"github.com/tconv/tconv"
	"github.com/tconv/tconv/onnx"
)

const inspectExample = `  tconv-run inspect unet.onnx                        inputs, outputs, operators, weights, memory, multiply-adds
  tconv-run inspect unet.onnx --dim H=512 --dim W=512    the same for a size
  tconv-run inspect unet.onnx --stage plan           every step with kernel, shape and place in memory
  tconv-run inspect unet.onnx --json                 everything, for programs`

// inspectFlags are the flags of inspect.
type inspectFlags struct {
	modelFlags
	stage string
}

// newInspect makes the command that looks into a model.
func newInspect(a *app) *cobra.Command {
	f := &inspectFlags{}
	cmd := &cobra.Command{
		Use: "inspect MODEL [flags]", Short: "what is in a model: inputs, operators, memory, what is not supported", Example: inspectExample,
		Args: args(1, 1, "the model"),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), a, args[0]) },
	}
	cmd.Flags().StringVar(&f.stage, "stage", "", "print the graph after a stage: `graph`, infer, rewrite or plan")
	f.register(cmd)
	cmd.Flags().MarkHidden("seed")
	return cmd
}

// inspectReport is the JSON of inspect.
type inspectReport struct {
	Schema      string            `json:"schema"`
	Model       string            `json:"model"`
	Bytes       int64             `json:"bytes"`
	Producer    string            `json:"producer"`
	IRVersion   int64             `json:"ir_version"`
	Opsets      map[string]int64  `json:"opsets"`
	Properties  map[string]string `json:"properties,omitempty"`
	Inputs      []portInfo        `json:"inputs"`
	Outputs     []portInfo        `json:"outputs"`
	Nodes       int               `json:"nodes"`
	Operators   []opCount         `json:"operators"`
	Weights     weightInfo        `json:"weights"`
	Unsupported []unsupportedInfo `json:"unsupported,omitempty"`
	Plan        *planInfo         `json:"plan,omitempty"`
	Open        string            `json:"open,omitempty"` // why there is no plan: which sizes are open
	hint        string
}

// portInfo is an input or output of a model.
type portInfo struct {
	Name  string   `json:"name"`
	DType string   `json:"dtype"`
	Shape []int    `json:"shape"` // -1 where open; null where even the rank is
	Dims  []string `json:"dims"`
	text  string
}

// opCount is how many nodes of the file use an operator.
type opCount struct {
	Op    string `json:"op"`
	Count int    `json:"count"`
}

// weightInfo sums up the constants of a model.
type weightInfo struct {
	Tensors    int   `json:"tensors"`
	Parameters int64 `json:"parameters"`
	Bytes      int64 `json:"bytes"`
}

// unsupportedInfo is an operator that cannot be run.
type unsupportedInfo struct {
	Op     string   `json:"op"`
	Reason string   `json:"reason"`
	Count  int      `json:"count"`
	Nodes  []string `json:"nodes"`
}

// planInfo is what a run will need.
type planInfo struct {
	Shapes      map[string][]int `json:"shapes"`
	Steps       int              `json:"steps"`
	ArenaBytes  int              `json:"arena_bytes"`
	OutputBytes int              `json:"output_bytes"`
	WeightBytes int64            `json:"weight_bytes"`
	MACs        int64            `json:"macs"`
	List        []stepInfo       `json:"list"`
}

// stepInfo is one step of a plan.
type stepInfo struct {
	Node    string   `json:"node"`
	Op      string   `json:"op"`
	Kernel  string   `json:"kernel"`
	Outputs []string `json:"outputs"`
	MACs    int64    `json:"macs"`
	Place   string   `json:"place"`
}

// run inspects a model. What tconv cannot run is described from the file, and ends with the error that says so.
func (f *inspectFlags) run(_ context.Context, a *app, path string) error {
	f.start(a)
	switch f.stage {
	case "", "graph", "infer", "rewrite", "plan":
	default:
		return usagef("--stage %s, want graph, infer, rewrite or plan", f.stage)
	}
	m, openErr := f.open(a, path)
	var unsupported *tconv.UnsupportedError
	if openErr != nil && (!errors.As(openErr, &unsupported) || f.stage != "") {
		return openErr
	}
	if m != nil {
		defer m.Close()
	}
	if f.stage != "" {
		return f.printStage(a, m)
	}
	r, err := f.describe(a, path, m)
	if err != nil {
		return err
	}
	if unsupported != nil {
		for _, op := range unsupported.Ops {
			r.Unsupported = append(r.Unsupported, unsupportedInfo{Op: op.Op, Reason: op.Reason, Count: op.Count, Nodes: op.Nodes})
		}
	}
	if a.json {
		if err := a.printJSON(r); err != nil {
			return err
		}
		return openErr
	}
	r.print(a)
	return openErr
}

// describe reads the file once more and asks the model, if it loaded, for its plan.
func (f *inspectFlags) describe(a *app, path string, m *tconv.Model) (*inspectReport, error) {
	data, err := a.modelBytes(path)
	if err != nil {
		return nil, err
	}
	proto, err := onnx.Unmarshal(data)
	if err != nil {
		return nil, err
	}
	r := newInspectReport(path, int64(len(data)), proto)
	if m == nil {
		return r, nil
	}
	r.Inputs, r.Outputs = ports(m.Inputs()), ports(m.Outputs())
	shapes, err := inputShapes(m)
	if err != nil {
		r.Open = err.Error()
		if h := hints(err); len(h) > 0 {
			r.hint = h[0]
		}
		return r, nil
	}
	plan, err := m.Plan(shapes)
	if err != nil {
		return nil, nodeError(err)
	}
	r.Plan = newPlanInfo(plan, shapes)
	return r, nil
}

// modelBytes gives the bytes of a model that was opened before.
func (a *app) modelBytes(path string) ([]byte, error) {
	if path == "-" {
		return a.readModel()
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, kindf(tconv.ErrIO, "%w", readError(path, err))
	}
	return data, nil
}

// inputShapes closes the shapes of all inputs.
func inputShapes(m *tconv.Model) (map[string][]int, error) {
	shapes, symbols := map[string][]int{}, map[string]int{}
	for _, info := range m.Inputs() {
		if info.Kind != 0 {
			continue
		}
		s, err := closeShape(info, symbols)
		if err != nil {
			return nil, err
		}
		shapes[info.Name] = s
		learn(symbols, info, s)
	}
	return shapes, nil
}

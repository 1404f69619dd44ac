package graph

import (
	"fmt"

	"github.com/tconv/tconv/onnx"
	"github.com/tconv/tconv/ops"
)

// The operators of domain "test" misbehave, or make what no operator of ONNX
// makes so plainly.
func init() {
	ops.Register(
		ops.Def{
			// Fault: output = input, unless the attribute "at" says where it panics:
			// new, infer, run, worker; "error" makes Run fail.
			Name: "Fault", Domain: "test", Since: 1, Inputs: []string{"input"}, Outputs: []string{"output"},
			New: func(n *ops.Node) (ops.Op, error) {
				f := fault{at: n.Str("at", "")}
				f.check("new")
				return f, n.Err()
			},
		},
		ops.Def{
			// Ramp: output = 0, 1, ... n-1 for each element n of the input, one
			// behind the other: an output whose shape only the data tells.
			// second is twice as long. scratch bytes are allocated beside.
			Name: "Ramp", Domain: "test", Since: 1, Inputs: []string{"input"}, Outputs: []string{"output", "second?"},
			New: func(n *ops.Node) (ops.Op, error) {
				return ramper{scratch: n.Int("scratch", 0), fails: n.Bool("fails", false), second: n.HasOutput(1)}, n.Err()
			},
		},
	)
}

type fault struct{ at string }

func (f fault) check(place string) {
	if f.at == place {
		panic("injected at " + place)
	}
}

func (f fault) Infer(in []ops.Spec) ([]ops.Spec, error) {
	f.check("infer")
	return []ops.Spec{{DType: in[0].DType, Shape: in[0].Shape}}, nil
}

func (f fault) Run(c *ops.Call, in, out []*ops.Tensor) error {
	f.check("run")
	if f.at == "error" {
		return fmt.Errorf("injected error")
	}
	c.Parallel(64, 1_000_000, func(lo, _ int) {
		if lo == 40 {
			f.check("worker")
		}
	})
	copy(out[0].Bytes(), in[0].Bytes())
	return nil
}

type ramper struct {
	scratch       int
	fails, second bool
}

func (r ramper) Infer(in []ops.Spec) ([]ops.Spec, error) {
	unknown := ops.Spec{DType: ops.Float32}
	return []ops.Spec{unknown, unknown}, nil
}

func (r ramper) Run(c *ops.Call, in, out []*ops.Tensor) (err error) {
	if r.scratch > 0 {
		if _, err := c.New(ops.Uint8, ops.Shape{r.scratch}); err != nil {
			return err
		}
	}
	n := 0
	for _, v := range in[0].Ints() {
		n += v
	}
	if out[0], err = c.New(ops.Float32, ops.Shape{n}); err != nil {
		return err
	}
	if r.second {
		if out[1], err = c.New(ops.Float32, ops.Shape{2 * n}); err != nil {
			return err
		}
	}
	if r.fails {
		return fmt.Errorf("injected error")
	}
	data := ops.Data[float32](out[0])
	for _, v := range in[0].Ints() {
		for i := range v {
			data[i] = float32(i)
		}
		data = data[v:]
	}
	return nil
}

// custom adds a node of domain "test".
func (b *builder) custom(outputs, op, inputs string, attrs ...*onnx.Attribute) *builder {
	b.node(outputs, op, inputs, attrs...)
	b.model.Graph.Nodes[len(b.model.Graph.Nodes)-1].Domain = "test"
	if len(b.model.OpsetImports) == 1 {
		b.model.OpsetImports = append(b.model.OpsetImports, onnx.OperatorSetID{Domain: "test", Version: 1})
	}
	return b
}

func testString(name, v string) *onnx.Attribute {
	return &onnx.Attribute{Name: name, Type: onnx.AttributeString, S: []byte(v)}
}

package graph

import (
	"fmt"

	"github.com/tconv/tconv/ops"
)

// If: outputs = those of then_branch if cond, else those of else_branch.
//
//	cond: bool, one element. outputs...: any types, of any shapes.
//	then_branch, else_branch: graphs without inputs, which read what they need of
//	the graphs around them, with as many outputs as the node.
//
// Where both branches give the same types and shapes the outputs are part of the
// static plan. A branch that cannot take its shapes is an error only when it is
// chosen: exporters write "if the axis has extent 1, squeeze it".
//
// https://onnx.ai/onnx/operators/onnx__If.html (versions 1, 11, 13, 16, 19, 21, 23, 24, 25).
func init() {
	ops.Register(ops.Def{Name: "If", Since: 1, Inputs: []string{"cond", "captured..."}, Outputs: []string{"outputs..."}, New: newIf})
}

type ifOp struct {
	notPlain
	branches [2]*subgraph // then, else
}

func newIf(n *ops.Node) (ops.Op, error) {
	o := &ifOp{branches: [2]*subgraph{bodyOf(n, "then_branch"), bodyOf(n, "else_branch")}}
	if err := n.Err(); err != nil {
		return nil, err
	}
	for i, b := range o.branches {
		name := []string{"then_branch", "else_branch"}[i]
		switch {
		case b.first != 1:
			n.Fail("%d inputs, want 1 (cond)", b.first)
		case len(b.declared) > 0:
			n.Fail("%s has %d inputs, want none", name, len(b.declared))
		case len(b.graph.Outputs) != len(n.Outputs):
			n.Fail("%s has %d outputs, the node %d: want as many", name, len(b.graph.Outputs), len(n.Outputs))
		}
	}
	return o, n.Err()
}

func (o *ifOp) bodies() []*subgraph { return o.branches[:] }

// chosen is the branch for a condition.
func (o *ifOp) chosen(cond bool) int {
	if cond {
		return 0
	}
	return 1
}

// inferIn joins what is known of both branches.
func (o *ifOp) inferIn(f *folder, n *Node, in []ops.Spec) ([]ops.Spec, error) {
	cond, known, err := knownCondition("cond", in[0])
	if err != nil {
		return nil, as(f.fault, err)
	}
	if known {
		out, err := o.branches[o.chosen(cond)].infer(f, nil, in)
		for i := range out {
			out[i] = unvalued(out[i])
		}
		return out, err
	}
	a, errA := o.branches[0].infer(f, nil, in)
	b, errB := o.branches[1].infer(f, nil, in)
	if errA != nil && errB != nil {
		return nil, errA
	}
	out := unknownOutputs(n)
	for i := range out {
		if errA == nil && errB == nil && sameType(a[i], b[i]) {
			out[i] = unvalued(a[i])
		}
	}
	return out, nil
}

// compute runs one branch.
func (o *ifOp) compute(c *flowCall) error {
	cond, err := condition("cond", c.in[0])
	if err != nil {
		return err
	}
	results := make([]*ops.Tensor, len(c.out))
	for i, t := range c.out {
		if results[i] = t; t == nil {
			results[i] = new(ops.Tensor)
			c.dropLater(results[i])
		}
	}
	branch := o.chosen(cond)
	if err := c.run(c.bodies[branch], nil, results); err != nil {
		return fmt.Errorf("%s: %w", [...]string{"then_branch", "else_branch"}[branch], err)
	}
	for i, t := range results {
		if err := c.give(i, t); err != nil {
			return err
		}
	}
	return nil
}

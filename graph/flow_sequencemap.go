package graph

import (
	"fmt"

	"github.com/tconv/tconv/ops"
)

// SequenceMap: out_sequence... = body applied to each member of input_sequence.
//
//	input_sequence: seq(T). additional_inputs...: sequences with as many members,
//	of which the body gets one each, or tensors, which it gets whole.
//	out_sequence...: one sequence for each output of body.
//	body: a graph with one input for each input of the node.
//
// https://onnx.ai/onnx/operators/onnx__SequenceMap.html (version 17).
func init() {
	ops.Register(ops.Def{
		Name: "SequenceMap", Since: 17, Inputs: []string{"input_sequence", "additional_inputs..."}, Outputs: []string{"out_sequence..."}, New: newSequenceMap,
	})
}

type sequenceMapOp struct {
	notPlain
	body *subgraph
}

func newSequenceMap(n *ops.Node) (ops.Op, error) {
	o := &sequenceMapOp{body: bodyOf(n, "body")}
	if err := n.Err(); err != nil {
		return nil, err
	}
	if len(o.body.declared) != o.body.first {
		n.Fail("the body has %d inputs, want %d as the node", len(o.body.declared), o.body.first)
	}
	if len(o.body.graph.Outputs) != len(n.Outputs) {
		n.Fail("the body has %d outputs, the node %d: want as many", len(o.body.graph.Outputs), len(n.Outputs))
	}
	for i := range o.body.first {
		if !n.HasInput(i) {
			n.Fail("input %d is omitted", i)
		}
	}
	return o, n.Err()
}

func (o *sequenceMapOp) bodies() []*subgraph { return []*subgraph{o.body} }

// inferIn says nothing: the members' shapes are known to the run only.
func (o *sequenceMapOp) inferIn(_ *folder, n *Node, in []ops.Spec) ([]ops.Spec, error) {
	return unknownOutputs(n), nil
}

// compute runs the body on each member.
func (o *sequenceMapOp) compute(c *flowCall) error {
	in := c.in[:o.body.first]
	if in[0].Kind() != ops.KindSequence {
		return fmt.Errorf("input_sequence is a %v, want a sequence", in[0].Kind())
	}
	members := len(in[0].Elems())
	for i, t := range in {
		if t.Kind() == ops.KindSequence && len(t.Elems()) != members {
			return fmt.Errorf("input %d has %d members, input_sequence has %d: want as many", i, len(t.Elems()), members)
		}
	}
	made := make([][]*ops.Tensor, len(c.out))
	for k := range members {
		if err := o.apply(c, in, k, made); err != nil {
			return fmt.Errorf("member %d: %w", k, err)
		}
	}
	for i := range made {
		dtype, err := o.elemType(c, in, made[i], i)
		if err != nil {
			return err
		}
		if err := c.give(i, ops.NewSequence(dtype, made[i])); err != nil {
			return err
		}
	}
	return nil
}

// apply runs the body on members number k and appends what it gives.
func (o *sequenceMapOp) apply(c *flowCall, in []*ops.Tensor, k int, made [][]*ops.Tensor) error {
	if err := c.trip(); err != nil {
		return err
	}
	own, results := make([]*ops.Tensor, len(in)), make([]*ops.Tensor, len(made))
	for i, t := range in {
		if own[i] = t; t.Kind() == ops.KindSequence {
			own[i] = t.Elems()[k]
		}
	}
	for i := range results {
		results[i] = new(ops.Tensor)
		c.dropLater(results[i])
	}
	if err := c.run(c.bodies[0], own, results); err != nil {
		return err
	}
	for i, t := range results {
		switch {
		case t.Kind() != ops.KindTensor:
			return fmt.Errorf("the body gives a %v as output %d, want a tensor", t.Kind(), i)
		case k > 0 && t.DType() != made[i][0].DType():
			return fmt.Errorf("the body gives %v as output %d, before tensor(%v): want one type", t, i, made[i][0].DType())
		}
		own, err := c.own(t)
		if err != nil {
			return err
		}
		made[i] = append(made[i], own)
	}
	return nil
}

// elemType is the type of the members of output i.
func (o *sequenceMapOp) elemType(c *flowCall, in, made []*ops.Tensor, i int) (ops.DType, error) {
	if len(made) > 0 {
		return made[0].DType(), nil
	}
	s := c.bodies[0].block.model.graph.Declared[i]
	if s.Omitted() {
		return in[0].DType(), nil
	}
	if isHalf(s.DType) {
		return ops.Float32, nil // see widenHalf
	}
	return s.DType, nil
}

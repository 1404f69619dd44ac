package graph

import (
	"fmt"
	"slices"

	"github.com/tconv/tconv/ops"
)

// Scan: runs body once for each slice of its scan inputs.
//
//	state = initial_state
//	for t = 0; t < T; t++ { state, out_t = body(state, slices t of the scan inputs) }
//	outputs = state, then each out value of all t stacked along a new axis
//
//	initial_state_and_scan_inputs...: N values of state, then num_scan_inputs
//	tensors of extent T along the axis that they are cut along.
//	final_state_and_scan_outputs...: N values of state, then the scan outputs.
//	scan_input_axes, scan_input_directions, scan_output_axes, scan_output_directions:
//	one number for each scan input or output; default: axis 0 and forward (0).
//	body: a graph with N + num_scan_inputs inputs.
//
// Version 8 has a first input sequence_lens (int64, [B], may be omitted) and
// works on a batch: every value has a first axis of extent B, scan inputs are cut
// along axis 1, and directions is the only other attribute. The outputs of a
// sequence that is shorter than T are filled up with zeros.
//
// https://onnx.ai/onnx/operators/onnx__Scan.html (versions 8, 9, 11, 16, 19, 21, 23, 24, 25).
func init() {
	ops.Register(
		ops.Def{
			Name: "Scan", Since: 8, Inputs: []string{"sequence_lens?", "initial_state_and_scan_inputs..."},
			Outputs: []string{"final_state_and_scan_outputs..."}, New: newScan,
		},
		ops.Def{
			Name: "Scan", Since: 9, Inputs: []string{"initial_state_and_scan_inputs..."},
			Outputs: []string{"final_state_and_scan_outputs..."}, New: newScan,
		},
	)
}

type scanOp struct {
	notPlain
	body    *subgraph
	batched bool // version 8
	first   int  // the input where the states begin
	states  int
	cuts    []scanAxis // by scan input
	stacks  []scanAxis // by scan output
}

// scanAxis is how a scan input is cut, or a scan output is put together.
type scanAxis struct {
	axis    int
	reverse bool
}

func newScan(n *ops.Node) (ops.Op, error) {
	o := &scanOp{body: bodyOf(n, "body"), batched: n.Opset < 9}
	if o.body == nil {
		return nil, n.Err()
	}
	if o.batched {
		o.first = 1
	}
	inputs, scans := o.body.first-o.first, n.Int("num_scan_inputs", 0)
	o.states = inputs - scans
	outs := len(o.body.graph.Outputs) - o.states
	switch {
	case scans < 1 || o.states < 0:
		n.Fail("num_scan_inputs is %d, want 1 to %d", scans, inputs)
	case len(o.body.declared) != inputs:
		n.Fail("the body has %d inputs, want %d as the node", len(o.body.declared), inputs)
	case outs < 0:
		n.Fail("the body has %d outputs, want at least %d of state", len(o.body.graph.Outputs), o.states)
	case len(n.Outputs) > o.states+outs:
		n.Fail("%d outputs, the body gives %d", len(n.Outputs), o.states+outs)
	case o.batched:
		o.cuts, o.stacks = scanAxes(n, "", "directions", scans), make([]scanAxis, outs)
	default:
		o.cuts = scanAxes(n, "scan_input_axes", "scan_input_directions", scans)
		o.stacks = scanAxes(n, "scan_output_axes", "scan_output_directions", outs)
	}
	for i := range inputs {
		if !n.HasInput(o.first + i) {
			n.Fail("input %d is omitted", o.first+i)
		}
	}
	return o, n.Err()
}

// scanAxes reads the two attributes that describe the scan inputs, or outputs.
func scanAxes(n *ops.Node, axes, directions string, count int) []scanAxis {
	out := make([]scanAxis, count)
	if a := n.Ints(axes); a != nil {
		if len(a) != count {
			n.Fail("%s has %d numbers, want %d", axes, len(a), count)
			return out
		}
		for i, v := range a {
			out[i].axis = v
		}
	}
	if d := n.Ints(directions); d != nil {
		if len(d) != count {
			n.Fail("%s has %d numbers, want %d", directions, len(d), count)
			return out
		}
		for i, v := range d {
			if v != 0 && v != 1 {
				n.Fail("%s[%d] is %d, want 0 or 1", directions, i, v)
			}
			out[i].reverse = v == 1
		}
	}
	return out
}

func (o *scanOp) bodies() []*subgraph { return []*subgraph{o.body} }

// inferIn runs the shapes through the body once.
func (o *scanOp) inferIn(f *folder, n *Node, in []ops.Spec) ([]ops.Spec, error) {
	given := in[o.first : o.first+o.states+len(o.cuts)]
	for _, s := range given {
		if !s.Static() {
			return unknownOutputs(n), nil
		}
	}
	batch, steps, own, err := o.split(given)
	if err != nil {
		return nil, as(f.fault, err)
	}
	made, err := o.body.infer(f, own, in)
	if err != nil {
		if steps > 0 && batch > 0 {
			return nil, err
		}
		return unknownOutputs(n), nil
	}
	out := unknownOutputs(n)
	for i := range o.states {
		if !sameShape(own[i], made[i]) {
			return out, nil // the run says what is wrong
		}
	}
	for i := range out {
		switch {
		case i < o.states:
			out[i] = unvalued(given[i])
		case made[i].Static():
			shape, err := o.stackedShape(i-o.states, made[i].Shape, steps)
			if err != nil {
				return nil, as(f.fault, err)
			}
			if o.batched {
				shape = append(ops.Shape{batch}, shape...)
			}
			if err := shape.Check(); err != nil {
				return nil, as(f.fault, err)
			}
			out[i] = ops.Spec{DType: made[i].DType, Shape: shape}
		}
	}
	return out, nil
}

// split gives the extent of the batch (1 without), the number of steps, and what
// the body gets of each input.
func (o *scanOp) split(given []ops.Spec) (batch, steps int, own []ops.Spec, err error) {
	batch, steps = 1, -1
	for i, s := range given {
		if s.Kind != ops.KindTensor {
			return 0, 0, nil, fmt.Errorf("input %d is a %v, want a tensor", o.first+i, s.Kind)
		}
		shape := s.Shape
		if o.batched {
			if len(shape) == 0 || i > 0 && shape[0] != batch {
				return 0, 0, nil, fmt.Errorf("input %d has shape %v, want a first axis of one extent, that of the batch", o.first+i, shape)
			}
			batch, shape = shape[0], shape[1:]
		}
		if k := i - o.states; k >= 0 {
			axis, err := o.cuts[k].in(len(shape))
			if err != nil {
				return 0, 0, nil, fmt.Errorf("scan input %d of shape %v: %w", k, s.Shape, err)
			}
			if steps >= 0 && shape[axis] != steps {
				return 0, 0, nil, fmt.Errorf("scan input %d has %d slices, scan input 0 has %d: want as many", k, shape[axis], steps)
			}
			steps = shape[axis]
			shape = slices.Delete(shape.Clone(), axis, axis+1)
			if s.DType.Bits() < 8 && s.DType != ops.String {
				return 0, 0, nil, unsupportedf("scan input %d is tensor(%v), want elements of at least 8 bits", k, s.DType)
			}
		}
		own = append(own, ops.Spec{DType: s.DType, Shape: append(ops.Shape{}, shape...)})
	}
	return batch, steps, own, nil
}

// in maps the axis to [0, rank).
func (a scanAxis) in(rank int) (int, error) {
	if a.axis < -rank || a.axis >= rank {
		return 0, fmt.Errorf("axis is %d, want one in [%d, %d)", a.axis, -rank, rank)
	}
	return (a.axis + rank) % rank, nil
}

// at is the place of step t of n.
func (a scanAxis) at(t, n int) int {
	if a.reverse {
		return n - 1 - t
	}
	return t
}

// stackedShape is the shape of scan output i of so many steps, of which one has the
// given shape.
func (o *scanOp) stackedShape(i int, one ops.Shape, steps int) (ops.Shape, error) {
	axis, err := o.stacks[i].in(len(one) + 1)
	if err != nil {
		return nil, fmt.Errorf("scan output %d of shape %v: %w", i, one, err)
	}
	return slices.Insert(one.Clone(), axis, steps), nil
}

package ops

import "fmt"

// OneHot: output[a.., k, b..] = values[1] where indices[a.., b..] is k, else values[0];
// the axis of length depth stands at axis.
//
//	indices: any number, any shape; the fraction is dropped, -depth to -1 count
//	from the end, what is outside of [-depth, depth) has no place.
//	depth: a number, one element, 1 or more. values: T, [off, on]. output: T.
//	axis: in [-rank-1, rank], default -1. T: every type of at least 8 bits, strings.
//
// https://onnx.ai/onnx/operators/onnx__OneHot.html (versions 9, 11).
func init() {
	Register(Def{
		Name: "OneHot", Since: 9, Inputs: []string{"indices", "depth", "values"}, Outputs: []string{"output"}, Exact: true,
		New: func(n *Node) (Op, error) { return &oneHot{n.Int("axis", -1)}, n.Err() },
	})
}

type oneHot struct {
	axis int
}

// Infer puts the new axis in.
func (o *oneHot) Infer(in []Spec) ([]Spec, error) {
	indices, depth, values := in[0], in[1], in[2]
	for name, s := range map[string]Spec{"indices": indices, "depth": depth} {
		if !s.DType.IsFloat() && !s.DType.IsInteger() {
			return nil, unsupportedf("%s is tensor(%v), want a number", name, s.DType)
		}
	}
	if err := wantDense("values", values); err != nil {
		return nil, err
	}
	if !values.Shape.Equal(Shape{2}) {
		return nil, fmt.Errorf("values has shape %v, want [2]", values.Shape)
	}
	if product(depth.Shape) != 1 {
		return nil, fmt.Errorf("depth has shape %v, want one element", depth.Shape)
	}
	axis, err := normAxis(o.axis, len(indices.Shape)+1)
	if err != nil {
		return nil, err
	}
	if depth.Const == nil {
		return unknownShape(values.DType)
	}
	d := clampInt(castInts(depth.Const)[0])
	if d < 1 {
		return nil, fmt.Errorf("depth is %d, want 1 or more", d)
	}
	return one(values.DType, joinShapes(indices.Shape[:axis], Shape{d}, indices.Shape[axis:]))
}

// castInts gives the elements of a tensor of numbers as int64, by the rule of Cast.
func castInts(t *Tensor) []int64 {
	out := make([]int64, t.Len())
	var v castValues
	for at := 0; at < len(out); at += castRun {
		v.n = min(castRun, len(out)-at)
		castTypes[t.dtype].load(t, at, &v)
		for i := range v.n {
			if v.form == castReal {
				v.ints[i] = truncate64(v.reals[i])
			}
		}
		copy(out[at:], v.ints[:v.n])
	}
	return out
}

// Run gathers from values: 1 where the place is the index, else 0.
func (o *oneHot) Run(c *Call, in, out []*Tensor) error {
	indices, y := castInts(in[0]), out[0]
	axis, err := normAxis(o.axis, len(y.shape))
	if err != nil || y.Len() == 0 {
		return err
	}
	depth, inner := y.shape[axis], product(y.shape[axis+1:])
	copyBlocks(c, y, in[2], 1, y.Len(), func(i int) int {
		place := int64(i / inner % depth)
		at := indices[i/(inner*depth)*inner+i%inner]
		if at == place || at == place-int64(depth) {
			return 1
		}
		return 0
	})
	return nil
}

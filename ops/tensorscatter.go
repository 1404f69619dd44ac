package ops

import "fmt"

// TensorScatter: present_cache = past_cache with update written into it: for every
// batch entry b from step write_indices[b] of axis on.
//
//	past_cache: T, [batch, .., steps, ..]. update: T, the same shape but for axis,
//	where it is no longer. write_indices: int64, [batch], 0 or more, default 0.
//	present_cache: T, past_cache's shape. axis: default -2, not the batch axis.
//	mode: linear (default): what is written must fit; circular: it goes on at the
//	start of the axis. T: every type of at least 8 bits, strings.
//
// https://onnx.ai/onnx/operators/onnx__TensorScatter.html (version 24).
func init() {
	Register(Def{
		Name: "TensorScatter", Since: 24, Inputs: []string{"past_cache", "update", "write_indices?"}, Outputs: []string{"present_cache"}, Exact: true,
		New: func(n *Node) (Op, error) {
			return &tensorScatter{axis: n.Int("axis", -2), circular: n.Str("mode", "linear", "linear", "circular") == "circular"}, n.Err()
		},
	})
}

type tensorScatter struct {
	axis     int
	circular bool
}

// Infer gives past_cache's type and shape.
func (o *tensorScatter) Infer(in []Spec) ([]Spec, error) {
	past, update := in[0], in[1]
	if err := wantDense("past_cache", past); err != nil {
		return nil, err
	}
	if err := wantSameType("past_cache", past, "update", update); err != nil {
		return nil, err
	}
	axis, err := normAxis(o.axis, len(past.Shape))
	if err != nil {
		return nil, err
	}
	if axis == 0 {
		return nil, fmt.Errorf("axis is 0, want one behind the batch axis")
	}
	fits := len(update.Shape) == len(past.Shape) && update.Shape[axis] <= past.Shape[axis]
	for i := 0; fits && i < len(past.Shape); i++ {
		fits = i == axis || update.Shape[i] == past.Shape[i]
	}
	if !fits {
		return nil, fmt.Errorf("update has shape %v, past_cache has %v: want them equal, but no longer along axis %d", update.Shape, past.Shape, axis)
	}
	if at := input(in, 2); !at.Omitted() {
		if err := wantType("write_indices", at, Int64); err != nil {
			return nil, err
		}
		if !at.Shape.Equal(past.Shape[:1]) {
			return nil, fmt.Errorf("write_indices has shape %v, want %v", at.Shape, past.Shape[:1])
		}
	}
	return one(past.DType, past.Shape)
}

// Share lets the result take past_cache's memory.
func (o *tensorScatter) Share([]Spec) Needs { return elementwiseShare() }

// Run copies past_cache and then the steps of update, one after the other.
func (o *tensorScatter) Run(c *Call, in, out []*Tensor) error {
	past, update := in[0], in[1]
	axis, err := normAxis(o.axis, len(past.shape))
	if err != nil {
		return err
	}
	batch, steps, written := past.shape[0], past.shape[axis], update.shape[axis]
	first := make([]int, batch)
	if len(in) > 2 && in[2] != nil {
		first = in[2].Ints()
	}
	for b, f := range first {
		if f < 0 || !o.circular && f > steps-written {
			return fmt.Errorf("write_indices[%d] is %d, want one in [0, %d]", b, f, steps-written)
		}
	}
	if update.Len() == 0 {
		reduction("").apply(c, out[0], past, update, 0, nil)
		return nil
	}
	middle, block := product(past.shape[1:axis]), product(past.shape[axis+1:])
	places := make([]int, batch*middle*written)
	for i := range places {
		row := i / written // a batch entry and what lies between it and axis
		places[i] = row*steps + (first[row/middle]%steps+i%written)%steps
	}
	reduction("").apply(c, out[0], past, update, block, places)
	return nil
}

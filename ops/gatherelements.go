package ops

import "fmt"

// GatherElements: output[i0, .., i, ..] = data[i0, .., indices[i0, .., i, ..], ..]
// with the index in the place of axis.
//
//	data: T, rank 1 or more. indices: int32 or int64, data's rank; but for axis no
//	longer than data. A negative index counts from the end; one outside of the
//	axis is an error. output: T, the shape of indices.
//	axis: in [-rank, rank), default 0. T: every type of at least 8 bits, strings.
//
// https://onnx.ai/onnx/operators/onnx__GatherElements.html (versions 11, 13).
func init() {
	Register(Def{
		Name: "GatherElements", Since: 11, Inputs: []string{"data", "indices"}, Outputs: []string{"output"}, Exact: true,
		New: func(n *Node) (Op, error) { return &gatherElements{n.Int("axis", 0)}, n.Err() },
	})
}

type gatherElements struct {
	axis int
}

// Infer gives the shape of indices.
func (o *gatherElements) Infer(in []Spec) ([]Spec, error) {
	if err := wantDense("data", in[0]); err != nil {
		return nil, err
	}
	if err := wantElementIndices(in[0].Shape, in[1], o.axis); err != nil {
		return nil, err
	}
	return one(in[0].DType, in[1].Shape)
}

// wantElementIndices refuses indices that do not fit into data but for the axis.
func wantElementIndices(data Shape, indices Spec, axis int) error {
	if err := wantType("indices", indices, Int64, Int32); err != nil {
		return err
	}
	axis, err := normAxis(axis, len(data))
	if err != nil {
		return err
	}
	if len(indices.Shape) != len(data) {
		return fmt.Errorf("indices has shape %v, data has %v: want one rank", indices.Shape, data)
	}
	for i, d := range indices.Shape {
		if i != axis && d > data[i] {
			return fmt.Errorf("indices has shape %v, data has %v: want it no longer but for axis %d", indices.Shape, data, axis)
		}
	}
	return nil
}

// Run copies an element for every index.
func (o *gatherElements) Run(c *Call, in, out []*Tensor) error {
	places, err := elementPlaces(in[0].shape, in[1], o.axis)
	if err != nil {
		return err
	}
	copyBlocks(c, out[0], in[0], 1, len(places), func(i int) int { return places[i] })
	return nil
}

// elementPlaces gives the place in data that each index names.
func elementPlaces(data Shape, indices *Tensor, axis int) ([]int, error) {
	axis, err := normAxis(axis, len(data))
	if err != nil {
		return nil, err
	}
	places, err := normIndices("indices", indices, data[axis])
	if err != nil {
		return nil, err
	}
	strides := data.Strides()
	along := strides[axis]
	strides[axis] = 0
	o := newOdometer(0, indices.shape, strides)
	for i := range places {
		places[i] = places[i]*along + o.offset[0]
		o.next()
	}
	return places, nil
}

package ops

import (
	"fmt"
)

// ScatterElements: output = data, with output[i0, .., indices[i0, .., i, ..], ..] =
// updates[i0, .., i, ..], the index standing in the place of axis.
//
//	data: T, rank 1 or more. indices: int32 or int64, data's rank; but for axis no
//	longer than data. updates: T, the shape of indices. output: T, data's shape.
//	axis: in [-rank, rank), default 0.
//
// ScatterND: output = data, with output[indices[i..][0], .., indices[i..][k-1], r..] =
// updates[i.., r..], where k is the last extent of indices.
//
//	data: T, rank 1 or more. indices: int64, rank 1 or more. updates: T,
//	indices.shape[:-1] + data.shape[k:]. output: T, data's shape.
//
// A negative index counts from the end; one outside of the axis is an error.
// reduction: none (updates replace, the last one of several counts); since version
// 16 add and mul, since version 18 max and min, which take the element that is
// there in, in the order of the updates. NaN makes max and min NaN.
//
//	T: every type of at least 8 bits, strings; with a reduction all numbers of Go.
//
// Scatter is the old name of ScatterElements without reduction.
//
// https://onnx.ai/onnx/operators/onnx__ScatterElements.html (versions 11, 13, 16, 18),
// onnx__ScatterND.html (the same) and onnx__Scatter.html (versions 9 to 10).
func init() {
	inputs, outputs := []string{"data", "indices", "updates"}, []string{"output"}
	Register(Def{
		Name: "Scatter", Since: 9, Inputs: inputs, Outputs: outputs, Exact: true,
		New: func(n *Node) (Op, error) { return &scatterElements{axis: n.Int("axis", 0)}, n.Err() },
	})
	for _, since := range []int{11, 16, 18} {
		Register(
			Def{
				Name: "ScatterElements", Since: since, Inputs: inputs, Outputs: outputs, Exact: true,
				New: func(n *Node) (Op, error) {
					return &scatterElements{axis: n.Int("axis", 0), reduction: readReduction(n)}, n.Err()
				},
			},
			Def{
				Name: "ScatterND", Since: since, Inputs: inputs, Outputs: outputs, Exact: true,
				New: func(n *Node) (Op, error) { return &scatterND{reduction: readReduction(n)}, n.Err() },
			},
		)
	}
}

// reduction says how updates meet what is there; empty: they replace it.
type reduction string

// readReduction reads the attribute as far as the version has it.
func readReduction(n *Node) reduction {
	r := "none"
	switch {
	case n.Opset >= 18:
		r = n.Str("reduction", r, "none", "add", "mul", "max", "min")
	case n.Opset >= 16:
		r = n.Str("reduction", r, "none", "add", "mul")
	}
	if r == "none" {
		r = ""
	}
	return reduction(r)
}

// infer checks the types and gives data's.
func (r reduction) infer(in []Spec) ([]Spec, error) {
	data := in[0]
	if err := wantDense("data", data); err != nil {
		return nil, err
	}
	if err := wantSameType("data", data, "updates", in[2]); err != nil {
		return nil, err
	}
	if r != "" && reducers[data.DType] == nil {
		return nil, fmt.Errorf("reduction %s: %w", r, wantType("data", data, sortedTypes(reducers)...))
	}
	return one(data.DType, data.Shape)
}

// apply copies data to y and brings block i of the updates to place places[i].
func (r reduction) apply(c *Call, y, data, updates *Tensor, block int, places []int) {
	if len(y.Bytes()) == 0 || &y.Bytes()[0] != &data.Bytes()[0] {
		copyElements(c, y, data)
	}
	if r != "" {
		reducers[y.dtype](r, y, updates, block, places)
		return
	}
	size := y.dtype.Size()
	for i, p := range places {
		if y.dtype == String {
			copy(y.strings[p*block:(p+1)*block], updates.strings[i*block:])
			continue
		}
		copy(y.Bytes()[p*block*size:(p+1)*block*size], updates.Bytes()[i*block*size:])
	}
}

// reducers bring the blocks of updates into what is there, by element type.
var reducers = map[DType]func(r reduction, y, updates *Tensor, block int, places []int){
	Float32: reduceInto[float32], Float64: reduceInto[float64],
	Int8: reduceInto[int8], Int16: reduceInto[int16], Int32: reduceInto[int32], Int64: reduceInto[int64],
	Uint8: reduceInto[uint8], Uint16: reduceInto[uint16], Uint32: reduceInto[uint32], Uint64: reduceInto[uint64],
}

func reduceInto[T Number](r reduction, y, updates *Tensor, block int, places []int) {
	ys, us := Data[T](y), Data[T](updates)
	for i, p := range places {
		to, from := ys[p*block:(p+1)*block], us[i*block:(i+1)*block]
		for k, u := range from {
			switch r {
			case "add":
				to[k] += u
			case "mul":
				to[k] *= u
			case "max":
				to[k] = max(to[k], u)
			case "min":
				to[k] = min(to[k], u)
			}
		}
	}
}

type scatterElements struct {
	axis int
	reduction
}

// Infer gives data's type and shape.
func (o *scatterElements) Infer(in []Spec) ([]Spec, error) {
	if err := wantElementIndices(in[0].Shape, in[1], o.axis); err != nil {
		return nil, err
	}
	if !in[2].Shape.Equal(in[1].Shape) {
		return nil, fmt.Errorf("updates has shape %v, indices has %v: want them equal", in[2].Shape, in[1].Shape)
	}
	return o.infer(in)
}

// Run copies data and brings the updates to their places.
func (o *scatterElements) Run(c *Call, in, out []*Tensor) error {
	places, err := elementPlaces(in[0].shape, in[1], o.axis)
	if err != nil {
		return err
	}
	o.apply(c, out[0], in[0], in[2], 1, places)
	return nil
}

// Share lets the result take data's memory.
func (o *scatterElements) Share([]Spec) Needs { return elementwiseShare() }

type scatterND struct {
	reduction
}

// Infer gives data's type and shape.
func (o *scatterND) Infer(in []Spec) ([]Spec, error) {
	data, indices := in[0].Shape, in[1]
	if err := wantType("indices", indices, Int64, Int32); err != nil {
		return nil, err
	}
	q := len(indices.Shape)
	if q == 0 || len(data) == 0 {
		return nil, fmt.Errorf("data has shape %v and indices %v, want rank 1 or more", data, indices.Shape)
	}
	k := indices.Shape[q-1]
	if k > len(data) {
		return nil, fmt.Errorf("indices has shape %v, want at most %d in the last axis", indices.Shape, len(data))
	}
	if want := joinShapes(indices.Shape[:q-1], data[k:]); !in[2].Shape.Equal(want) {
		return nil, fmt.Errorf("updates has shape %v, want %v", in[2].Shape, want)
	}
	return o.infer(in)
}

// Run copies data and brings the updates to their places.
func (o *scatterND) Run(c *Call, in, out []*Tensor) error {
	data, indices := in[0], in[1]
	places, err := blockPlaces("indices", indices, data.shape, 0)
	if err != nil {
		return err
	}
	k := indices.shape[len(indices.shape)-1]
	o.apply(c, out[0], data, in[2], product(data.shape[k:]), places)
	return nil
}

// Share lets the result take data's memory.
func (o *scatterND) Share([]Spec) Needs { return elementwiseShare() }

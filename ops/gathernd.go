package ops

import "fmt"

// GatherND: output[b.., i.., r..] = data[b.., indices[b.., i..][0], .., indices[b.., i..][k-1], r..],
// where b are batch_dims axes that data and indices have in common and k is the
// last extent of indices.
//
//	data: T, rank 1 or more. indices: int64, rank 1 or more; a negative index
//	counts from the end of its axis; one outside of it is an error.
//	output: T, indices.shape[:-1] + data.shape[batch_dims+k:].
//	T: every type of at least 8 bits, strings.
//
// https://onnx.ai/onnx/operators/onnx__GatherND.html (versions 11, 12, 13).
func init() {
	for _, since := range []int{11, 12} {
		Register(Def{
			Name: "GatherND", Since: since, Inputs: []string{"data", "indices"}, Outputs: []string{"output"}, Exact: true,
			New: func(n *Node) (Op, error) {
				o := &gatherND{}
				if since >= 12 {
					o.batch = n.Int("batch_dims", 0)
				}
				if o.batch < 0 {
					n.Fail("batch_dims is %d, want 0 or more", o.batch)
				}
				return o, n.Err()
			},
		})
	}
}

type gatherND struct {
	batch int
}

// Infer joins the shapes.
func (o *gatherND) Infer(in []Spec) ([]Spec, error) {
	data, indices := in[0], in[1]
	if err := wantDense("data", data); err != nil {
		return nil, err
	}
	if err := wantType("indices", indices, Int64, Int32); err != nil {
		return nil, err
	}
	q, r := len(indices.Shape), len(data.Shape)
	if q <= o.batch || r <= o.batch {
		return nil, fmt.Errorf("data has shape %v and indices %v, want ranks above batch_dims %d", data.Shape, indices.Shape, o.batch)
	}
	for i := range o.batch {
		if data.Shape[i] != indices.Shape[i] {
			return nil, fmt.Errorf("data has shape %v and indices %v, want them equal in the first %d axes", data.Shape, indices.Shape, o.batch)
		}
	}
	k := indices.Shape[q-1]
	if k < 1 || k > r-o.batch {
		return nil, fmt.Errorf("indices has shape %v, want 1 to %d in the last axis", indices.Shape, r-o.batch)
	}
	return one(data.DType, joinShapes(indices.Shape[:q-1], data.Shape[o.batch+k:]))
}

// Run copies a block for every index.
func (o *gatherND) Run(c *Call, in, out []*Tensor) error {
	data, y := in[0], out[0]
	if y.Len() == 0 {
		return nil
	}
	places, err := blockPlaces("indices", in[1], data.shape, o.batch)
	if err != nil {
		return err
	}
	copyBlocks(c, y, data, y.Len()/len(places), len(places), func(i int) int { return places[i] })
	return nil
}

// blockPlaces reads the last axis of indices as the first axes of data behind its
// batch axes, and gives for each tuple the place, in blocks, that it names.
func blockPlaces(name string, indices *Tensor, data Shape, batch int) ([]int, error) {
	values := indices.Ints()
	k := indices.shape[len(indices.shape)-1]
	dims := data[batch : batch+k]
	perBatch := product(dims)
	places := make([]int, product(indices.shape[:len(indices.shape)-1]))
	tuples := max(1, product(indices.shape[batch:len(indices.shape)-1])) // of one batch
	for i := range places {
		at := 0
		for j, d := range dims {
			v := values[i*k+j]
			if v < -d || v >= d {
				return nil, fmt.Errorf("%s holds %d for an axis of %d, want values in [%d, %d)", name, v, d, -d, d)
			}
			if v < 0 {
				v += d
			}
			at = at*d + v
		}
		places[i] = i/tuples*perBatch + at
	}
	return places, nil
}

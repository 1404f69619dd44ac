package ops

import "fmt"

// Gather: output[a.., i.., b..] = data[a.., indices[i..], b..], where a are the
// axes of data before axis and b those after it.
//
//	data: T, rank 1 or more. indices: int32 or int64, any shape; a negative index
//	counts from the end; one outside of [-d, d) is an error.
//	output: T, data.shape[:axis] + indices.shape + data.shape[axis+1:].
//	axis: in [-rank, rank), default 0.
//	T: every type of at least 8 bits, strings.
//
// https://onnx.ai/onnx/operators/onnx__Gather.html (versions 1, 11, 13).
func init() {
	Register(Def{
		Name: "Gather", Since: 1, Inputs: []string{"data", "indices"}, Outputs: []string{"output"}, Exact: true,
		New: func(n *Node) (Op, error) { return &gather{n.Int("axis", 0)}, n.Err() },
	})
}

type gather struct {
	axis int
}

// Infer puts the shape of indices in the place of axis.
func (o *gather) Infer(in []Spec) ([]Spec, error) {
	data, indices := in[0], in[1]
	if err := wantDense("data", data); err != nil {
		return nil, err
	}
	if err := wantType("indices", indices, Int64, Int32); err != nil {
		return nil, err
	}
	axis, err := normAxis(o.axis, len(data.Shape))
	if err != nil {
		return nil, err
	}
	shape := joinShapes(data.Shape[:axis], indices.Shape, data.Shape[axis+1:])
	return one(data.DType, shape)
}

// joinShapes puts shapes one after the other; the result is not nil.
func joinShapes(parts ...Shape) Shape {
	out := Shape{}
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

// Run copies the block behind axis for every index.
func (o *gather) Run(c *Call, in, out []*Tensor) error {
	data, y := in[0], out[0]
	axis, err := normAxis(o.axis, len(data.shape))
	if err != nil {
		return err
	}
	d := data.shape[axis]
	indices, err := normIndices("indices", in[1], d)
	if err != nil {
		return err
	}
	if y.Len() == 0 {
		return nil
	}
	block := product(data.shape[axis+1:])
	copyBlocks(c, y, data, block, product(data.shape[:axis])*len(indices), func(i int) int {
		return i/len(indices)*d + indices[i%len(indices)]
	})
	return nil
}

// normIndices reads indices along an axis of d elements; negative ones count from
// its end.
func normIndices(name string, t *Tensor, d int) ([]int, error) {
	indices := t.Ints()
	for i, v := range indices {
		if v < -d || v >= d {
			return nil, fmt.Errorf("%s holds %d, want values in [%d, %d)", name, v, -d, d)
		}
		if v < 0 {
			indices[i] = v + d
		}
	}
	return indices, nil
}

// copyBlocks fills y with n blocks of elements that follow each other; block i is
// the one that lies at place from(i), in blocks, of x.
func copyBlocks(c *Call, y, x *Tensor, block, n int, from func(i int) int) {
	switch {
	case x.dtype == String:
		moveBlocks(c, y.strings, x.strings, block, n, from)
	case block == 1 && x.dtype.Size() == 4:
		moveItems(c, units[uint32](y), units[uint32](x), n, from)
	case block == 1 && x.dtype.Size() == 8:
		moveItems(c, units[uint64](y), units[uint64](x), n, from)
	default:
		moveBlocks(c, y.Bytes(), x.Bytes(), block*x.dtype.Size(), n, from)
	}
}

// moveBlocks is copyBlocks for one Go type.
func moveBlocks[T any](c *Call, ys, xs []T, block, n int, from func(i int) int) {
	c.Parallel(n, 10+block/8, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			x := from(i) * block
			copy(ys[i*block:(i+1)*block], xs[x:x+block])
		}
	})
}

// moveItems is copyBlocks for one Go type and blocks of one element.
func moveItems[T any](c *Call, ys, xs []T, n int, from func(i int) int) {
	c.Parallel(n, 3, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			ys[i] = xs[from(i)]
		}
	})
}

package ops

import (
	"fmt"
	"math"
)

// Tile: output[i0, i1, ..] = input[i0 mod d0, i1 mod d1, ..]: input, repeated.
//
//	input: T, any shape. repeats: int64, one number for each axis. output: T,
//	[d0·repeats[0], d1·repeats[1], ..]. T: every type of at least 8 bits, strings.
//
// https://onnx.ai/onnx/operators/onnx__Tile.html (versions 6, 13).
func init() {
	Register(Def{
		Name: "Tile", Since: 6, Inputs: []string{"input", "repeats"}, Outputs: []string{"output"}, Exact: true,
		New: func(*Node) (Op, error) { return tile{}, nil },
	})
}

type tile struct{}

// Infer multiplies the extents.
func (tile) Infer(in []Spec) ([]Spec, error) {
	input := in[0]
	if err := wantDense("input", input); err != nil {
		return nil, err
	}
	repeats, known, err := intParameter("repeats", in, 1)
	if err != nil {
		return nil, err
	}
	if !known {
		return unknownShape(input.DType)
	}
	if len(repeats) != len(input.Shape) {
		return nil, fmt.Errorf("repeats is %v, want a number for each axis of input of shape %v", repeats, input.Shape)
	}
	shape := make(Shape, len(repeats))
	for i, r := range repeats {
		d := input.Shape[i]
		switch {
		case r < 0:
			return nil, fmt.Errorf("repeats is %v, want 0 or more", repeats)
		case d > 0 && r > math.MaxInt/d:
			return nil, fmt.Errorf("%d repeats of axis %d of input of shape %v: %w", r, i, input.Shape, ErrLimit)
		}
		shape[i] = d * r
	}
	return one(input.DType, shape)
}

// Run copies the input to each of its places.
func (tile) Run(c *Call, in, out []*Tensor) error {
	x, y := in[0], out[0]
	if y.Len() == 0 {
		return nil
	}
	own, result := x.shape.Strides(), y.shape.Strides()
	var s stridedCopy
	for i, d := range x.shape { // each axis as [repeats, extent]
		s.shape = append(s.shape, y.shape[i]/d, d)
		s.dst = append(s.dst, result[i]*d, result[i])
		s.src = append(s.src, 0, own[i])
	}
	return s.run(c, y, x)
}

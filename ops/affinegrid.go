package ops

import (
	"fmt"
	"math"
)

// AffineGrid: the places of GridSample that an affine map of the output names.
//
//	theta: T [N, 2, 3] or [N, 3, 4]. size: int64 [N, C, H, W] or [N, C, D, H, W].
//	grid: T [N, H, W, 2] or [N, D, H, W, 3]. T: float, double.
//
//	grid[n, y, x] = theta[n] · (x', y', 1), grid[n, z, y, x] = theta[n] · (x', y', z', 1)
//
// where a pixel i of d has the place i' = (2i + 1)/d - 1, or with align_corners
// 2i/(d - 1) - 1, and 1 where d is 1, as in onnxruntime.
//
// https://onnx.ai/onnx/operators/onnx__AffineGrid.html (version 20).
type affineGridOp struct{ align bool }

func init() {
	Register(Def{
		Name: "AffineGrid", Since: 20, Inputs: []string{"theta", "size"}, Outputs: []string{"grid"},
		New: func(n *Node) (Op, error) { return &affineGridOp{align: n.Bool("align_corners", false)}, nil },
	})
}

// Infer gives the grid its shape, if size is known.
func (o *affineGridOp) Infer(in []Spec) ([]Spec, error) {
	theta := in[0]
	if err := wantType("theta", theta, Float32, Float64); err != nil {
		return nil, err
	}
	size, known, err := intParameter("size", in, 1)
	if err != nil {
		return nil, err
	}
	if !known {
		return unknownShape(theta.DType)
	}
	shape, err := o.shape(theta.Shape, size)
	if err != nil {
		return nil, err
	}
	return one(theta.DType, shape)
}

func (o *affineGridOp) shape(theta Shape, size []int) (Shape, error) {
	rank := len(size) - 2
	if rank != 2 && rank != 3 {
		return nil, fmt.Errorf("size is %v, want [N, C, H, W] or [N, C, D, H, W]", size)
	}
	if !theta.Equal(Shape{size[0], rank, rank + 1}) {
		return nil, fmt.Errorf("theta has shape %v, want [%d, %d, %d]", theta, size[0], rank, rank+1)
	}
	for _, d := range size {
		if d < 0 || d > math.MaxInt32 {
			return nil, fmt.Errorf("size is %v, want values of 0 to %d", size, math.MaxInt32)
		}
	}
	return append(append(Shape{size[0]}, size[2:]...), rank), nil
}

// Run computes the grid.
func (o *affineGridOp) Run(c *Call, in, out []*Tensor) error {
	if out[0] == nil {
		shape, err := o.shape(in[0].Shape(), in[1].Ints())
		if err == nil {
			out[0], err = c.New(in[0].DType(), shape)
		}
		if err != nil {
			return err
		}
	}
	if in[0].DType() == Float64 {
		affineGrid[float64](c, o, in[0], out[0])
	} else {
		affineGrid[float32](c, o, in[0], out[0])
	}
	return nil
}

func affineGrid[T Float](c *Call, o *affineGridOp, theta, grid *Tensor) {
	shape := grid.Shape()
	rank := shape[len(shape)-1]
	ts, gs := Data[T](theta), Data[T](grid)
	places := shape[:rank+1] // N and the spatial axes
	c.Parallel(product(places), 10*rank, func(lo, hi int) {
		walk := newOdometer(lo, places)
		for at := lo; at < hi; at++ {
			rows := ts[walk.index[0]*rank*(rank+1):]
			for r := range rank {
				row := rows[r*(rank+1):][:rank+1]
				sum := float64(row[rank])
				for k := range rank { // x is the innermost axis
					sum += float64(row[k]) * o.place(walk.index[rank-k], places[rank-k])
				}
				gs[at*rank+r] = T(sum)
			}
			walk.next()
		}
	})
}

// place is where pixel i of d lies between -1 and 1.
func (o *affineGridOp) place(i, d int) float64 {
	switch {
	case !o.align:
		return float64(2*i+1)/float64(d) - 1
	case d == 1:
		return 1
	}
	return float64(2*i)/float64(d-1) - 1
}

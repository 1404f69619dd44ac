package ops

import (
	"fmt"
	"sync/atomic"
)

// MaxUnpool puts the pixels of X back where MaxPool found them; all others are 0.
//
//	X: T [N, C, D1...]. I: int64, the shape of X: positions as MaxPool's Indices.
//	output_shape: int64, optional. output: T [N, C, E1...], zero except
//
//	output[I[x]] = X[x], E = (D - 1)·strides - pads + kernel_shape
//
// Positions count in the tensor of the inferred shape [N, C, E...], flattened; where
// output_shape is larger, that tensor lies at the front of each axis, as the ONNX test
// suite has it (onnxruntime lets them count in output_shape). Of equal positions the
// last one wins.
//
//	T: float, double. kernel_shape, strides, pads: one per spatial axis, in pixels.
//
// Errors: an output_shape below the inferred one, or of other N and C; a position
// outside the tensor.
//
// https://onnx.ai/onnx/operators/onnx__MaxUnpool.html (versions 9, 11, 22).
type maxUnpoolOp struct{ windowAttrs }

func init() {
	Register(Def{
		Name: "MaxUnpool", Since: 9, Inputs: []string{"X", "I", "output_shape?"}, Outputs: []string{"output"}, Exact: true,
		New: func(n *Node) (Op, error) {
			o := &maxUnpoolOp{windowAttrs{
				kernelShape: n.Ints("kernel_shape"), strides: n.Ints("strides"), pads: n.Ints("pads"), autoPad: padNotSet,
			}}
			if o.kernelShape == nil {
				n.Fail("kernel_shape is missing")
			}
			n.wantEach("kernel_shape", "kernel size", o.kernelShape, 1)
			n.wantEach("strides", "stride", o.strides, 1)
			n.wantEach("pads", "pad", o.pads, 0)
			return o, nil
		},
	})
}

// Infer gives the output its shape, if output_shape is missing or known.
func (o *maxUnpoolOp) Infer(in []Spec) ([]Spec, error) {
	x, i := in[0], in[1]
	if err := wantType("X", x, Float32, Float64); err != nil {
		return nil, err
	}
	if err := wantType("I", i, Int64); err != nil {
		return nil, err
	}
	if !i.Shape.Equal(x.Shape) {
		return nil, fmt.Errorf("I has shape %v, want that of X, %v", i.Shape, x.Shape)
	}
	if _, err := o.inferred(x.Shape); err != nil {
		return nil, err
	}
	want, known, err := intParameter("output_shape", in, 2)
	if err != nil {
		return nil, err
	}
	if !known {
		return unknownShape(x.DType)
	}
	shape, err := o.outShape(x.Shape, want)
	if err != nil {
		return nil, err
	}
	return one(x.DType, shape)
}

// inferred is the shape in which positions count.
func (o *maxUnpoolOp) inferred(x Shape) (Shape, error) {
	if len(x) < 3 || len(x)-2 != len(o.kernelShape) {
		return nil, fmt.Errorf("X has shape %v, want [N, C, D1, ...] with %d spatial axes, as kernel_shape has", x, len(o.kernelShape))
	}
	axes, err := o.axes(x, o.kernelShape)
	if err != nil {
		return nil, err
	}
	shape := x.Clone()
	for k, a := range axes {
		// 64 bits on every machine: the extents are at most 2^30.
		e := int64(a.in-1)*int64(a.stride) - int64(a.padBegin) - int64(a.padEnd) + int64(a.kernel)
		if e < 1 || a.in == 0 {
			return nil, fmt.Errorf("spatial axis %d would have %d pixels, want at least 1", k, e)
		}
		if e > maxExtent {
			return nil, fmt.Errorf("spatial axis %d would have %d pixels, want at most %d: %w", k, e, maxExtent, ErrLimit)
		}
		shape[2+k] = int(e)
	}
	return shape, shape.Check()
}

// outShape is output_shape where that is given (not nil), else the inferred shape.
func (o *maxUnpoolOp) outShape(x Shape, want []int) (Shape, error) {
	shape, err := o.inferred(x)
	if err != nil || want == nil {
		return shape, err
	}
	if len(want) != len(shape) {
		return nil, fmt.Errorf("output_shape is %v, want %d values", want, len(shape))
	}
	for k, d := range want {
		if d < shape[k] || k < 2 && d > shape[k] {
			return nil, fmt.Errorf("output_shape is %v, want %v or more pixels", want, shape)
		}
	}
	return append(Shape{}, want...), nil
}

// Run scatters X.
func (o *maxUnpoolOp) Run(c *Call, in, out []*Tensor) error {
	x := in[0]
	shape, err := o.inferred(x.Shape())
	if err != nil {
		return err
	}
	if out[0] == nil {
		full, err := o.outShape(x.Shape(), in[2].Ints())
		if err == nil {
			out[0], err = c.New(x.DType(), full)
		}
		if err != nil {
			return err
		}
	}
	if x.DType() == Float64 {
		return unpool[float64](c, shape, x, in[1], out[0])
	}
	return unpool[float32](c, shape, x, in[1], out[0])
}

// unpool scatters by planes, in parallel, where every position lies in the plane of
// its pixel, as MaxPool gives them; else one pixel after the other.
func unpool[T Float](c *Call, shape Shape, x, indices, y *Tensor) error {
	xs, ys, is := Data[T](x), Data[T](y), Data[int64](indices)
	const clearedPerNs = 8
	c.Parallel((len(ys)+clearedPerNs-1)/clearedPerNs, 1, func(lo, hi int) {
		clear(ys[lo*clearedPerNs : min(hi*clearedPerNs, len(ys))])
	})
	planes, total := shape[0]*shape[1], shape.Elements()
	if planes == 0 {
		return c.Err()
	}
	pixels, plane := len(xs)/planes, total/planes
	var bad atomic.Int64
	var strays atomic.Bool
	bad.Store(-1)
	c.Parallel(len(is), 1, func(lo, hi int) {
		for k := lo; k < hi; k++ {
			if is[k] < 0 || is[k] >= int64(total) {
				bad.Store(int64(k))
			}
			if is[k]/int64(plane) != int64(k/pixels) {
				strays.Store(true)
			}
		}
	})
	if k := bad.Load(); k >= 0 {
		return fmt.Errorf("I has the position %d, want one in [0, %d)", is[k], total)
	}
	place := unpoolPlace(shape, y.Shape())
	scatter := func(lo, hi int) {
		for k := lo * pixels; k < hi*pixels; k++ {
			ys[place(int(is[k]))] = xs[k]
		}
	}
	if strays.Load() {
		scatter(0, planes)
		return c.Err()
	}
	c.Parallel(planes, 3*pixels, scatter)
	return nil
}

// unpoolPlace maps a position in a tensor of one shape to the same pixel in a
// tensor whose axes are as long or longer.
func unpoolPlace(from, to Shape) func(int) int {
	if from.Equal(to) {
		return func(at int) int { return at }
	}
	strides := to.Strides()
	return func(at int) int {
		y := 0
		for k := len(from) - 1; k >= 0; k-- {
			y += at % from[k] * strides[k]
			at /= from[k]
		}
		return y
	}
}

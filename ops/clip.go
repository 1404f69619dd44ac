package ops

import (
	"fmt"
	"math"

	"github.com/tconv/tconv/backend/cpu"
)

// Clip: Y = min(max(X, lo), hi), element by element, so that lo > hi gives hi
// everywhere. NaN stays NaN; a bound that is NaN bounds nothing. A bound that is
// missing is the least or the largest finite value of T: infinities are clipped.
//
//	input X: T, any shape. output Y: T, the same shape.
//	min, max: T, one element each, optional; attributes of type float before 11.
//	T: float, double and, since version 12, integers.
//
// https://onnx.ai/onnx/operators/onnx__Clip.html (versions 6, 11, 12, 13).
type clipOp struct {
	attributes bool // the bounds are float constants whatever the type of X
}

func init() {
	Register(
		Def{
			Name: "Clip", Since: 6, Inputs: []string{"input"}, Outputs: []string{"output"}, Exact: true,
			New: func(n *Node) (Op, error) {
				for i, name := range []string{"min", "max"} {
					if n.Has(name) {
						n.ConstInput(1+i, Of([]float32{n.Float(name, 0)}))
					}
				}
				return clipOp{attributes: true}, nil
			},
		},
		Def{
			Name: "Clip", Since: 11, Inputs: []string{"input", "min?", "max?"}, Outputs: []string{"output"}, Exact: true,
			New: func(*Node) (Op, error) { return clipOp{}, nil },
		},
	)
}

// clipKernel computes one element type; a bound that is nil is missing.
type clipKernel func(c *Call, x, lo, hi, y *Tensor)

var clipKernels = map[DType]clipKernel{
	Float32: clipTo[float32](-math.MaxFloat32, math.MaxFloat32), Float64: clipTo[float64](-math.MaxFloat64, math.MaxFloat64),
	Int8: clipTo[int8](math.MinInt8, math.MaxInt8), Int16: clipTo[int16](math.MinInt16, math.MaxInt16),
	Int32: clipTo[int32](math.MinInt32, math.MaxInt32), Int64: clipTo[int64](math.MinInt64, math.MaxInt64),
	Uint8: clipTo[uint8](0, math.MaxUint8), Uint16: clipTo[uint16](0, math.MaxUint16),
	Uint32: clipTo[uint32](0, math.MaxUint32), Uint64: clipTo[uint64](0, math.MaxUint64),
}

// Infer gives Y the type and shape of X.
func (o clipOp) Infer(in []Spec) ([]Spec, error) {
	x := in[0]
	if clipKernels[x.DType] == nil {
		return nil, wantType("input", x, sortedTypes(clipKernels)...)
	}
	for i, b := range in[1:] {
		if b.Omitted() {
			continue
		}
		name := [...]string{"min", "max"}[i]
		if !o.attributes {
			if err := wantSameType("input", x, name, b); err != nil {
				return nil, err
			}
		}
		if b.Shape.Known() && (len(b.Shape) > 1 || b.Shape.Elements() != 1) {
			return nil, fmt.Errorf("%s has shape %v, want a scalar", name, b.Shape)
		}
	}
	return one(x.DType, x.Shape)
}

// Run computes Y.
func (o clipOp) Run(c *Call, in, out []*Tensor) error {
	bounds := [2]*Tensor{}
	copy(bounds[:], in[1:])
	clipKernels[in[0].DType()](c, in[0], bounds[0], bounds[1], out[0])
	return nil
}

// Share lets Y take X's memory.
func (clipOp) Share([]Spec) Needs { return elementwiseShare() }

// Blocked follows the layout of the input; the bounds must be known.
func (clipOp) Blocked(in, _ []Spec, _ *cpu.Kernels) (Choice, bool) {
	if !boundsKnown(in) {
		return Choice{}, false
	}
	return followInput(in)
}

// Bind computes floats between known bounds with the vector kernel.
func (o clipOp) Bind(b *Binding) (Step, error) {
	if b.In[0].DType != Float32 || !boundsKnown(b.In) {
		return bindPlain(o, b), nil
	}
	lo, hi := bound(input(b.In, 1).Const, float32(-math.MaxFloat32)), bound(input(b.In, 2).Const, float32(math.MaxFloat32))
	return bindVec(b, cpu.VecFunc{Kind: cpu.VecClip, A: lo, B: hi}), nil
}

// boundsKnown reports whether min and max are constants or missing.
func boundsKnown(in []Spec) bool {
	for _, s := range in[1:] {
		if !s.Omitted() && s.Const == nil {
			return false
		}
	}
	return true
}

// clipTo makes the kernel of one element type, whose finite values are [least, largest].
func clipTo[T Number](least, largest T) clipKernel {
	return func(c *Call, x, min, max, y *Tensor) {
		lo, hi := bound(min, least), bound(max, largest)
		mapRows(1, func(y, x []T) {
			for i, v := range x {
				if v < lo {
					v = lo
				}
				if v > hi {
					v = hi
				}
				y[i] = v
			}
		}).run(c, x, y)
	}
}

// bound is the value of a bound, or def where it is missing.
func bound[T Number](t *Tensor, def T) T {
	switch {
	case t == nil:
		return def
	case t.DType() == Float32: // an attribute, or T itself
		return T(Data[float32](t)[0])
	}
	return Data[T](t)[0]
}

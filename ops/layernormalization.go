package ops

import (
	"fmt"
	"math"
)

// LayerNormalization: the elements from an axis on shifted and scaled to mean 0
// and variance 1, then by Scale and B.
//
//	X: T [D1, ..., Dn].  Scale, B?: T, broadcast to X.  Y: the type and shape of X.
//	Mean?, InvStdDev?: U, the shape of X with 1 from axis on.
//
//	Y = Scale · (X - Mean) · InvStdDev + B,  InvStdDev = 1 / sqrt(variance + epsilon)
//
// with mean and variance (divided by the count) of the elements from axis on.
// Statistics are kept in float64, and given back in the type U that stash_type
// names: float (the default) or double.
//
//	T: float, double.
//
// https://onnx.ai/onnx/operators/onnx__LayerNormalization.html (version 17).
type layerNormalization struct {
	axis    int
	epsilon float64
	stash   DType
}

func init() {
	Register(Def{
		Name: "LayerNormalization", Since: 17, Inputs: []string{"X", "Scale", "B?"}, Outputs: []string{"Y", "Mean", "InvStdDev"},
		New: func(n *Node) (Op, error) {
			return layerNormalization{n.Int("axis", -1), float64(n.Float("epsilon", 1e-5)), readStashType(n)}, n.Err()
		},
	})
}

// Infer checks the inputs and gives Y, Mean and InvStdDev.
func (o layerNormalization) Infer(in []Spec) ([]Spec, error) {
	x := in[0]
	if err := wantType("X", x, Float32, Float64); err != nil {
		return nil, err
	}
	axis, err := normAxis(o.axis, len(x.Shape))
	if err != nil {
		return nil, err
	}
	if product(x.Shape[axis:]) == 0 {
		return nil, fmt.Errorf("X has shape %v, want at least one element from axis %d on", x.Shape, axis)
	}
	err = firstError(
		wantBroadcast("Scale", in[1], x),
		wantBroadcast("B", input(in, 2), x))
	if err != nil {
		return nil, err
	}
	statistics := x.Shape.Clone()
	for i := axis; i < len(statistics); i++ {
		statistics[i] = 1
	}
	y, err := one(x.DType, x.Shape)
	return append(y, tensorSpec(o.stash, statistics), tensorSpec(o.stash, statistics)), err
}

// wantBroadcast refuses an operand that is there and does not broadcast to X.
func wantBroadcast(name string, s, x Spec) error {
	if s.Omitted() {
		return nil
	}
	if err := wantSameType("X", x, name, s); err != nil {
		return err
	}
	if y, err := broadcastShape(s.Shape, x.Shape); err != nil || !y.Equal(x.Shape) {
		return fmt.Errorf("%s has shape %v, which does not broadcast to X, %v", name, s.Shape, x.Shape)
	}
	return nil
}

// Share lets Y take X's memory: a row is read whole before it is written.
func (o layerNormalization) Share([]Spec) Needs { return elementwiseShare() }

// Run computes the outputs.
func (o layerNormalization) Run(c *Call, in, out []*Tensor) error {
	if in[0].DType() == Float32 {
		runLayerNormalization[float32](c, o, in, out)
	} else {
		runLayerNormalization[float64](c, o, in, out)
	}
	return nil
}

func runLayerNormalization[T Float](c *Call, o layerNormalization, in, out []*Tensor) {
	x := in[0]
	axis, _ := normAxis(o.axis, len(x.Shape()))
	scaleRow(c, in, out[0], axis, func(i int, row []T) (center, factor float64) {
		mean, variance := moments(row)
		inverse := 1 / math.Sqrt(variance+o.epsilon)
		for k, v := range []float64{1: mean, 2: inverse} {
			if k > 0 && k < len(out) && out[k] != nil {
				setFloat(out[k], i, v)
			}
		}
		return mean, inverse
	})
}

// setFloat stores element i of a tensor of float or double.
func setFloat(t *Tensor, i int, v float64) {
	if t.DType() == Float32 {
		Data[float32](t)[i] = float32(v)
	} else {
		Data[float64](t)[i] = v
	}
}

// scaleRow computes out = (X - center)·factor·Scale + B for each row of X, where a
// row is what lies from axis on and statistics tells its center and factor. in is
// X, Scale and B; B may be missing. out may be nil.
func scaleRow[T Float](c *Call, in []*Tensor, out *Tensor, axis int, statistics func(i int, row []T) (center, factor float64)) {
	shape := in[0].Shape()
	x, size := Data[T](in[0]), product(shape[axis:])
	if len(x) == 0 {
		return
	}
	scale := newRowOperand[T](in[1], shape, axis)
	var bias *rowOperand[T]
	if len(in) > 2 && in[2] != nil {
		bias = newRowOperand[T](in[2], shape, axis)
	}
	c.Parallel(len(x)/size, 4*size, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			row := x[i*size : (i+1)*size]
			center, factor := statistics(i, row)
			if out == nil {
				continue
			}
			y := Data[T](out)[i*size : (i+1)*size]
			for k, v := range row {
				normal := (float64(v) - center) * factor * scale.at(i, k)
				if bias != nil {
					normal += bias.at(i, k)
				}
				y[k] = T(normal)
			}
		}
	})
}

// rowOperand is an operand that broadcasts to X, as rows see it.
type rowOperand[T Float] struct {
	data   []T
	whole  bool // one row of data serves all rows
	shape  Shape
	stride []int
	size   int // elements of a row
}

func newRowOperand[T Float](t *Tensor, shape Shape, axis int) *rowOperand[T] {
	size := product(shape[axis:])
	o := &rowOperand[T]{data: Data[T](t), shape: shape, stride: broadcastStrides(t.Shape(), shape), size: size}
	o.whole = len(o.data) == size && product(t.Shape()[max(0, len(t.Shape())-len(shape)+axis):]) == size
	return o
}

// at is the operand at element k of row i.
func (o *rowOperand[T]) at(i, k int) float64 {
	if o.whole {
		return float64(o.data[k])
	}
	at, rest := 0, i*o.size+k
	for axis := len(o.shape) - 1; axis >= 0; axis-- {
		at += rest % o.shape[axis] * o.stride[axis]
		rest /= o.shape[axis]
	}
	return float64(o.data[at])
}

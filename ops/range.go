package ops

import (
	"fmt"
	"math"

	"github.com/x448/float16"
)

// Range: output = start, start + delta, start + 2·delta, .. up to limit, which is
// left out.
//
//	start, limit, delta: T, scalars; delta is not 0. output: T,
//	[max(0, ⌈(limit - start) / delta⌉)]. T: float, double, int16, int32, int64,
//	and since version 27 float16 and bfloat16, which are computed in float
//	(stash_type 1).
//
// Floats are added up one after the other, as onnxruntime does.
//
// https://onnx.ai/onnx/operators/onnx__Range.html (versions 11, 27).
func init() {
	for _, since := range []int{11, 27} {
		Register(Def{
			Name: "Range", Since: since, Inputs: []string{"start", "limit", "delta"}, Outputs: []string{"output"},
			New: func(n *Node) (Op, error) {
				if since >= 27 && n.DType("stash_type", Float32) != Float32 {
					n.Unsupported("attribute stash_type is %v, want float", n.DType("stash_type", Float32))
				}
				return rangeOp{}, n.Err()
			},
		})
	}
}

type rangeOp struct{}

// rangeType is Range on one element type.
type rangeType struct {
	count func(start, limit, delta *Tensor) (int, error)
	fill  func(y, start, delta *Tensor)
}

var rangeTypes = map[DType]rangeType{
	Float32: {countReals[float32], fillRange[float32]},
	Float64: {countReals[float64], fillRange[float64]},
	Int16:   {countIntegers[int16], fillRange[int16]},
	Int32:   {countIntegers[int32], fillRange[int32]},
	Int64:   {countIntegers[int64], fillRange[int64]},

	Float16:  {countHalves, fillHalves(float16.Fromfloat32)},
	BFloat16: {countHalves, fillHalves(ToBF16)},
}

// Infer counts the elements.
func (rangeOp) Infer(in []Spec) ([]Spec, error) {
	t, ok := rangeTypes[in[0].DType]
	if !ok {
		return nil, wantType("start", in[0], sortedTypes(rangeTypes)...)
	}
	known := true
	for i, name := range []string{"start", "limit", "delta"} {
		if err := wantSameType("start", in[0], name, in[i]); err != nil {
			return nil, err
		}
		if product(in[i].Shape) != 1 {
			return nil, fmt.Errorf("%s has shape %v, want a scalar", name, in[i].Shape)
		}
		known = known && in[i].Const != nil
	}
	if !known {
		return unknownShape(in[0].DType)
	}
	n, err := t.count(in[0].Const, in[1].Const, in[2].Const)
	if err != nil {
		return nil, err
	}
	return one(in[0].DType, Shape{n})
}

// Run writes the numbers.
func (rangeOp) Run(_ *Call, in, out []*Tensor) error {
	rangeTypes[in[0].dtype].fill(out[0], in[0], in[2])
	return nil
}

func countReals[T Float](start, limit, delta *Tensor) (int, error) {
	a, b, d := Data[T](start)[0], Data[T](limit)[0], Data[T](delta)[0]
	if d == 0 {
		return 0, fmt.Errorf("delta is 0")
	}
	n := math.Ceil(float64(b-a) / float64(d))
	switch {
	case !(n < MaxElements):
		return 0, fmt.Errorf("%v to %v by %v has %v elements: %w", a, b, d, n, ErrLimit)
	case n < 0:
		return 0, nil
	}
	return int(n), nil
}

func countIntegers[T int16 | int32 | int64](start, limit, delta *Tensor) (int, error) {
	a, b, d := int64(Data[T](start)[0]), int64(Data[T](limit)[0]), int64(Data[T](delta)[0])
	var n uint64 // differences as uint64: they may exceed an int64
	switch {
	case d == 0:
		return 0, fmt.Errorf("delta is 0")
	case d > 0 && b > a:
		n = (uint64(b)-uint64(a)-1)/uint64(d) + 1
	case d < 0 && b < a:
		n = (uint64(a)-uint64(b)-1)/-uint64(d) + 1
	}
	if n > MaxElements {
		return 0, fmt.Errorf("%d to %d by %d has %d elements: %w", a, b, d, n, ErrLimit)
	}
	return int(n), nil
}

func fillRange[T Number](y, start, delta *Tensor) {
	v, d := Data[T](start)[0], Data[T](delta)[0]
	ys := Data[T](y)
	for i := range ys {
		ys[i] = v
		v += d
	}
}

// countHalves is countReals for the 16-bit floats.
func countHalves(start, limit, delta *Tensor) (int, error) {
	return countReals[float32](Widen(start), Widen(limit), Widen(delta))
}

// fillHalves is fillRange for the 16-bit floats.
func fillHalves[T Element](round func(float32) T) func(y, start, delta *Tensor) {
	return func(y, start, delta *Tensor) {
		v, d := Data[float32](Widen(start))[0], Data[float32](Widen(delta))[0]
		ys := Data[T](y)
		for i := range ys {
			ys[i] = round(v)
			v += d
		}
	}
}

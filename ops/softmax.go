package ops

import (
	"fmt"
	"math"
)

// Softmax: output = e^(x-m) / Σ e^(x-m) and LogSoftmax: output = x - m - log Σ e^(x-m),
// with the sum and the maximum m taken along axis.
//
//	input: T, rank 1 or more; a scalar counts as [1]. output: T, the same shape.
//	T: float, double. Sums are in double.
//	axis: in [-rank, rank), default -1. Before version 13 the input is taken as a
//	matrix whose columns are the axes from axis (default 1) on, and a row is what
//	is normalised.
//
// A NaN or +Inf among the values along axis makes all results NaN.
//
// https://onnx.ai/onnx/operators/onnx__Softmax.html and onnx__LogSoftmax.html (versions 1, 11, 13).
func init() {
	for name, log := range map[string]bool{"Softmax": false, "LogSoftmax": true} {
		for _, since := range []int{1, 13} {
			Register(Def{
				Name: name, Since: since, Inputs: []string{"input"}, Outputs: []string{"output"},
				New: func(n *Node) (Op, error) { return &softmax{axisOrTail: readAxisOrTail(n), log: log}, n.Err() },
			})
		}
	}
}

// axisOrTail is the axis of Softmax and its relatives: one axis, or before version
// 13 all axes from one on.
type axisOrTail struct {
	axis int
	tail bool
}

func readAxisOrTail(n *Node) axisOrTail {
	if n.Opset < 13 {
		return axisOrTail{n.Int("axis", 1), true}
	}
	return axisOrTail{n.Int("axis", -1), false}
}

// split sees a shape as [outer, count, inner], count being what belongs together.
func (a axisOrTail) split(shape Shape) (outer, count, inner int, err error) {
	axis, rank := a.axis, len(shape)
	switch {
	case a.tail && axis == rank || rank == 0 && (axis == -1 || axis == 0):
		axis = rank // nothing is left: rows of one element
	case axis < -rank || axis >= rank:
		return 0, 0, 0, fmt.Errorf("axis is %d, want one in [%d, %d) for rank %d", axis, -rank, rank, rank)
	case axis < 0:
		axis += rank
	}
	if axis == rank {
		return product(shape), 1, 1, nil
	}
	if a.tail {
		return product(shape[:axis]), product(shape[axis:]), 1, nil
	}
	return product(shape[:axis]), shape[axis], product(shape[axis+1:]), nil
}

type softmax struct {
	axisOrTail
	log bool
}

// Infer keeps type and shape.
func (o *softmax) Infer(in []Spec) ([]Spec, error) {
	if err := wantType("input", in[0], Float32, Float64); err != nil {
		return nil, err
	}
	if _, _, _, err := o.split(in[0].Shape); err != nil {
		return nil, err
	}
	return one(in[0].DType, in[0].Shape)
}

// Share lets the result take the input's memory.
func (o *softmax) Share([]Spec) Needs { return elementwiseShare() }

// Run normalises along the axis.
func (o *softmax) Run(c *Call, in, out []*Tensor) error {
	outer, count, inner, err := o.split(in[0].shape)
	if err != nil || in[0].Len() == 0 {
		return err
	}
	if in[0].dtype == Float64 {
		softmaxAll(c, Data[float64](out[0]), Data[float64](in[0]), outer, count, inner, o.log)
	} else {
		softmaxAll(c, Data[float32](out[0]), Data[float32](in[0]), outer, count, inner, o.log)
	}
	return nil
}

// softmaxWidth is the number of neighbouring places along the inner axes that are
// normalised together: their maxima and sums stay in the first-level cache.
const softmaxWidth = 128

func softmaxAll[T Float](c *Call, ys, xs []T, outer, count, inner int, log bool) {
	const costOfExp = 5
	if inner == 1 {
		c.Parallel(outer, count*costOfExp, func(lo, hi int) {
			for ; lo < hi; lo++ {
				softmaxRow(ys[lo*count:][:count], xs[lo*count:][:count], log)
			}
		})
		return
	}
	blocks := (inner + softmaxWidth - 1) / softmaxWidth
	c.Parallel(outer*blocks, count*min(inner, softmaxWidth)*costOfExp, func(lo, hi int) {
		for ; lo < hi; lo++ {
			from := lo % blocks * softmaxWidth
			at := lo/blocks*count*inner + from
			softmaxBlock(ys[at:], xs[at:], count, inner, min(softmaxWidth, inner-from), log)
		}
	})
}

// softmaxRow normalises one row.
func softmaxRow[T Float](ys, xs []T, log bool) {
	m := xs[0]
	for _, v := range xs {
		if v > m {
			m = v
		}
	}
	sum := 0.0
	for i, v := range xs {
		e := expOf(v - m)
		sum += e
		if log {
			ys[i] = v - m
		} else {
			ys[i] = T(e)
		}
	}
	if log {
		l := math.Log(sum)
		for i := range ys {
			ys[i] = T(float64(ys[i]) - l)
		}
		return
	}
	scale := 1 / sum
	for i := range ys {
		ys[i] = T(float64(ys[i]) * scale)
	}
}

// softmaxBlock normalises width neighbouring columns of count elements each, which
// lie stride apart.
func softmaxBlock[T Float](ys, xs []T, count, stride, width int, log bool) {
	var maxima [softmaxWidth]T
	var sums [softmaxWidth]float64
	m := maxima[:width]
	copy(m, xs)
	for k := 1; k < count; k++ {
		for j, v := range xs[k*stride:][:width] {
			if v > m[j] {
				m[j] = v
			}
		}
	}
	for k := range count {
		row := ys[k*stride:][:width]
		for j, v := range xs[k*stride:][:width] {
			e := expOf(v - m[j])
			sums[j] += e
			if log {
				row[j] = v - m[j]
			} else {
				row[j] = T(e)
			}
		}
	}
	for j := range width {
		if log {
			sums[j] = math.Log(sums[j])
		} else {
			sums[j] = 1 / sums[j]
		}
	}
	for k := range count {
		row := ys[k*stride:][:width]
		for j := range row {
			if log {
				row[j] = T(float64(row[j]) - sums[j])
			} else {
				row[j] = T(float64(row[j]) * sums[j])
			}
		}
	}
}

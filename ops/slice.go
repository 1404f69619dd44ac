package ops

import (
	"fmt"
	"math"
)

// Slice: output[.., i, ..] = data[.., start + i·step, ..] along each axis in axes.
//
//	data: T, rank 1 or more. starts, ends: int32 or int64, rank 1; axes (absent:
//	0, 1, ...) and steps (absent: 1) as long. output: T, data's rank.
//	A negative start or end counts from the end of the axis; both are clamped to
//	the axis afterwards, so that INT64 limits mean "to the end". A negative step
//	walks backwards: end is then clamped to -1, which is before the first element.
//	An end of INT32_MAX or INT64_MAX means "to the end" in the direction of the
//	step, backwards too (as onnxruntime has it).
//	T: every type of at least 8 bits, strings.
//
// Version 1 has starts, ends and axes as attributes.
//
// https://onnx.ai/onnx/operators/onnx__Slice.html (versions 1, 10, 11, 13).
func init() {
	Register(
		Def{Name: "Slice", Since: 1, Inputs: []string{"data"}, Outputs: []string{"output"}, Exact: true, New: newSlice1},
		Def{
			Name: "Slice", Since: 10, Inputs: []string{"data", "starts", "ends", "axes?", "steps?"},
			Outputs: []string{"output"}, Exact: true,
			New: func(*Node) (Op, error) { return slice{}, nil },
		},
	)
}

func newSlice1(n *Node) (Op, error) {
	for i, name := range []string{"starts", "ends", "axes"} {
		v := n.Ints(name)
		if v == nil && name != "axes" {
			n.Fail("attribute %s is missing", name)
		}
		if v != nil {
			n.ConstInput(i+1, OfInts(v))
		}
	}
	return slice{}, n.Err()
}

type slice struct{}

// sliced is what a Slice takes of one axis: count elements from start on.
type sliced struct {
	start, step, count int
}

// resolve gives what is taken of each axis of data; nil when only the run tells.
func (slice) resolve(in []Spec) ([]sliced, error) {
	var lists [4][]int
	for i, name := range []string{"starts", "ends", "axes", "steps"} {
		v, known, err := intParameter(name, in, i+1)
		if err != nil || !known {
			return nil, err
		}
		lists[i] = v
	}
	starts, ends, axes, steps := lists[0], lists[1], lists[2], lists[3]
	if len(ends) != len(starts) || axes != nil && len(axes) != len(starts) || steps != nil && len(steps) != len(starts) {
		return nil, fmt.Errorf("starts %v, ends %v, axes %v, steps %v: want them equally long", starts, ends, axes, steps)
	}
	shape := in[0].Shape
	out := make([]sliced, len(shape))
	for i, d := range shape {
		out[i] = sliced{0, 1, d}
	}
	seen := make([]bool, len(shape))
	for i := range starts {
		axis, step := i, 1
		if axes != nil {
			axis = axes[i]
		}
		if steps != nil {
			step = steps[i]
		}
		axis, err := normAxis(axis, len(shape))
		if err != nil {
			return nil, err
		}
		if seen[axis] {
			return nil, fmt.Errorf("axes %v name axis %d twice", axes, axis)
		}
		seen[axis] = true
		if step == 0 {
			return nil, fmt.Errorf("steps %v has a 0", steps)
		}
		out[axis] = sliceAxis(shape[axis], starts[i], ends[i], step)
	}
	return out, nil
}

// sliceAxis resolves start:end:step on an axis of d elements. A start beyond the
// axis is clamped to its first or last element where the step is negative.
func sliceAxis(d, start, end, step int) sliced {
	if d == 0 {
		return sliced{0, 1, 0}
	}
	if start < 0 {
		start += d
	}
	if step < 0 && (end == math.MaxInt32 || end == math.MaxInt) {
		end = -1
	} else if end < 0 {
		end += d
	}
	count := 0
	if step > 0 {
		start, end = min(max(start, 0), d), min(max(end, 0), d)
		if end > start {
			count = (end-start-1)/step + 1
		}
	} else {
		start, end = min(max(start, 0), d-1), min(max(end, -1), d-1)
		if end < start {
			count = (start-end-1)/-max(step, -math.MaxInt) + 1
		}
	}
	if count <= 1 {
		step = 1 // it might overflow as a stride
	}
	return sliced{start, step, count}
}

// Infer gives the count of each axis.
func (o slice) Infer(in []Spec) ([]Spec, error) {
	if err := wantDense("data", in[0]); err != nil {
		return nil, err
	}
	ranges, err := o.resolve(in)
	if err != nil {
		return nil, err
	}
	if ranges == nil {
		return unknownShape(in[0].DType)
	}
	shape := make(Shape, len(ranges))
	for i, r := range ranges {
		shape[i] = r.count
	}
	return one(in[0].DType, shape)
}

// Run copies what is taken.
func (o slice) Run(c *Call, in, out []*Tensor) error {
	x, y := in[0], out[0]
	ranges, err := o.resolve(specsOf(in))
	if err != nil {
		return err
	}
	s := stridedCopy{shape: y.shape, dst: y.shape.Strides(), src: x.shape.Strides()}
	for i, r := range ranges {
		s.srcOff += r.start * s.src[i]
		s.src[i] *= r.step
	}
	return s.run(c, y, x)
}

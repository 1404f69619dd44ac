package ops

import "fmt"

// broadcastShape is the shape to which all given shapes broadcast, as numpy and
// ONNX do: axes are aligned at the end, a 1 stretches.
func broadcastShape(shapes ...Shape) (Shape, error) {
	rank := 0
	for _, s := range shapes {
		rank = max(rank, len(s))
	}
	out := make(Shape, rank)
	for i := range out {
		out[i] = 1
	}
	for _, s := range shapes {
		for i, d := range s {
			o := &out[rank-len(s)+i]
			switch {
			case *o == d || d == 1:
			case *o == 1:
				*o = d
			default:
				return nil, fmt.Errorf("shapes %v do not broadcast: axis %d is %d and %d", shapes, rank-len(s)+i, *o, d)
			}
		}
	}
	return out, nil
}

// broadcastStrides gives the strides, in elements, with which a row-major tensor
// of shape from is walked as if it had shape to: 0 along stretched axes.
func broadcastStrides(from, to Shape) []int {
	st := make([]int, len(to))
	own := from.Strides()
	lead := len(to) - len(from)
	for i := range from {
		if from[i] != 1 {
			st[lead+i] = own[i]
		}
	}
	return st
}

// mergeAxes drops axes of extent 1 and joins neighbours that every operand walks
// evenly, so that inner loops become long. It changes neither order nor result.
func mergeAxes(shape Shape, strides ...[]int) (Shape, [][]int) {
	out := make(Shape, 0, len(shape))
	st := make([][]int, len(strides))
	for i, d := range shape {
		if d == 1 {
			continue
		}
		last := len(out) - 1
		joins := last >= 0
		for k := range strides {
			joins = joins && st[k][last] == strides[k][i]*d
		}
		if joins {
			out[last] *= d
			for k := range strides {
				st[k][last] = strides[k][i]
			}
			continue
		}
		out = append(out, d)
		for k := range strides {
			st[k] = append(st[k], strides[k][i])
		}
	}
	return out, st
}

// odometer walks a shape in row-major order and keeps the offset of each operand.
type odometer struct {
	shape   Shape
	index   []int
	strides [][]int
	offset  []int
}

// newOdometer starts at item first of the walk.
func newOdometer(first int, shape Shape, strides ...[]int) *odometer {
	o := &odometer{shape: shape, index: make([]int, len(shape)), strides: strides, offset: make([]int, len(strides))}
	for i := len(shape) - 1; i >= 0 && shape[i] > 0; i-- {
		o.index[i] = first % shape[i]
		first /= shape[i]
		for k := range strides {
			o.offset[k] += o.index[i] * strides[k][i]
		}
	}
	return o
}

// next steps to the following item.
func (o *odometer) next() {
	for i := len(o.shape) - 1; i >= 0; i-- {
		o.index[i]++
		for k := range o.strides {
			o.offset[k] += o.strides[k][i]
		}
		if o.index[i] < o.shape[i] {
			return
		}
		for k := range o.strides {
			o.offset[k] -= o.index[i] * o.strides[k][i]
		}
		o.index[i] = 0
	}
}

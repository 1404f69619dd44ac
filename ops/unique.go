package ops

import (
	"cmp"
)

// Unique: Y = the different slices of X along axis; without axis, its different
// elements, as a list.
//
//	X: T, any shape. Y: T. indices: int64: where each one of Y first stands in X.
//	inverse_indices: int64: where each slice of X stands in Y. counts: int64: how
//	often each one of Y stands in X.
//	axis: in [-rank, rank). sorted (1): ascending order, slices as their elements
//	in row-major order, NaN last; 0: the order of first appearance.
//	NaNs are one value. T: every number of Go, bool, string.
//
// The shapes are known when the run has found them.
//
// https://onnx.ai/onnx/operators/onnx__Unique.html (version 11).
func init() {
	Register(Def{
		Name: "Unique", Since: 11, Inputs: []string{"X"}, Outputs: []string{"Y", "indices?", "inverse_indices?", "counts?"}, Exact: true,
		New: func(n *Node) (Op, error) {
			return &unique{split: compress{n.Has("axis"), n.Int("axis", 0)}, unsorted: !n.Bool("sorted", true), outputs: max(1, len(n.Outputs))}, n.Err()
		},
	})
}

type unique struct {
	split    compress // how X falls into slices
	unsorted bool
	outputs  int
}

var uniqueOrders = map[DType]func(t *Tensor) func(i, j int) int{
	Float32: orderOf[float32], Float64: orderOf[float64],
	Int8: orderOf[int8], Int16: orderOf[int16], Int32: orderOf[int32], Int64: orderOf[int64],
	Uint8: orderOf[uint8], Uint16: orderOf[uint16], Uint32: orderOf[uint32], Uint64: orderOf[uint64],
	Bool: func(t *Tensor) func(i, j int) int {
		return func(i, j int) int { return cmp.Compare(t.Bytes()[i], t.Bytes()[j]) }
	},
	String: func(t *Tensor) func(i, j int) int {
		return func(i, j int) int { return cmp.Compare(t.strings[i], t.strings[j]) }
	},
}

// orderOf compares elements of t by their places; NaN comes last.
func orderOf[T Number](t *Tensor) func(i, j int) int {
	xs := Data[T](t)
	return func(i, j int) int {
		a, b := xs[i], xs[j]
		if a != a || b != b {
			return -cmp.Compare(a, b) // cmp has NaN first
		}
		return cmp.Compare(a, b)
	}
}

// Infer cannot tell the shapes.
func (o *unique) Infer(in []Spec) ([]Spec, error) {
	x := in[0]
	if uniqueOrders[x.DType] == nil {
		return nil, wantType("X", x, sortedTypes(uniqueOrders)...)
	}
	if _, _, _, _, err := o.split.split(x.Shape); err != nil {
		return nil, err
	}
	out := []Spec{{DType: x.DType}, {DType: Int64}, {DType: Int64}, {DType: Int64}}
	return out[:min(o.outputs, 4)], nil
}

// Run sorts the slices and keeps one of each.
func (o *unique) Run(c *Call, in, out []*Tensor) error {
	x := in[0]
	axis, outer, count, inner, err := o.split.split(x.shape)
	if err != nil {
		return err
	}
	element := uniqueOrders[x.dtype](x)
	compare := func(a, b int) int {
		for i := range outer {
			for k := range inner {
				at := i*count*inner + k
				if d := element(at+a*inner, at+b*inner); d != 0 {
					return d
				}
			}
		}
		return 0
	}
	groups := uniqueGroups(c, count, compare)
	if o.unsorted {
		sortStable(c, groups, func(a, b []int) int { return a[0] - b[0] })
	}
	if err := c.Err(); err != nil {
		return err
	}
	shape := Shape{len(groups)}
	if o.split.hasAxis {
		shape = x.shape.Clone()
		shape[axis] = len(groups)
	}
	if out[0], err = c.New(x.dtype, shape); err != nil {
		return err
	}
	if out[0].Len() > 0 {
		copyBlocks(c, out[0], x, inner, outer*len(groups), func(i int) int {
			return i/len(groups)*count + groups[i%len(groups)][0]
		})
	}
	return o.describe(c, groups, count, out[1:])
}

// uniqueGroups gathers equal places among count, each group ascending, the groups
// in order.
func uniqueGroups(c *Call, count int, compare func(a, b int) int) [][]int {
	order := make([]int, count)
	for i := range order {
		order[i] = i
	}
	sortStable(c, order, compare)
	var groups [][]int
	for from := 0; from < count && !c.stop.Load(); {
		to := from + 1
		for to < count && compare(order[from], order[to]) == 0 {
			to++
		}
		groups = append(groups, order[from:to])
		from = to
	}
	return groups
}

// describe writes indices, inverse_indices and counts.
func (o *unique) describe(c *Call, groups [][]int, count int, out []*Tensor) error {
	for i := range out {
		n := len(groups)
		if i == 1 {
			n = count
		}
		t, err := c.New(Int64, Shape{n})
		if err != nil {
			return err
		}
		values := Data[int64](t)
		for g, places := range groups {
			switch i {
			case 0:
				values[g] = int64(places[0])
			case 1:
				for _, p := range places {
					values[p] = int64(g)
				}
			case 2:
				values[g] = int64(len(places))
			}
		}
		out[i] = t
	}
	return nil
}

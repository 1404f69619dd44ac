package ops

import (
	"fmt"
	"slices"
)

// TopK: Values = the K largest elements of X along axis, largest first, and Indices =
// their places along axis.
//
//	X: T, rank 1 or more. K: int64, one element, in [0, the extent of axis].
//	Values: T, Indices: int64: X's shape with K in the place of axis.
//	axis: in [-rank, rank), default -1. largest (1): 0 asks for the least, least
//	first. sorted (1): 0 allows any order; they are sorted all the same.
//	T: every number of Go. Of equal elements the one with the lower index comes
//	first; NaN counts as larger than all.
//
// Before version 10 k is an attribute.
//
// https://onnx.ai/onnx/operators/onnx__TopK.html (versions 1, 10, 11, 24).
func init() {
	outs := []string{"Values", "Indices"}
	Register(
		Def{
			Name: "TopK", Since: 1, Inputs: []string{"X"}, Outputs: outs, Exact: true,
			New: func(n *Node) (Op, error) {
				if !n.Has("k") {
					n.Fail("attribute k is missing")
				}
				n.ConstInput(1, OfInts([]int{n.Int("k", 0)}))
				return &topK{axis: n.Int("axis", -1)}, n.Err()
			},
		},
		Def{
			Name: "TopK", Since: 10, Inputs: []string{"X", "K"}, Outputs: outs, Exact: true,
			New: func(n *Node) (Op, error) { return &topK{axis: n.Int("axis", -1)}, n.Err() },
		},
		Def{
			Name: "TopK", Since: 11, Inputs: []string{"X", "K"}, Outputs: outs, Exact: true,
			New: func(n *Node) (Op, error) {
				n.Bool("sorted", true)
				return &topK{axis: n.Int("axis", -1), least: !n.Bool("largest", true)}, n.Err()
			},
		},
	)
}

type topK struct {
	axis  int
	least bool
}

var topKKernels = map[DType]func(o *topK, c *Call, in, out []*Tensor, axis int){
	Float32: topKAll[float32], Float64: topKAll[float64],
	Int8: topKAll[int8], Int16: topKAll[int16], Int32: topKAll[int32], Int64: topKAll[int64],
	Uint8: topKAll[uint8], Uint16: topKAll[uint16], Uint32: topKAll[uint32], Uint64: topKAll[uint64],
}

// Infer puts K in the place of axis.
func (o *topK) Infer(in []Spec) ([]Spec, error) {
	x := in[0]
	if topKKernels[x.DType] == nil {
		return nil, wantType("X", x, sortedTypes(topKKernels)...)
	}
	axis, err := normAxis(o.axis, len(x.Shape))
	if err != nil {
		return nil, err
	}
	k, known, err := intParameter("K", in, 1)
	if err != nil {
		return nil, err
	}
	if !known {
		return []Spec{{DType: x.DType}, {DType: Int64}}, nil
	}
	if len(k) != 1 || k[0] < 0 || k[0] > x.Shape[axis] {
		return nil, fmt.Errorf("K is %v, want one number in [0, %d]", k, x.Shape[axis])
	}
	shape := x.Shape.Clone()
	shape[axis] = k[0]
	return []Spec{tensorSpec(x.DType, shape), tensorSpec(Int64, shape)}, nil
}

// Run picks the elements.
func (o *topK) Run(c *Call, in, out []*Tensor) error {
	axis, err := normAxis(o.axis, len(in[0].shape))
	if err != nil {
		return err
	}
	topKKernels[in[0].dtype](o, c, in, out, axis)
	return nil
}

func topKAll[T Number](o *topK, c *Call, in, out []*Tensor, axis int) {
	x := in[0]
	n, inner := x.shape[axis], product(x.shape[axis+1:])
	k := in[1].Ints()[0]
	if k == 0 || x.Len() == 0 {
		return
	}
	xs := Data[T](x)
	c.Parallel(x.Len()/n, n*10, func(lo, hi int) {
		row, order := make([]T, n), make([]int, 0, k)
		for ; lo < hi; lo++ {
			at := lo/inner*n*inner + lo%inner
			for i := range row {
				row[i] = xs[at+i*inner]
			}
			order = o.pick(order[:0], n, k, func(a, b int) bool { return before(row[a], row[b], a, b, o.least) })
			at = lo/inner*k*inner + lo%inner
			for i, p := range order {
				if out[0] != nil {
					Data[T](out[0])[at+i*inner] = row[p]
				}
				if len(out) > 1 && out[1] != nil {
					Data[int64](out[1])[at+i*inner] = int64(p)
				}
			}
		}
	})
}

// before reports whether a, at index i, comes before b, at index j.
func before[T Number](a, b T, i, j int, least bool) bool {
	switch {
	case a == b || a != a && b != b:
		return i < j
	case a != a:
		return !least
	case b != b:
		return least
	}
	return a > b != least
}

// pick gives the first k of n places in order. A heap holds the best so far, the
// worst of them on top.
func (o *topK) pick(heap []int, n, k int, before func(a, b int) bool) []int {
	for i := range n {
		if len(heap) < k {
			heap = append(heap, i)
			if len(heap) == k {
				for root := k/2 - 1; root >= 0; root-- {
					sink(heap, root, before)
				}
			}
		} else if before(i, heap[0]) {
			heap[0] = i
			sink(heap, 0, before)
		}
	}
	slices.SortFunc(heap, func(a, b int) int {
		switch {
		case before(a, b):
			return -1
		case before(b, a):
			return 1
		}
		return 0
	})
	return heap
}

// sink restores the heap below root: no element comes after the one above it.
func sink(heap []int, root int, before func(a, b int) bool) {
	for {
		child := 2*root + 1
		if child >= len(heap) {
			return
		}
		if child+1 < len(heap) && before(heap[child], heap[child+1]) {
			child++
		}
		if !before(heap[root], heap[child]) {
			return
		}
		heap[root], heap[child] = heap[child], heap[root]
		root = child
	}
}

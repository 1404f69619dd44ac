package ops

import "fmt"

// Transpose: transposed = data with its axes permuted,
//
//	transposed[i[perm[0]], i[perm[1]], ...] = data[i[0], i[1], ...]
//
//	data: T, any shape. transposed: T, the shape [data.shape[p] for p in perm].
//	perm: a permutation of the axes; absent, their reverse.
//	T: every type.
//
// https://onnx.ai/onnx/operators/onnx__Transpose.html (versions 1, 13, 21, 23, 24, 25).
func init() {
	Register(Def{
		Name: "Transpose", Since: 1, Inputs: []string{"data"}, Outputs: []string{"transposed"}, Exact: true,
		New: func(n *Node) (Op, error) {
			t := &transpose{perm: n.Ints("perm")}
			return t, checkPermutation(n, t.perm)
		},
	})
}

type transpose struct {
	perm []int // nil: reverse
}

// checkPermutation refuses a list that does not name each axis once.
func checkPermutation(n *Node, perm []int) error {
	seen := make([]bool, len(perm))
	for _, p := range perm {
		if p < 0 || p >= len(perm) || seen[p] {
			n.Fail("perm is %v, want each of 0 to %d once", perm, len(perm)-1)
			break
		}
		seen[p] = true
	}
	return n.Err()
}

// order is the permutation for a rank.
func (t *transpose) order(rank int) []int {
	if t.perm != nil {
		return t.perm
	}
	perm := make([]int, rank)
	for i := range perm {
		perm[i] = rank - 1 - i
	}
	return perm
}

// Infer permutes the shape.
func (t *transpose) Infer(in []Spec) ([]Spec, error) {
	data := in[0]
	if err := wantAsIs("data", data); err != nil {
		return nil, err
	}
	perm := t.order(len(data.Shape))
	if len(perm) != len(data.Shape) {
		return nil, fmt.Errorf("perm %v has %d axes, data has shape %v", perm, len(perm), data.Shape)
	}
	shape := make(Shape, len(perm))
	for i, p := range perm {
		shape[i] = data.Shape[p]
	}
	return one(data.DType, shape)
}

// Run permutes the elements.
func (t *transpose) Run(c *Call, in, out []*Tensor) error {
	return t.copy(in[0].shape, out[0].shape).run(c, out[0], in[0])
}

// copy is what moves the elements.
func (t *transpose) copy(x, y Shape) stridedCopy {
	strides := x.Strides()
	src := make([]int, len(strides))
	for i, p := range t.order(len(strides)) {
		src[i] = strides[p]
	}
	return stridedCopy{shape: y, dst: y.Strides(), src: src}
}

// Share makes the result a view where only axes of extent 1 change their place.
func (t *transpose) Share(in []Spec) Needs {
	last := -1
	for _, p := range t.order(len(in[0].Shape)) {
		if in[0].Shape[p] == 1 {
			continue
		}
		if p < last {
			return Needs{}
		}
		last = p
	}
	return viewShare()
}

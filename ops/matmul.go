package ops

import (
	"fmt"

	"github.com/tconv/tconv/backend/cpu"
)

// MatMul: the matrix product of numpy.matmul.
//
//	A: T [batch..., M, K].  B: T [batch..., K, N].  Y: T [batch..., M, N].
//
//	Y[..., i, j] = sum over p of A[..., i, p] · B[..., p, j]
//
// The batch axes broadcast. An A of rank 1 is a row, a B of rank 1 a column, and
// the axis so added is dropped from Y. Sums of floats are kept in float64 and
// rounded once, integers wrap around.
//
//	T: float, double and, since version 9, int32, int64, uint32, uint64.
//
// https://onnx.ai/onnx/operators/onnx__MatMul.html (versions 1, 9, 13).
type matMul struct{}

func init() {
	Register(Def{
		Name: "MatMul", Since: 1, Inputs: []string{"A", "B"}, Outputs: []string{"Y"},
		New: func(*Node) (Op, error) { return matMul{}, nil },
	})
}

// matMulShape is a product of matrices: Y of shape y holds, in order of batch, the
// products of A and B at strides·index.
type matMulShape struct {
	m, k, n            int
	batch              Shape
	aStrides, bStrides []int // of each batch axis, in elements
	y                  Shape
}

// newMatMulShape checks the shapes of A and B.
func newMatMulShape(a, b Shape) (*matMulShape, error) {
	if len(a) == 0 || len(b) == 0 {
		return nil, fmt.Errorf("A has shape %v and B %v, want no scalars", a, b)
	}
	row, column := len(a) == 1, len(b) == 1
	if row {
		a = Shape{1, a[0]}
	}
	if column {
		b = Shape{b[0], 1}
	}
	s := &matMulShape{m: a[len(a)-2], k: a[len(a)-1], n: b[len(b)-1]}
	if rows := b[len(b)-2]; rows != s.k {
		return nil, fmt.Errorf("A has %d columns and B %d rows, want the same", s.k, rows)
	}
	batchA, batchB := a[:len(a)-2], b[:len(b)-2]
	batch, err := broadcastShape(batchA, batchB)
	if err != nil {
		return nil, fmt.Errorf("batches of A and B: %w", err)
	}
	s.batch, s.y = batch, batch.Clone()
	if !row {
		s.y = append(s.y, s.m)
	}
	if !column {
		s.y = append(s.y, s.n)
	}
	s.aStrides, s.bStrides = broadcastStrides(batchA, batch), broadcastStrides(batchB, batch)
	for i := range batch {
		s.aStrides[i] *= s.m * s.k
		s.bStrides[i] *= s.k * s.n
	}
	return s, nil
}

// Infer checks the inputs and gives Y.
func (matMul) Infer(in []Spec) ([]Spec, error) {
	a, b := in[0], in[1]
	err := firstError(
		wantType("A", a, Float32, Float64, Int32, Int64, Uint32, Uint64),
		wantSameType("A", a, "B", b))
	if err != nil {
		return nil, err
	}
	s, err := newMatMulShape(a.Shape, b.Shape)
	if err != nil {
		return nil, err
	}
	return one(a.DType, s.y)
}

// MACs counts M·N·K for every matrix of the batch.
func (matMul) MACs(in, out []Spec) int64 {
	return multiplied(out[0].Shape.Elements(), in[0].Shape[len(in[0].Shape)-1])
}

// Run computes Y.
func (matMul) Run(c *Call, in, out []*Tensor) error {
	s, err := newMatMulShape(in[0].Shape(), in[1].Shape())
	if err != nil {
		return err
	}
	switch in[0].DType() {
	case Float32:
		runMatMul[float32, float64](c, s, in, out[0])
	case Float64:
		runMatMul[float64, float64](c, s, in, out[0])
	case Int32:
		runMatMul[int32, int32](c, s, in, out[0])
	case Int64:
		runMatMul[int64, int64](c, s, in, out[0])
	case Uint32:
		runMatMul[uint32, uint32](c, s, in, out[0])
	case Uint64:
		runMatMul[uint64, uint64](c, s, in, out[0])
	}
	return nil
}

func runMatMul[T, S Number](c *Call, s *matMulShape, in []*Tensor, out *Tensor) {
	a, b, y := Data[T](in[0]), Data[T](in[1]), Data[T](out)
	if len(y) == 0 {
		return
	}
	round := func(sum S, _ int) T { return T(sum) }
	cost := int(min(1<<30, multiplied(s.n, s.k)))
	c.Parallel(product(s.batch)*s.m, cost, func(lo, hi int) {
		o := newOdometer(lo/s.m, s.batch, s.aStrides, s.bStrides)
		for i := lo; i < hi; i++ {
			if i%s.m == 0 && i > lo {
				o.next()
			}
			productRow(y[i*s.n:(i+1)*s.n], rowMajor(a[o.offset[0]:], s.k), rowMajor(b[o.offset[1]:], s.n), i%s.m, s.k, round)
		}
	})
}

// Bind computes floats with the matrix kernels; a constant B that is one matrix is
// packed once.
func (o matMul) Bind(b *Binding) (Step, error) {
	if b.In[0].DType != Float32 || b.Out[0].Shape.Elements() == 0 {
		return plainStep{o}, nil
	}
	s, err := newMatMulShape(b.In[0].Shape, b.In[1].Shape)
	if err != nil {
		return nil, err
	}
	g := cpu.Gemm{M: s.m, N: s.n, K: s.k, LDA: s.k, LDB: s.n, LDC: s.n, Alpha: 1}
	oneB := b.In[1].Shape.Elements() == s.k*s.n
	if oneB && b.In[0].Shape.Elements() == product(s.batch)*s.m*s.k {
		g.M *= product(s.batch) // the rows of all As follow each other
	} else {
		g.Batch = s.offsets()
	}
	return newGemmStep(b, g, oneB, nil), nil
}

// offsets lists where the matrices of the batch begin.
func (s *matMulShape) offsets() []cpu.GemmOffsets {
	list := make([]cpu.GemmOffsets, product(s.batch))
	o := newOdometer(0, s.batch, s.aStrides, s.bStrides)
	for i := range list {
		list[i] = cpu.GemmOffsets{A: o.offset[0], B: o.offset[1], C: i * s.m * s.n}
		o.next()
	}
	return list
}

package ops

import "github.com/tconv/tconv/backend/cpu"

// FusedMatMul: Y = alpha · A' · B', MatMul with the last two axes of A or B exchanged.
//
//	A: T [batch..., M, K], or [batch..., K, M] with transA. B: T [batch..., K, N], or
//	[batch..., N, K] with transB. Y: T [batch..., M, N]. Vectors are not exchanged.
//
// The batch axes broadcast. transBatchA and transBatchB must be 0. Sums are kept in
// float64 and rounded once.
//
//	T: float, double.
//
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md (com.microsoft, version 1).
type fusedMatMul struct {
	alpha          float32
	transA, transB bool
}

func init() {
	Register(Def{
		Name: "FusedMatMul", Domain: MicrosoftDomain, Since: 1, Inputs: []string{"A", "B"}, Outputs: []string{"Y"},
		New: func(n *Node) (Op, error) {
			o := fusedMatMul{n.Float("alpha", 1), n.Bool("transA", false), n.Bool("transB", false)}
			for _, name := range []string{"transBatchA", "transBatchB"} {
				if n.Bool(name, false) {
					n.Unsupported("%s is 1, want 0", name)
				}
			}
			return o, n.Err()
		},
	})
}

// turnedLast is a shape with its last two axes exchanged.
func turnedLast(s Shape, turn bool) Shape {
	if !turn || len(s) < 2 {
		return s
	}
	s = s.Clone()
	last := len(s) - 1
	s[last-1], s[last] = s[last], s[last-1]
	return s
}

// shape is the product's.
func (o fusedMatMul) shape(a, b Shape) (*matMulShape, error) {
	return newMatMulShape(turnedLast(a, o.transA), turnedLast(b, o.transB))
}

// Infer checks the inputs and gives Y.
func (o fusedMatMul) Infer(in []Spec) ([]Spec, error) {
	if err := firstError(wantType("A", in[0], Float32, Float64), wantSameType("A", in[0], "B", in[1])); err != nil {
		return nil, err
	}
	s, err := o.shape(in[0].Shape, in[1].Shape)
	if err != nil {
		return nil, err
	}
	return one(in[0].DType, s.y)
}

// MACs counts M·N·K for every matrix of the batch.
func (o fusedMatMul) MACs(in, out []Spec) int64 {
	s, err := o.shape(in[0].Shape, in[1].Shape)
	if err != nil {
		return 0
	}
	return multiplied(out[0].Shape.Elements(), s.k)
}

// Run computes Y.
func (o fusedMatMul) Run(c *Call, in, out []*Tensor) error {
	s, err := o.shape(in[0].shape, in[1].shape)
	if err != nil {
		return err
	}
	if in[0].dtype == Float32 {
		runFusedMatMul[float32](c, o, s, in, out[0])
	} else {
		runFusedMatMul[float64](c, o, s, in, out[0])
	}
	return nil
}

func runFusedMatMul[T Float](c *Call, o fusedMatMul, s *matMulShape, in []*Tensor, out *Tensor) {
	as, bs, y := Data[T](in[0]), Data[T](in[1]), Data[T](out)
	if len(y) == 0 {
		return
	}
	scale := func(sum float64, _ int) T { return T(sum * float64(o.alpha)) }
	c.Parallel(product(s.batch)*s.m, int(min(1<<30, multiplied(s.n, s.k))), func(lo, hi int) {
		at := newOdometer(lo/s.m, s.batch, s.aStrides, s.bStrides)
		for i := lo; i < hi; i++ {
			if i%s.m == 0 && i > lo {
				at.next()
			}
			a, b := rowMajor(as[at.offset[0]:], s.k), rowMajor(bs[at.offset[1]:], s.n)
			if o.transA && len(in[0].shape) > 1 {
				a = rowMajor(a.data, s.m).transposed()
			}
			if o.transB && len(in[1].shape) > 1 {
				b = rowMajor(b.data, s.k).transposed()
			}
			productRow(y[i*s.n:(i+1)*s.n], a, b, i%s.m, s.k, scale)
		}
	})
}

// Bind computes floats with the matrix kernels.
func (o fusedMatMul) Bind(b *Binding) (Step, error) {
	a, w := b.In[0].Shape, b.In[1].Shape
	s, err := o.shape(a, w)
	if err != nil {
		return nil, err
	}
	if b.In[0].DType != Float32 || b.Out[0].Shape.Elements() == 0 {
		return plainStep{o}, nil
	}
	g := cpu.Gemm{
		M: s.m, N: s.n, K: s.k, Alpha: o.alpha, LDA: s.k, LDB: s.n, LDC: s.n,
		TransA: o.transA && len(a) > 1, TransB: o.transB && len(w) > 1, Batch: s.offsets(),
	}
	if g.TransA {
		g.LDA = s.m
	}
	if g.TransB {
		g.LDB = s.k
	}
	return newGemmStep(b, g, w.Elements() == s.k*s.n, nil), nil
}

package ops

import (
	"fmt"
	"math"

	"github.com/tconv/tconv/backend/cpu"
)

// Gemm: the general matrix product Y = alpha · A' · B' + beta · C.
//
//	A: T [M, K], or [K, M] with transA.  B: T [K, N], or [N, K] with transB.
//	C: T, broadcast to [M, N]; optional since version 11.  Y: T [M, N].
//
// With beta 0, C is not read. Sums of floats are kept in float64 and rounded once;
// integers wrap around, and want whole alpha and beta.
//
//	T: float, double and, since version 9, int32, int64, uint32, uint64.
//
// https://onnx.ai/onnx/operators/onnx__Gemm.html (versions 6, 7, 9, 11, 13).
type gemm struct {
	alpha, beta    float32
	transA, transB bool
}

func init() {
	Register(
		Def{Name: "Gemm", Since: 6, Inputs: []string{"A", "B", "C"}, Outputs: []string{"Y"}, New: newGemm},
		Def{Name: "Gemm", Since: 11, Inputs: []string{"A", "B", "C?"}, Outputs: []string{"Y"}, New: newGemm},
	)
}

func newGemm(n *Node) (Op, error) {
	if n.Opset < 7 {
		n.Ignore("broadcast") // a C that needs no broadcasting is not changed by it
	}
	return gemm{
		alpha: n.Float("alpha", 1), beta: n.Float("beta", 1),
		transA: n.Bool("transA", false), transB: n.Bool("transB", false),
	}, n.Err()
}

// sizes gives M, K and N.
func (o gemm) sizes(a, b Shape) (m, k, n int, err error) {
	if len(a) != 2 || len(b) != 2 {
		return 0, 0, 0, fmt.Errorf("A has shape %v and B %v, want rank 2", a, b)
	}
	m, k = a[0], a[1]
	if o.transA {
		m, k = k, m
	}
	rows, n := b[0], b[1]
	if o.transB {
		rows, n = n, rows
	}
	if rows != k {
		return 0, 0, 0, fmt.Errorf("A' has %d columns and B' %d rows, want the same", k, rows)
	}
	return m, k, n, nil
}

// Infer checks the inputs and gives Y.
func (o gemm) Infer(in []Spec) ([]Spec, error) {
	a, b, c := in[0], in[1], input(in, 2)
	err := firstError(
		wantType("A", a, Float32, Float64, Int32, Int64, Uint32, Uint64),
		wantSameType("A", a, "B", b))
	if err != nil {
		return nil, err
	}
	m, _, n, err := o.sizes(a.Shape, b.Shape)
	if err != nil {
		return nil, err
	}
	if !c.Omitted() {
		if err := wantSameType("A", a, "C", c); err != nil {
			return nil, err
		}
		y, err := broadcastShape(c.Shape, Shape{m, n})
		if err != nil || !y.Equal(Shape{m, n}) {
			return nil, fmt.Errorf("C has shape %v, which does not broadcast to [%d, %d]", c.Shape, m, n)
		}
	}
	if a.DType.IsInteger() && !(whole(o.alpha) && whole(o.beta)) {
		return nil, unsupportedf("alpha is %v and beta %v, want whole numbers for tensor(%v)", o.alpha, o.beta, a.DType)
	}
	return one(a.DType, Shape{m, n})
}

// whole reports whether v is a whole number that every integer type but the
// shortest can hold.
func whole(v float32) bool { return v == float32(math.Trunc(float64(v))) && v > -1<<24 && v < 1<<24 }

// MACs counts M·N·K.
func (o gemm) MACs(in, out []Spec) int64 {
	_, k, _, _ := o.sizes(in[0].Shape, in[1].Shape)
	return multiplied(out[0].Shape.Elements(), k)
}

// Run computes Y.
func (o gemm) Run(c *Call, in, out []*Tensor) error {
	switch in[0].DType() {
	case Float32:
		return runGemm[float32](c, o, float64(o.alpha), float64(o.beta), in, out[0])
	case Float64:
		return runGemm[float64](c, o, float64(o.alpha), float64(o.beta), in, out[0])
	case Int32:
		return runGemm[int32](c, o, int32(o.alpha), int32(o.beta), in, out[0])
	case Int64:
		return runGemm[int64](c, o, int64(o.alpha), int64(o.beta), in, out[0])
	case Uint32:
		return runGemm[uint32](c, o, uint32(int32(o.alpha)), uint32(int32(o.beta)), in, out[0])
	default:
		return runGemm[uint64](c, o, uint64(int64(o.alpha)), uint64(int64(o.beta)), in, out[0])
	}
}

func runGemm[T, S Number](c *Call, o gemm, alpha, beta S, in []*Tensor, out *Tensor) error {
	m, k, n, err := o.sizes(in[0].Shape(), in[1].Shape())
	if err != nil {
		return err
	}
	a, b, y := rowMajor(Data[T](in[0]), k), rowMajor(Data[T](in[1]), n), Data[T](out)
	if o.transA {
		a = rowMajor(a.data, m).transposed()
	}
	if o.transB {
		b = rowMajor(b.data, k).transposed()
	}
	addend := matrix[T]{}
	if beta != 0 && len(in) > 2 && in[2] != nil {
		st := broadcastStrides(in[2].Shape(), out.Shape())
		addend = matrix[T]{Data[T](in[2]), st[0], st[1]}
	}
	c.Parallel(m, int(min(1<<30, multiplied(n, k))), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			productRow(y[i*n:(i+1)*n], a, b, i, k, func(sum S, j int) T {
				sum *= alpha
				if addend.data != nil {
					sum += beta * S(addend.data[i*addend.rowStride+j*addend.colStride])
				}
				return T(sum)
			})
		}
	})
	return nil
}

// Bind computes floats with the matrix kernels; a constant B is packed once.
func (o gemm) Bind(b *Binding) (Step, error) {
	if b.In[0].DType != Float32 || b.Out[0].Shape.Elements() == 0 {
		return plainStep{o}, nil
	}
	m, k, n, err := o.sizes(b.In[0].Shape, b.In[1].Shape)
	if err != nil {
		return nil, err
	}
	g := cpu.Gemm{
		M: m, N: n, K: k, TransA: o.transA, TransB: o.transB,
		LDA: b.In[0].Shape[1], LDB: b.In[1].Shape[1], LDC: n, Alpha: o.alpha,
	}
	addend := input(b.In, 2)
	if addend.Omitted() || o.beta == 0 {
		return newGemmStep(b, g, true, nil), nil
	}
	g.Beta = o.beta
	return newGemmStep(b, g, true, broadcastStrides(addend.Shape, b.Out[0].Shape)), nil
}

// gemmStep is a float product bound to the matrix kernels.
type gemmStep struct {
	plan    *cpu.GemmPlan
	kernel  string
	threads int
	addend  []int // strides of C in Y, which holds C before the product; nil without C
	packed  []int // inputs that were packed
}

// newGemmStep makes a plan. With oneB, B is a single matrix, and packed when it is
// constant; so is a constant A when B is not.
func newGemmStep(b *Binding, g cpu.Gemm, oneB bool, addend []int) *gemmStep {
	var packedA *cpu.PackedA
	var packedB *cpu.PackedB
	k := b.Kernels
	switch a, w := b.In[0].Const, b.In[1].Const; {
	case w != nil && oneB:
		form := fmt.Sprintf("gemm B %s %v", k.Tier, g.TransB)
		packedB = b.Packed.Form(w, form, func() (any, int) {
			var p *cpu.PackedB
			b.Scratch.Lend(w, func(w *Tensor) { p = cpu.PackB(k, g.K, g.N, Data[float32](w), g.LDB, g.TransB) })
			return p, p.Floats() * floatBytes
		}).(*cpu.PackedB)
	case a != nil && g.Batch == nil:
		form := fmt.Sprintf("gemm A %s %v %d", k.Tier, g.TransA, g.M)
		packedA = b.Packed.Form(a, form, func() (any, int) {
			p := cpu.PackA(k, g.M, g.K, Data[float32](a), g.LDA, g.TransA)
			return p, p.Floats() * floatBytes
		}).(*cpu.PackedA)
	}
	s := &gemmStep{plan: cpu.NewGemm(k, g, packedA, packedB), kernel: "gemm " + string(k.Tier), threads: b.Threads, addend: addend}
	if packedA != nil {
		s.packed = append(s.packed, 0)
	}
	if packedB != nil {
		s.packed = append(s.packed, 1)
	}
	return s
}

func (s *gemmStep) Kernel() string { return s.kernel }

func (s *gemmStep) Needs() Needs {
	return Needs{Workspace: s.plan.WorkspaceFloats(s.threads) * floatBytes, Unread: s.packed}
}

// Run puts C into Y where it is wanted, then adds the product.
func (s *gemmStep) Run(c *Call, in, out []*Tensor) error {
	y := Data[float32](out[0])
	if len(y) == 0 {
		return nil
	}
	if s.addend != nil {
		spreadAddend(c, y, s.plan.N, matrix[float32]{Data[float32](in[2]), s.addend[0], s.addend[1]})
	}
	s.plan.Run(c.Pool(), c.Stop(), workspaceFloats(c), Data[float32](in[0]), Data[float32](in[1]), y)
	return nil
}

// spreadAddend is y[i, j] = addend(i, j) for a y of n columns.
func spreadAddend(c *Call, y []float32, n int, addend matrix[float32]) {
	c.Parallel(len(y)/n, n, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			for j := range n {
				y[i*n+j] = addend.data[i*addend.rowStride+j*addend.colStride]
			}
		}
	})
}

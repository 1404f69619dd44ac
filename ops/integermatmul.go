package ops

import (
	"fmt"

	"github.com/tconv/tconv/backend/cpu"
)

// integerMatMul is the product that MatMulInteger, QLinearMatMul and their like
// have in common: matrices of 8 bits less their zero points, summed in int32,
//
//	sum[..., i, j] = sum over p of (a[..., i, p] - a_zero_point[i]) · (b[..., p, j] - b_zero_point[j])
//
// Shapes are those of MatMul; int32 wraps around.
type integerMatMul struct {
	b            int // the place of b among the inputs; a is the first
	aZero, bZero int // the places of the zero points
}

// inferSums checks a, b and their zero points and gives the shape of the result.
func (o *integerMatMul) inferSums(in []Spec) (*matMulShape, error) {
	a, b := in[0], in[o.b]
	err := firstError(
		wantType("a", a, Uint8, Int8),
		wantType("b", b, Uint8, Int8))
	if err != nil {
		return nil, err
	}
	s, err := newMatMulShape(a.Shape, b.Shape)
	if err != nil {
		return nil, err
	}
	return s, firstError(
		o.wantZero("a_zero_point", input(in, o.aZero), a, rowsOf(a.Shape), s.m),
		o.wantZero("b_zero_point", input(in, o.bZero), b, columnsOf(b.Shape), s.n))
}

// rowsOf is the number of rows of all matrices of a.
func rowsOf(a Shape) int { return product(a[:len(a)-1]) }

// columnsOf is the number of columns of all matrices of b.
func columnsOf(b Shape) int {
	if len(b) == 1 {
		return 1
	}
	return product(b[:len(b)-2]) * b[len(b)-1]
}

// wantZero refuses a zero point of another type than its values, or with another
// number of elements than one, one for each of n rows (columns), or one for each of
// those of all matrices.
func (o *integerMatMul) wantZero(name string, zero, values Spec, all, n int) error {
	if zero.Omitted() {
		return nil
	}
	if zero.DType != values.DType {
		return unsupportedf("%s is tensor(%v), want tensor(%v) like its values", name, zero.DType, values.DType)
	}
	if k := product(zero.Shape); k != 1 && k != n && k != all {
		return unsupportedf("%s has shape %v, want one value or %d", name, zero.Shape, n)
	}
	return nil
}

// macs counts M·N·K for every matrix of the batch.
func (o *integerMatMul) macs(in, out []Spec) int64 {
	return multiplied(out[0].Shape.Elements(), in[0].Shape[len(in[0].Shape)-1])
}

// integerFinish takes sums of one row of the product; at is the place of the first in
// the result.
type integerFinish func(at int, sums []int32)

// sums computes the sums and hands them to finish.
func (o *integerMatMul) sums(c *Call, in []*Tensor, y *Tensor, finish integerFinish) error {
	s, err := newMatMulShape(in[0].shape, in[o.b].shape)
	if err != nil || y.Len() == 0 {
		return err
	}
	as, err := rowsLessZero(c, in[0], tensorAt(in, o.aZero), s.k)
	if err != nil {
		return err
	}
	bs, err := columnsLessZero(c, in[o.b], tensorAt(in, o.bZero), s.k, s.n)
	if err != nil {
		return err
	}
	a, b := Data[int16](as), Data[int16](bs)
	cost := int(min(1<<30, multiplied(s.n, s.k)))
	c.Parallel(product(s.batch)*s.m, cost, func(lo, hi int) {
		o := newOdometer(lo/s.m, s.batch, s.aStrides, s.bStrides)
		for i := lo; i < hi; i++ {
			if i%s.m == 0 && i > lo {
				o.next()
			}
			row := a[o.offset[0]+i%s.m*s.k:][:s.k]
			integerProductRow(row, b[o.offset[1]:], s.n, func(j int, sums []int32) { finish(i*s.n+j, sums) })
		}
	})
	return nil
}

// integerProductRow hands the sums of a row of the product to finish, in pieces
// from column j on; b is row-major with n columns.
func integerProductRow(a, b []int16, n int, finish func(j int, sums []int32)) {
	var sums [rowTile]int32
	for j := 0; j < n; j += rowTile {
		tile := sums[:min(rowTile, n-j)]
		clear(tile)
		for p, v := range a {
			if v != 0 {
				addScaledRow(tile, b[p*n+j:], int32(v), 1)
			}
		}
		finish(j, tile)
	}
}

// rowsLessZero gives the rows of k values of 8 bits less their zero points, as
// int16: one zero for all, or one for each row, over again where there are fewer.
func rowsLessZero(c *Call, a, zero *Tensor, k int) (*Tensor, error) {
	y, err := c.New(Int16, a.shape)
	if err != nil {
		return nil, err
	}
	ys := Data[int16](y)
	for row := 0; row*k < len(ys); row++ {
		z := int32(0)
		if zero != nil {
			z = zeroPoint(zero, row%zero.Len())
		}
		for i := row * k; i < (row+1)*k; i++ {
			ys[i] = int16(byteAt(a, i) - z)
		}
	}
	return y, nil
}

// columnsLessZero gives matrices of k rows and n columns of 8 bits less their zero
// points, as int16: one zero for all, one for each column, or one for each column
// of each matrix.
func columnsLessZero(c *Call, b, zero *Tensor, k, n int) (*Tensor, error) {
	y, err := c.New(Int16, b.shape)
	if err != nil {
		return nil, err
	}
	ys := Data[int16](y)
	zeros := columnZeros(zero, n)
	for i := range ys {
		ys[i] = int16(byteAt(b, i) - zeros(i/(k*n), i%n))
	}
	return y, nil
}

// columnZeros gives the zero point of column j of matrix i.
func columnZeros(zero *Tensor, n int) func(i, j int) int32 {
	switch {
	case zero == nil:
		return func(_, _ int) int32 { return 0 }
	case zero.Len() == 1:
		z := zeroPoint(zero, 0)
		return func(_, _ int) int32 { return z }
	}
	return func(i, j int) int32 { return zeroPoint(zero, (i*n+j)%zero.Len()) }
}

// byteAt is element i of a tensor of 8 bits.
func byteAt(t *Tensor, i int) int32 {
	if t.dtype == Int8 {
		return int32(int8(t.Bytes()[i]))
	}
	return int32(t.Bytes()[i])
}

// bindSums binds the sums to the float kernels where one zero point serves all of a:
// in one product where a constant b lets no sum exceed exactSum, else in as many as
// keep them below. finish is asked once for each run.
func (o *integerMatMul) bindSums(b *Binding, op Op, finish func(in, out []*Tensor) integerFinish) (Step, error) {
	a, w := b.In[0], b.In[o.b]
	aZero, bZero := input(b.In, o.aZero), input(b.In, o.bZero)
	s, err := newMatMulShape(a.Shape, w.Shape)
	if err != nil || b.Out[0].Shape.Elements() == 0 || s.k == 0 || !aZero.Omitted() && product(aZero.Shape) != 1 {
		return plainStep{op}, err
	}
	t := &integerMatMulStep{
		op: o, finish: finish, kernel: "integer gemm " + string(b.Kernels.Tier), n: s.n, k: s.k, depth: s.k,
		a: alignFloats(a.Shape.Elements()), b: alignFloats(w.Shape.Elements()), y: alignFloats(b.Out[0].Shape.Elements()),
	}
	least, most := offsetRange(a.DType, aZero)
	var packed *cpu.PackedB
	if w.Const != nil && (bZero.Omitted() || bZero.Const != nil) {
		t.constB = b.Packed.Form(w.Const, fmt.Sprintf("columns less zero point %p", bZero.Const), func() (any, int) {
			f := floatColumnsLessZero(w.Const, bZero.Const, s.k, s.n)
			return f, len(f.Bytes())
		}).(*Tensor)
		t.b = 0
	}
	switch {
	case t.constB != nil && sumsExact(transposedRows(t.constB, s.k, s.n), t.constB.Len()/s.k, least, most):
		if t.constB.Len() == s.k*s.n {
			packed = b.Packed.Form(t.constB, "gemm B "+string(b.Kernels.Tier), func() (any, int) {
				p := cpu.PackB(b.Kernels, s.k, s.n, Data[float32](t.constB), s.n, false)
				return p, p.Floats() * floatBytes
			}).(*cpu.PackedB)
		}
	default:
		bLeast, bMost := offsetRange(w.DType, bZero)
		t.depth = min(s.k, exactSum/int(max(-least, most)*max(-bLeast, bMost, 1)))
	}
	for at := 0; at < s.k; at += t.depth {
		g := cpu.Gemm{M: s.m, N: s.n, K: min(t.depth, s.k-at), LDA: s.k, LDB: s.n, LDC: s.n, Alpha: 1, Batch: s.offsets()}
		t.plans = append(t.plans, cpu.NewGemm(b.Kernels, g, nil, packed))
		t.space = max(t.space, t.plans[len(t.plans)-1].WorkspaceFloats(b.Threads))
	}
	return t, nil
}

// floatColumnsLessZero is columnsLessZero for floats.
func floatColumnsLessZero(b, zero *Tensor, k, n int) *Tensor {
	y := NewTensor(Float32, b.shape)
	zeros := columnZeros(zero, n)
	for i := range Data[float32](y) {
		Data[float32](y)[i] = float32(byteAt(b, i) - zeros(i/(k*n), i%n))
	}
	return y
}

// transposedRows gives the columns of matrices of k rows and n columns one after
// the other.
func transposedRows(b *Tensor, k, n int) []float32 {
	out := make([]float32, b.Len())
	for i, v := range Data[float32](b) {
		matrix, p, j := i/(k*n), i/n%k, i%n
		out[(matrix*n+j)*k+p] = v
	}
	return out
}

// integerMatMulStep is an integer product on the float kernels: a and b less their
// zero points and the sums lie in the workspace.
type integerMatMulStep struct {
	op      *integerMatMul
	finish  func(in, out []*Tensor) integerFinish
	kernel  string
	plans   []*cpu.GemmPlan // products of at most depth rows of b, to be added up
	depth   int
	constB  *Tensor // widened, or nil
	a, b, y int     // floats
	space   int     // floats of the products
	n, k    int
}

func (s *integerMatMulStep) Kernel() string { return s.kernel }

// parts is the room for the sums: those so far, as int32, beside those of the last product.
func (s *integerMatMulStep) parts() int { return min(2, len(s.plans)) * s.y }

func (s *integerMatMulStep) Needs() Needs {
	return Needs{Workspace: (s.a + s.b + s.parts() + s.space) * floatBytes}
}

// Run widens the operands, multiplies, and hands the sums over.
func (s *integerMatMulStep) Run(c *Call, in, out []*Tensor) error {
	ws := workspaceFloats(c)
	a, b := in[0], in[s.op.b]
	as, bs, sums := ws[:a.Len()], ws[s.a:][:min(s.b, b.Len())], ws[s.a+s.b:][:out[0].Len()]
	zero := zeroPoint(tensorAt(in, s.op.aZero), 0)
	c.Parallel(len(as), 1, func(lo, hi int) { offsetBytes(as[lo:hi], a, lo, zero) })
	if s.constB != nil {
		bs = Data[float32](s.constB)
	} else {
		s.widen(c, bs, b, tensorAt(in, s.op.bZero))
	}
	finish := s.finish(in, out)
	total := units[int32](floatsOver(ws[s.a+s.b+s.parts()-s.y:][:len(sums)], out[0].shape))
	for i, plan := range s.plans {
		plan.Run(c.Pool(), c.Stop(), ws[s.a+s.b+s.parts():], as[i*s.depth:], bs[i*s.depth*s.n:], sums)
		c.Parallel(len(sums)/s.n, 2*s.n, func(lo, hi int) {
			for row := lo; row < hi; row++ {
				s.addRow(total[row*s.n:][:s.n], sums[row*s.n:][:s.n], i > 0)
				if i == len(s.plans)-1 {
					finish(row*s.n, total[row*s.n:][:s.n])
				}
			}
		})
	}
	return nil
}

// addRow gives the sums of a product, or adds them to those before, as int32. Both
// slices may be one.
func (s *integerMatMulStep) addRow(total []int32, sums []float32, add bool) {
	if !add {
		for i, v := range sums {
			total[i] = int32(v)
		}
		return
	}
	for i, v := range sums {
		total[i] += int32(v)
	}
}

// widen gives b less its zero points as floats.
func (s *integerMatMulStep) widen(c *Call, y []float32, b, zero *Tensor) {
	if zero == nil || zero.Len() == 1 {
		z := zeroPoint(zero, 0)
		c.Parallel(b.Len(), 1, func(lo, hi int) { offsetBytes(y[lo:hi], b, lo, z) })
		return
	}
	zeros := columnZeros(zero, s.n)
	c.Parallel(b.Len(), 3, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			y[i] = float32(byteAt(b, i) - zeros(i/(s.k*s.n), i%s.n))
		}
	})
}

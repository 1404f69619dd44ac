package ops

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tconv/tconv/backend/cpu"
)

// benchmarkBound times a node with all inputs but the first constant, on the best
// tier and one thread, and on the plain definition; macs are its multiply-adds.
func benchmarkBound(b *testing.B, c opCase, macs int64) {
	op, in, err := c.build()
	require.NoError(b, err)
	specs := specsOf(in)
	specs[0].Const = nil
	want, err := op.Infer(specs)
	require.NoError(b, err)
	use := NewPacked().Use()
	step, err := op.(Binder).Bind(&Binding{In: specs, Out: want, Kernels: cpu.KernelsFor(cpu.Available()[0]), Threads: 1, Packed: use})
	require.NoError(b, err)
	call := NewCall(context.Background(), nil)
	call.SetWorkspace(alignedBytes(step.Needs().Workspace))
	out := allocate(want)
	for name, run := range map[string]func(*Call, []*Tensor, []*Tensor) error{step.Kernel(): step.Run, "plain definition": op.Run} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(macs) // MB/s reads as million multiply-adds per second
			for b.Loop() {
				require.NoError(b, run(call, in, out))
			}
		})
	}
}

// integerProduct is a random product of matrices of 8 bits.
type integerProduct struct{ a, b, aZero, bZero *Tensor }

func newIntegerProduct(r *rand.Rand) *integerProduct {
	m, k, n := 1+r.IntN(6), 1+r.IntN(20), 1+r.IntN(150)
	a, b := []int{m, k}, []int{k, n}
	if r.IntN(2) == 0 {
		a = append([]int{2}, a...)
		if r.IntN(2) == 0 {
			b = append([]int{2}, b...)
		}
	}
	p := &integerProduct{a: randomBytes(r, byteType(r), a...), b: randomBytes(r, byteType(r), b...)}
	switch r.IntN(4) {
	case 0:
		p.aZero = randomBytes(r, p.a.dtype)
	case 1:
		p.aZero = randomBytes(r, p.a.dtype, m)
	case 2:
		p.aZero = randomBytes(r, p.a.dtype, rowsOf(a), 1)
	}
	switch r.IntN(4) {
	case 0:
		p.bZero = randomBytes(r, p.b.dtype)
	case 1:
		p.bZero = randomBytes(r, p.b.dtype, n)
	case 2:
		p.bZero = randomBytes(r, p.b.dtype, columnsOf(b))
	}
	return p
}

// sums computes the product by the formula.
func (p *integerProduct) sums() []int32 {
	as, bs := p.a.shape, p.b.shape
	m, k, n := as[len(as)-2], as[len(as)-1], bs[len(bs)-1]
	zero := func(t *Tensor, i int) int32 {
		if t == nil {
			return 0
		}
		return byteAt(t, i%t.Len())
	}
	var out []int32
	for row := range rowsOf(as) {
		matrix := row / m % (product(bs) / (k * n))
		for j := range n {
			sum := int32(0)
			for q := range k {
				sum += (byteAt(p.a, row*k+q) - zero(p.aZero, row)) * (byteAt(p.b, (matrix*k+q)*n+j) - zero(p.bZero, matrix*n+j))
			}
			out = append(out, sum)
		}
	}
	return out
}

func TestMatMulIntegerRandom(t *testing.T) {
	for seed := range uint64(200) {
		p := newIntegerProduct(rand.New(rand.NewPCG(seed, 41)))
		got := opCase{op: "MatMulInteger", inputs: []*Tensor{p.a, p.b, p.aZero, p.bZero}}.mustRun(t)[0]
		require.Equal(t, p.sums(), Data[int32](got), "seed %d: %+v", seed, p)
	}
}

func TestMatMulInteger(t *testing.T) {
	// test_matmulinteger of the specification.
	a := Of([]uint8{11, 7, 3, 10, 6, 2, 9, 5, 1, 8, 4, 0}, 4, 3)
	b := Of([]uint8{1, 4, 2, 5, 3, 6}, 3, 2)
	got := opCase{op: "MatMulInteger", inputs: []*Tensor{a, b, Of([]uint8{12}, 1), Of([]uint8{0}, 1)}}.mustRun(t)[0]
	require.Equal(t, []int32{-38, -83, -44, -98, -50, -113, -56, -128}, Data[int32](got))
	got = opCase{op: "MatMulInteger", inputs: []*Tensor{Of([]uint8{1, 2}, 2), Of([]int8{3, -4}, 2)}}.mustRun(t)[0]
	require.Equal(t, []int32{-5}, Data[int32](got))
	require.Equal(t, Scalar(), got.shape)
	got = opCase{op: "MatMulInteger", inputs: []*Tensor{Of([]uint8{}, 0, 2), Of([]int8{3, -4}, 2, 1)}}.mustRun(t)[0]
	require.Equal(t, Shape{0, 1}, got.shape)
	// Sums that floats do not hold.
	a, b = NewTensor(Uint8, Shape{1, 300}), NewTensor(Uint8, Shape{300, 1})
	for i := range a.Bytes() {
		a.Bytes()[i], b.Bytes()[i] = 255, 255
	}
	a.Bytes()[7] = 254
	got = opCase{op: "MatMulInteger", inputs: []*Tensor{a, b}}.mustRun(t)[0]
	require.Equal(t, []int32{300*255*255 - 255}, Data[int32](got))
}

func TestMatMulIntegerErrors(t *testing.T) {
	a, b := Of([]uint8{1, 2}, 1, 2), Of([]int8{1, 2}, 2, 1)
	run := func(text string, inputs ...*Tensor) { opCase{op: "MatMulInteger", inputs: inputs}.mustFail(t, text) }
	run("a is tensor(float)", Of([]float32{1}, 1, 1), b)
	run("b is tensor(int32)", a, Of([]int32{1}, 1, 1))
	run("A has 2 columns and B 1 rows", a, Of([]int8{1}, 1, 1))
	run("a_zero_point is tensor(int8), want tensor(uint8)", a, b, Of([]int8{1}))
	run("a_zero_point has shape [2], want one value or 1", a, b, Of([]uint8{1, 2}, 2))
	run("b_zero_point has shape [3], want one value or 1", a, b, nil, Of([]int8{1, 2, 3}, 3))
}

func TestQLinearMatMulRandom(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 42))
		p := newIntegerProduct(r)
		if p.aZero == nil {
			p.aZero = NewTensor(p.a.dtype, Scalar())
		}
		if p.bZero == nil {
			p.bZero = NewTensor(p.b.dtype, Scalar())
		}
		scale := func(like *Tensor) *Tensor {
			s := NewTensor(Float32, like.shape)
			for i := range Data[float32](s) {
				Data[float32](s)[i] = 0.01 + r.Float32()/100
			}
			return s
		}
		aScale, bScale, yScale, yZero := scale(p.aZero), scale(p.bZero), Of([]float32{0.1}), randomBytes(r, byteType(r), 1)
		got := opCase{op: "QLinearMatMul", inputs: []*Tensor{p.a, aScale, p.aZero, p.b, bScale, p.bZero, yScale, yZero}}.mustRun(t)[0]
		require.Equal(t, yZero.dtype, got.dtype)
		lim := integerLimits[got.dtype]
		n := p.b.shape[len(p.b.shape)-1]
		m := p.a.shape[len(p.a.shape)-2]
		for i, sum := range p.sums() {
			row, column := i/n, i/(m*n)*n+i%n
			factor := float32(Data[float32](aScale)[row%aScale.Len()]*Data[float32](bScale)[column%bScale.Len()]) / 0.1
			want := math.RoundToEven(float64(float32(sum)*factor)) + float64(byteAt(yZero, 0))
			require.EqualValues(t, min(max(want, float64(lim[0])), float64(lim[1])), byteAt(got, i), "seed %d element %d", seed, i)
		}
	}
}

func TestQLinearMatMulErrors(t *testing.T) {
	good := []*Tensor{
		Of([]uint8{1, 2}, 1, 2), Of([]float32{1}), Of([]uint8{0}),
		Of([]int8{1, 2}, 2, 1), Of([]float32{1}), Of([]int8{0}), Of([]float32{1}), Of([]int8{0}),
	}
	opCase{op: "QLinearMatMul", inputs: good}.mustRun(t)
	run := func(text string, i int, x *Tensor) {
		in := append([]*Tensor(nil), good...)
		in[i] = x
		opCase{op: "QLinearMatMul", inputs: in}.mustFail(t, text)
	}
	run("a_scale is tensor(double)", 1, Of([]float64{1}))
	run("b_scale has shape [2] and b_zero_point []", 4, Of([]float32{1, 2}, 2))
	run("y_scale has shape [2]", 6, Of([]float32{1, 2}, 2))
	run("y_zero_point is tensor(int32)", 7, Of([]int32{1}))
	run("a is tensor(float8e5m2)", 0, castTo(t, Of([]float32{1, 2}, 1, 2), Float8E5M2))
}

func BenchmarkMatMulInteger(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	benchmarkBound(b, opCase{op: "MatMulInteger", inputs: []*Tensor{randomBytes(r, Uint8, 256, 200), randomBytes(r, Int8, 200, 256)}}, 256*200*256)
}

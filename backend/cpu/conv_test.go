package cpu

import (
	"math"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// eachProduct calls f with the index of y, x and w of every product of a forward convolution.
func eachProduct(g ConvGeom, f func(y, x, w int)) {
	perGroup := g.channelsIn()
	for n := range g.N {
		for m := range g.M {
			for c := range perGroup {
				from := (n*g.C + m/g.channelsOut()*perGroup + c) * volume(g.In)
				to := (n*g.M + m) * volume(g.Out)
				kernel := (m*perGroup + c) * volume(g.Kernel)
				eachTap(g.Out, func(o [3]int) {
					tap := 0
					eachTap(g.Kernel, func(k [3]int) {
						if i, ok := inputOf(g, o, k); ok {
							f(to+flat(o, g.Out), from+flat(i, g.In), kernel+tap)
						}
						tap++
					})
				})
			}
		}
	}
}

func flat(at, dims [3]int) int { return (at[0]*dims[1]+at[1])*dims[2] + at[2] }

func inputOf(g ConvGeom, o, k [3]int) (i [3]int, ok bool) {
	for a := range i {
		i[a] = o[a]*g.Stride[a] + k[a]*g.Dilation[a] - g.PadBegin[a]
		if i[a] < 0 || i[a] >= g.In[a] {
			return i, false
		}
	}
	return i, true
}

// convNaive is the definition in float64; bound is the sum of |terms|, terms the most terms of an output.
func convNaive(g ConvGeom, x, w, bias, residual []float32) (sum, bound []float64) {
	sum, bound = make([]float64, g.N*g.M*volume(g.Out)), make([]float64, g.N*g.M*volume(g.Out))
	add := func(i int, v float64) { sum[i] += v; bound[i] += math.Abs(v) }
	eachProduct(g, func(yi, xi, wi int) { add(yi, float64(x[xi])*float64(w[wi])) })
	addEpilogue(g, bias, residual, add)
	return sum, bound
}

func addEpilogue(g ConvGeom, bias, residual []float32, add func(i int, v float64)) {
	plane := volume(g.Out)
	for i := range g.N * g.M * plane {
		if bias != nil {
			add(i, float64(bias[i/plane%g.M]))
		}
		if residual != nil {
			add(i, float64(residual[i]))
		}
	}
}

// randomConv returns a small geometry of any kind: dimensions, strides, dilations, groups, pads of any sign, kernels
// larger than the input.
func randomConv(r *rand.Rand) ConvGeom {
	g := ConvGeom{N: 1 + r.IntN(3), Group: 1}
	perGroup := [2]int{1 + r.IntN(6), 1 + r.IntN(8)}
	switch r.IntN(4) {
	case 0:
		g.Group = 1 + r.IntN(4)
	case 1: // depthwise
		g.Group, perGroup = 1+r.IntN(6), [2]int{1, 1 + r.IntN(2)}
	case 2: // several panels of rows
		perGroup[1] = 1 + r.IntN(40)
	}
	g.C, g.M = g.Group*perGroup[0], g.Group*perGroup[1]
	axes := 1 + r.IntN(3)
	for a := range 3 {
		g.In[a], g.Out[a], g.Kernel[a], g.Stride[a], g.Dilation[a] = 1, 1, 1, 1, 1
		if a < 3-axes {
			continue
		}
		g.In[a] = 1 + r.IntN([]int{40, 14, 7}[axes-1])
		g.Kernel[a], g.Stride[a], g.Dilation[a] = 1+r.IntN(4), 1+r.IntN(3), 1+r.IntN(3)
		g.PadBegin[a] = r.IntN(7) - 2
		padEnd := r.IntN(7) - 2
		g.Out[a] = max(1, (g.In[a]+g.PadBegin[a]+padEnd-(g.Kernel[a]-1)*g.Dilation[a]-1)/g.Stride[a]+1)
	}
	if r.IntN(6) == 0 { // pointwise
		g.Kernel, g.Stride, g.PadBegin, g.Out = [3]int{1, 1, 1}, [3]int{1, 1, 1}, [3]int{}, g.In
	}
	return g
}

type convOperands struct {
	x, w, residual []float32
	ep             Epilogue
}

// randomOperands returns integer operands, with each optional one there or not.
func randomOperands(r *rand.Rand, g ConvGeom) convOperands {
	o := convOperands{x: integers(r, g.N*g.C*volume(g.In)), w: integers(r, g.weights())}
	if r.IntN(2) == 0 {
		o.ep.Bias = integers(r, g.M)
	}
	if r.IntN(2) == 0 {
		o.residual = integers(r, g.N*g.M*volume(g.Out))
	}
	switch r.IntN(5) {
	case 0:
		o.ep.Act.Kind = ActRelu
	case 1:
		o.ep.Act = Activation{Kind: ActClip, A: -20, B: 30}
	case 2:
		o.ep.Act = Activation{Kind: ActLeakyRelu, A: 0.25}
	case 3:
		o.ep.Act = Activation{Kind: ActPRelu, Slope: integers(r, g.M)}
	}
	return o
}

// plan is what the tests ask of both kinds of convolution.
type plan interface {
	WorkspaceFloats(threads int) int
	Run(pool *Pool, stop *atomic.Bool, ws, x, residual, y []float32)
}

// runBanded runs a plan with every operand between NaN bands and returns y.
func runBanded(t *testing.T, p plan, pool *Pool, o convOperands, outputs int) []float32 {
	t.Helper()
	x, checkX := banded(t, o.x)
	y, checkY := banded(t, nans(outputs))
	ws, checkWS := banded(t, nans(p.WorkspaceFloats(pool.Threads())))
	residual, checkR := o.residual, func() {}
	if residual != nil {
		residual, checkR = banded(t, residual)
	}
	p.Run(pool, nil, ws, x, residual, y)
	checkX()
	checkY()
	checkWS()
	checkR()
	return y
}

// checkExact compares a run on integers with the definition.
func checkExact(t *testing.T, g ConvGeom, o convOperands, sum []float64, got []float32) {
	t.Helper()
	want := make([]float32, len(sum))
	plane := volume(g.Out)
	for i, v := range sum {
		want[i] = float32(v)
	}
	for i := range g.N * g.M {
		o.ep.Act.Apply(want[i*plane:][:plane], i%g.M)
	}
	if i := firstDifference(got, want); i >= 0 {
		t.Fatalf("%+v, epilogue %+v: y[%d] is %v, want %v", g, o.ep, i, got[i], want[i])
	}
}

func TestConvByHand(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		g := ConvGeom{
			N: 1, C: 1, M: 1, Group: 1, In: [3]int{1, 1, 4}, Out: [3]int{1, 1, 4}, Kernel: [3]int{1, 1, 3},
			Stride: [3]int{1, 1, 1}, Dilation: [3]int{1, 1, 1}, PadBegin: [3]int{0, 0, 1},
		}
		p := NewConv(k, g, []float32{1, 10, 100}, Epilogue{Bias: []float32{0.5}})
		y := runBanded(t, p, nil, convOperands{x: []float32{1, 2, 3, 4}}, 4)
		require.Equal(t, []float32{210.5, 321.5, 432.5, 43.5}, y)
	})
}

func TestConvRandomShapes(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r, pool := newRand(t, 11), newTestPool(t, 2)
		for range 600 {
			g := randomConv(r)
			o := randomOperands(r, g)
			sum, _ := convNaive(g, o.x, o.w, o.ep.Bias, o.residual)
			y := runBanded(t, NewConv(k, g, o.w, o.ep), pool, o, len(sum))
			checkExact(t, g, o, sum, y)
		}
	})
}

// square returns a 2-D geometry whose output has the input's size.
func square(n, c, m, size, kernel int) ConvGeom {
	return ConvGeom{
		N: n, C: c, M: m, Group: 1, In: [3]int{1, size, size}, Out: [3]int{1, size, size}, Kernel: [3]int{1, kernel, kernel},
		Stride: [3]int{1, 1, 1}, Dilation: [3]int{1, 1, 1}, PadBegin: [3]int{0, kernel / 2, kernel / 2},
	}
}

// Depth beyond one block of k, several strips and blocks of panels; the same bits from any number of threads.
func TestConvThreadsAndBound(t *testing.T) {
	wide := square(1, 3, 40, 70, 3)
	wide.Stride, wide.Out = [3]int{1, 2, 2}, [3]int{1, 35, 35}
	deep := square(2, 130, 70, 12, 3)
	deep.Dilation, deep.PadBegin = [3]int{1, 2, 2}, [3]int{0, 2, 2}
	depthwise := square(2, 6, 6, 40, 5)
	depthwise.Group = 6
	eachTier(t, func(t *testing.T, k *Kernels) {
		for _, g := range []ConvGeom{wide, deep, depthwise, square(3, 600, 20, 4, 1)} {
			checkThreadsAndBound(t, g, func(w []float32, ep Epilogue) plan { return NewConv(k, g, w, ep) }, convNaive)
		}
	})
}

type naiveConv func(g ConvGeom, x, w, bias, residual []float32) (sum, bound []float64)

func checkThreadsAndBound(t *testing.T, g ConvGeom, newPlan func([]float32, Epilogue) plan, naive naiveConv) {
	t.Helper()
	r := newRand(t, 12)
	o := convOperands{x: floats(r, g.N*g.C*volume(g.In)), w: floats(r, g.weights())}
	o.ep.Bias, o.residual = floats(r, g.M), floats(r, g.N*g.M*volume(g.Out))
	sum, bound := naive(g, o.x, o.w, o.ep.Bias, o.residual)
	p := newPlan(o.w, o.ep)
	first := runBanded(t, p, nil, o, len(sum))
	for _, threads := range []int{2, 3, 4, 7} {
		y := runBanded(t, p, newTestPool(t, threads), o, len(sum))
		require.Equal(t, -1, sameBits(first, y), "%+v, %d threads", g, threads)
	}
	terms := g.channelsIn()*volume(g.Kernel) + 2
	for i := range sum {
		require.LessOrEqual(t, math.Abs(float64(first[i])-sum[i]), float64(terms+1)*0x1p-24*bound[i], "%+v, y[%d]", g, i)
	}
}

// The residual may be the output itself.
func TestConvResidualInPlace(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 13)
		for _, g := range []ConvGeom{square(2, 5, 9, 9, 3), square(1, 3, 3, 9, 3)} {
			o := randomOperands(r, g)
			o.residual = integers(r, g.N*g.M*volume(g.Out))
			p := NewConv(k, g, o.w, o.ep)
			want := runBanded(t, p, nil, o, len(o.residual))
			y := append([]float32(nil), o.residual...)
			p.Run(nil, nil, nans(p.WorkspaceFloats(1)), o.x, y, y)
			require.Equal(t, -1, firstDifference(want, y))
		}
	})
}

// One set of packed weights serves plans of different sizes.
func TestConvSharesPackedWeights(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 14)
		weights := integers(r, 20*4*9)
		packed := PackConvWeights(k, square(1, 4, 20, 1, 3), weights)
		for _, size := range []int{3, 8, 17} {
			g := square(1, 4, 20, size, 3)
			o := convOperands{x: integers(r, 4*size*size), w: weights}
			sum, _ := convNaive(g, o.x, weights, nil, nil)
			checkExact(t, g, o, sum, runBanded(t, NewConvPacked(k, g, packed, Epilogue{}), nil, o, len(sum)))
		}
	})
}

// One NaN of the input changes the outputs that see it and no others, through any activation.
func TestConvNaN(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 15)
		for _, act := range []Activation{
			{}, {Kind: ActRelu}, {Kind: ActClip, A: -1, B: 1}, {Kind: ActLeakyRelu, A: 0.5}, {Kind: ActSigmoid}, {Kind: ActTanh},
			{Kind: ActHardSwish}, {Kind: ActHardSigmoid, A: 0.2, B: 0.5}, {Kind: ActSiLU},
		} {
			g := square(1, 3, 5, 11, 3)
			x := floats(r, 3*121)
			x[121+5*11+6] = nan
			w := floats(r, 5*27)
			p := NewConv(k, g, w, Epilogue{Act: act})
			y := runBanded(t, p, nil, convOperands{x: x}, 5*121)
			for i, v := range y {
				row, col := i%121/11, i%11
				sees := row >= 4 && row <= 6 && col >= 5 && col <= 7
				require.Equal(t, sees, v != v, "activation %d, output %d", act.Kind, i)
			}
		}
	})
}

// A run allocates its closure and what its workers share, no more for a larger map.
func TestPlansDoNotAllocateByTheirSize(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		pool := newTestPool(t, 2)
		for _, size := range []int{8, 64} {
			conv, up := square(1, 4, 4, size, 3), transposed2D(1, 4, 4, size, 4, 2, 1)
			for g, p := range map[*ConvGeom]plan{
				&conv: NewConv(k, conv, make([]float32, conv.weights()), Epilogue{}),
				&up:   NewConvTranspose(k, up, make([]float32, up.weights()), Epilogue{}),
			} {
				ws, x, y := AlignedFloats(p.WorkspaceFloats(2)), AlignedFloats(g.C*volume(g.In)), AlignedFloats(g.M*volume(g.Out))
				require.LessOrEqual(t, testing.AllocsPerRun(20, func() { p.Run(pool, nil, ws, x, nil, y) }), 3.0)
			}
		}
	})
}

func TestConvStop(t *testing.T) {
	g := square(1, 8, 8, 64, 3)
	p := NewConv(KernelsFor(Generic), g, make([]float32, g.weights()), Epilogue{})
	pool := newTestPool(t, 2)
	var stop atomic.Bool
	stop.Store(true)
	y := nans(8 * 64 * 64)
	p.Run(pool, &stop, nans(p.WorkspaceFloats(2)), make([]float32, 8*64*64), nil, y)
	require.Equal(t, -1, firstDifference(y, nans(len(y))), "computed after stop")
}

func TestConvRefusesWrongSizes(t *testing.T) {
	g := square(1, 2, 3, 4, 3)
	p := NewConv(KernelsFor(Generic), g, make([]float32, g.weights()), Epilogue{})
	ws, x, y := make([]float32, p.WorkspaceFloats(1)), make([]float32, 32), make([]float32, 48)
	for _, bad := range []func(){
		func() { NewConv(KernelsFor(Generic), g, make([]float32, 5), Epilogue{}) },
		func() { p.Run(nil, nil, ws[1:], x, nil, y) },
		func() { p.Run(nil, nil, ws, x[1:], nil, y) },
		func() { p.Run(nil, nil, ws, x, y[1:], y) },
		func() { p.Run(nil, nil, ws, x, nil, y[1:]) },
	} {
		require.Panics(t, bad)
	}
}

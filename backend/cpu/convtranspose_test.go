package cpu

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// reversed is the forward convolution whose adjoint is the transposed convolution g: inputs and outputs change places,
// the weights stay as they are.
func reversed(g ConvGeom) ConvGeom {
	g.C, g.M = g.M, g.C
	g.In, g.Out = g.Out, g.In
	return g
}

// convTransposeNaive is the definition in float64, with the sum of |terms|.
func convTransposeNaive(g ConvGeom, x, w, bias, residual []float32) (sum, bound []float64) {
	sum, bound = make([]float64, g.N*g.M*volume(g.Out)), make([]float64, g.N*g.M*volume(g.Out))
	add := func(i int, v float64) { sum[i] += v; bound[i] += math.Abs(v) }
	eachProduct(reversed(g), func(xi, yi, wi int) { add(yi, float64(x[xi])*float64(w[wi])) })
	addEpilogue(g, bias, residual, add)
	return sum, bound
}

// randomConvTranspose returns a small geometry of any kind; Out is sometimes shorter or longer than what taps reach.
func randomConvTranspose(r *rand.Rand) ConvGeom {
	g := randomConv(r)
	for a := range 3 {
		if g.In[a] == 1 && g.Kernel[a] == 1 && r.IntN(4) > 0 {
			g.Out[a], g.Stride[a], g.PadBegin[a] = 1, 1, 0
			continue
		}
		g.In[a] = 1 + g.In[a]/3
		g.Out[a] = max(1, (g.In[a]-1)*g.Stride[a]+(g.Kernel[a]-1)*g.Dilation[a]+1-g.PadBegin[a]+r.IntN(9)-4)
	}
	if r.IntN(5) == 0 { // kernel equals stride, no pads: all phases share their input
		for a := range 3 {
			g.Stride[a], g.Dilation[a], g.PadBegin[a], g.Out[a] = g.Kernel[a], 1, 0, g.In[a]*g.Kernel[a]
		}
	}
	return g
}

func TestConvTransposeByHand(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		g := ConvGeom{
			N: 1, C: 1, M: 1, Group: 1, In: [3]int{1, 1, 2}, Out: [3]int{1, 1, 6}, Kernel: [3]int{1, 1, 3},
			Stride: [3]int{1, 1, 2}, Dilation: [3]int{1, 1, 1},
		}
		p := NewConvTranspose(k, g, []float32{1, 10, 100}, Epilogue{Bias: []float32{0.5}})
		y := runBanded(t, p, nil, convOperands{x: []float32{2, 3}}, 6)
		require.Equal(t, []float32{2.5, 20.5, 203.5, 30.5, 300.5, 0.5}, y) // no tap reaches the last
	})
}

func TestConvTransposeRandomShapes(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r, pool := newRand(t, 21), newTestPool(t, 2)
		for range 600 {
			g := randomConvTranspose(r)
			o := randomOperands(r, g)
			sum, _ := convTransposeNaive(g, o.x, o.w, o.ep.Bias, o.residual)
			y := runBanded(t, NewConvTranspose(k, g, o.w, o.ep), pool, o, len(sum))
			checkExact(t, g, o, sum, y)
		}
	})
}

// transposed2D returns the geometry of a 2-D transposed convolution without output padding.
func transposed2D(n, c, m, size, kernel, stride, pad int) ConvGeom {
	out := (size-1)*stride + kernel - 2*pad
	return ConvGeom{
		N: n, C: c, M: m, Group: 1, In: [3]int{1, size, size}, Out: [3]int{1, out, out}, Kernel: [3]int{1, kernel, kernel},
		Stride: [3]int{1, stride, stride}, Dilation: [3]int{1, 1, 1}, PadBegin: [3]int{0, pad, pad},
	}
}

func TestConvTransposeThreadsAndBound(t *testing.T) {
	depthwise := transposed2D(1, 6, 6, 20, 4, 2, 1)
	depthwise.Group = 6
	eachTier(t, func(t *testing.T, k *Kernels) {
		for _, g := range []ConvGeom{
			transposed2D(1, 70, 40, 20, 2, 2, 0),
			transposed2D(2, 140, 30, 6, 4, 2, 1),
			transposed2D(1, 5, 5, 5, 16, 8, 4),
			transposed2D(3, 600, 20, 4, 3, 1, 1),
			depthwise,
		} {
			checkThreadsAndBound(t, g, func(w []float32, ep Epilogue) plan { return NewConvTranspose(k, g, w, ep) }, convTransposeNaive)
		}
	})
}

// <conv(x), y> = <x, convT(y)> with the same weight buffer, exact on integers.
func TestConvTransposeIsAdjoint(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 22)
		for range 300 {
			forward := randomConv(r)
			back := reversed(forward)
			w := integers(r, forward.weights())
			x, y := integers(r, forward.N*forward.C*volume(forward.In)), integers(r, back.N*back.C*volume(back.In))
			cx := runBanded(t, NewConv(k, forward, w, Epilogue{}), nil, convOperands{x: x}, len(y))
			ty := runBanded(t, NewConvTranspose(k, back, w, Epilogue{}), nil, convOperands{x: y}, len(x))
			require.Equal(t, dot(cx, y), dot(x, ty), "%+v", forward)
		}
	})
}

func dot(a, b []float32) (sum float64) {
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}

// Where kernel equals stride the phases of a band share their input, unless a pad sets some of them apart.
func TestConvTransposeSharesInput(t *testing.T) {
	k := KernelsFor(Generic)
	for _, c := range []struct {
		kernel, stride, pad int
		want                []bool
	}{
		{2, 2, 0, []bool{false, true}},
		{3, 3, 0, []bool{false, true, true}},
		{3, 3, 1, []bool{false, true, false}},
		{4, 2, 1, []bool{false, false}},
	} {
		g := transposed2D(1, 5, 5, 6, c.kernel, c.stride, c.pad)
		bands := g.bands(k)
		require.Len(t, bands, c.stride)
		var got []bool
		for _, f := range bands[0].phases {
			got = append(got, f.sameInput)
		}
		require.Equal(t, c.want, got, "%+v", c)
	}
}

func TestConvTransposeSharesPackedWeights(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 23)
		weights := integers(r, 4*20*16)
		packed := PackConvTransposeWeights(k, transposed2D(1, 4, 20, 1, 4, 2, 0), weights)
		for pad := range 3 {
			g := transposed2D(1, 4, 20, 5+pad, 4, 2, pad)
			o := convOperands{x: integers(r, g.C*volume(g.In)), w: weights}
			sum, _ := convTransposeNaive(g, o.x, weights, nil, nil)
			checkExact(t, g, o, sum, runBanded(t, NewConvTransposePacked(k, g, packed, Epilogue{}), nil, o, len(sum)))
		}
	})
}

func TestConvTransposeResidualInPlace(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 24)
		g := transposed2D(2, 5, 9, 6, 3, 2, 1)
		o := randomOperands(r, g)
		o.residual = integers(r, g.N*g.M*volume(g.Out))
		p := NewConvTranspose(k, g, o.w, o.ep)
		want := runBanded(t, p, nil, o, len(o.residual))
		y := append([]float32(nil), o.residual...)
		p.Run(nil, nil, nans(p.WorkspaceFloats(1)), o.x, y, y)
		require.Equal(t, -1, firstDifference(want, y))
	})
}

// Strides beyond a window of phases: bands lie between each other in a row, most outputs are reached by no tap.
func TestConvTransposeLargeStrides(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 25)
		for _, stride := range []int{maxWindow - 1, maxWindow, maxWindow + 1, 100, 1 << 20} {
			g := transposed2D(1, 2, 5, 3, 2, 1, 0)
			g.Kernel, g.In, g.Stride[2], g.PadBegin[2] = [3]int{1, 1, 2}, [3]int{1, 1, 3}, stride, stride/2
			g.Out = [3]int{1, 1, min(3*stride, 2000)}
			o := randomOperands(r, g)
			sum, _ := convTransposeNaive(g, o.x, o.w, o.ep.Bias, o.residual)
			checkExact(t, g, o, sum, runBanded(t, NewConvTranspose(k, g, o.w, o.ep), nil, o, len(sum)))
		}
	})
}

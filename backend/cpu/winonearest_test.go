package cpu

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// enlarge repeats each pixel of planes.
func enlarge(x []float32, planes int, in, scale [3]int) []float32 {
	var out [3]int
	for a := range out {
		out[a] = in[a] * scale[a]
	}
	y := make([]float32, 0, planes*volume(out))
	for p := range planes {
		eachTap(out, func(o [3]int) {
			y = append(y, x[((p*in[0]+o[0]/scale[0])*in[1]+o[1]/scale[1])*in[2]+o[2]/scale[2]])
		})
	}
	return y
}

func TestNearestConv(t *testing.T) {
	r := newRand(t, 72)
	for range 200 {
		g := ConvGeom{N: 1 + r.IntN(2), C: 1 + r.IntN(5), M: 1 + r.IntN(5), Group: 1, Stride: [3]int{1, 1, 1}, Dilation: [3]int{1, 1, 1}}
		var scale, small [3]int
		for a := range 3 {
			scale[a], small[a] = 1+r.IntN(3), 1+r.IntN(4)
			g.In[a], g.Kernel[a], g.PadBegin[a] = small[a]*scale[a], 1+r.IntN(4), r.IntN(4)-1
			g.Out[a] = max(1, g.In[a]+2-r.IntN(3))
		}
		x, w := integers(r, g.N*g.C*volume(small)), integers(r, g.weights())
		want, _ := convNaive(g, enlarge(x, g.N*g.C, small, scale), w, nil, nil)
		tg, tw, ok := NearestConv(g, scale, w)
		require.True(t, ok)
		got, _ := convTransposeNaive(tg, x, tw, nil, nil)
		require.Equal(t, want, got, "%+v, scale %v", g, scale)
	}
}

// The case of decoders: a 3x3 convolution after enlarging twice is one of phases with four taps, which Winograd makes.
func TestNearestConvIsWinograd(t *testing.T) {
	g := square(1, 64, 64, 64, 3)
	tg, _, ok := NearestConv(g, [3]int{1, 2, 2}, make([]float32, g.weights()))
	require.True(t, ok)
	require.Equal(t, transposed2D(1, 64, 64, 32, 4, 2, 1), tg)
	require.Equal(t, F3, ChooseConv(KernelsFor(Generic), tg, true))
}

func TestNearestConvRefuses(t *testing.T) {
	g := square(1, 4, 4, 8, 3)
	strided, grouped := g, g
	strided.Stride[2], grouped.Group = 2, 2
	for _, c := range []struct {
		geom  ConvGeom
		scale [3]int
	}{{strided, [3]int{1, 2, 2}}, {grouped, [3]int{1, 2, 2}}, {g, [3]int{1, 3, 2}}, {g, [3]int{1, 0, 2}}} {
		_, _, ok := NearestConv(c.geom, c.scale, nil)
		require.False(t, ok)
	}
}

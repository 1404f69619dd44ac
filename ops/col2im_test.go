package ops

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func colCase(x *Tensor, image, block []int, attrs ...Attr) opCase {
	return opCase{op: "Col2Im", attrs: attrs, inputs: []*Tensor{x, OfInts(image), OfInts(block)}}
}

func TestCol2ImByHand(t *testing.T) {
	// Two elements at two places of three pixels: the middle one gets both.
	out := colCase(Of([]float32{1, 2, 10, 20}, 1, 2, 2), []int{3}, []int{2}).mustRun(t)
	require.Equal(t, Shape{1, 1, 3}, out[0].Shape())
	require.Equal(t, []float32{1, 12, 20}, Data[float32](out[0]))
}

// TestCol2ImAdjoint: <col2im(x), y> = <x, im2col(y)>, exact on small integers.
func TestCol2ImAdjoint(t *testing.T) {
	rng := rand.New(rand.NewPCG(23, 24))
	for range 60 {
		h, w, kh, kw := 3+rng.IntN(5), 3+rng.IntN(5), 1+rng.IntN(2), 1+rng.IntN(3)
		s, d, p := 1+rng.IntN(2), 1+rng.IntN(2), rng.IntN(2)
		places := func(in, k int) int { return (in+2*p-d*(k-1)-1)/s + 1 }
		if h+2*p <= d*(kh-1) || w+2*p <= d*(kw-1) {
			continue
		}
		lh, lw := places(h, kh), places(w, kw)
		x, y := smallInts[float64](rng, 2*kh*kw*lh*lw), smallInts[float64](rng, 2*h*w)
		out := colCase(Of(x, 1, 2*kh*kw, lh*lw), []int{h, w}, []int{kh, kw},
			IntsAttr("strides", s, s), IntsAttr("dilations", d, d), IntsAttr("pads", p, p, p, p)).mustRun(t)
		left, right := 0.0, 0.0
		for i, v := range Data[float64](out[0]) {
			left += v * y[i]
		}
		for i, v := range x {
			l, b, c := i%(lh*lw), i/(lh*lw)%(kh*kw), i/(lh*lw*kh*kw)
			row, col := l/lw*s-p+b/kw*d, l%lw*s-p+b%kw*d
			if row >= 0 && row < h && col >= 0 && col < w {
				right += v * y[(c*h+row)*w+col]
			}
		}
		require.Equal(t, right, left)
	}
}

func TestCol2ImErrors(t *testing.T) {
	x := NewTensor(Float32, Shape{1, 4, 4})
	colCase(x, []int{3, 3}, []int{2, 3}).mustFail(t, "input has 4 rows, want a multiple of the 6 elements")
	colCase(x, []int{3, 4}, []int{2, 2}).mustFail(t, "input has 4 columns, want 6")
	colCase(x, []int{1, 1}, []int{2, 2}).mustFail(t, "a block of 2 does not fit into 1 pixels")
	colCase(x, []int{3}, []int{2, 2}).mustFail(t, "want one value each per spatial axis")
	colCase(x, []int{3, 0}, []int{2, 2}).mustFail(t, "want values of 1 to")
	colCase(NewTensor(Float32, Shape{4, 4}), []int{3, 3}, []int{2, 2}).mustFail(t, "want [N, C·block, L]")
	colCase(x, []int{3, 3}, []int{2, 2}, IntsAttr("strides", 1)).mustFail(t, "strides")
	colCase(NewTensor(Int8, Shape{1, 4, 4}), []int{3, 3}, []int{2, 2}).mustFail(t, "input is tensor(int8)")
	require.Equal(t, Shape{0, 1, 3, 3}, colCase(NewTensor(Float32, Shape{0, 4, 4}), []int{3, 3}, []int{2, 2}).mustRun(t)[0].Shape())
}

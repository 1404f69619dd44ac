package cpu

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// convInBlocks is the definition of the order of sums. The product of two floats is exact in float64.
func convInBlocks(g ConvGeom, x, w, bias []float32, block int, fused bool) []float32 {
	total, sum := make([]float32, g.N*g.M*volume(g.Out)), make([]float32, g.N*g.M*volume(g.Out))
	depth := g.channelsIn() * volume(g.Kernel)
	last := make([]int, len(sum))
	flush := func(y int) {
		total[y] += sum[y]
		sum[y] = 0
	}
	eachProduct(g, func(yi, xi, wi int) {
		if at := wi % depth / block; at != last[yi] {
			flush(yi)
			last[yi] = at
		}
		v := float64(x[xi]) * float64(w[wi])
		if !fused {
			v = float64(float32(v))
		}
		sum[yi] = float32(float64(sum[yi]) + v)
	})
	plane := volume(g.Out)
	for i := range total {
		flush(i)
		total[i] += bias[i/plane%g.M]
	}
	return total
}

// The bits are those of the stated order, on any number of threads.
func TestConvInBlocks(t *testing.T) {
	strided := square(2, 7, 40, 23, 3)
	strided.Stride, strided.Out = [3]int{1, 2, 2}, [3]int{1, 12, 12}
	grouped := square(1, 64, 34, 9, 3)
	grouped.Group = 2
	eachTier(t, func(t *testing.T, k *Kernels) {
		for _, g := range []ConvGeom{strided, grouped, square(1, 131, 70, 12, 3), square(3, 300, 20, 4, 1), square(1, 5, 3, 30, 1)} {
			for _, block := range []int{16, 128} {
				r := newRand(t, 19)
				o := convOperands{x: floats(r, g.N*g.C*volume(g.In)), w: floats(r, g.weights())}
				o.ep.Bias = floats(r, g.M)
				p := NewConvInBlocks(k, g, PackConvWeights(k, g, o.w), o.ep, block)
				want := convInBlocks(g, o.x, o.w, o.ep.Bias, block, k.Tier != Generic)
				for _, threads := range []int{1, 3} {
					y := runBanded(t, p, newTestPool(t, threads), o, len(want))
					require.Equal(t, -1, sameBits(want, y), "%+v, blocks of %d, %d threads", g, block, threads)
				}
			}
		}
	})
}

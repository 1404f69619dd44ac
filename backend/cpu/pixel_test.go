package cpu

import (
	"fmt"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// pixelCase is one call of a pixel kernel with operands between NaN bands.
type pixelCase struct {
	outputs, vectors, steps, tiles int
	tail                           int  // pixels of the last vectors, 0: all
	below                          bool // tiles lie below each other, not side by side
	act                            Activation
	residual                       bool
}

func (c *pixelCase) run(t *testing.T, k *Kernels, seed uint64) {
	t.Helper()
	r := newRand(t, seed)
	width := c.vectors * k.Block
	stored, tile := width, width
	if c.tail > 0 {
		stored += c.tail - k.Block
	}
	if c.below {
		tile += 3
	}
	plane := c.tiles*tile + 5
	offsets := make([]int, c.steps)
	for i := range offsets {
		offsets[i] = 4 * r.IntN(100)
	}
	x, checkX := banded(t, integers(r, 100+c.tiles*tile))
	w, checkW := banded(t, integers(r, c.steps*c.outputs))
	bias, slope := integers(r, c.outputs), integers(r, c.outputs)
	dst, checkDst := banded(t, nans((c.outputs-1)*plane+(c.tiles-1)*tile+stored))
	res, checkRes := banded(t, integers(r, len(dst)))
	mask := laneMask((c.tail+k.Block-1)%k.Block + 1)
	a := pixelArgs{
		base: unsafe.Pointer(&x[0]), nsteps: c.steps, weights: unsafe.Pointer(unsafe.SliceData(w)),
		bias: unsafe.Pointer(&bias[0]), dst: unsafe.Pointer(&dst[0]), plane: 4 * plane,
		tiles: c.tiles, srcTile: 4 * tile, dstTile: 4 * tile, mask: unsafe.Pointer(&mask), slope: unsafe.Pointer(&slope[0]),
	}
	if c.steps > 0 {
		a.steps = &offsets[0]
	}
	if c.tail == 0 {
		a.whole = 1
	}
	if c.residual {
		a.residual = unsafe.Pointer(&res[0])
	}
	require.True(t, a.setActivation(&c.act))
	c.act.Slope = slope
	want := nans(len(dst))
	for n := range c.tiles {
		for m := range c.outputs {
			for i := range stored {
				at := m*plane + n*tile + i
				sum := bias[m]
				if c.residual {
					sum += res[at]
				}
				for s, off := range offsets {
					sum += x[off/4+n*tile+i] * w[s*c.outputs+m]
				}
				want[at] = sum
				c.act.Apply(want[at:at+1], m)
			}
		}
	}
	k.pixel[c.outputs][c.vectors](&a)
	checkX()
	checkW()
	checkDst()
	checkRes()
	require.Equal(t, -1, firstDifference(dst, want), "%+v", *c)
}

func TestPixelKernels(t *testing.T) {
	acts := []Activation{{}, {Kind: ActClip, A: -50, B: 60}, {Kind: ActPRelu}}
	eachTier(t, func(t *testing.T, k *Kernels) {
		for outputs := 1; outputs <= k.pixel.outputs(); outputs++ {
			for vectors := 1; vectors <= k.pixel.vectors(outputs); vectors++ {
				for tail := range k.Block {
					c := pixelCase{
						outputs: outputs, vectors: vectors, steps: tail % 5, tail: tail, tiles: 1, act: acts[tail%3], residual: tail%4 < 2,
					}
					c.run(t, k, uint64(100*outputs+tail))
					c.tiles, c.below = 3, true
					c.run(t, k, uint64(100*outputs+tail))
				}
				c := pixelCase{outputs: outputs, vectors: vectors, steps: 7, tiles: 4, act: acts[vectors%3], residual: vectors%2 == 0}
				c.run(t, k, uint64(outputs))
			}
		}
	})
}

// The activations of a tile keep NaN and the sign of zero.
func TestPixelActivationNaN(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		for act := tileLinear; act <= tileLeaky; act++ {
			bias, slope, step := []float32{nan, -3, 5}, make([]float32, 3), 0
			dst := make([]float32, 3*k.Block)
			a := pixelArgs{
				base: unsafe.Pointer(&dst[0]), steps: &step, weights: unsafe.Pointer(&bias[0]), bias: unsafe.Pointer(&bias[0]),
				dst: unsafe.Pointer(&dst[0]), plane: 4 * k.Block, tiles: 1, mask: unsafe.Pointer(&allLanes[0]), whole: 1,
				slope: unsafe.Pointer(&slope[0]), act: act, lo: -2, hi: 2,
			}
			k.pixel[3][1](&a)
			want := [][]float32{{-3, 5}, {-2, 2}, {0, 5}}[act]
			require.Equal(t, want, []float32{dst[k.Block], dst[2*k.Block]}, "activation %d", act)
			require.True(t, dst[0] != dst[0], "activation %d lost a NaN", act)
		}
	})
}

// The operands lie in L1: this is what a kernel can do at best.
func BenchmarkPixelKernel(b *testing.B) {
	const steps, tiles = 64, 8
	for _, tier := range Available() {
		k := KernelsFor(tier)
		peak := MeasurePeak(k)
		for outputs := 1; outputs <= k.pixel.outputs(); outputs++ {
			vectors := k.pixel.vectors(outputs)
			b.Run(fmt.Sprintf("%s/%dx%d", tier, outputs, vectors*k.Block), func(b *testing.B) {
				width := vectors * k.Block
				x, w, bias := AlignedFloats(width*tiles+steps), AlignedFloats(steps*outputs), AlignedFloats(outputs)
				dst := AlignedFloats(width * tiles * outputs)
				var offsets [steps]int
				for i := range offsets {
					offsets[i] = 4 * i
				}
				a := pixelArgs{
					base: unsafe.Pointer(&x[0]), steps: &offsets[0], nsteps: steps, weights: unsafe.Pointer(&w[0]),
					bias: unsafe.Pointer(&bias[0]), dst: unsafe.Pointer(&dst[0]), plane: 4 * width * tiles,
					tiles: tiles, srcTile: 4 * width, dstTile: 4 * width, mask: unsafe.Pointer(&allLanes[0]), whole: 1,
				}
				for b.Loop() {
					k.pixel[outputs][vectors](&a)
				}
				flops := 2 * float64(b.N) * steps * tiles * float64(width*outputs)
				b.ReportMetric(flops/b.Elapsed().Seconds()/1e9/peak, "of-peak")
			})
		}
	}
}

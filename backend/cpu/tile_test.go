package cpu

import (
	"fmt"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// tileCase is one call of a tile kernel with operands between NaN bands: pixels of a made-up map with gaps.
type tileCase struct {
	block, rows, groups     int
	steps, tail, tailLanes  int
	srcPixel, dstPixel, gap int // floats; gap lies between the halves
	act                     Activation
	residual                bool
}

// offsets of pixel r in floats, for a pitch.
func (c *tileCase) at(r, pixel int) int {
	if half := (c.rows + 1) / 2; r >= half {
		return half*pixel + c.gap + (r-half)*pixel
	}
	return r * pixel
}

func (c *tileCase) run(t *testing.T, k *Kernels, seed uint64) {
	t.Helper()
	r := newRand(t, seed)
	nsteps, width := c.steps+c.tail, c.groups*c.block
	lanes := c.steps*c.block + c.tail*c.tailLanes
	offsets := make([]int, nsteps)
	for i := range offsets {
		offsets[i] = 4 * r.IntN(200)
	}
	x, checkX := banded(t, integers(r, 200+c.at(c.rows-1, c.srcPixel)+c.block))
	w, checkW := banded(t, integers(r, lanes*width))
	bias, slope := integers(r, width), integers(r, width)
	dstGroup := c.at(c.rows-1, c.dstPixel) + c.block
	dst, checkDst := banded(t, nans(c.groups*dstGroup))
	res, checkRes := banded(t, integers(r, len(dst)))
	a := tileArgs{
		base: unsafe.Pointer(&x[0]), nsteps: c.steps, tailSteps: c.tail, tailLanes: c.tailLanes,
		srcPixel: 4 * c.srcPixel, srcHalf: 4 * c.at((c.rows+1)/2, c.srcPixel),
		weights: unsafe.Pointer(unsafe.SliceData(w)),
		dst:     unsafe.Pointer(&dst[0]), dstPixel: 4 * c.dstPixel, dstHalf: 4 * c.at((c.rows+1)/2, c.dstPixel), dstGroup: 4 * dstGroup,
		bias: unsafe.Pointer(&bias[0]), slope: unsafe.Pointer(&slope[0]), lo: c.act.A, hi: c.act.B,
	}
	if nsteps > 0 {
		a.steps = &offsets[0]
	}
	if c.residual {
		a.residual, a.resPixel, a.resHalf, a.resGroup = unsafe.Pointer(&res[0]), a.dstPixel, a.dstHalf, a.dstGroup
	}
	switch c.act.Kind {
	case ActClip:
		a.act = tileClamp
	case ActPRelu:
		a.act = tileLeaky
	case ActHardSwish:
		a.act = tileGate
	}
	want := nans(len(dst))
	for row := range c.rows {
		for j := range width {
			at := j/c.block*dstGroup + c.at(row, c.dstPixel) + j%c.block
			sum := bias[j]
			if c.residual {
				sum += res[at]
			}
			next := j
			for s, off := range offsets {
				n := c.block
				if s >= c.steps {
					n = c.tailLanes
				}
				for l := range n {
					sum += x[off/4+c.at(row, c.srcPixel)+l] * w[next]
					next += width
				}
			}
			act := c.act
			act.Slope = slope
			one := []float32{sum}
			if act.Kind == ActHardSwish { // with the slope and offset of the case, which are exact
				one[0] *= clampUnit(float32(act.A*sum) + act.B)
			} else {
				act.Apply(one, j)
			}
			want[at] = one[0]
		}
	}
	k.tileFor(c.groups)[c.rows](&a)
	checkX()
	checkW()
	checkDst()
	checkRes()
	require.Equal(t, -1, firstDifference(dst, want), "%+v", *c)
}

func TestTileKernels(t *testing.T) {
	acts := []Activation{{}, {Kind: ActClip, A: -50, B: 60}, {Kind: ActPRelu}, {Kind: ActHardSwish, A: 1.0 / 128, B: 0.5}}
	eachTier(t, func(t *testing.T, k *Kernels) {
		for groups := 1; groups <= tileGroups; groups++ {
			for rows := 1; rows <= k.tileFor(groups).rows(); rows++ {
				for i := range 32 {
					c := tileCase{
						block: k.Block, rows: rows, groups: groups, steps: i % 5, tail: i % 3, tailLanes: 1 + i%(k.Block-1),
						srcPixel: []int{k.Block, 2 * k.Block, 3, 1}[i%4], dstPixel: k.Block * (1 + i%2), gap: i % 7 * 5,
						act: acts[i/8], residual: i/4%2 == 0,
					}
					c.run(t, k, uint64(1000*rows+i))
				}
			}
		}
	})
}

// The activations of a tile keep NaN and the sign of zero.
func TestTileActivationNaN(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		for act := tileLinear; act <= tileGate; act++ {
			bias, slope, dst := nans(k.Block), make([]float32, k.Block), make([]float32, k.Block)
			bias[1], bias[2] = -3, 5
			a := tileArgs{
				bias: unsafe.Pointer(&bias[0]), slope: unsafe.Pointer(&slope[0]), dst: unsafe.Pointer(&dst[0]),
				act: act, lo: []float32{-2, -2, -2, 0.25}[act], hi: []float32{2, 2, 2, 0.5}[act], base: unsafe.Pointer(&bias[0]),
			}
			k.tileFor(1).call(1, &a)
			want := [][]float32{{-3, 5}, {-2, 2}, {0, 5}, {0, 5}}[act]
			require.Equal(t, want, []float32{dst[1], dst[2]}, "activation %d", act)
			require.True(t, dst[0] != dst[0] && dst[3] != dst[3], "activation %d lost a NaN", act)
		}
	})
}

// The panels lie in L1: this is what a kernel can do at best.
func BenchmarkTileKernel(b *testing.B) {
	const steps = 18
	for _, tier := range Available() {
		k := KernelsFor(tier)
		peak := MeasurePeak(k)
		for groups := 1; groups <= tileGroups; groups++ {
			for rows := 1; rows <= k.tileFor(groups).rows(); rows++ {
				b.Run(fmt.Sprintf("%s/%dx%d", tier, rows, groups*k.Block), func(b *testing.B) {
					block := k.Block
					x, w := AlignedFloats((rows+steps)*block), AlignedFloats(steps*block*groups*block)
					dst, bias := AlignedFloats(groups*rows*block), AlignedFloats(groups*block)
					var offsets [steps]int
					for i := range offsets {
						offsets[i] = 4 * i * block
					}
					a := tileArgs{
						base: unsafe.Pointer(&x[0]), steps: &offsets[0], nsteps: steps, srcPixel: 4 * block,
						weights: unsafe.Pointer(&w[0]), bias: unsafe.Pointer(&bias[0]),
						dst: unsafe.Pointer(&dst[0]), dstPixel: 4 * block, dstGroup: 4 * rows * block,
					}
					for b.Loop() {
						k.tileFor(groups).call(rows, &a)
					}
					gflops(b, rows*groups*block*block*steps)
					b.ReportMetric(2*float64(rows*groups*block*block*steps)*float64(b.N)/b.Elapsed().Seconds()/1e9/peak, "of-peak")
				})
			}
		}
	}
}

package cpu

import "unsafe"

// tileArgs are the operands of a tile kernel: rows output pixels times groups of Block output channels of a
// channel-blocked convolution, one step per input group and tap. Addresses are pointers, pitches and offsets are
// bytes. The kernel of rows x groups equals
//
//	for r := range rows {
//		for j := range groups * Block {
//			sum := bias[j] + residual[r][j]            // residual nil: bias[j]
//			for s := range steps + tailSteps {
//				for c := range lanes of s {            // Block, or tailLanes in the last tailSteps
//					sum = fma(src[r][steps[s]/4+c], weights[..., j], sum) // weights are read in order
//				}
//			}
//			dst[r][j] = act(sum)
//		}
//	}
//
// Pixel r of src is at base + r*srcPixel for the first half of the pixels, (rows+1)/2 of them, and at
// base + srcHalf + (r-half)*srcPixel for the others; dst and residual likewise. So a tile is a stretch of one row or
// two stretches of different rows. Group g of dst is g*dstGroup further on. dst may be the residual - which is also how
// a long sum is continued: bias of zeros, residual dst - and overlaps nothing else.
//
// A depthwise kernel has one group, and a step is one tap of all its channels, so that weights are [nsteps][Block]:
//
//	sum = fma(src[r][steps[s]/4+j], weights[s][j], sum)
//
// As that is little work, the kernel makes a number of tiles one after the other, each rows pixels after the last one;
// it changes base, dst, residual and tiles on its way.
//
// Any alignment works, 64 bytes is best. A call of 16k lanes in all takes less than 200 us.
type tileArgs struct {
	base                         unsafe.Pointer // *float32: pixel 0 of the input
	steps                        *int           // [nsteps+tailSteps]int: offsets from base
	nsteps, tailSteps, tailLanes int
	srcPixel, srcHalf            int
	weights                      unsafe.Pointer // [lanes of all steps][groups*Block]float32
	dst                          unsafe.Pointer
	dstPixel, dstHalf, dstGroup  int
	bias                         unsafe.Pointer // [groups*Block]float32, never nil
	residual                     unsafe.Pointer // or nil
	resPixel, resHalf, resGroup  int
	act                          int            // tileLinear, tileClamp, tileLeaky or tileGate
	slope                        unsafe.Pointer // tileLeaky: [groups*Block]float32
	lo, hi                       float32        // tileClamp, tileGate
	tiles                        int            // depthwise kernels only
}

// What a tile kernel does to a sum before it stores it. A NaN stays NaN.
const (
	tileLinear = iota // nothing
	tileClamp         // lo if x < lo, then hi if that > hi
	tileLeaky         // slope*x if x < 0
	tileGate          // x*max(0, min(1, lo*x + hi))
)

// tileFuncs are the kernels of one number of groups by their rows; the first is nil.
type tileFuncs []func(*tileArgs)

// rows is the height of the largest kernel.
func (t tileFuncs) rows() int { return len(t) - 1 }

// call runs the kernel on consecutive pixels: it sets the halves.
func (t tileFuncs) call(rows int, a *tileArgs) {
	half := (rows + 1) / 2
	a.srcHalf, a.dstHalf, a.resHalf = half*a.srcPixel, half*a.dstPixel, half*a.resPixel
	t[rows](a)
}

// tileGroups is the most output groups of a tile kernel. Two share each broadcast of an input.
const tileGroups = 2

// tileFor returns the kernels for groups output groups, 1..tileGroups.
func (k *Kernels) tileFor(groups int) tileFuncs { return k.tile[groups-1] }

package cpu

import (
	"math"
	"unsafe"
)

// pixelArgs are the operands of a pixel kernel: some output channels of vectors·Block consecutive pixels of a row of a
// planar convolution with stride 1 along the width, one step per input channel and tap. Its lanes are pixels, so that
// it makes no padding channels. Addresses are pointers, pitches and offsets are bytes. The kernel equals
//
//	for t := range tiles {
//		for m := range outputs {
//			for i := range vectors * Block {
//				sum := bias[m] + residual[t*dstTile+m*plane+i]        // residual nil: bias[m]
//				for s := range nsteps {
//					sum = fma(base[t*srcTile+steps[s]+i], weights[s][m], sum)
//				}
//				dst[t*dstTile+m*plane+i] = act(sum)
//			}
//		}
//	}
//
// Of the last vector of each tile it stores, and reads of the residual, those pixels alone that mask has; it reads the
// input of all. dst may be the residual and overlaps nothing else.
//
// Where phases is 2 or more, a divisor of outputs, consecutive outputs are phases of a row of a transposed convolution: a
// run. There is no residual, and a tile may have pixels of several rows: the last line is
//
//	for s in segments {
//		if x := i*wide + m%phases; s.lo <= x && x < s.end {
//			dst[t*dstTile+s.rows[m/phases]+i*pixel+m%phases] = act(sum)    // none where that row is pixelNoRow
//		}
//	}
//
// wide is the phases that a row has; those beyond phases are runs of their own. The mask is not used. Where stream is 1 and
// whole too, every row begins at a multiple of the vectors' size.
//
// Any alignment works. A call of maxPixelSteps steps, tiles counted, takes less than 200 us.
type pixelArgs struct {
	base      unsafe.Pointer // *float32: the input of the first pixel
	steps     *int           // [nsteps]int: offsets from base
	nsteps    int
	weights   unsafe.Pointer // [nsteps][outputs]float32
	bias      unsafe.Pointer // [outputs]float32
	dst       unsafe.Pointer
	residual  unsafe.Pointer // or nil
	plane     int            // from an output channel to the next, of dst and residual
	tiles     int            // 1 or more
	srcTile   int
	dstTile   int            // of dst and residual
	mask      unsafe.Pointer // [Block]int32, negative: the pixels of the last vectors
	whole     int            // 1: all pixels are stored, 0: those of mask
	act       int            // tileLinear, tileClamp or tileLeaky
	slope     unsafe.Pointer // tileLeaky: [outputs]float32
	lo, hi    float32        // tileClamp
	phases    int            // of a run: 2, 4 or 8, as pixelKernels.zips says; else 0
	segments  *pixelSegment  // phases: [nsegments]pixelSegment
	nsegments int            // phases: 1 or more
	stream    int            // phases: 1: whole tiles, aligned to vectors, go past the caches to memory
	pixel     int            // phases: from pixel to pixel of a row
	wide      int            // phases: of a row
}

// pixelSegment is the outputs of a tile that belong to one row of each run.
type pixelSegment struct {
	lo, end int32              // counted from output 0 of the tile's first pixel, which may lie before the row
	rows    [pixelMostRuns]int // offsets of that output from dst, by runs
}

const (
	pixelMostRuns = 4  // of a kernel
	pixelNoRow    = -1 // a row that is not stored
)

// pixelKernels are the pixel kernels by their outputs, then vectors; the first of each is nil.
type pixelKernels [][]func(*pixelArgs)

// outputs is the most outputs of a kernel, vectors the most vectors of a kernel of so many outputs.
func (p pixelKernels) outputs() int            { return len(p) - 1 }
func (p pixelKernels) vectors(outputs int) int { return len(p[outputs]) - 1 }

// zips says how many phases of a row a kernel sets side by side where a row has so many: all, or a divisor; 0 if none.
func (p pixelKernels) zips(phases int) int {
	switch most := p.outputs() / 4 * 4; {
	case phases%most == 0:
		return most
	case phases == 2 || phases == 4:
		return phases
	}
	return 0
}

// maxPixelSteps bounds the steps of one call, tiles counted: 16k of 27 products of vectors are 120 us on Zen 4.
const maxPixelSteps = 1 << 14

// setActivation sets the activation where the kernels know it, and reports whether they do.
func (a *pixelArgs) setActivation(act *Activation) bool {
	switch act.Kind {
	case ActNone:
	case ActRelu:
		a.act, a.lo, a.hi = tileClamp, 0, float32(math.Inf(1))
	case ActClip:
		a.act, a.lo, a.hi = tileClamp, act.A, act.B
	case ActLeakyRelu, ActPRelu:
		a.act = tileLeaky
	default:
		return false
	}
	return true
}

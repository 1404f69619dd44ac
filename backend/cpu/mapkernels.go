package cpu

import (
	"unsafe"
)

// mapKernels are the kernels that reduce, blend and move the pixels of channel-blocked maps. A pixel is one vector of
// Block lanes; strides, offsets and pitches are bytes. In the loops of the doc comments a pixel stands for its lanes,
// each treated alike. Any alignment works. Callers bound one call to mapCallPixels loads, some 50 us.
type mapKernels struct {
	max, mean         func(*mapReduceArgs)
	moments           func(*mapMomentsArgs)
	affine            func(*mapAffineArgs)
	gather            func(*mapGatherArgs)
	lerp2, lerp4      func(*mapLerpArgs)
	blend             func(*mapBlendArgs)
	permute           func(*mapPermuteArgs)
	interleave, apart func(*mapTransposeArgs)
	pick              func(*mapPickArgs)
}

// mapCallPixels bounds the loads of one call of a map kernel: 16k lines from memory take some 100 us.
const mapCallPixels = 1 << 14

// mapReduceArgs are the operands of the pools' kernels:
//
//	for i := range pixels {
//		acc := -Inf                                  // mean: 0
//		for t := range ntaps { acc = max(acc, src[i*srcStep+taps[t]]) } // mean: acc += ...; max of a NaN is NaN
//		dst[i] = acc                                 // mean: acc / count
//	}
//
// dst overlaps nothing. It is assembly because Go has no vectors: 10 times faster.
type mapReduceArgs struct {
	dst, src unsafe.Pointer
	taps     *int // [ntaps]int: offsets from src; ntaps >= 1
	ntaps    int
	pixels   int
	srcStep  int
	count    float32
}

// mapMomentsArgs are the operands of
//
//	for y := range rows {
//		for x := range pixels {
//			d := src[y*row+x] - shift
//			sum += d; square += d*d
//		}
//	}
//
// where a row's sums are float32, in four parts, and are added to the float64 sums of the lanes: pixels <= 512 keeps
// them as exact as the float32 statistics of other runtimes.
type mapMomentsArgs struct {
	src, shift  unsafe.Pointer
	sum, square unsafe.Pointer // [Block]float64
	pixels      int
	rows, row   int
}

// mapAffineArgs are the operands of dst[i] = act((src[i] - center)*scale + shift), with center, scale and shift of a
// lane. act is x*slope for x < 0 where leaky is 1, else lo if x < lo, then hi if that > hi. A NaN stays NaN. dst may
// be src.
type mapAffineArgs struct {
	dst, src             unsafe.Pointer
	center, scale, shift unsafe.Pointer // [Block]float32
	pixels               int
	leaky                int
	slope, lo, hi        float32
}

// mapGatherArgs are the operands of dst[i] = src[index[i]], index in bytes.
type mapGatherArgs struct {
	dst, src unsafe.Pointer
	index    *int32 // [pixels]int32
	pixels   int
}

// mapLerpArgs are the operands of dst[i] = Σ weight[taps*i+t]·src[index[taps*i+t]] for 2 or 4 taps, index in bytes.
type mapLerpArgs struct {
	dst, src unsafe.Pointer
	index    *int32   // [pixels][taps]int32
	weight   *float32 // [pixels][taps]float32
	pixels   int
}

// mapBlendArgs are the operands of dst[i] = Σ weight[t]·rows[t][i].
type mapBlendArgs struct {
	dst    unsafe.Pointer
	rows   *unsafe.Pointer // [nrows]
	weight *float32        // [nrows]
	nrows  int
	pixels int
}

// mapPermuteArgs are the operands of
//
//	for i := range pixels {
//		for l := range Block {
//			dst[i*dstStep][l] = src[t][i*srcStep][index[t][l]] for the t whose index[t][l] >= 0, 0 where there is none
//		}
//	}
type mapPermuteArgs struct {
	dst              unsafe.Pointer
	src              *unsafe.Pointer // [terms]
	index            *int32          // [terms][Block]int32, -1: not from this term
	terms            int
	pixels           int
	dstStep, srcStep int
}

// mapTransposeArgs are the operands of interleave, dst[i][c] = planes[c][i], 0 where lanes[c] is 0, and of apart,
// planes[c][i] = pixels[i][c] where lanes[c] is -1, as the first ones are. Planes lie pitch bytes apart, pixels of Block
// lanes step bytes; planes without a lane are not touched.
type mapTransposeArgs struct {
	pixel  unsafe.Pointer // [pixels][Block]float32
	planes unsafe.Pointer
	pitch  int
	pixels int
	lanes  *int32 // [Block]int32
	step   int
}

// mapPickArgs are the operands of dst[i] = src[index[i]] over single floats, index in floats.
type mapPickArgs struct {
	dst, src unsafe.Pointer
	index    *int32 // [floats]int32
	floats   int
}

// pointer is the address of the first float of x; x may be empty.
func pointer(x []float32) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(x)) }

// setActivation sets the activation where the kernels know it and says whether they do.
func (a *mapAffineArgs) setActivation(act *Activation) bool {
	var f finishArgs
	known := f.setActivation(act)
	a.lo, a.hi, a.slope, a.leaky = f.lo, f.hi, f.slope, 0
	if f.leaky {
		a.leaky = 1
	}
	return known
}

// laneMask marks the lanes of the first channels of a block.
func laneMask(channels int) (lanes [16]int32) {
	for c := range channels {
		lanes[c] = -1
	}
	return lanes
}

package cpu

import (
	"testing"
	"unsafe"
)

// The operands of the map kernels lie against pages that fault, after and before them.
func TestMapKernelsStayInBounds(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		b, pixel := k.Block, floatSize*k.Block
		for _, atEnd := range []bool{true, false} {
			lend := func(pixels int) unsafe.Pointer { return pointer(guarded(t, pixels*b, atEnd)) }
			for n := 1; n <= k.Block+3; n++ {
				taps := []int{0, 2 * pixel}
				reduce := mapReduceArgs{dst: lend(n), src: lend(2*n + 1), taps: &taps[0], ntaps: 2, pixels: n, srcStep: 2 * pixel, count: 2}
				k.maps.max(&reduce)
				k.maps.mean(&reduce)
				sums := guarded(t, 4*b, atEnd)
				k.maps.moments(&mapMomentsArgs{src: lend(2 * n), shift: lend(1), sum: pointer(sums), square: pointer(sums[2*b:]), pixels: n, rows: 2, row: n * pixel})
				k.maps.affine(&mapAffineArgs{dst: lend(n), src: lend(n), center: lend(1), scale: lend(1), shift: lend(1), pixels: n, leaky: n % 2})
				index, weight := make([]int32, 4*n), make([]float32, 4*n)
				for i := range index {
					index[i] = int32(i % 2 * pixel)
				}
				lerp := mapLerpArgs{dst: lend(n), src: lend(2), index: &index[0], weight: &weight[0], pixels: n}
				k.maps.lerp2(&lerp)
				k.maps.lerp4(&lerp)
				k.maps.gather(&mapGatherArgs{dst: lend(n), src: lend(2), index: &index[0], pixels: n})
				rows := []unsafe.Pointer{lend(n), lend(n)}
				k.maps.blend(&mapBlendArgs{dst: lend(n), rows: &rows[0], weight: &weight[0], nrows: 2, pixels: n})
				lanes := make([]int32, 2*b)
				k.maps.permute(&mapPermuteArgs{dst: lend(2*n - 1), src: &rows[0], index: &lanes[0], terms: 2, pixels: n, dstStep: 2 * pixel, srcStep: pixel})
				for channels := 1; channels <= b; channels++ {
					mask := laneMask(channels)
					transpose := mapTransposeArgs{pixel: lend(n), planes: pointer(guarded(t, channels*n, atEnd)), pitch: floatSize * n, pixels: n, lanes: &mask[0], step: floatSize * k.Block}
					k.maps.interleave(&transpose)
					k.maps.apart(&transpose)
				}
				k.maps.pick(&mapPickArgs{dst: pointer(guarded(t, n, atEnd)), src: pointer(guarded(t, 1, atEnd)), index: &make([]int32, n)[0], floats: n})
			}
		}
	})
}

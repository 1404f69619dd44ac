package cpu

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Every number of outputs up to some vectors, cut off at both ends.
func TestZipKernels(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		r := newRand(t, 95)
		for planes, kernel := range k.zip {
			if kernel == nil {
				continue
			}
			for pixels := 1; pixels <= 2*k.Block+3; pixels++ {
				skip, rows := r.IntN(planes), 1+r.IntN(3)
				count := max(1, pixels*planes-skip-r.IntN(planes))
				pitch := roundUp(pixels, k.Block)
				src, check := banded(t, integers(r, planes*rows*pitch))
				dst, checkDst := banded(t, nans((rows-1)*(count+3)+count))
				want := append([]float32(nil), dst...)
				for y := range rows {
					for i := range count {
						want[y*(count+3)+i] = src[(i+skip)%planes*rows*pitch+y*pitch+(i+skip)/planes]
					}
				}
				kernel(&zipArgs{
					dst: pointer(dst), src: pointer(src), plane: floatSize * rows * pitch, dstRow: floatSize * (count + 3),
					srcRow: floatSize * pitch, rows: rows, skip: skip, count: count,
				})
				require.Equal(t, -1, firstDifference(want, dst), "%d planes, %d pixels, skip %d, count %d", planes, pixels, skip, count)
				check()
				checkDst()
			}
		}
	})
}

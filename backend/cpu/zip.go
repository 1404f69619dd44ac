package cpu

import "unsafe"

// zipArgs are the operands of a zip kernel, which sets the pixels of a number of planes side by side - the phases along
// the width of a transposed convolution. Pitches are bytes. With P planes it equals
//
//	for y := range rows {
//		for i := skip; i < skip+count; i++ {
//			dst[y*dstRow][i-skip] = src[i%P*plane + y*srcRow][i/P]
//		}
//	}
//
// Whole vectors are read of each plane. count >= 1; dst and src do not overlap. Any alignment works. It is assembly
// because Go has no vectors: a loop that stores every P-th float takes 10 times as long. A call of 1<<18 outputs takes
// less than 100 us.
type zipArgs struct {
	dst, src       unsafe.Pointer
	plane          int
	dstRow, srcRow int
	rows           int // 1 or more
	skip, count    int
}

// zipKernels are the zip kernels by the number of planes; nil where there is none.
type zipKernels [maxBlock + 1]func(*zipArgs)

// zipGeneric holds the portable kernels, whose vectors are 8 lanes.
var zipGeneric = zipKernels{
	2: func(a *zipArgs) { zipRowsGeneric(a, 2) },
	4: func(a *zipArgs) { zipRowsGeneric(a, 4) },
	8: func(a *zipArgs) { zipRowsGeneric(a, 8) },
}

func zipRowsGeneric(a *zipArgs, planes int) {
	for y := range a.rows {
		dst := unsafe.Slice((*float32)(unsafe.Add(a.dst, y*a.dstRow)), a.count)
		for p := range planes {
			first := floorMod(p-a.skip, planes) // of the outputs stored
			src := unsafe.Add(a.src, p*a.plane+y*a.srcRow)
			for i := first; i < len(dst); i += planes {
				dst[i] = *(*float32)(unsafe.Add(src, (i+a.skip)/planes*floatSize))
			}
		}
	}
}

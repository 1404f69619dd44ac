//go:build !purego

package cpu

// nativeKernels returns the tables of the assembly tiers that this processor can run.
func nativeKernels() map[Tier]*Kernels {
	tables := map[Tier]*Kernels{}
	for _, t := range nativeTiers() {
		switch t {
		case AVX512:
			tables[t] = &Kernels{
				Tier: t, MR: 14, NR: 32, Block: 16,
				vec:  &vecAVX512,
				rows: &rowAVX512,
				gemm: gemmAVX512, gemmHalf: gemmHalfAVX512, gemmRow: gemm1x64AVX512, rowCols: 64, gather: gather32AVX512, finishTile: finish32AVX512, axpy: axpyAVX512, bytes: byteAVX512,
				tile: tileAVX512, depthwise: depthwiseAVX512, dot: dotAVX512, pixel: pixelAVX512, peak: peakAVX512, wino: winoAVX512, maps: mapAVX512,
				spread: spreadAVX512,
			}
		case AVX2:
			tables[t] = &Kernels{
				Tier: t, MR: 6, NR: 16, Block: 8,
				vec:  &vecAVX2,
				rows: &rowAVX2,
				gemm: gemmAVX2, gemmHalf: gemmHalfAVX2, gemmRow: gemm1x32AVX2, rowCols: 32, gather: gather16AVX2, finishTile: finish16AVX2, axpy: axpyAVX2, bytes: byteAVX2,
				tile: tileAVX2, depthwise: depthwiseAVX2, dot: dotAVX2, pixel: pixelAVX2, peak: peakAVX2, wino: winoAVX2, maps: mapAVX2,
				spread: spreadAVX2,
			}
		}
	}
	return tables
}

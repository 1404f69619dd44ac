package cpu

import (
	"fmt"
	"testing"
)

// gflops reports the rate of b, each turn of which makes n multiply-adds.
func gflops(b *testing.B, n int) {
	b.ReportMetric(2*float64(n)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}

// The panels lie in L1: this is what a kernel can do at best.
func BenchmarkGemmKernel(b *testing.B) {
	const depth = 128
	for _, tier := range Available() {
		k := KernelsFor(tier)
		for rows := 1; rows <= k.MR; rows++ {
			b.Run(fmt.Sprintf("%s/%dx%d", tier, rows, k.NR), func(b *testing.B) {
				args := gemmArgs{
					a: AlignedFloats(depth * rows), b: AlignedFloats(depth * k.NR), c: AlignedFloats(rows * k.NR),
					rows: rows, k: depth, ldc: k.NR,
				}
				for b.Loop() {
					k.gemm[rows](args)
				}
				gflops(b, depth*rows*k.NR)
			})
		}
	}
}

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

func BenchmarkConv(b *testing.B) {
	strided := square(1, 64, 128, 112, 3)
	strided.Stride, strided.Out = [3]int{1, 2, 2}, [3]int{1, 56, 56}
	depthwise := square(1, 64, 64, 112, 3)
	depthwise.Group = 64
	for _, c := range []struct {
		name string
		geom ConvGeom
	}{
		{"3x3_32_256", square(1, 32, 32, 256, 3)},
		{"3x3_64_256", square(1, 64, 64, 256, 3)},
		{"3x3_64_128", square(1, 64, 64, 128, 3)},
		{"3x3_128_64", square(1, 128, 128, 64, 3)},
		{"3x3_256_32", square(1, 256, 256, 32, 3)},
		{"3x3_512_16", square(1, 512, 512, 16, 3)},
		{"3x3_3to64_256", square(1, 3, 64, 256, 3)},
		{"1x1_64_128", square(1, 64, 64, 128, 1)},
		{"1x1_256_56", square(1, 256, 256, 56, 1)},
		{"3x3s2_64to128_112", strided},
		{"3x3depthwise_64_112", depthwise},
	} {
		benchmarkPlan(b, c.name, c.geom, func(k *Kernels, w []float32, ep Epilogue) plan { return NewConv(k, c.geom, w, ep) },
			c.geom.N*c.geom.M*c.geom.channelsIn()*volume(c.geom.Kernel)*volume(c.geom.Out))
	}
}

func benchmarkPlan(b *testing.B, name string, g ConvGeom, build func(*Kernels, []float32, Epilogue) plan, products int) {
	for _, tier := range Available() {
		b.Run(fmt.Sprintf("%s/%s", name, tier), func(b *testing.B) {
			r := newRand(b, 1)
			ep := Epilogue{Bias: floats(r, g.M), Act: Activation{Kind: ActRelu}}
			p := build(KernelsFor(tier), floats(r, g.weights()), ep)
			x, y := AlignedFloats(g.N*g.C*volume(g.In)), AlignedFloats(g.N*g.M*volume(g.Out))
			copy(x, floats(r, len(x)))
			ws := AlignedFloats(p.WorkspaceFloats(1))
			for b.Loop() {
				p.Run(nil, nil, ws, x, nil, y)
			}
			gflops(b, products)
		})
	}
}

func BenchmarkConvTranspose(b *testing.B) {
	output := transposed2D(1, 256, 128, 56, 3, 2, 1)
	output.Out = [3]int{1, 112, 112}
	depthwise := transposed2D(1, 21, 21, 32, 4, 2, 1)
	depthwise.Group = 21
	batch := transposed2D(16, 512, 256, 4, 4, 2, 1)
	for _, c := range []struct {
		name string
		geom ConvGeom
	}{
		{"k2s2_128to64_128", transposed2D(1, 128, 64, 128, 2, 2, 0)},
		{"k2s2_1024to512_16", transposed2D(1, 1024, 512, 16, 2, 2, 0)},
		{"k4s2p1_128to64_64", transposed2D(1, 128, 64, 64, 4, 2, 1)},
		{"k3s2p1op1_256to128_56", output},
		{"k16s8p4_21to21_28", transposed2D(1, 21, 21, 28, 16, 8, 4)},
		{"k4s2p1_16x512to256_4", batch},
		{"depthwise_k4s2p1_21_32", depthwise},
	} {
		g := c.geom
		benchmarkPlan(b, c.name, g, func(k *Kernels, w []float32, ep Epilogue) plan { return NewConvTranspose(k, g, w, ep) },
			g.N*g.C*g.channelsOut()*volume(g.Kernel)*volume(g.In))
	}
}

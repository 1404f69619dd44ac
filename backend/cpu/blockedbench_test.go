package cpu

import (
	"fmt"
	"testing"
	"time"
)

// benchmarkBlocked reports the rate of a plan and its share of the peak measured just before. Rates count the products
// of the definition; the best turn counts, as other programs may take the core.
func benchmarkBlocked(b *testing.B, name string, k *Kernels, g ConvGeom, kind blockedKind, products int) {
	b.Run(fmt.Sprintf("%s/%s", name, k.Tier), func(b *testing.B) {
		r := newRand(b, 1)
		ep := Epilogue{Bias: floats(r, g.M), Act: Activation{Kind: ActRelu}}
		p := kind.plan(k, g, kind.pack(k, g, floats(r, g.weights())), ep)
		x := NewMap(AlignedFloats(MapFloats(k.Block, g.N, g.C, g.In, p.Halo())), k.Block, g.N, g.C, g.In, p.Halo())
		x.FromPlanar(nil, floats(r, g.N*g.C*volume(g.In)))
		y := NewMap(AlignedFloats(MapFloats(k.Block, g.N, g.M, g.Out, Halo{})), k.Block, g.N, g.M, g.Out, Halo{})
		benchmarkShare(b, k, products, func() { p.Run(nil, nil, &x, nil, &y) })
	})
}

func benchmarkShare(b *testing.B, k *Kernels, products int, run func()) {
	best := time.Hour
	peak := MeasurePeak(k)
	for b.Loop() {
		start := time.Now()
		run()
		best = min(best, time.Since(start))
	}
	peak = max(peak, MeasurePeak(k))
	rate := 2 * float64(products) / best.Seconds() / 1e9
	b.ReportMetric(rate, "GFLOP/s")
	b.ReportMetric(rate/peak, "of-peak")
}

func convProducts(g ConvGeom) int {
	return g.N * g.M * g.channelsIn() * volume(g.Kernel) * volume(g.Out)
}

func transposeProducts(g ConvGeom) int {
	return g.N * g.C * g.channelsOut() * volume(g.Kernel) * volume(g.In)
}

func BenchmarkBlockedConv(b *testing.B) {
	strided := square(1, 64, 128, 112, 3)
	strided.Stride, strided.Out = [3]int{1, 2, 2}, [3]int{1, 56, 56}
	dilated := square(1, 512, 512, 28, 3)
	dilated.Dilation, dilated.PadBegin = [3]int{1, 2, 2}, [3]int{0, 2, 2}
	depthwise, depthwise5 := square(1, 64, 64, 112, 3), square(1, 672, 672, 14, 5)
	depthwise.Group, depthwise5.Group = 64, 672
	for _, c := range []namedGeom{
		{"3x3_32_256", square(1, 32, 32, 256, 3)},
		{"3x3_64_256", square(1, 64, 64, 256, 3)},
		{"3x3_64_128", square(1, 64, 64, 128, 3)},
		{"3x3_128_64", square(1, 128, 128, 64, 3)},
		{"3x3_256_32", square(1, 256, 256, 32, 3)},
		{"3x3_512_16", square(1, 512, 512, 16, 3)},
		{"3x3_512_8", square(1, 512, 512, 8, 3)},
		{"3x3_512_7", square(1, 512, 512, 7, 3)},
		{"3x3_512_4", square(1, 512, 512, 4, 3)},
		{"1x1_64_128", square(1, 64, 64, 128, 1)},
		{"1x1_256to1024_28", square(1, 256, 1024, 28, 1)},
		{"3x3s2_64to128_112", strided},
		{"3x3d2_512_28", dilated},
		{"3x3_48_64", square(1, 48, 48, 64, 3)},
		{"3x3depthwise_64_112", depthwise},
		{"5x5depthwise_672_14", depthwise5},
	} {
		for _, tier := range Available() {
			benchmarkBlocked(b, c.name, KernelsFor(tier), c.geom, blockedKinds[0], convProducts(c.geom))
		}
	}
}

// transposeCases are the layers whose speed the project promises, and others.
func transposeCases() []namedGeom {
	output := transposed2D(1, 256, 128, 56, 3, 2, 1)
	output.Out = [3]int{1, 112, 112}
	output5 := transposed2D(1, 128, 64, 32, 5, 2, 2)
	output5.Out = [3]int{1, 64, 64}
	depthwise := transposed2D(1, 21, 21, 32, 4, 2, 1)
	depthwise.Group = 21
	return []namedGeom{
		{"k2s2_128to64_128", transposed2D(1, 128, 64, 128, 2, 2, 0)},
		{"k2s2_64to32_128", transposed2D(1, 64, 32, 128, 2, 2, 0)},
		{"k2s2_1024to512_16", transposed2D(1, 1024, 512, 16, 2, 2, 0)},
		{"k4s2p1_128to64_64", transposed2D(1, 128, 64, 64, 4, 2, 1)},
		{"k3s2p1op1_256to128_56", output},
		{"k5s2p2op1_128to64_32", output5},
		{"k9s3p3_64to64_64", transposed2D(1, 64, 64, 64, 9, 3, 3)},
		{"k16s8p4_21to21_28", transposed2D(1, 21, 21, 28, 16, 8, 4)},
		{"k4s2p1_16x512to256_4", transposed2D(16, 512, 256, 4, 4, 2, 1)},
		{"k4s1_16x100to512_1", transposed2D(16, 100, 512, 1, 4, 1, 0)},
		{"k4s2p1depthwise_21_32", depthwise},
	}
}

type namedGeom struct {
	name string
	geom ConvGeom
}

func BenchmarkBlockedConvTranspose(b *testing.B) {
	for _, c := range transposeCases() {
		for _, tier := range Available() {
			benchmarkBlocked(b, c.name, KernelsFor(tier), c.geom, blockedKinds[1], transposeProducts(c.geom))
		}
	}
}

// From planar to planar, with the conversion of the input.
func BenchmarkStagedConvTranspose(b *testing.B) {
	for _, c := range transposeCases() {
		for _, tier := range Available() {
			b.Run(c.name+"/"+string(tier), func(b *testing.B) {
				k, g, r := KernelsFor(tier), c.geom, newRand(b, 1)
				p := NewBlockedConvTranspose(k, g, PackBlockedConvTransposeWeights(k, g, floats(r, g.weights())), Epilogue{})
				m := NewMap(AlignedFloats(MapFloats(k.Block, g.N, g.C, g.In, p.Halo())), k.Block, g.N, g.C, g.In, p.Halo())
				x, y := floats(r, g.N*g.C*volume(g.In)), AlignedFloats(g.N*g.M*volume(g.Out))
				ws := AlignedFloats(p.StagedWorkspaceFloats(1))
				benchmarkShare(b, k, transposeProducts(g), func() {
					m.FromPlanar(nil, x)
					p.RunToPlanar(nil, nil, ws, &m, nil, y)
				})
			})
		}
	}
}

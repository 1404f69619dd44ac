package cpu

import (
	"fmt"
	"testing"
	"time"
)

// winoContest runs a convolution by the direct plan and by a Winograd plan in turns.
type winoContest struct {
	direct, winograd func()
}

func newWinoContest(b *testing.B, k *Kernels, g ConvGeom, transposed bool, alg Algorithm) winoContest {
	direct, wino := blockedKinds[0], winoForward
	if transposed {
		direct, wino = blockedKinds[1], winoTransposed
	}
	r := newRand(b, 1)
	w := floats(r, g.weights())
	ep := Epilogue{Bias: floats(r, g.M), Act: Activation{Kind: ActRelu}}
	p, q := direct.plan(k, g, direct.pack(k, g, w), ep), wino.plan(k, g, wino.pack(nil, k, g, alg, w), ep)
	halo := p.Halo().Max(q.Halo())
	x := arenaMap(b, k, g.N, g.C, g.In, halo)
	x.FromPlanar(nil, floats(r, g.N*g.C*volume(g.In)))
	y := arenaMap(b, k, g.N, g.M, g.Out, Halo{[3]int{0, 1, 1}, [3]int{0, 1, 1}})
	ws := AlignedFloats(q.WorkspaceFloats(1))
	return winoContest{
		func() { p.Run(nil, nil, &x, nil, &y) },
		func() { q.Run(nil, nil, ws, &x, nil, &y) },
	}
}

// arenaMap is a map in huge pages, as sessions have them.
func arenaMap(b *testing.B, k *Kernels, n, c int, size [3]int, h Halo) Map {
	floats := MapFloats(k.Block, n, c, size, h)
	a, err := NewArena(4 * floats)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = a.Close() })
	return NewMap(a.Floats(0, floats), k.Block, n, c, size, h)
}

// run reports how much faster Winograd is, and both rates over the peak, counting the products of the definition. The
// best turns count, as other programs may take the core.
func (c winoContest) run(b *testing.B, k *Kernels, products float64) {
	peak := MeasurePeak(k)
	direct, winograd := time.Hour, time.Hour
	timed := func(f func()) time.Duration {
		start := time.Now()
		f()
		return time.Since(start)
	}
	for b.Loop() {
		direct, winograd = min(direct, timed(c.direct)), min(winograd, timed(c.winograd))
	}
	peak = max(peak, MeasurePeak(k))
	b.ReportMetric(direct.Seconds()/winograd.Seconds(), "over-direct")
	b.ReportMetric(2*products/winograd.Seconds()/1e9/peak, "of-peak")
	b.ReportMetric(winograd.Seconds()*1e3, "ms")
}

// BenchmarkWinograd compares each algorithm with the direct kernels over the layers of decoder networks.
func BenchmarkWinograd(b *testing.B) {
	output5 := transposed2D(1, 128, 64, 32, 5, 2, 2)
	output5.Out = [3]int{1, 64, 64}
	dilated := square(1, 512, 512, 28, 3)
	dilated.Dilation, dilated.PadBegin = [3]int{1, 4, 4}, [3]int{0, 4, 4}
	deep := square(1, 32, 32, 64, 3)
	deep.Kernel[0], deep.In[0], deep.Out[0], deep.PadBegin[0] = 3, 16, 16, 1
	row := square(1, 128, 128, 1, 3)
	row.Kernel[1], row.PadBegin[1], row.In[2], row.Out[2] = 1, 0, 4096, 4096
	for _, c := range []struct {
		name       string
		geom       ConvGeom
		transposed bool
	}{
		{"3x3_32_256", square(1, 32, 32, 256, 3), false},
		{"3x3_64_256", square(1, 64, 64, 256, 3), false},
		{"3x3_64_128", square(1, 64, 64, 128, 3), false},
		{"3x3_64_96", square(1, 64, 64, 96, 3), false},
		{"3x3_128_64", square(1, 128, 128, 64, 3), false},
		{"3x3_256_32", square(1, 256, 256, 32, 3), false},
		{"3x3_512_16", square(1, 512, 512, 16, 3), false},
		{"3x3_512_8", square(1, 512, 512, 8, 3), false},
		{"3x3_dilation4_512_28", dilated, false},
		{"3x3x3_32_16x64x64", deep, false},
		{"1x3_128_4096", row, false},
		{"1x5_64_4096", row1D(1, 64, 64, 4096, 5, 1), false},
		{"1x7_32_4096", row1D(1, 32, 32, 4096, 7, 1), false},
		{"1x7_64_512", row1D(1, 64, 64, 512, 7, 3), false},
		{"1x7_64_4096", row1D(1, 64, 64, 4096, 7, 1), false},
		{"1x7_256_1024", row1D(1, 256, 256, 1024, 7, 1), false},
		{"1x11_16_8192", row1D(1, 16, 16, 8192, 11, 1), false},
		{"1x11_32_4096", row1D(1, 32, 32, 4096, 11, 5), false},
		{"1x11_64_512", row1D(1, 64, 64, 512, 11, 5), false},
		{"5x5_64_56", square(1, 64, 64, 56, 5), false},
		{"k4s2p1_128to64_64", transposed2D(1, 128, 64, 64, 4, 2, 1), true},
		{"k5s2p2op1_128to64_32", output5, true},
		{"k9s3p3_64to64_64", transposed2D(1, 64, 64, 64, 9, 3, 3), true},
		{"k16s8p4_21to21_28", transposed2D(1, 21, 21, 28, 16, 8, 4), true},
		{"k4s2p1_128to64_16", transposed2D(1, 128, 64, 16, 4, 2, 1), true},
		{"k4s2p1_128to64_32", transposed2D(1, 128, 64, 32, 4, 2, 1), true},
		{"k4s2p1_16x512to256_4", transposed2D(16, 512, 256, 4, 4, 2, 1), true},
	} {
		for _, tier := range Available() {
			k := KernelsFor(tier)
			for _, alg := range winoAlgorithms {
				if _, ok := newWinoFilter(&c.geom, c.transposed, alg); !ok || tier == Generic {
					continue
				}
				b.Run(fmt.Sprintf("%s/%s/%s", c.name, alg, tier), func(b *testing.B) {
					newWinoContest(b, k, c.geom, c.transposed, alg).run(b, k, multiplyAdds(&c.geom, c.transposed))
				})
			}
		}
	}
}

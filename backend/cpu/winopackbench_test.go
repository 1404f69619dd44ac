package cpu

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkPackWinograd reports what packing weights costs per weight of the file, by the best turn.
func BenchmarkPackWinograd(b *testing.B) {
	for _, tier := range Available() {
		for _, s := range []struct{ c, m int }{{64, 64}, {256, 256}, {512, 512}, {1024, 512}} {
			b.Run(fmt.Sprintf("%s/3x3_%dx%d", tier, s.c, s.m), func(b *testing.B) {
				g := square(1, s.c, s.m, 16, 3)
				w := floats(newRand(b, 1), g.weights())
				best := time.Hour
				for b.Loop() {
					start := time.Now()
					PackWinogradWeights(nil, KernelsFor(tier), g, F4, w)
					best = min(best, time.Since(start))
				}
				b.ReportMetric(float64(best.Nanoseconds())/float64(len(w)), "ns/weight")
			})
		}
	}
}

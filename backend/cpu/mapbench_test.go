package cpu

import (
	"fmt"
	"testing"
)

func BenchmarkPlanar(b *testing.B) {
	k := KernelsFor(Detect())
	for _, c := range []int{3, 64} {
		for _, side := range []int{56, 64, 128, 256} {
			size := [3]int{1, side, side}
			for _, halo := range []Halo{{}, {Before: [3]int{0, 1, 1}, After: [3]int{0, 1, 1}}} {
				planar := AlignedFloats(c * side * side)
				m := NewMap(AlignedFloats(MapFloats(k.Block, 1, c, size, halo)), k.Block, 1, c, size, halo)
				b.Run(fmt.Sprintf("from/%dx%d/%d", c, side, halo.Before[1]), func(b *testing.B) {
					b.SetBytes(int64(4 * len(planar)))
					for b.Loop() {
						k.FromPlanar(nil, nil, &m, planar)
					}
				})
				b.Run(fmt.Sprintf("to/%dx%d/%d", c, side, halo.Before[1]), func(b *testing.B) {
					b.SetBytes(int64(4 * len(planar)))
					for b.Loop() {
						k.ToPlanar(nil, nil, &m, planar)
					}
				})
			}
		}
	}
}

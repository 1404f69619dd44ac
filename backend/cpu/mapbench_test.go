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

// doubled is the linear axis from n to 2n pixels.
func doubled(n, factor int) ResizeAxis {
	a := ResizeAxis{In: n, Taps: 2}
	for i := range factor * n {
		at := max(0, (float32(i)+0.5)/float32(factor)-0.5)
		first := min(int(at), n-1)
		a.Index = append(a.Index, int32(first), int32(min(first+1, n-1)))
		a.Weight = append(a.Weight, 1-(at-float32(first)), at-float32(first))
	}
	return a
}

func BenchmarkMapResize(b *testing.B) {
	k := KernelsFor(Detect())
	for _, c := range []struct{ channels, side, factor int }{{21, 28, 8}, {64, 128, 2}, {32, 28, 8}} {
		size := [3]int{1, c.side, c.side}
		axis := doubled(c.side, c.factor)
		p := NewMapResize(k, [3]ResizeAxis{Identity(1), axis, axis})
		x := NewMap(AlignedFloats(MapFloats(k.Block, 1, c.channels, size, Halo{})), k.Block, 1, c.channels, size, Halo{})
		out := [3]int{1, c.side * c.factor, c.side * c.factor}
		y := NewMap(AlignedFloats(MapFloats(k.Block, 1, c.channels, out, Halo{})), k.Block, 1, c.channels, out, Halo{})
		planar := AlignedFloats(c.channels * volume(out))
		b.Run(fmt.Sprintf("blocks/%dx%dx%d", c.channels, c.side, c.factor), func(b *testing.B) {
			for b.Loop() {
				p.Run(nil, nil, &x, &y)
			}
		})
		b.Run(fmt.Sprintf("planar/%dx%dx%d", c.channels, c.side, c.factor), func(b *testing.B) {
			for b.Loop() {
				p.RunToPlanar(nil, nil, &x, planar)
			}
		})
	}
}

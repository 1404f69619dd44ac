package cpu

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// pixelZipCase is one call of a pixel kernel that sets phases side by side.
type pixelZipCase struct {
	outputs, vectors, phases, wide, tiles int
	segments                              int  // 0: one that has all
	stream                                bool // aligned, and past the caches
}

func (c pixelZipCase) run(t *testing.T, k *Kernels, seed uint64) {
	t.Helper()
	const steps = 5
	r := newRand(t, seed)
	pixels, runs, segments := c.vectors*k.Block, c.outputs/c.phases, max(1, c.segments)
	row := pixels*c.wide + lineFloats // from row to row
	tile := segments * runs * row
	x, checkX := banded(t, integers(r, 100+c.tiles*pixels))
	w, bias := integers(r, steps*c.outputs), integers(r, c.outputs)
	dst, checkDst := banded(t, nans(c.tiles*tile+lineFloats))
	to := dst
	if c.stream {
		for uintptr(unsafe.Pointer(&to[0]))%(floatSize*lineFloats) > 0 {
			to = to[1:]
		}
	}
	offsets := make([]int, steps)
	for i := range offsets {
		offsets[i] = floatSize * r.IntN(100)
	}
	a := pixelArgs{
		base: pointer(x), steps: &offsets[0], nsteps: steps, weights: pointer(w), bias: pointer(bias), dst: pointer(to),
		tiles: c.tiles, srcTile: floatSize * pixels, dstTile: floatSize * tile, mask: unsafe.Pointer(&allLanes[0]), act: tileClamp, lo: -50, hi: 60,
		phases: c.phases, wide: c.wide, pixel: floatSize * c.wide, nsegments: segments,
	}
	list := make([]pixelSegment, segments)
	a.segments = &list[0]
	if c.segments == 0 {
		a.whole = 1
	}
	if c.stream {
		a.stream = 1
	}
	want := append([]float32(nil), dst...)
	wantTo := want[len(dst)-len(to):]
	next := -3
	for s := range list {
		list[s].lo = int32(next)
		next += r.IntN(2 * (pixels*c.wide + 6) / segments)
		list[s].end = int32(next)
		next += r.IntN(3)
		if c.segments == 0 {
			list[s].lo, list[s].end = 0, int32(pixels*c.wide)
		}
		for run := range runs {
			at := (s*runs + run) * row
			list[s].rows[run] = floatSize * at
			if c.segments > 0 && r.IntN(4) == 0 {
				list[s].rows[run] = pixelNoRow
				continue
			}
			for n := range c.tiles {
				for i := range pixels {
					for phase := range c.phases {
						if at := i*c.wide + phase; at < int(list[s].lo) || at >= int(list[s].end) {
							continue
						}
						m := run*c.phases + phase
						sum := bias[m]
						for step, off := range offsets {
							sum += x[off/floatSize+n*pixels+i] * w[step*c.outputs+m]
						}
						wantTo[n*tile+at+i*c.wide+phase] = min(60, max(-50, sum))
					}
				}
			}
		}
	}
	k.pixel[c.outputs][c.vectors](&a)
	checkX()
	checkDst()
	require.Equal(t, -1, firstDifference(dst, want), "%+v", c)
}

func TestPixelKernelsZip(t *testing.T) {
	eachTier(t, func(t *testing.T, k *Kernels) {
		most := k.pixel.zips(8)
		for outputs := 2; outputs <= k.pixel.outputs(); outputs++ {
			for _, phases := range []int{2, 4, 8} {
				if outputs%phases > 0 || phases > most || outputs/phases > pixelMostRuns {
					continue
				}
				for vectors := 1; vectors <= k.pixel.vectors(outputs); vectors++ {
					c := pixelZipCase{outputs: outputs, vectors: vectors, phases: phases, wide: phases, tiles: 1}
					for wide := phases; wide <= 3*phases; wide += phases {
						c.wide = wide
						for c.segments = 1; c.segments <= 8; c.segments++ {
							c.tiles = 1 + c.segments%2
							c.run(t, k, uint64(100*outputs+10*vectors+c.segments))
						}
						if phases < most {
							break // only the largest runs are parts of rows
						}
					}
					c.segments, c.tiles, c.wide = 0, 3, phases
					c.run(t, k, uint64(outputs))
					c.stream = true
					c.run(t, k, uint64(outputs))
				}
			}
		}
	})
}

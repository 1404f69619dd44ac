package cpu

import (
	"sync"
	"sync/atomic"
	"unsafe"
)

// mapStripPixels is the work of one chunk of a parallel loop over a map, in pixels that are read or written: 256 KiB of
// 16 lanes, some 20 us.
const mapStripPixels = 4096

// mapStrips cuts the rows of every group of every image of a map into strips, the chunks of a parallel loop. The cut
// depends on the shape alone.
type mapStrips struct {
	images, groups int
	rows, count    int // rows of a group, and strips into which they are cut
	width, pieces  int // pixels of a row, and pieces into which each is cut: 0 is 1
}

// strips cuts a map of which every pixel costs so much.
func (m *Map) strips(cost int) mapStrips {
	rows := m.Size[0] * m.Size[1]
	each := min(max(1, mapStripPixels/max(1, m.Size[2]*cost)), max(1, rows))
	return mapStrips{images: m.N, groups: m.Groups(), rows: rows, count: ceilDiv(rows, each)}
}

// stretches is strips for loops that treat every pixel alike: it cuts long rows too. The loop takes its pixels from
// Map.columns.
func (m *Map) stretches(cost int) mapStrips {
	s := m.strips(cost)
	s.width, s.pieces = m.Size[2], ceilDiv(m.Size[2]*cost, mapStripPixels)
	return s
}

// mapStrip is rows [first, last) of a group of an image, row z·height + y, and of each the pixels [left, right).
type mapStrip struct{ n, g, index, first, last, left, right int }

// columns is the part of the map that has the columns of a stretch.
func (m *Map) columns(s mapStrip) Map {
	return m.Window([3]int{0, 0, s.left}, [3]int{m.Size[0], m.Size[1], s.right - s.left})
}

// perGroup is the number of strips of a group.
func (s mapStrips) perGroup() int { return s.count * max(1, s.pieces) }

// run calls f for every strip.
func (s mapStrips) run(pool *Pool, stop *atomic.Bool, f func(w *mapScratch, s mapStrip)) {
	pieces, each := max(1, s.pieces), s.perGroup()
	pool.RunUntil(stop, s.images*s.groups*each, func(_, i int) {
		w := mapScratches.Get().(*mapScratch)
		strip, piece, plane := i%each/pieces, i%pieces, i/each
		f(w, mapStrip{
			n: plane / s.groups, g: plane % s.groups, index: i % each,
			first: strip * s.rows / s.count, last: (strip + 1) * s.rows / s.count,
			left: piece * s.width / pieces, right: (piece + 1) * s.width / pieces,
		})
		w.forget()
		mapScratches.Put(w)
	})
}

// mapScratch holds the arguments of kernels, which the compiler would else put on the heap for every call.
type mapScratch struct {
	reduce    mapReduceArgs
	moments   mapMomentsArgs
	affine    mapAffineArgs
	gather    mapGatherArgs
	lerp      mapLerpArgs
	blend     mapBlendArgs
	permute   mapPermuteArgs
	transpose mapTransposeArgs
	pick      mapPickArgs
	rows      []unsafe.Pointer
	weights   []float32
	taps      []int
	floats    []float32
	out       []float32
	sums      []float64
	squares   []float64
	lanes     [maxBlock]int32
}

// forget drops the operands, whose memory may be given back.
func (w *mapScratch) forget() {
	clear(w.rows[:cap(w.rows)])
	*w = mapScratch{rows: w.rows, weights: w.weights, taps: w.taps, floats: w.floats, out: w.out, sums: w.sums, squares: w.squares, lanes: w.lanes}
}

var mapScratches = sync.Pool{New: func() any { return new(mapScratch) }}

// row is the index of lane 0 of the first pixel of a row, which is z·height + y.
func (m *Map) row(n, g, row int) int {
	if m.Size[0] == 1 {
		return m.Origin + n*m.Image + g*m.Group + row*m.Row
	}
	return m.At(n, g, row/m.Size[1], row%m.Size[1], 0)
}

// rowFloats is the number of floats of a row without its halo.
func (m *Map) rowFloats() int { return m.Size[2] * m.Block }

// pixels gives a row as kernels and copies take it.
func (m *Map) pixels(n, g, row int) []float32 { return m.Data[m.row(n, g, row):][:m.rowFloats()] }

// grown returns x with at least n elements; what they are is arbitrary.
func grown[T any](x []T, n int) []T {
	if cap(x) < n {
		return make([]T, n)
	}
	return x[:n]
}

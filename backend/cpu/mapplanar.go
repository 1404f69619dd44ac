package cpu

import (
	"sync/atomic"
	"unsafe"
)

// FromPlanar copies a planar [N, C, size...] array into the map: pixels and padding lanes, not the halo.
func (k *Kernels) FromPlanar(pool *Pool, stop *atomic.Bool, m *Map, src []float32) {
	t := k.newTransposition(m, src)
	t.strips.run(pool, stop, func(w *mapScratch, s mapStrip) { t.run(w, s, true) })
}

// ToPlanar copies the map into a planar [N, C, size...] array.
func (k *Kernels) ToPlanar(pool *Pool, stop *atomic.Bool, m *Map, dst []float32) {
	t := k.newTransposition(m, dst)
	t.strips.run(pool, stop, func(w *mapScratch, s mapStrip) { t.run(w, s, false) })
}

// transposition is a copy between a map and a planar [N, C, size...] array.
type transposition struct {
	k      *Kernels
	m      *Map
	planar []float32
	strips mapStrips
	flat   bool // rows follow each other without a halo
}

func (k *Kernels) newTransposition(m *Map, planar []float32) *transposition {
	if len(planar) != m.N*m.C*volume(m.Size) {
		panic("BUG: a planar array has another size than its map")
	}
	return &transposition{k, m, planar, m.strips(2), m.Row == m.rowFloats() && m.Plane == m.Size[1]*m.Row}
}

// run copies a strip.
func (t *transposition) run(w *mapScratch, s mapStrip, toMap bool) {
	m := t.m
	channels := min(m.Block, m.C-s.g*m.Block)
	w.lanes = laneMask(channels)
	planes := t.planar[(s.n*m.C+s.g*m.Block)*volume(m.Size):][:channels*volume(m.Size)]
	width := m.Size[2]
	if t.flat {
		t.move(w, m.Data[m.row(s.n, s.g, s.first):], planes[s.first*width:], (s.last-s.first)*width, toMap)
		return
	}
	for row := s.first; row < s.last; row++ {
		t.move(w, m.Data[m.row(s.n, s.g, row):], planes[row*width:], width, toMap)
	}
}

// move copies neighbouring pixels.
func (t *transposition) move(w *mapScratch, pixel, planes []float32, pixels int, toMap bool) {
	most := mapCallPixels
	if some := w.lanes[t.m.Block-1] == 0; some && !toMap {
		most = somePixels
	}
	for first := 0; first < pixels; first += most {
		n := min(most, pixels-first)
		w.transpose = mapTransposeArgs{
			pixel: unsafe.Pointer(&pixel[first*t.m.Block]), planes: unsafe.Pointer(&planes[first]), pitch: floatSize * volume(t.m.Size),
			pixels: n, lanes: &w.lanes[0],
		}
		_ = pixel[(first+n)*t.m.Block-1]
		switch {
		case toMap:
			raceWrite(pixel[first*t.m.Block:][:n*t.m.Block])
			t.k.maps.interleave(&w.transpose)
		case w.lanes[t.m.Block-1] == 0:
			t.moveSome(w, planes[first:], n)
		default:
			t.k.maps.apart(&w.transpose)
		}
	}
}

// somePixels is how many pixels moveSome copies at a time: the planes stay in the first-level cache.
const somePixels = 256

// moveSome copies pixels of a group that lacks lanes to its planes, by way of planes for all lanes: masked stores
// behind the end of a tensor, to pages that are not there, are very slow.
func (t *transposition) moveSome(w *mapScratch, planes []float32, pixels int) {
	if cap(w.floats) < t.m.Block*somePixels {
		w.floats = make([]float32, t.m.Block*somePixels)
	}
	all := w.floats[:t.m.Block*somePixels]
	w.transpose.planes, w.transpose.pitch, w.transpose.lanes = unsafe.Pointer(&all[0]), floatSize*somePixels, &allLanes[0]
	t.k.maps.apart(&w.transpose)
	for c := range t.m.Block {
		if w.lanes[c] != 0 {
			copy(planes[c*volume(t.m.Size):][:pixels], all[c*somePixels:])
		}
	}
}

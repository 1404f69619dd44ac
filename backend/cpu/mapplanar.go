package cpu

import (
	"sync/atomic"
	"unsafe"
)

// FromPlanar copies a planar [N, C, size...] array into the map: pixels and padding lanes, not the halo.
func (k *Kernels) FromPlanar(pool *Pool, stop *atomic.Bool, m *Map, src []float32) {
	if m.pixel() {
		m.checkPlanar(src)
		for n := range m.N {
			lanes := m.lanes(n)
			clear(lanes[copy(lanes, src[n*m.C:][:m.C]):])
		}
		return
	}
	k.eachStretch(pool, stop, m, src, func(w *mapScratch, pixel, planes []float32, channels int) {
		k.join(w, pixel, planes, volume(m.Size), channels)
	})
}

// ToPlanar copies the map into a planar [N, C, size...] array.
func (k *Kernels) ToPlanar(pool *Pool, stop *atomic.Bool, m *Map, dst []float32) {
	if m.pixel() {
		m.checkPlanar(dst)
		for n := range m.N {
			copy(dst[n*m.C:][:m.C], m.lanes(n))
		}
		return
	}
	k.eachStretch(pool, stop, m, dst, func(w *mapScratch, pixel, planes []float32, channels int) {
		k.apart(w, pixel, planes, volume(m.Size), channels)
	})
}

// pixel reports whether an image is one pixel without a halo, whose channels lie in a row.
func (m *Map) pixel() bool { return m.Group == m.Block && volume(m.Size) == 1 }

// lanes are all lanes of a map of one pixel.
func (m *Map) lanes(n int) []float32 { return m.Data[m.At(n, 0, 0, 0, 0):][:m.Groups()*m.Block] }

// checkPlanar panics where a planar array has not the size of the map.
func (m *Map) checkPlanar(planar []float32) {
	if len(planar) != m.N*m.C*volume(m.Size) {
		panic("BUG: a planar array has another size than its map")
	}
}

// eachStretch calls f with all stretches of neighbouring pixels of a group, in parallel, and with the planes of its
// channels from the same pixel on.
func (k *Kernels) eachStretch(pool *Pool, stop *atomic.Bool, m *Map, planar []float32, f func(w *mapScratch, pixel, planes []float32, channels int)) {
	pixels, width := volume(m.Size), m.Size[2]
	m.checkPlanar(planar)
	flat := m.Row == m.rowFloats() && m.Plane == m.Size[1]*m.Row
	stretches := m.stretches(2)
	stretches.run(pool, stop, func(w *mapScratch, s mapStrip) {
		channels := min(m.Block, m.C-s.g*m.Block)
		planes := planar[(s.n*m.C+s.g*m.Block)*pixels:][:channels*pixels]
		rows := 1
		if flat && stretches.pieces == 1 {
			rows = s.last - s.first
		}
		for row := s.first; row < s.last; row += rows {
			at := m.row(s.n, s.g, row) + s.left*m.Block
			f(w, m.Data[at:][:rows*(s.right-s.left)*m.Block], planes[row*width+s.left:], channels)
		}
	})
}

// join fills neighbouring pixels from planes that lie pitch floats apart.
func (k *Kernels) join(w *mapScratch, pixel, planes []float32, pitch, channels int) {
	raceWrite(pixel)
	k.transpose(k.maps.interleave, w, pixel, planes, pitch, channels)
}

// apart copies neighbouring pixels to planes that lie pitch floats apart.
func (k *Kernels) apart(w *mapScratch, pixel, planes []float32, pitch, channels int) {
	k.transpose(k.maps.apart, w, pixel, planes, pitch, channels)
}

func (k *Kernels) transpose(kernel func(*mapTransposeArgs), w *mapScratch, pixel, planes []float32, pitch, channels int) {
	k.transposeAt(kernel, w, pixel, planes, pitch, channels, len(pixel)/k.Block, k.Block)
}

// transposeAt is transpose of pixels that lie step floats apart.
func (k *Kernels) transposeAt(kernel func(*mapTransposeArgs), w *mapScratch, pixel, planes []float32, pitch, channels, pixels, step int) {
	_, _ = planes[(channels-1)*pitch+pixels-1], pixel[(pixels-1)*step+k.Block-1]
	w.lanes = laneMask(channels)
	for first := 0; first < pixels; first += mapCallPixels {
		w.transpose = mapTransposeArgs{
			pixel: unsafe.Pointer(&pixel[first*step]), planes: unsafe.Pointer(&planes[first]), pitch: floatSize * pitch,
			pixels: min(mapCallPixels, pixels-first), lanes: &w.lanes[0], step: floatSize * step,
		}
		kernel(&w.transpose)
	}
}

package cpu

import (
	"math"
	"sync/atomic"
)

// channelRows is a stretch of pixels of all channels: channel c is data[c·pitch:].
type channelRows struct {
	data  []float32
	pitch int
}

func (r channelRows) row(c, n int) []float32 { return r.data[c*r.pitch:][:n] }

// softmaxPixels is the number of pixels that are normalised together: 21 channels take 21 KiB.
const softmaxPixels = 256

// softmax computes dst = e^(x-m)/Σ e^(x-m), or its logarithm, over the channels of n pixels; m is their largest. dst may
// be src.
func (k *Kernels) softmax(dst, src channelRows, channels, n int, log bool) {
	var most, total [softmaxPixels]float32
	m, sum := most[:n], total[:n]
	copy(m, src.row(0, n))
	for c := 1; c < channels; c++ {
		k.Pairs(PairMax, m, m, src.row(c, n))
	}
	var kept [softmaxPixels]float32
	for c := range channels {
		y := dst.row(c, n)
		k.Pairs(PairSub, y, src.row(c, n), m)
		e := y
		if log {
			e = kept[:n]
		}
		k.Map(VecFunc{Kind: VecExp}, e, y)
		k.Pairs(PairAdd, sum, sum, e)
	}
	pair := PairDiv
	if log {
		pair = PairSub
		for i, s := range sum {
			sum[i] = float32(math.Log(float64(s)))
		}
	}
	for c := range channels {
		y := dst.row(c, n)
		k.Pairs(pair, y, y, sum)
	}
}

// SoftmaxPlanes computes Softmax, or LogSoftmax, over the channels of a planar [images, channels, pixels] array. dst may
// be src.
func SoftmaxPlanes(k *Kernels, pool *Pool, stop *atomic.Bool, dst, src []float32, images, channels int, log bool) {
	pixels := len(src) / images / channels
	s := mapStrips{images: images, groups: 1, rows: ceilDiv(pixels, softmaxPixels)}
	s.count = s.rows
	s.run(pool, stop, func(_ *mapScratch, s mapStrip) {
		at := s.n*channels*pixels + s.first*softmaxPixels
		n := min(softmaxPixels, pixels-s.first*softmaxPixels)
		k.softmax(channelRows{dst[at:], pixels}, channelRows{src[at:], pixels}, channels, n, log)
	})
}

// SoftmaxMap computes Softmax, or LogSoftmax, over the channels of a map: to y, or to a planar tensor where y is nil. y
// may be x.
func SoftmaxMap(k *Kernels, pool *Pool, stop *atomic.Bool, x, y *Map, planar []float32, log bool) {
	whole := mapStrips{images: x.N, groups: 1, rows: x.Size[0] * x.Size[1]}
	whole.count = ceilDiv(whole.rows, max(1, mapStripPixels/4/max(1, x.Size[2]*x.Groups())))
	pixels := volume(x.Size)
	whole.run(pool, stop, func(w *mapScratch, s mapStrip) {
		w.floats = grown(w.floats, x.Groups()*x.Block*softmaxPixels)
		tile := channelRows{w.floats, softmaxPixels}
		for row := s.first; row < s.last; row++ {
			for first := 0; first < x.Size[2]; first += softmaxPixels {
				n := min(softmaxPixels, x.Size[2]-first)
				k.moveTile(w, x, s.n, row, first, n, false)
				if y == nil {
					at := s.n*x.C*pixels + row*x.Size[2] + first
					k.softmax(channelRows{planar[at:], pixels}, tile, x.C, n, log)
					continue
				}
				k.softmax(tile, tile, x.C, n, log)
				k.moveTile(w, y, s.n, row, first, n, true)
			}
		}
	})
}

// moveTile copies n pixels of a row between a map and the rows of softmaxPixels in w.floats.
func (k *Kernels) moveTile(w *mapScratch, m *Map, n, row, first, pixels int, toMap bool) {
	for g := range m.Groups() {
		pixel := m.pixels(n, g, row)[first*m.Block:][:pixels*m.Block]
		planes, channels := w.floats[g*m.Block*softmaxPixels:], min(m.Block, m.C-g*m.Block)
		if toMap {
			k.join(w, pixel, planes, softmaxPixels, channels)
		} else {
			k.apart(w, pixel, planes, softmaxPixels, channels)
		}
	}
}

package cpu

import (
	"math"
	"sync/atomic"
	"unsafe"
)

// MapNorm shifts and scales the channels of channel-blocked maps to mean 0 and variance 1, then by a gain and a bias:
//
//	y = act((x - mean)/sqrt(variance + epsilon)·gain[c/PerGain] + bias[c/PerGain])
//
// with mean and variance (divided by the count) over the pixels of PerStat neighbouring channels of an image. The
// sums are float32 along at most 512 pixels, and float64 beyond.
type MapNorm struct {
	PerStat, PerGain int
	Epsilon          float64
	Act              Activation
}

// normStrip is the least rows of a strip times their pixels: each strip has sums of its own.
const normStrip = 4

// strips cuts a map for the statistics.
func (p *MapNorm) strips(x *Map) mapStrips {
	s := x.stretches(1)
	s.count, s.pieces = ceilDiv(s.count, normStrip), ceilDiv(s.pieces, normStrip)
	return s
}

// WorkspaceFloats is the memory that a run needs for maps of n images of c channels; it must begin at a multiple of 8
// bytes.
func (p *MapNorm) WorkspaceFloats(block, n, c int, size [3]int) int {
	s := p.strips(&Map{N: n, C: c, Size: size, Block: block})
	return n * s.groups * block * (4*s.perGroup() + 3)
}

// Run computes y, which may be x.
func (p *MapNorm) Run(k *Kernels, pool *Pool, stop *atomic.Bool, ws []float32, x, y *Map, gain, bias []float32) {
	s := p.strips(x)
	lanes, each := s.images*s.groups*x.Block, s.perGroup()
	sums := unsafe.Slice((*float64)(pointer(ws)), 2*lanes*each)
	factors := mapFactors{ws[4*lanes*each:][:3*lanes], lanes}
	s.run(pool, stop, func(w *mapScratch, at mapStrip) {
		m := channelMoments{shift: k.shiftOf(w, x, at)}
		part := x.columns(at)
		k.addMoments(w, &part, at, &m)
		group := at.n*s.groups + at.g
		strip := sums[(group*each+at.index)*2*x.Block:][:2*x.Block]
		copy(strip[:x.Block], m.sum[:])
		copy(strip[x.Block:], m.square[:])
		if at.index == 0 {
			copy(factors.data[group*x.Block:][:x.Block], m.shift[:])
		}
	})
	if stop != nil && stop.Load() {
		return
	}
	w := mapScratches.Get().(*mapScratch)
	for n := range x.N {
		p.factors(w, x, n, s, sums, factors, gain, bias)
	}
	w.forget()
	mapScratches.Put(w)
	k.scaleMap(pool, stop, x, y, factors, &p.Act)
}

// shiftPixels is the pixels whose mean is near enough to the mean of all to keep the sums of squares exact.
const shiftPixels = 64

// shiftOf gives a number near the mean of each channel.
func (k *Kernels) shiftOf(w *mapScratch, x *Map, s mapStrip) [maxBlock]float32 {
	var m channelMoments
	few := *x
	few.Size[2] = min(x.Size[2], shiftPixels)
	rows := min(x.Size[1], max(1, shiftPixels/few.Size[2]))
	k.addMoments(w, &few, mapStrip{n: s.n, g: s.g, last: rows}, &m)
	for l, sum := range m.sum {
		m.shift[l] = float32(sum / float64(rows*few.Size[2]))
	}
	return m.shift
}

// mapFactors are y = (x - center)·scale + shift for every lane of every image: center, scale, shift, lanes each.
type mapFactors struct {
	data  []float32
	lanes int
}

func (f mapFactors) set(lane int, center, scale, shift float32) {
	f.data[lane], f.data[f.lanes+lane], f.data[2*f.lanes+lane] = center, scale, shift
}

// factors computes the factors of one image. The centers are the shifts of the sums before.
func (p *MapNorm) factors(w *mapScratch, x *Map, n int, s mapStrips, sums []float64, f mapFactors, gain, bias []float32) {
	pixels := float64(volume(x.Size))
	mean, m2 := grown(w.sums, s.groups*x.Block), grown(w.squares, s.groups*x.Block)
	first := n * s.groups * x.Block
	for g := range s.groups {
		for l := range x.Block {
			var sum, square float64
			for i := range s.perGroup() {
				strip := sums[((n*s.groups+g)*s.perGroup()+i)*2*x.Block:]
				sum += strip[l]
				square += strip[x.Block+l]
			}
			mean[g*x.Block+l] = float64(f.data[first+g*x.Block+l]) + sum/pixels
			m2[g*x.Block+l] = square - sum*sum/pixels
		}
	}
	w.sums, w.squares = mean, m2
	for c := range s.groups * x.Block {
		f.set(first+c, 0, 0, 0)
	}
	for c := 0; c < x.C; c += p.PerStat {
		center, variance := pooledMoments(mean[c:c+p.PerStat], m2[c:c+p.PerStat], pixels)
		scale := 1 / math.Sqrt(variance+p.Epsilon)
		for i := c; i < c+p.PerStat; i++ {
			a := scale * float64(gain[i/p.PerGain])
			f.set(first+i, float32(center), float32(a), float32(float64(bias[i/p.PerGain])-(center-float64(float32(center)))*a))
		}
	}
}

// pooledMoments gives mean and variance of channels of one size from their means and sums of squares around them.
func pooledMoments(means, squares []float64, pixels float64) (mean, variance float64) {
	for _, m := range means {
		mean += m
	}
	mean /= float64(len(means))
	for i, m := range means {
		variance += squares[i] + pixels*(m-mean)*(m-mean)
	}
	variance /= pixels * float64(len(means))
	if variance < 0 { // rounding
		variance = 0
	}
	return mean, variance
}

// ScaleMap computes y = act((x - center[c])·scale[c] + shift[c]). y may be x.
func ScaleMap(k *Kernels, pool *Pool, stop *atomic.Bool, x, y *Map, center, scale, shift []float32, act Activation) {
	lanes := x.Groups() * x.Block
	f := mapFactors{make([]float32, 3*lanes), lanes}
	for c := range x.C {
		f.set(c, center[c], scale[c], shift[c])
	}
	k.scaleMap(pool, stop, x, y, f, &act)
}

// scaleMap applies factors; f.lanes are those of one image or of all.
func (k *Kernels) scaleMap(pool *Pool, stop *atomic.Bool, x, y *Map, f mapFactors, act *Activation) {
	y.stretches(2).run(pool, stop, func(w *mapScratch, s mapStrip) {
		x, y := x.columns(s), y.columns(s)
		known := w.affine.setActivation(act)
		lane := (s.n*y.Groups() + s.g) * y.Block % f.lanes
		for row := s.first; row < s.last; row++ {
			src, dst := x.pixels(s.n, s.g, row), y.pixels(s.n, s.g, row)
			raceRead(src)
			raceWrite(dst)
			w.affine.center, w.affine.scale, w.affine.shift = unsafe.Pointer(&f.data[lane]), unsafe.Pointer(&f.data[f.lanes+lane]), unsafe.Pointer(&f.data[2*f.lanes+lane])
			for at := 0; at < len(dst); at += mapCallPixels * y.Block {
				w.affine.dst, w.affine.src = unsafe.Pointer(&dst[at]), unsafe.Pointer(&src[at])
				w.affine.pixels = min(mapCallPixels, (len(dst)-at)/y.Block)
				k.maps.affine(&w.affine)
			}
			if !known {
				k.Map(act.vector(0), dst, dst)
			}
		}
	})
}

// DirtiesZero reports whether the activation makes something else of a zero: padding lanes need clearing then.
func (a *Activation) DirtiesZero() bool {
	x := []float32{0}
	a.Apply(x, 0)
	return x[0] != 0
}

package cpu

import (
	"math"
	"sync/atomic"
	"unsafe"
)

// PoolGeom is the geometry of a pool along depth, height and width: output o and tap k meet pixel
// o·Stride - PadBegin + k·Dilation.
type PoolGeom struct {
	In, Out, Kernel, Stride, Dilation, PadBegin, PadEnd [3]int
	Mean                                                bool // the mean of the pixels, else the largest
	CountPad                                            bool // the mean counts taps in the padding, which are zeros
}

// MapPool is a pool over channel-blocked maps.
type MapPool struct {
	k     *Kernels
	geom  PoolGeom
	axes  [3][]poolTaps // of every output
	runs  []poolRun     // of a row of outputs
	split bool          // columns first, then rows: fewer loads
}

// poolTaps is the taps of an output along one axis that meet pixels, and how many count.
type poolTaps struct{ lo, hi, count int }

// poolRun is neighbouring outputs of a row with the same taps.
type poolRun struct {
	poolTaps
	first, n int
}

// NewMapPool plans a pool.
func NewMapPool(k *Kernels, g PoolGeom) *MapPool {
	p := &MapPool{k: k, geom: g}
	for a := range 3 {
		p.axes[a] = g.tapsOf(a)
	}
	for o, t := range p.axes[2] {
		if n := len(p.runs); n > 0 && p.runs[n-1].poolTaps == t {
			p.runs[n-1].n++
			continue
		}
		p.runs = append(p.runs, poolRun{t, o, 1})
	}
	column, row := g.Kernel[0]*g.Kernel[1], g.Kernel[2]
	p.split = column > 1 && column*g.Stride[2]+row < column*row
	return p
}

// tapsOf lists the taps of the outputs along an axis.
func (g *PoolGeom) tapsOf(a int) []poolTaps {
	taps := make([]poolTaps, g.Out[a])
	for o := range taps {
		start, t := o*g.Stride[a]-g.PadBegin[a], poolTaps{lo: -1}
		for k := range g.Kernel[a] {
			at := start + k*g.Dilation[a]
			inside := at >= 0 && at < g.In[a]
			if inside {
				if t.lo < 0 {
					t.lo = k
				}
				t.hi = k + 1
			}
			if inside || g.CountPad && at >= -g.PadBegin[a] && at < g.In[a]+g.PadEnd[a] {
				t.count++
			}
		}
		t.lo = max(t.lo, 0)
		taps[o] = t
	}
	return taps
}

// Run computes y.
func (p *MapPool) Run(pool *Pool, stop *atomic.Bool, x, y *Map) {
	cost := 1 + volume(p.geom.Kernel)/2
	y.strips(cost).run(pool, stop, func(w *mapScratch, s mapStrip) {
		for row := s.first; row < s.last; row++ {
			out := y.pixels(s.n, s.g, row)
			raceWrite(out)
			r := poolRow{MapPool: p, w: w, x: x, out: out, n: s.n, g: s.g, z: row / y.Size[1], y: row % y.Size[1]}
			r.run(min(x.Block, x.C-s.g*x.Block))
		}
	})
}

// poolRow is one row of outputs under way.
type poolRow struct {
	*MapPool
	w          *mapScratch
	x          *Map
	out        []float32
	n, g, z, y int
}

// run computes the row; the first lanes of a pixel are channels.
func (r *poolRow) run(lanes int) {
	deep, high := r.axes[0][r.z], r.axes[1][r.y]
	if deep.hi == deep.lo || high.hi == high.lo {
		r.fill(r.out, lanes)
		return
	}
	if r.split {
		r.reduceColumns(deep, high)
	}
	for _, run := range r.runs {
		out := r.out[run.first*r.x.Block:][:run.n*r.x.Block]
		if run.hi == run.lo {
			r.fill(out, lanes)
			continue
		}
		count := float32(max(1, deep.count*high.count*run.count))
		first := run.first*r.geom.Stride[2] - r.geom.PadBegin[2] + run.lo*r.geom.Dilation[2]
		if r.split {
			r.w.taps = r.w.taps[:0]
			r.rowTaps(0, run.poolTaps)
			r.reduce(out, r.w.floats[first*r.x.Block:], count, r.geom.Stride[2])
			continue
		}
		r.reduce(out, r.window(deep, high, run.poolTaps, first), count, r.geom.Stride[2])
	}
}

// window sets the taps of a whole window and returns the memory from its first pixel on.
func (r *poolRow) window(deep, high, wide poolTaps, x int) []float32 {
	g, m := &r.geom, r.x
	r.w.taps = r.w.taps[:0]
	for kd := deep.lo; kd < deep.hi; kd++ {
		for kh := high.lo; kh < high.hi; kh++ {
			r.rowTaps((kd-deep.lo)*g.Dilation[0]*m.Plane+(kh-high.lo)*g.Dilation[1]*m.Row, wide)
		}
	}
	z := r.z*g.Stride[0] - g.PadBegin[0] + deep.lo*g.Dilation[0]
	y := r.y*g.Stride[1] - g.PadBegin[1] + high.lo*g.Dilation[1]
	return m.Data[m.At(r.n, r.g, z, y, x):]
}

// rowTaps adds the taps along a row that begins some floats after the first pixel of the window.
func (r *poolRow) rowTaps(offset int, wide poolTaps) {
	for k := range wide.hi - wide.lo {
		r.w.taps = append(r.w.taps, floatSize*(offset+k*r.geom.Dilation[2]*r.x.Block))
	}
}

// reduceColumns reduces the columns of pixels under the row into scratch memory.
func (r *poolRow) reduceColumns(deep, high poolTaps) {
	width := r.geom.In[2]
	r.w.floats = grown(r.w.floats, width*r.x.Block)
	r.reduce(r.w.floats, r.window(deep, high, poolTaps{hi: 1}, 0), 1, 1)
}

// reduce reduces the pixels under the taps for every output, which read pixels stride apart.
func (r *poolRow) reduce(out, src []float32, count float32, stride int) {
	block, taps := r.x.Block, r.w.taps
	pixels := len(out) / block
	_ = src[(pixels-1)*stride*block+taps[len(taps)-1]/floatSize+block-1]
	each := max(1, mapCallPixels/len(taps))
	for first := 0; first < pixels; first += each {
		r.w.reduce = mapReduceArgs{
			dst: unsafe.Pointer(&out[first*block]), src: unsafe.Pointer(&src[first*stride*block]), taps: &taps[0], ntaps: len(taps),
			pixels: min(each, pixels-first), srcStep: floatSize * stride * block, count: count,
		}
		if r.geom.Mean {
			r.k.maps.mean(&r.w.reduce)
		} else {
			r.k.maps.max(&r.w.reduce)
		}
	}
}

// fill gives windows without pixels their value.
func (r *poolRow) fill(out []float32, lanes int) {
	clear(out)
	if r.geom.Mean {
		return
	}
	for ; len(out) > 0; out = out[r.x.Block:] {
		for l := range lanes {
			out[l] = float32(math.Inf(-1))
		}
	}
}

// GlobalPoolMap reduces each channel of x to one number, dst[n][c]: the mean, or the largest pixel.
func GlobalPoolMap(k *Kernels, pool *Pool, stop *atomic.Bool, x *Map, dst []float32, mean bool) {
	whole := mapStrips{images: x.N, groups: x.Groups(), rows: x.Size[0] * x.Size[1], count: 1}
	whole.run(pool, stop, func(w *mapScratch, s mapStrip) {
		channels := min(x.Block, x.C-s.g*x.Block)
		to := dst[s.n*x.C+s.g*x.Block:][:channels]
		if mean {
			var m channelMoments
			k.addMoments(w, x, s, &m)
			for c := range to {
				to[c] = float32(m.sum[c] / float64(volume(x.Size)))
			}
			return
		}
		k.largest(w, x, s.n, s.g, to)
	})
}

// largest finds the largest pixel of every channel of a group.
func (k *Kernels) largest(w *mapScratch, x *Map, n, g int, to []float32) {
	each := min(x.Size[2], mapCallPixels)
	w.taps, w.floats = w.taps[:0], grown(w.floats, x.Block)
	for i := range each {
		w.taps = append(w.taps, i*floatSize*x.Block)
	}
	for c := range to {
		to[c] = float32(math.Inf(-1))
	}
	for row := range x.Size[0] * x.Size[1] {
		pixels := x.pixels(n, g, row)
		for ; len(pixels) > 0; pixels = pixels[min(each*x.Block, len(pixels)):] {
			w.reduce = mapReduceArgs{dst: pointer(w.floats), src: pointer(pixels), taps: &w.taps[0], ntaps: min(each, len(pixels)/x.Block), pixels: 1}
			k.maps.max(&w.reduce)
			for c := range to {
				to[c] = max(to[c], w.floats[c])
			}
		}
	}
}

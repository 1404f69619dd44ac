package cpu

import (
	"sync/atomic"
	"unsafe"
)

// ResizeAxis says of which pixels along an axis the pixels of the result are made.
type ResizeAxis struct {
	In     int
	Taps   int       // 1: each is a copy of a pixel; 2 or 4: a weighted sum
	Index  []int32   // [out][Taps], in [0, In)
	Weight []float32 // [out][Taps]; nil where Taps is 1
}

// Identity is the axis of n pixels that stay.
func Identity(n int) ResizeAxis {
	a := ResizeAxis{In: n, Taps: 1, Index: make([]int32, n)}
	for i := range a.Index {
		a.Index[i] = int32(i)
	}
	return a
}

// isIdentity reports whether every pixel stays.
func (a *ResizeAxis) isIdentity() bool {
	for i, at := range a.Index {
		if a.Taps != 1 || int(at) != i {
			return false
		}
	}
	return len(a.Index) == a.In
}

// MapResize stretches or shrinks channel-blocked maps along depth, height and width: the tensor product of its axes.
type MapResize struct {
	k    *Kernels
	axes [3]ResizeAxis
	wide []int32 // index of the width in bytes
	same bool    // the width stays
}

// NewMapResize plans a resize along depth, height and width. Indices are trusted.
func NewMapResize(k *Kernels, axes [3]ResizeAxis) *MapResize {
	p := &MapResize{k: k, axes: axes, same: axes[2].isIdentity()}
	for _, at := range axes[2].Index {
		p.wide = append(p.wide, at*int32(floatSize*k.Block))
	}
	return p
}

// resizeRows is the least rows of a strip: the rows of the input that two strips share are interpolated twice.
const resizeRows = 16

// Run computes y.
func (p *MapResize) Run(pool *Pool, stop *atomic.Bool, x, y *Map) { p.run(pool, stop, x, y, nil) }

// RunToPlanar computes the planar tensor dst.
func (p *MapResize) RunToPlanar(pool *Pool, stop *atomic.Bool, x *Map, dst []float32) {
	var size [3]int
	for i, a := range p.axes {
		size[i] = len(a.Index) / a.Taps
	}
	y := MapLike(x.Block, x.N, x.C, size, Halo{})
	p.run(pool, stop, x, &y, dst)
}

// run computes y, or with the shape of y the planar tensor dst.
func (p *MapResize) run(pool *Pool, stop *atomic.Bool, x, y *Map, dst []float32) {
	s := y.strips(1)
	s.count = max(1, min(s.count, s.rows/resizeRows))
	s.run(pool, stop, func(w *mapScratch, s mapStrip) {
		r := resizeStrip{MapResize: p, w: w, x: x, y: y, n: s.n, g: s.g}
		r.begin()
		if dst != nil {
			r.toPlanar(dst, s.first, s.last)
			return
		}
		for row := s.first; row < s.last; row++ {
			if to := y.pixels(s.n, s.g, row); !r.row(to, row) {
				copy(to, y.pixels(s.n, s.g, row-1))
			}
		}
	})
}

// resizeStrip is a strip of the result under way.
type resizeStrip struct {
	*MapResize
	w      *mapScratch
	x, y   *Map
	n, g   int
	before int // the row of x that the last row was copied from
}

// begin makes room for the rows of x that were interpolated along themselves, one for each slot that a tap can have.
func (r *resizeStrip) begin() {
	slots := r.axes[0].Taps * r.axes[1].Taps
	r.before = -1
	r.w.rows, r.w.weights, r.w.taps = grown(r.w.rows, slots), grown(r.w.weights, slots), grown(r.w.taps, slots)
	if slots > 1 && !r.same {
		r.w.floats = grown(r.w.floats, slots*r.y.rowFloats())
	}
	for i := range r.w.taps {
		r.w.taps[i] = -1 // the row that the slot holds
	}
}

// toPlanar computes rows [first, last) of planes.
func (r *resizeStrip) toPlanar(planar []float32, first, last int) {
	pixels := volume(r.y.Size)
	r.w.out = grown(r.w.out, r.y.rowFloats())
	planes := planar[(r.n*r.y.C+r.g*r.y.Block)*pixels:]
	for row := first; row < last; row++ {
		r.row(r.w.out, row)
		r.k.apart(r.w, r.w.out, planes[row*r.y.Size[2]:], pixels, min(r.y.Block, r.y.C-r.g*r.y.Block))
	}
}

// row computes a row of the result, unless it is the one before again.
func (r *resizeStrip) row(dst []float32, row int) bool {
	raceWrite(dst)
	z, y := row/r.y.Size[1], row%r.y.Size[1]
	deep, high := &r.axes[0], &r.axes[1]
	if deep.Taps*high.Taps == 1 {
		from := int(deep.Index[z])*r.x.Size[1] + int(high.Index[y])
		if from == r.before {
			return false
		}
		r.before = from
		r.along(dst, r.x.pixels(r.n, r.g, from))
		return true
	}
	terms := 0
	for i, zi := range deep.Index[z*deep.Taps:][:deep.Taps] {
		for j, yi := range high.Index[y*high.Taps:][:high.Taps] {
			weight := deep.weight(z, i) * high.weight(y, j)
			slot := int(zi)%deep.Taps*high.Taps + int(yi)%high.Taps
			r.w.rows[terms], r.w.weights[terms] = pointer(r.source(int(zi)*r.x.Size[1]+int(yi), slot)), weight
			terms++
		}
	}
	for first := 0; first < r.y.Size[2]; first += mapCallPixels / terms {
		pixels := min(mapCallPixels/terms, r.y.Size[2]-first)
		r.w.blend = mapBlendArgs{
			dst: unsafe.Pointer(&dst[first*r.y.Block]), rows: &r.w.rows[0], weight: &r.w.weights[0], nrows: terms, pixels: pixels,
		}
		r.k.maps.blend(&r.w.blend)
		if first+pixels == r.y.Size[2] {
			break // a pointer must not reach beyond its row
		}
		for i := range terms {
			r.w.rows[i] = unsafe.Add(r.w.rows[i], pixels*floatSize*r.y.Block)
		}
	}
	return true
}

// weight is the weight of tap t of output i.
func (a *ResizeAxis) weight(i, t int) float32 {
	if a.Weight == nil {
		return 1
	}
	return a.Weight[i*a.Taps+t]
}

// source is a row of x, interpolated along itself.
func (r *resizeStrip) source(row, slot int) []float32 {
	src := r.x.pixels(r.n, r.g, row)
	if r.same {
		return src
	}
	kept := r.w.floats[slot*r.y.rowFloats():][:r.y.rowFloats()]
	if r.w.taps[slot] != row {
		r.along(kept, src)
		r.w.taps[slot] = row
	}
	return kept
}

// along resizes one row along itself.
func (r *resizeStrip) along(dst, src []float32) {
	taps := r.axes[2].Taps
	if r.same {
		copy(dst, src)
		return
	}
	each := mapCallPixels / taps
	for first := 0; first < r.y.Size[2]; first += each {
		pixels := min(each, r.y.Size[2]-first)
		to, index := unsafe.Pointer(&dst[first*r.y.Block]), &r.wide[first*taps]
		if taps == 1 {
			r.w.gather = mapGatherArgs{to, pointer(src), index, pixels}
			r.k.maps.gather(&r.w.gather)
			continue
		}
		r.w.lerp = mapLerpArgs{to, pointer(src), index, &r.axes[2].Weight[first*taps], pixels}
		if taps == 2 {
			r.k.maps.lerp2(&r.w.lerp)
		} else {
			r.k.maps.lerp4(&r.w.lerp)
		}
	}
}

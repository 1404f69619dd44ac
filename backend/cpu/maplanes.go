package cpu

import (
	"sync/atomic"
	"unsafe"
)

// laneGroup says from where the lanes of one group of the result come.
type laneGroup struct {
	terms []laneTerm
	index []int32 // of mapPermuteArgs
	whole bool    // one group of one source as it is
}

// laneTerm is a group of a source, and where in it the pixel of lane 0 lies.
type laneTerm struct{ source, group, y, x int }

// add says that a lane comes from a lane of a term.
func (g *laneGroup) add(block int, t laneTerm, lane, from int) {
	if n := len(g.terms); n == 0 || g.terms[n-1] != t {
		g.terms = append(g.terms, t)
		for range block {
			g.index = append(g.index, -1)
		}
	}
	g.index[(len(g.terms)-1)*block+lane] = int32(from)
}

// newLaneGroups routes the lanes of c channels: from tells the place of each.
func newLaneGroups(block, c int, from func(c int) (t laneTerm, channel int)) []laneGroup {
	groups := make([]laneGroup, ceilDiv(c, block))
	for i := range c {
		t, channel := from(i)
		t.group = channel / block
		groups[i/block].add(block, t, i%block, channel%block)
	}
	return groups
}

// MapShuffle moves channels into blocks of side x side pixels or back: DepthToSpace and SpaceToDepth.
type MapShuffle struct {
	k     *Kernels
	side  int
	apart bool          // DepthToSpace
	to    [][]laneGroup // DepthToSpace: of each pixel of a block; SpaceToDepth: one
}

// NewDepthToSpace plans the move of c·side² channels to c: channel(c, i, j) is the one that becomes pixel (i, j) of the
// blocks of channel c.
func NewDepthToSpace(k *Kernels, side, c int, channel func(c, i, j int) int) *MapShuffle {
	p := &MapShuffle{k: k, side: side, apart: true}
	for at := range side * side {
		p.to = append(p.to, newLaneGroups(k.Block, c, func(c int) (laneTerm, int) { return laneTerm{}, channel(c, at/side, at%side) }))
	}
	return p
}

// NewSpaceToDepth plans the move of c channels to c·side²: channel (i·side + j)·c + k is pixel (i, j) of the blocks of
// channel k.
func NewSpaceToDepth(k *Kernels, side, c int) *MapShuffle {
	return &MapShuffle{k: k, side: side, to: [][]laneGroup{newLaneGroups(k.Block, c*side*side, func(to int) (laneTerm, int) {
		return laneTerm{y: to / c / side, x: to / c % side}, to % c
	})}}
}

// Run computes y.
func (p *MapShuffle) Run(pool *Pool, stop *atomic.Bool, x, y *Map) {
	y.strips(4).run(pool, stop, func(w *mapScratch, s mapStrip) {
		for row := s.first; row < s.last; row++ {
			if !p.apart {
				p.row(w, &p.to[0][s.g], x, y, mapStrip{n: s.n, g: s.g, first: row * p.side, last: row}, 0)
				continue
			}
			for j := range p.side {
				p.row(w, &p.to[row%p.side*p.side+j][s.g], x, y, mapStrip{n: s.n, g: s.g, first: row / p.side, last: row}, j)
			}
		}
	})
}

// row moves row at.first of x, and those below it, to row at.last of y, in DepthToSpace every side-th pixel of it from
// column on.
func (p *MapShuffle) row(w *mapScratch, g *laneGroup, x, y *Map, at mapStrip, column int) {
	w.rows = grown(w.rows, len(g.terms))
	for i, t := range g.terms {
		w.rows[i] = pointer(x.pixels(at.n, t.group, at.first+t.y)[t.x*x.Block:])
	}
	step := floatSize * y.Block
	w.permute = mapPermuteArgs{src: &w.rows[0], index: &g.index[0], terms: len(g.terms), pixels: min(x.Size[2], y.Size[2]), dstStep: step, srcStep: step}
	if p.apart {
		w.permute.dstStep *= p.side
	} else {
		w.permute.srcStep *= p.side
	}
	dst := y.pixels(at.n, at.g, at.last)[column*y.Block:]
	raceWrite(dst)
	w.permute.dst = pointer(dst)
	p.k.maps.permute(&w.permute)
}

// DepthToPlanes is DepthToSpace from channel blocks to a planar tensor, for few channels.
type DepthToPlanes struct {
	k       *Kernels
	side, c int
	index   [][]int32 // by channel and row of a block: the floats of a row of the result, from the row of x on
}

// NewDepthToPlanes plans the move of c·side² channels of x to c, see NewDepthToSpace; only the shape of x is read.
func NewDepthToPlanes(k *Kernels, side, c int, x *Map, channel func(c, i, j int) int) *DepthToPlanes {
	p := &DepthToPlanes{k: k, side: side, c: c}
	for ch := range c {
		for i := range side {
			row := make([]int32, x.Size[2]*side)
			for at := range row {
				from := channel(ch, i, at%side)
				row[at] = int32(at/side*x.Block + from/x.Block*x.Group + from%x.Block)
			}
			p.index = append(p.index, row)
		}
	}
	return p
}

// Run computes dst [N, c, H·side, W·side].
func (p *DepthToPlanes) Run(pool *Pool, stop *atomic.Bool, x *Map, dst []float32) {
	width := x.Size[2] * p.side
	s := mapStrips{images: x.N, groups: 1, rows: x.Size[1]}
	s.count = ceilDiv(s.rows, max(1, mapStripPixels/max(1, x.Size[2]*p.c*p.side)))
	s.run(pool, stop, func(w *mapScratch, s mapStrip) {
		for row := s.first; row < s.last; row++ {
			src := unsafe.Pointer(&x.Data[x.row(s.n, 0, row)])
			for i, index := range p.index {
				to := dst[((s.n*p.c+i/p.side)*x.Size[1]*p.side+row*p.side+i%p.side)*width:][:width]
				raceWrite(to)
				for first := 0; first < width; first += mapCallPixels {
					n := min(mapCallPixels, width-first)
					w.pick = mapPickArgs{unsafe.Pointer(&to[first]), src, &index[first], n}
					p.k.maps.pick(&w.pick)
				}
			}
		}
	})
}

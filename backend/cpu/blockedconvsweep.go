package cpu

import "unsafe"

// blockedSweep is the lines of an item on their way through the kernels.
type blockedSweep struct {
	*blockedWorker
	plan          *BlockedConvPlan
	a             *tileArgs
	l             *blockedLines
	kernels       tileFuncs
	groups        int  // output groups of the item
	src, dst, res int  // what the item's groups add to the lines' indices
	continued     bool // the sums begin with what y holds
}

// sweep runs the kernels over the lines [first, last) of an item. Lines longer than a tile are cut into tiles that
// differ by at most one pixel; where two lines fit into a tile, a tile is two lines.
func (r *blockedRun) sweep(w *blockedWorker, it blockedItem, first, last int, continued bool) {
	s := r.newSweep(w, it, continued)
	for line := first; line < last; line++ {
		length := s.l.length(line)
		s.announce(line, length)
		if 2*length <= s.kernels.rows() && s.l.segments == 1 && line+1 < last {
			s.announce(line+1, length)
			s.pair(line, length)
			line++
			continue
		}
		tiles := ceilDiv(length, s.kernels.rows())
		rows, more := length/tiles, length%tiles
		s.tiles(line, 0, rows+1, more)
		s.tiles(line, more*(rows+1), rows, tiles-more)
	}
}

// depthwiseProducts is the most vector products of one call of a depthwise kernel: some 30 us.
const depthwiseProducts = 1 << 16

// tiles makes n tiles of a line one after the other from pixel at on.
func (s *blockedSweep) tiles(line, at, rows, n int) {
	src, dst, res := s.at(line)
	each := 1
	if s.plan.depthwise {
		each = max(1, depthwiseProducts/(rows*max(1, s.a.nsteps)))
	}
	for n > 0 {
		s.a.tiles = min(n, each)
		n -= s.a.tiles
		next := at + s.a.tiles*rows
		s.point(s.l.pixel(src, dst, res, at))
		s.kernels.call(rows, s.a)
		at = next
	}
}

func (r *blockedRun) newSweep(w *blockedWorker, it blockedItem, continued bool) blockedSweep {
	p := r.plan
	s := blockedSweep{blockedWorker: w, plan: p, a: &w.args, l: &w.lines, kernels: p.k.tileFor(it.groups), groups: it.groups, continued: continued}
	group := (it.group*p.out + it.column) / p.k.Block
	s.src = it.group * p.in / p.inBlock * w.x.Group
	if p.depthwise {
		s.kernels, s.src = p.k.depthwise, group*w.x.Group
	}
	group -= w.firstGroup
	s.dst = group * w.y.Group
	s.a.srcPixel, s.a.dstPixel, s.a.dstGroup = 4*s.l.in[s.l.axis], 4*s.l.out[s.l.axis], 4*w.y.Group
	if w.residual != nil {
		s.res = group * w.residual.Group
		s.a.resPixel, s.a.resGroup = 4*s.l.res[s.l.axis], 4*w.residual.Group
	}
	if continued {
		s.a.resPixel, s.a.resGroup = s.a.dstPixel, s.a.dstGroup
	}
	return s
}

// at returns the indices of a line of the item.
func (s *blockedSweep) at(line int) (src, dst, res int) {
	src, dst, res = s.l.at(line)
	return src + s.src, dst + s.dst, res + s.res
}

// announce tells the race detector what the kernels write of a line.
func (s *blockedSweep) announce(line, length int) {
	if !raceEnabled {
		return
	}
	_, dst, _ := s.at(line)
	for g := range s.groups {
		raceWriteRows(s.y.Data[dst+g*s.y.Group:], length, s.y.Block, s.l.out[s.l.axis])
	}
}

// point sets the addresses of a tile.
func (s *blockedSweep) point(src, dst, res int) {
	s.a.base = unsafe.Pointer(&s.x.Data[src])
	s.a.dst = unsafe.Pointer(&s.y.Data[dst])
	switch {
	case s.continued:
		s.a.residual = s.a.dst
	case s.residual != nil:
		s.a.residual = unsafe.Pointer(&s.residual.Data[res])
	default:
		s.a.residual = nil
	}
}

// pair makes a line and the next one in one tile.
func (s *blockedSweep) pair(line, length int) {
	src, dst, res := s.at(line)
	src2, dst2, res2 := s.at(line + 1)
	s.point(src, dst, res)
	s.a.srcHalf, s.a.dstHalf, s.a.resHalf = 4*(src2-src), 4*(dst2-dst), 4*(res2-res)
	if s.continued {
		s.a.resHalf = s.a.dstHalf
	}
	s.a.tiles = 1
	s.kernels[2*length](s.a)
}

// activate applies an activation that the kernels do not know to the lines [first, last) of an item.
func (r *blockedRun) activate(w *blockedWorker, it blockedItem, first, last int) {
	s := r.newSweep(w, it, false)
	block, pitch := r.plan.k.Block, s.l.out[s.l.axis]
	act := r.plan.ep.Act.vector(0)
	for line := first; line < last; {
		_, dst, _ := s.at(line)
		length := s.l.length(line)
		line++
		for pitch == block && line < last { // lines without a gap are one
			if _, next, _ := s.at(line); next != dst+length*block {
				break
			}
			length += s.l.length(line)
			line++
		}
		for g := range it.groups {
			pixels := w.y.Data[dst+g*w.y.Group:]
			if pitch == block {
				row := pixels[:length*block]
				r.plan.k.Map(act, row, row)
				continue
			}
			for i := range length {
				pixel := pixels[i*pitch:][:block]
				r.plan.k.Map(act, pixel, pixel)
			}
		}
	}
}

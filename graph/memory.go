package graph

import (
	"cmp"
	"slices"
)

// arenaAlignment is the alignment of every range of the arena, in bytes: one
// cache line, one AVX-512 register.
const arenaAlignment = 64

// interval is a range of memory that is wanted from step first to step last.
type interval struct {
	first, last int
	size        int // bytes
	offset      int // the result

	pieces []piece // of a value that several steps make, by offset: they cover size
}

// piece is a range of an interval that is wanted from a later step on: others may
// have that memory until then. All pieces last as long as the interval.
type piece struct {
	offset, size int // bytes, from the start of the interval
	first        int
}

// complete sorts the pieces, which lie apart, and fills the gaps between them with
// pieces that are wanted from step made on.
func (iv *interval) complete(made int) {
	parts := iv.pieces
	slices.SortFunc(parts, func(a, b piece) int { return cmp.Compare(a.offset, b.offset) })
	iv.pieces = nil
	at := 0
	for _, p := range append(parts, piece{offset: roundUp(iv.size)}) {
		if p.offset > at {
			iv.pieces = append(iv.pieces, piece{at, p.offset - at, made})
		}
		if p.size > 0 {
			iv.pieces = append(iv.pieces, p)
		}
		at = p.offset + p.size
	}
}

// parts are the pieces of the interval, which may be one.
func (iv *interval) parts() []piece {
	if iv.pieces != nil {
		return iv.pieces
	}
	return []piece{{0, roundUp(iv.size), iv.first}}
}

// layOut gives every interval an offset such that no two that are wanted at the
// same time overlap, and returns the bytes needed in all. Two ways are tried: by
// size, which is nearly always the better one but takes quadratic time, where there
// are not too many, and in the order of the steps.
func layOut(intervals []*interval) (total int) {
	total = layOutBySteps(intervals)
	pieces := 0
	for _, iv := range intervals {
		pieces += max(1, len(iv.pieces))
	}
	if pieces > mostBySize {
		return total
	}
	offsets := make([]int, len(intervals))
	for i, iv := range intervals {
		offsets[i] = iv.offset
	}
	if bySize := layOutBySize(intervals); bySize <= total {
		return bySize
	}
	for i, iv := range intervals {
		iv.offset = offsets[i]
	}
	return total
}

// mostBySize bounds the quadratic time of layOutBySize.
const mostBySize = 2048

// layOutBySize places the largest interval first, each at the lowest offset where
// it overlaps nothing placed before that is wanted at the same time.
func layOutBySize(intervals []*interval) (total int) {
	order := slices.Clone(intervals)
	slices.SortStableFunc(order, func(a, b *interval) int {
		return cmp.Or(cmp.Compare(b.size, a.size), cmp.Compare(a.first, b.first))
	})
	var taken []tenure
	var ranges []Range
	for _, iv := range order {
		ranges = ranges[:0]
		for _, p := range iv.parts() {
			for _, t := range taken {
				if t.last >= p.first && iv.last >= t.first && p.size > 0 {
					// Offsets above start and below end make p and t overlap.
					start := t.offset - p.offset - p.size
					ranges = append(ranges, Range{start, t.offset + t.size - p.offset - start})
				}
			}
		}
		iv.offset = lowestOutside(ranges)
		for _, p := range iv.parts() {
			if p.size > 0 {
				taken = append(taken, tenure{piece{iv.offset + p.offset, p.size, p.first}, iv.last})
			}
		}
		total = max(total, iv.offset+roundUp(iv.size))
	}
	return total
}

// tenure is a piece at its offset in the arena, and when it ends.
type tenure struct {
	piece
	last int
}

// lowestOutside gives the lowest aligned offset, from 0 on, that lies strictly inside
// no range. It sorts them.
func lowestOutside(ranges []Range) int {
	slices.SortFunc(ranges, func(a, b Range) int { return cmp.Compare(a.Offset, b.Offset) })
	at := 0
	for _, r := range ranges {
		if at <= r.Offset {
			break
		}
		at = max(at, roundUp(r.Offset+r.Size))
	}
	return at
}

// layOutBySteps walks the steps in order and gives each interval the smallest free
// gap that holds it; O(n log n) but for the list of gaps, which stays short.
func layOutBySteps(intervals []*interval) (total int) {
	byStart := slices.Clone(intervals)
	slices.SortStableFunc(byStart, func(a, b *interval) int {
		return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(b.size, a.size))
	})
	byEnd := slices.Clone(intervals)
	slices.SortStableFunc(byEnd, func(a, b *interval) int { return cmp.Compare(a.last, b.last) })
	gaps := &gapList{}
	for _, iv := range byStart {
		for len(byEnd) > 0 && byEnd[0].last < iv.first {
			gaps.free(byEnd[0].offset, roundUp(byEnd[0].size))
			byEnd = byEnd[1:]
		}
		iv.offset = gaps.take(roundUp(iv.size))
	}
	return gaps.end
}

// roundUp rounds a size up to the alignment.
func roundUp(n int) int { return (n + arenaAlignment - 1) &^ (arenaAlignment - 1) }

// gap is free memory between ranges in use.
type gap struct{ offset, size int }

// gapList is the free memory below end, in order of offset; neighbours are joined.
type gapList struct {
	gaps []gap
	end  int // memory beyond was never used
}

// take gives the offset of size bytes: from the smallest gap that holds them, or
// else from the end, together with a last gap that lies there.
func (l *gapList) take(size int) int {
	best := -1
	for i, g := range l.gaps {
		if g.size >= size && (best < 0 || g.size < l.gaps[best].size) {
			best = i
		}
	}
	if best >= 0 {
		g := &l.gaps[best]
		at := g.offset
		g.offset, g.size = g.offset+size, g.size-size
		if g.size == 0 {
			l.gaps = slices.Delete(l.gaps, best, best+1)
		}
		return at
	}
	at := l.end
	if n := len(l.gaps); n > 0 && l.gaps[n-1].offset+l.gaps[n-1].size == l.end {
		at = l.gaps[n-1].offset
		l.gaps = l.gaps[:n-1]
	}
	l.end = at + size
	return at
}

// free gives a range back.
func (l *gapList) free(offset, size int) {
	if size == 0 {
		return
	}
	i, _ := slices.BinarySearchFunc(l.gaps, offset, func(g gap, o int) int { return cmp.Compare(g.offset, o) })
	l.gaps = slices.Insert(l.gaps, i, gap{offset, size})
	if i+1 < len(l.gaps) && offset+size == l.gaps[i+1].offset {
		l.gaps[i].size += l.gaps[i+1].size
		l.gaps = slices.Delete(l.gaps, i+1, i+2)
	}
	if i > 0 && l.gaps[i-1].offset+l.gaps[i-1].size == offset {
		l.gaps[i-1].size += l.gaps[i].size
		l.gaps = slices.Delete(l.gaps, i, i+1)
	}
}

// peakBytes is the most memory that the intervals want at one time: what no
// layout can go below.
func peakBytes(intervals []*interval) int {
	type change struct{ step, bytes int }
	var changes []change
	for _, iv := range intervals {
		for _, p := range iv.parts() {
			changes = append(changes, change{p.first, p.size}, change{iv.last + 1, -p.size})
		}
	}
	slices.SortFunc(changes, func(a, b change) int {
		return cmp.Or(cmp.Compare(a.step, b.step), cmp.Compare(a.bytes, b.bytes))
	})
	now, peak := 0, 0
	for _, c := range changes {
		now += c.bytes
		peak = max(peak, now)
	}
	return peak
}

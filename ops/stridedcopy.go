package ops

import "slices"

// stridedCopy moves a box of elements: for every index i of shape,
//
//	y[dstOff + Σ i[k]·dst[k]] = x[srcOff + Σ i[k]·src[k]]
//
// Strides and offsets are in elements; those of x may be negative or 0, those of
// y must not make elements overlap. Transpose, Slice, Split, Concat, Expand and
// Tile are such copies.
type stridedCopy struct {
	shape          Shape
	dst, src       []int
	dstOff, srcOff int
}

// run moves the elements of x to y, which have one type.
func (s stridedCopy) run(c *Call, y, x *Tensor) error {
	if slices.Contains(s.shape, 0) {
		return nil
	}
	s = s.merged()
	switch x.dtype.Bits() {
	case 0:
		copyBox(c, y.strings, x.strings, &s)
	case 8:
		copyBox(c, units[uint8](y), units[uint8](x), &s)
	case 16:
		copyBox(c, units[uint16](y), units[uint16](x), &s)
	case 32:
		copyBox(c, units[uint32](y), units[uint32](x), &s)
	case 64:
		copyBox(c, units[uint64](y), units[uint64](x), &s)
	case 128:
		copyBox(c, units[[2]uint64](y), units[[2]uint64](x), &s)
	default:
		return s.runPacked(c, y, x)
	}
	return nil
}

// merged is the same copy over as few axes as will do, at least one.
func (s stridedCopy) merged() stridedCopy {
	shape, strides := mergeAxes(s.shape, s.dst, s.src)
	s.shape, s.dst, s.src = shape, strides[0], strides[1]
	if len(s.shape) == 0 {
		s.shape, s.dst, s.src = Shape{1}, []int{1}, []int{1}
	}
	return s
}

// across is the axis along which x is contiguous, if that is another one than the
// last, along which y is; else -1.
func (s *stridedCopy) across() int {
	last := len(s.shape) - 1
	if s.dst[last] != 1 || s.src[last] == 1 || s.src[last] == 0 {
		return -1
	}
	return slices.Index(s.src[:last], 1)
}

// runPacked moves elements of less than a byte, one byte each on the way.
func (s *stridedCopy) runPacked(c *Call, y, x *Tensor) error {
	xs, err := unpackBits(c, x)
	if err != nil {
		return err
	}
	ys, err := unpackBits(c, y) // what the box leaves out stays
	if err != nil {
		return err
	}
	copyBox(c, ys.Bytes(), xs.Bytes(), s)
	packBits(y, ys.Bytes())
	return nil
}

// copyBox picks the order in which the elements are walked: along rows of y, or
// in tiles when x is contiguous along another axis than y.
func copyBox[T any](c *Call, ys, xs []T, s *stridedCopy) {
	last := len(s.shape) - 1
	if across := s.across(); across >= 0 {
		tileRows, tileCols := tileSide, tileSide
		if rows := s.shape[across]; rows < tileSide {
			tileCols = 4 * tileSide * tileSide / rows
		} else if cols := s.shape[last]; cols < tileSide {
			tileRows = 4 * tileSide * tileSide / cols
		}
		copyTiles(c, ys, xs, s, across, tileRows, tileCols, copyTile[T])
		return
	}
	if last > 0 && s.shape[last] < shortRow {
		copyShortRows(c, ys, xs, s)
		return
	}
	copyRows(c, ys, xs, s)
}

// shortRow is the length in elements from which a row is worth a step of the
// odometer, some 10 ns.
const shortRow = 16

// copyShortRows walks y along its last two axes.
func copyShortRows[T any](c *Call, ys, xs []T, s *stridedCopy) {
	last := len(s.shape) - 1
	n, rows := s.shape[last], s.shape[last-1]
	dst, src, dstRow, srcRow := s.dst[last], s.src[last], s.dst[last-1], s.src[last-1]
	c.Parallel(product(s.shape[:last]), n, func(lo, hi int) {
		o := newOdometer(lo/rows, s.shape[:last-1], s.dst[:last-1], s.src[:last-1])
		for lo < hi {
			from := lo % rows
			count := min(rows-from, hi-lo)
			y, x := s.dstOff+o.offset[0]+from*dstRow, s.srcOff+o.offset[1]+from*srcRow
			for range count {
				for k := range n {
					ys[y+k*dst] = xs[x+k*src]
				}
				y += dstRow
				x += srcRow
			}
			lo += count
			o.next()
		}
	})
}

// copyRows walks y along its last axis.
func copyRows[T any](c *Call, ys, xs []T, s *stridedCopy) {
	last := len(s.shape) - 1
	n, dst, src := s.shape[last], s.dst[last], s.src[last]
	c.Parallel(s.shape.Elements(), 1, func(lo, hi int) {
		o := newOdometer(lo/n, s.shape[:last], s.dst[:last], s.src[:last])
		for at := lo; at < hi; {
			from := at % n
			count := min(n-from, hi-at)
			copyRun(ys, s.dstOff+o.offset[0]+from*dst, dst, xs, s.srcOff+o.offset[1]+from*src, src, count)
			at += count
			o.next()
		}
	})
}

// copyRun moves n elements along one axis.
func copyRun[T any](ys []T, y, dst int, xs []T, x, src, n int) {
	switch {
	case dst == 1 && src == 1 && n >= 8:
		copy(ys[y:y+n], xs[x:x+n])
	case dst == 1 && src == 0:
		fill(ys[y:y+n], xs[x])
	default:
		for range n {
			ys[y] = xs[x]
			y += dst
			x += src
		}
	}
}

// fill sets every element of ys to v.
func fill[T any](ys []T, v T) {
	for i := range ys {
		ys[i] = v
	}
}

// tileSide is the side of a square tile of a 2-D transpose, in elements: 16
// elements of 4 bytes are one cache line, and the 16 lines that a tile touches on
// either side stay in the first-level cache even when they fall into few sets. A
// matrix with a short side gets long tiles.
const tileSide = 16

// copyTiles walks y in tiles over the last axis, along which y is contiguous, and
// over axis across, along which x is.
func copyTiles[T any](c *Call, ys, xs []T, s *stridedCopy, across, tileRows, tileCols int, tile tileCopy[T]) {
	last := len(s.shape) - 1
	rows, cols := s.shape[across], s.shape[last]
	dst, src := s.dst[across], s.src[last]
	down, over := (rows+tileRows-1)/tileRows, (cols+tileCols-1)/tileCols

	outer, od, os := withoutAxis(s.shape[:last], across), withoutAxis(s.dst[:last], across), withoutAxis(s.src[:last], across)
	tiles := down * over
	c.Parallel(tiles*product(outer), min(rows, tileRows)*min(cols, tileCols), func(lo, hi int) {
		o := newOdometer(lo/tiles, outer, od, os)
		for at := lo; at < hi; at++ {
			r, q := at%tiles/over*tileRows, at%over*tileCols
			tile(ys[s.dstOff+o.offset[0]+r*dst+q:], dst, xs[s.srcOff+o.offset[1]+r+q*src:], src, min(tileRows, rows-r), min(tileCols, cols-q))
			if at%tiles == tiles-1 {
				o.next()
			}
		}
	})
}

// withoutAxis copies dims and leaves one out.
func withoutAxis(dims []int, axis int) []int {
	return slices.Delete(slices.Clone(dims), axis, axis+1)
}

// tileCopy is y[r*dst+q] = x[r+q*src] for r < rows and q < cols.
type tileCopy[T any] func(ys []T, dst int, xs []T, src, rows, cols int)

// copyTile is a tileCopy; the longer side is the inner loop.
func copyTile[T any](ys []T, dst int, xs []T, src, rows, cols int) {
	if rows > cols {
		for q := range cols {
			at := q
			for _, v := range xs[q*src : q*src+rows] {
				ys[at] = v
				at += dst
			}
		}
		return
	}
	for r := range rows {
		at := r
		row := ys[r*dst : r*dst+cols]
		for q := range row {
			row[q] = xs[at]
			at += src
		}
	}
}

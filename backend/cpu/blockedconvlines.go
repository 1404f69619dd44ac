package cpu

// blockedLines says how the outputs of a part are cut into lines of tiles: a line runs along one axis of
// (image, depth, height, width), mostly the width; lines are numbered along the others. Where they are too few for the
// strips of a plan, each is cut into segments, which count as lines. Pitches are in floats.
type blockedLines struct {
	axis         int
	extent       [4]int
	segments     int // of a line along the axis
	segment      int // outputs of each but the last one
	in, out, res [4]int

	src, dst, residual int // index of the first output's input, of itself and of its residual
}

// tileAxis is the axis of a part's lines: the width, unless that is too short for a kernel to be efficient.
func tileAxis(extent [4]int) int {
	axis := 3
	if extent[axis] >= 4 {
		return axis
	}
	for a := 2; a >= 0; a-- {
		if extent[a] > extent[axis] {
			axis = a
		}
	}
	return axis
}

// newLines returns the lines of a part for the maps of a run; residual may be nil.
func newLines(part *blockedPart, x, residual, y *Map) blockedLines {
	l := blockedLines{extent: [4]int{x.N, part.grid[0], part.grid[1], part.grid[2]}}
	l.setAxis()
	if len(part.taps) > 0 {
		l.in = mapPitches(x, part.stride)
		l.src = x.At(0, 0, part.low[0], part.low[1], part.low[2])
	}
	l.out = mapPitches(y, part.step)
	l.dst = y.At(0, 0, part.first[0], part.first[1], part.first[2])
	if residual != nil {
		l.res = mapPitches(residual, part.step)
		l.residual = residual.At(0, 0, part.first[0], part.first[1], part.first[2])
	}
	return l
}

// setAxis chooses the axis of the lines from their extents. A line is one segment.
func (l *blockedLines) setAxis() {
	l.axis = tileAxis(l.extent)
	l.segments, l.segment = 1, l.extent[l.axis]
}

// cut cuts the lines into segments, whole tiles of so many outputs each, if there are fewer lines than strips.
func (l *blockedLines) cut(strips, tile int) {
	if n := l.count(); n > 0 && n < strips && l.segment > tile {
		l.segment = roundUp(ceilDiv(l.segment, ceilDiv(strips, n)), tile)
		l.segments = ceilDiv(l.extent[l.axis], l.segment)
	}
}

// mapPitches are the distances of pixels that lie step apart along each axis.
func mapPitches(m *Map, step [3]int) [4]int {
	return [4]int{m.Image, m.Plane * step[0], m.Row * step[1], m.Block * step[2]}
}

// count is the number of lines.
func (l *blockedLines) count() int {
	n := l.segments
	for a, e := range l.extent {
		if a != l.axis {
			n *= e
		}
	}
	return n
}

// at returns the indices of the first output of a line and of its input and residual.
func (l *blockedLines) at(line int) (src, dst, res int) {
	src, dst, res = l.pixel(l.src, l.dst, l.residual, line%l.segments*l.segment)
	line /= l.segments
	for a := 3; a >= 0; a-- {
		if a == l.axis {
			continue
		}
		i := line % l.extent[a]
		line /= l.extent[a]
		src, dst, res = src+i*l.in[a], dst+i*l.out[a], res+i*l.res[a]
	}
	return src, dst, res
}

// length is the number of outputs of a line.
func (l *blockedLines) length(line int) int {
	return min(l.segment, l.extent[l.axis]-line%l.segments*l.segment)
}

// pixel moves the indices of an output, its input and residual by so many outputs of a line.
func (l *blockedLines) pixel(src, dst, res, by int) (int, int, int) {
	return src + by*l.in[l.axis], dst + by*l.out[l.axis], res + by*l.res[l.axis]
}

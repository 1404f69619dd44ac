package cpu

// blockedLines says how the outputs of a part are cut into lines of tiles: a line runs along one axis of
// (image, depth, height, width), mostly the width; lines are numbered along the others. Pitches are in floats.
type blockedLines struct {
	axis         int
	extent       [4]int
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
	l.axis = tileAxis(l.extent)
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

// mapPitches are the distances of pixels that lie step apart along each axis.
func mapPitches(m *Map, step [3]int) [4]int {
	return [4]int{m.Image, m.Plane * step[0], m.Row * step[1], m.Block * step[2]}
}

// count is the number of lines.
func (l *blockedLines) count() int {
	n := 1
	for a, e := range l.extent {
		if a != l.axis {
			n *= e
		}
	}
	return n
}

// at returns the indices of the first output of a line and of its input and residual.
func (l *blockedLines) at(line int) (src, dst, res int) {
	src, dst, res = l.src, l.dst, l.residual
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

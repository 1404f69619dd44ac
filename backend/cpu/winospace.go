package cpu

// winoSpace is the scratch memory of a block of tiles. Sizes and pitches are in floats.
//
//	v      [plane][point][input group][tile][Block]    transformed inputs
//	m      [point][output group][tile][Block]          sums of products
//	strip  the input transform's
//	tile   the output transform's
type winoSpace struct {
	tiles             int
	planes            int
	vGroup, vPoint    int
	mPoint            int
	v, m, strip, tile int
	steps             [][]int // offsets in bytes of the input groups of all planes, by the plane of the first depth tap
}

// Sizes of a block; see newBlock.
const (
	winoCacheFloats = 1 << 20 / 4 * 7 / 10 // of L2 (1 MiB on Zen 4 and Zen 5) that a block may fill
	winoMostTiles   = 84
)

// newBlock chooses the size of a block: full micro-kernels, and within the cache where possible.
func (p *WinogradConv) newBlock() winoSpace {
	f := &p.weights.filter
	points, rows := f.tile.points(), p.k.tileFor(tileGroups).rows()
	room := winoCacheFloats - min(len(p.weights.data), winoCacheFloats/2)
	tiles := room / (points * (f.kernel[0]*p.geom.C + p.geom.M))
	tiles = min(max(1, tiles/rows)*rows, winoMostTiles/rows*rows, max(1, p.tiles()))
	return p.newSpace(tiles)
}

// newSpace lays out the scratch memory of a number of tiles.
func (p *WinogradConv) newSpace(tiles int) winoSpace {
	f, block := &p.weights.filter, p.k.Block
	points := f.tile.points()
	s := winoSpace{tiles: tiles, planes: f.kernel[0], vGroup: tiles * block}
	groups := ceilDiv(p.geom.C, block)
	s.vPoint = oddLines(groups * s.vGroup)
	s.mPoint = oddLines(ceilDiv(p.geom.M, block) * s.vGroup)
	s.v = s.planes * points * s.vPoint
	s.m = points * s.mPoint
	s.strip = f.tile.rows.points() * ((tiles-1)*f.tile.cols.outputs + f.tile.cols.points()) * block
	s.tile = f.tile.rows.outputs * f.tile.cols.points() * block
	for first := range s.planes {
		var steps []int
		for z := range s.planes {
			plane := (first + z) % s.planes * points * s.vPoint
			for g := range groups {
				steps = append(steps, 4*(plane+g*s.vGroup))
			}
		}
		s.steps = append(s.steps, steps)
	}
	return s
}

// oddLines rounds n floats up to an odd number of cache lines, so that the points of a tile lie in different cache sets.
func oddLines(n int) int {
	n = alignUp(n)
	if n/lineFloats%2 == 0 {
		n += lineFloats
	}
	return n
}

// floats is the size of the scratch memory of one worker.
func (s *winoSpace) floats() int {
	return alignUp(s.v) + alignUp(s.m) + alignUp(s.strip) + alignUp(s.tile)
}

// take returns the next n floats of ws, whole cache lines.
func take(ws *[]float32, n int) []float32 {
	part := (*ws)[:n]
	*ws = (*ws)[alignUp(n):]
	return part
}

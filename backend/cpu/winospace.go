package cpu

// winoSpace is the scratch memory of a block of tiles. Sizes and pitches are in floats.
//
//	v      [plane][point][input group][tile][Block]    transformed inputs
//	m      [phase][point][output group][tile][Block]   sums of products; one phase unless staged
//	strip  the input transform's
//	tile   the output transform's
type winoSpace struct {
	tiles             int
	staged            bool // one block of all tiles, which all workers share; see winoRun.stages
	planes            int
	vGroup, vPoint    int
	mPoint, mPhase    int
	v, m, strip, tile int
	steps             [][]int // offsets in bytes of the input groups of all planes, by the plane of the first depth tap
}

// Sizes of a block, measured on Zen 4 (1 MiB L2) with 1 and 2 threads over 3x3 layers of 32 to 512 channels.
const (
	winoBlockBytes  = 384 << 10 // of v and m: L2 holds them and the weights of up to 64 channels
	winoMostTiles   = 84        // more gained nothing
	winoFewBlocks   = 8         // layers of fewer blocks run in stages
	winoManyWeights = 16 << 20  // bytes; beyond, weights come from memory for each block, and layers run in stages
)

// newBlock chooses the size of a block - full micro-kernels, and within the cache where possible - or stages.
func (p *WinogradConv) newBlock() winoSpace {
	f := &p.weights.filter
	rows, tiles := p.k.tileFor(tileGroups).rows(), max(1, p.tiles())
	most := winoBlockBytes / 4 / (f.tile.points() * (f.kernel[0]*p.geom.C + p.geom.M))
	most = min(max(1, most/rows), winoMostTiles/rows) * rows
	blocks := ceilDiv(tiles, most)
	if f.kernel[0] == 1 && (blocks < winoFewBlocks || 4*len(p.weights.data) > winoManyWeights) {
		return p.newSpace(tiles, true)
	}
	return p.newSpace(ceilDiv(tiles, blocks), false)
}

// newSpace lays out the scratch memory of a number of tiles.
func (p *WinogradConv) newSpace(tiles int, staged bool) winoSpace {
	f, block := &p.weights.filter, p.k.Block
	points := f.tile.points()
	s := winoSpace{tiles: tiles, staged: staged, planes: f.kernel[0], vGroup: tiles * block}
	groups := ceilDiv(p.geom.C, block)
	s.vPoint = oddLines(groups * s.vGroup)
	s.mPoint = oddLines(ceilDiv(p.geom.M, block) * s.vGroup)
	s.v = s.planes * points * s.vPoint
	s.m, s.mPhase = points*s.mPoint, points*s.mPoint
	if staged {
		s.m *= f.phases[0] * f.phases[1]
	}
	s.strip = f.tile.rows.points() * ((min(tiles, p.cols.tiles)-1)*f.tile.cols.outputs + f.tile.cols.points()) * block
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

// shared and own are the scratch memory of all workers together and of each one.
func (s *winoSpace) shared() int {
	if s.staged {
		return alignUp(s.v) + alignUp(s.m)
	}
	return 0
}

func (s *winoSpace) own() int {
	n := alignUp(s.strip) + alignUp(s.tile)
	if !s.staged {
		n += alignUp(s.v) + alignUp(s.m)
	}
	return n
}

// take returns the next n floats of ws, whole cache lines.
func take(ws *[]float32, n int) []float32 {
	part := (*ws)[:n]
	*ws = (*ws)[alignUp(n):]
	return part
}

package cpu

// winoOrder is the order of a run's work.
type winoOrder int

const (
	// For each block of tiles and stretch of planes, a chunk: inputs; for each phase products and outputs. Where phases
	// have tiles apart, a chunk is of one phase.
	winoByBlocks winoOrder = iota

	// All inputs. Then for each phase and block of tiles, a chunk: products and outputs. Not where phases have tiles apart.
	winoByPhases

	// All inputs, then all products, then all outputs: a layer with few tiles and many weights would read all weights
	// for each block of tiles, and has too few blocks for several workers. So weights are read once, and the workers
	// share the points and the channels.
	winoByStages
)

// winoSpace is the scratch memory of a run. Sizes and pitches are in floats.
//
//	v      [plane][point][input group][tile][Block]           transformed inputs; of a block or of all tiles, and of the
//	                                                          tiles behind them that segments see; one for each of
//	                                                          inputPhases if by stages
//	m      [phase][plane][point][output group][tile][Block]   sums of products; all of them if by stages, else of a block
//	                                                          of one plane and phase
//	strip  the input transform's
//	tile   the output transform's
type winoSpace struct {
	order                  winoOrder
	winoBlocks                 // of all tiles of a plane
	depth                  int // planes of a stretch
	planes                 int // of v: all, or by blocks as many as depth taps
	vGroup, vPoint, vPlane int
	vPhase                 int // 0 where all phases read the same
	mGroup, mPoint, mPlane int
	v, m, strip, tile      int
	steps                  [][]int // offsets in bytes of the input groups of v's planes, by the plane of the first depth tap
}

// Sizes of a block, measured on Zen 4 (1 MiB L2) with 1 and 2 threads over 3x3 layers of 32 to 512 channels.
const (
	winoBlockBytes  = 384 << 10 // of v and m: L2 holds them and the weights of up to 64 channels
	winoMostTiles   = 84        // more gained nothing
	winoFewChunks   = 8         // a layer of fewer is made by phases or by stages
	winoManyWeights = 16 << 20  // bytes; beyond, weights come from memory for each block, and layers run in stages
	winoFewWeights  = 640 << 10 // bytes, 3x3 of 64 to 64 channels; up to here, threads share by blocks, not in stages
)

// spaceFor returns the space of runs with so many threads.
func (p *WinogradConv) spaceFor(threads int) *winoSpace {
	if s, ok := p.spaces.Load(threads); ok {
		return s.(*winoSpace)
	}
	s := p.newSpace(threads)
	p.spaces.Store(threads, &s)
	return &s
}

// newSpace chooses order and sizes: full micro-kernels, within the cache where possible.
func (p *WinogradConv) newSpace(threads int) winoSpace {
	f := &p.weights.filter
	rows, tiles, planes := p.k.tileFor(tileGroups).rows(), max(1, p.tiles()), max(1, p.geom.Out[0])
	most := winoBlockBytes / 4 / (f.tile.points() * (f.kernel[0]*p.geom.C + p.geom.M))
	most = min(max(1, most/rows), winoMostTiles/rows) * rows
	chunks, many := p.inputPhases()*ceilDiv(tiles*planes, most), 4*len(p.weights.data) > winoManyWeights
	if n := p.shareTiles(threads, rows); chunks < winoFewChunks && n > 0 {
		return p.layout(winoByBlocks, p.newBlocks(min(most, n), rows/2, threads), planes)
	}
	blocks := p.newBlocks(most, rows, threads)
	switch {
	case chunks >= winoFewChunks && !many:
		return p.layout(winoByBlocks, blocks, max(2, ceilDiv(planes*blocks.count, winoFewChunks)))
	case blocks.count*p.phases() >= winoFewChunks/2 && p.phases() > 1 && !f.apart && !many:
		return p.layout(winoByPhases, blocks, planes)
	}
	return p.layout(winoByStages, p.oneBlock(), planes)
}

// shareTiles is the size of blocks of a layer of few tiles and light weights that several threads share, or 0: in stages,
// each would read what the others wrote, and then write to lines that lie in the caches of others too, at 6 ns for each on
// Zen 4 and 28 where the threads have no L3 in common. Four chunks for each even out the load, one does.
func (p *WinogradConv) shareTiles(threads, rows int) int {
	if threads == 1 || p.geom.Out[0] > 1 || 4*len(p.weights.data) > winoFewWeights {
		return 0
	}
	for _, each := range []int{4, 2, 1} {
		if n := ceilDiv(p.inputPhases()*p.tiles(), each*threads); n >= rows/2 {
			return n
		}
	}
	return 0
}

// layout lays out the scratch memory for blocks of tiles and stretches of some planes.
func (p *WinogradConv) layout(order winoOrder, blocks winoBlocks, depth int) winoSpace {
	f, block, tiles := &p.weights.filter, p.k.Block, blocks.tiles
	points := f.tile.points()
	s := winoSpace{order: order, winoBlocks: blocks, depth: depth, planes: f.kernel[0]}
	behind := f.segments - 1
	s.vGroup, s.mGroup = (tiles+behind)*block, tiles*block
	run := min(tiles, p.cols.tiles) // of the input transform
	if order != winoByBlocks {
		s.planes, s.vGroup, run = p.geom.In[0], (p.tiles()+behind)*block, p.cols.tiles
	}
	s.vPoint = oddLines(ceilDiv(p.geom.C, block) * s.vGroup)
	s.mPoint = oddLines(ceilDiv(p.geom.M, block) * s.mGroup)
	s.vPlane, s.mPlane = points*s.vPoint, points*s.mPoint
	s.v, s.m = s.planes*s.vPlane, s.mPlane
	if order == winoByStages {
		s.m *= p.phases() * p.geom.Out[0]
		if f.apart {
			s.vPhase = s.v
			s.v *= p.phases()
		}
	}
	s.strip = f.tile.rows.points() * ((run-1)*f.tile.cols.outputs + f.tile.cols.points()) * block
	s.tile = f.tile.rows.outputs * f.tile.cols.points() * block
	s.setSteps(f, ceilDiv(p.geom.C, block), 4*block)
	return s
}

// setSteps sets the steps of a filter and some input groups; tile is the bytes from tile to tile. By blocks, input plane z
// lies in plane z mod planes of v, and the first tap's plane tells which steps; else the first tap's plane is where they
// begin.
func (s *winoSpace) setSteps(f *winoFilter, groups, tile int) {
	firsts := 1
	if s.order == winoByBlocks {
		firsts = s.planes
	}
	for first := range firsts {
		var steps []int
		for step := range f.steps() {
			tap, segment := step/f.segments, step%f.segments
			plane := tap
			if s.order == winoByBlocks {
				plane = (first + tap) % s.planes
			}
			for g := range groups {
				steps = append(steps, 4*(plane*s.vPlane+g*s.vGroup)+segment*tile)
			}
		}
		s.steps = append(s.steps, steps)
	}
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
	n := 0
	if s.order != winoByBlocks {
		n += alignUp(s.v)
	}
	if s.order == winoByStages {
		n += alignUp(s.m)
	}
	return n
}

func (s *winoSpace) own() int {
	return alignUp(s.v) + alignUp(s.m) - s.shared() + alignUp(s.strip) + alignUp(s.tile)
}

// take returns the next n floats of ws, whole cache lines.
func take(ws *[]float32, n int) []float32 {
	part := (*ws)[:n]
	*ws = (*ws)[alignUp(n):]
	return part
}

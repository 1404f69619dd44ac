package cpu

// partition is a product cut into chunks of a parallel region.
type partition struct {
	*product
	width, strips  int // columns per strip, strips
	panels, blocks int // panels of A per chunk, blocks of panels
	chunks         int
}

// chunkPart is what one chunk makes of a product: panels [first, last) of A by columns [col, col+cols) of B.
type chunkPart struct {
	pair, first, last, col, cols int
}

// partition cuts the product into at least want chunks where it is large enough: full strips where there are enough
// of them, else narrower ones, else fewer panels per chunk too.
func (p *product) partition(want int) partition {
	if p.a.rows == 0 || p.cols == 0 {
		return partition{}
	}
	q := p.cut(p.nc, p.a.count())
	for narrow := 2 * p.k.NR; q.width > narrow && q.chunks < want; {
		q = p.cut(max(narrow, q.width/2/p.k.NR*p.k.NR), p.a.count())
	}
	for q.panels > 2 && q.chunks < want {
		q = p.cut(q.width, (q.panels+1)/2)
	}
	return q
}

// cut is the partition with strips of at most width columns and at most so many panels per chunk.
func (p *product) cut(width, panels int) partition {
	q := partition{product: p, panels: min(panels, p.panelsPerChunk(width))}
	q.strips = ceilDiv(p.cols, width)
	q.width = roundUp(ceilDiv(p.cols, q.strips), p.k.NR) // as even as possible
	q.blocks = ceilDiv(p.a.count(), q.panels)
	q.chunks = p.pairs * q.strips * q.blocks
	return q
}

// part is what chunk i makes. Neighbouring chunks share panels of A.
func (q *partition) part(i int) chunkPart {
	col := i % q.strips * q.width
	i /= q.strips
	first := i % q.blocks * q.panels
	return chunkPart{
		pair:  i / q.blocks,
		first: first, last: min(first+q.panels, q.a.count()),
		col: col, cols: min(q.width, q.cols-col),
	}
}

// chunksFor returns how many chunks a region wants: four per thread even out the load, one thread needs no cuts.
func chunksFor(threads int) int {
	if threads == 1 {
		return 1
	}
	return 4 * threads
}

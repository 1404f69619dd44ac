package cpu

// partition is a product cut into chunks of a parallel region.
type partition struct {
	nc, strips     int // columns per strip, strips
	panels, blocks int // panels per chunk, blocks of panels
	chunks         int
}

// partition cuts the product into at least want chunks where it is large enough: full strips where there are enough
// of them, else narrower ones, else fewer panels per chunk too.
func (p *product) partition(want int) partition {
	if p.a.rows == 0 || p.cols == 0 {
		return partition{}
	}
	q := p.cut(p.nc, p.panels())
	for narrow := 2 * p.k.NR; q.nc > narrow && q.chunks < want; {
		q = p.cut(max(narrow, roundUp(q.nc/2, p.k.NR)), p.panels())
	}
	for q.panels > 2 && q.chunks < want {
		q = p.cut(q.nc, (q.panels+1)/2)
	}
	return q
}

// cut is the partition with strips of nc columns and at most so many panels per chunk.
func (p *product) cut(nc, panels int) partition {
	q := partition{nc: nc, panels: min(panels, p.panelsPerChunk(nc))}
	q.strips = (p.cols + nc - 1) / nc
	q.blocks = (p.panels() + q.panels - 1) / q.panels
	q.chunks = p.bs * q.strips * q.blocks
	return q
}

// chunksFor returns how many chunks a region wants: four per thread even out the load, one thread needs no cuts.
func chunksFor(threads int) int {
	if threads == 1 {
		return 1
	}
	return 4 * threads
}

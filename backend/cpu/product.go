package cpu

// product is the loop nest shared by matrix products and convolutions: C = A * B for a number of independent pairs
// (the groups of a convolution, the matrices of a batch), A packed beforehand, B packed on the fly.
//
//	for each pair, block of A's panels, strip of nc columns:  one chunk of a parallel region
//		for each block of kc steps of k:
//			pack B[kc x nc]                                   into the worker's scratch, about half of L2
//			for each panel of A, each NR columns of the strip:
//				kernel: tile += panel * columns               tile in the worker's scratch
//				on the last block: store the tile
//
// An element's sum goes over k in one order, cut at multiples of kc. kc depends on K alone, so neither the number of
// threads nor the partition changes a bit.
type product struct {
	k     *Kernels
	a     panels // of one A
	depth int    // K
	cols  int    // N
	pairs int
	kc    int // steps of k per block
	nc    int // most columns per strip, a multiple of NR
}

// Block sizes, measured on Zen 4 (1 MiB L2) over 3x3 convolutions of 32..512 channels; see docs of newProduct.
const (
	maxKC        = 512
	stripFloats  = 96 << 10 // B strip: 384 KiB
	tilesFloats  = 48 << 10 // tiles that wait for the next block of k: 192 KiB
	chunksPerCPU = 4        // chunks per thread that even out the load
)

// newProduct chooses the block sizes. A block of k is as even as possible.
func newProduct(k *Kernels, m, depth, n, pairs int) product {
	p := product{k: k, a: panels{m, k.MR}, depth: depth, cols: n, pairs: pairs}
	blocks := max(1, (depth+maxKC-1)/maxKC)
	p.kc = max(1, (depth+blocks-1)/blocks)
	p.nc = max(k.NR, min(stripFloats/p.kc/k.NR*k.NR, roundUp(n, k.NR)))
	return p
}

// blocked says whether tiles wait for more than one block of k.
func (p *product) blocked() bool { return p.depth > p.kc }

// tileFloats is the room for one tile.
func (p *product) tileFloats() int { return p.k.MR * p.k.NR }

// panelsPerChunk is the most panels of A in a chunk whose strips have nc columns.
func (p *product) panelsPerChunk(nc int) int {
	if !p.blocked() {
		return p.a.count()
	}
	return max(1, min(p.a.count(), tilesFloats/(p.tileFloats()*(nc/p.k.NR))))
}

// scratchFloats is the scratch memory of one worker.
func (p *product) scratchFloats() int {
	tiles := p.tileFloats()
	if p.blocked() {
		for nc := p.k.NR; nc <= p.nc; nc += p.k.NR {
			tiles = max(tiles, p.panelsPerChunk(nc)*(nc/p.k.NR)*p.tileFloats())
		}
	}
	return alignUp(p.kc*p.nc) + alignUp(tiles)
}

// partition is a product cut into chunks.
type partition struct {
	nc, strips     int // columns per strip, strips
	panels, blocks int // panels of A per chunk, blocks of panels
	chunks         int
}

// partition cuts the product for a number of threads: full strips where there are enough of them, else narrower
// ones, else fewer panels per chunk too.
func (p *product) partition(threads int) partition {
	var q partition
	if p.a.rows == 0 || p.cols == 0 {
		return q
	}
	want := 1
	if threads > 1 {
		want = threads * chunksPerCPU
	}
	q.nc = p.nc
	for q.nc > 2*p.k.NR && p.chunksAt(q.nc) < want {
		q.nc = max(2*p.k.NR, roundUp(q.nc/2, p.k.NR))
	}
	q.strips = (p.cols + q.nc - 1) / q.nc
	q.panels = p.panelsPerChunk(q.nc)
	for q.panels > 2 && p.pairs*q.strips*((p.a.count()+q.panels-1)/q.panels) < want {
		q.panels = (q.panels + 1) / 2
	}
	q.blocks = (p.a.count() + q.panels - 1) / q.panels
	q.chunks = p.pairs * q.strips * q.blocks
	return q
}

func (p *product) chunksAt(nc int) int {
	per := p.panelsPerChunk(nc)
	return p.pairs * ((p.cols + nc - 1) / nc) * ((p.a.count() + per - 1) / per)
}

// operands is where a product's B comes from and its tiles go.
type operands interface {
	// panelsOfA returns the packed A of a pair.
	panelsOfA(pair int) []float32

	// panelsOfB returns B[k0:k1, col:col+cols] of a pair as panels of NR columns, the first at 0 and the next ones
	// stride apart. It may pack them in scratch, which holds (k1-k0)*cols floats, cols rounded up to NR.
	panelsOfB(scratch []float32, pair int, r block) (b []float32, stride int)

	// store takes the finished tile [rows][NR] of C[row:row+rows, col:col+cols], cols <= NR; the tile is scratch.
	store(tile []float32, pair, row, rows, col, cols int)
}

// block is the part [k0, k1) x [col, col+cols) of a B.
type block struct {
	k0, k1, col, cols int
}

// runChunk makes chunk i of the partition with one worker's scratch. Neighbouring chunks share A.
func (p *product) runChunk(q partition, i int, scratch []float32, o operands) {
	strip := i % q.strips
	i /= q.strips
	first := i % q.blocks * q.panels
	c := chunk{
		product: p, operands: o,
		pair: i / q.blocks, first: first, last: min(first+q.panels, p.a.count()),
		b:     scratch[:p.kc*p.nc],
		tiles: scratch[alignUp(p.kc*p.nc):],
	}
	c.r = block{col: strip * q.nc, cols: min(q.nc, p.cols-strip*q.nc)}
	c.run()
}

// chunk is one chunk under way.
type chunk struct {
	*product
	operands
	pair        int
	first, last int // panels of A
	r           block
	b, tiles    []float32
}

func (c *chunk) run() {
	for c.r.k0 = 0; ; c.r.k0 = c.r.k1 {
		c.r.k1 = min(c.r.k0+c.kc, c.depth)
		b, stride := c.panelsOfB(c.b, c.pair, c.r)
		c.multiply(b, stride)
		if c.r.k1 == c.depth {
			return
		}
	}
}

// multiply adds the products of one block of k to all tiles of the chunk.
func (c *chunk) multiply(b []float32, stride int) {
	steps := c.r.k1 - c.r.k0
	a := c.panelsOfA(c.pair)
	size := 0 // of a tile that waits; a tile that does not is overwritten by the next
	if c.blocked() {
		size = c.tileFloats()
	}
	at := 0
	for panel := c.first; panel < c.last; panel++ {
		row, rows := c.a.at(panel)
		args := gemmArgs{
			a:    a[row*c.depth+c.r.k0*rows:][:steps*rows],
			rows: rows, k: steps, ldc: c.k.NR, accumulate: c.r.k0 > 0,
		}
		for j := 0; j < c.r.cols; j += c.k.NR {
			args.b = b[j/c.k.NR*stride:][:steps*c.k.NR]
			args.c = c.tiles[at:][:rows*c.k.NR]
			c.k.gemm[rows](args)
			if c.r.k1 == c.depth {
				c.store(args.c, c.pair, row, rows, c.r.col+j, min(c.k.NR, c.r.cols-j))
			}
			at += size
		}
	}
}

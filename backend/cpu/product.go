package cpu

// product is the loop nest shared by matrix products and convolutions: C = A * B for a number of independent Bs (the
// groups of a convolution, the matrices of a batch), each of which meets one or several As of the same size (phases
// of a transposed convolution). A is packed beforehand, B on the fly.
//
//	for each B, block of the As' panels, strip of nc columns: one chunk of a parallel region
//		for each block of kc steps of k:
//			pack B[kc x nc]                                   into the worker's scratch, about half of L2
//			for each panel, each NR columns of the strip:
//				kernel: tile += panel * columns               tile in the worker's scratch
//				on the last block: store the tile
//
// An element's sum goes over k in one order, cut at multiples of kc. kc depends on K alone, so neither the number of
// threads nor the partition changes a bit.
type product struct {
	k     *Kernels
	a     panels // of one A
	as    int    // As that meet each B
	depth int    // K
	cols  int    // N
	bs    int    // Bs
	kc    int    // steps of k per block
	nc    int    // most columns per strip, a multiple of NR
}

// Block sizes, measured on Zen 4 (1 MiB L2) over 3x3 convolutions of 32..512 channels; L2 of other processors is larger.
const (
	maxKC        = 512
	stripFloats  = 96 << 10 // B strip: 384 KiB
	tilesFloats  = 48 << 10 // tiles that wait for the next block of k: 192 KiB
	chunksPerCPU = 4        // chunks per thread that even out the load
)

// newProduct chooses the block sizes. A block of k is as even as possible.
func newProduct(k *Kernels, m, depth, n int) product {
	p := product{k: k, a: panels{m, k.MR}, as: 1, depth: depth, cols: n, bs: 1}
	blocks := max(1, (depth+maxKC-1)/maxKC)
	p.kc = max(1, (depth+blocks-1)/blocks)
	p.nc = max(k.NR, min(stripFloats/p.kc/k.NR*k.NR, roundUp(n, k.NR)))
	return p
}

// blocked says whether tiles wait for more than one block of k.
func (p *product) blocked() bool { return p.depth > p.kc }

// panels counts the panels of all As of one B.
func (p *product) panels() int { return p.as * p.a.count() }

// tileFloats is the room for one tile.
func (p *product) tileFloats() int { return p.k.MR * p.k.NR }

// panelsPerChunk is the most panels of A in a chunk whose strips have nc columns.
func (p *product) panelsPerChunk(nc int) int {
	if !p.blocked() {
		return p.panels()
	}
	return max(1, min(p.panels(), tilesFloats/(p.tileFloats()*(nc/p.k.NR))))
}

// scratchFloats is the scratch memory of one worker.
func (p *product) scratchFloats() int {
	tiles := p.tileFloats()
	if p.blocked() {
		for nc := p.k.NR; nc <= p.nc; nc += p.k.NR {
			tiles = max(tiles, p.panelsPerChunk(nc)*(nc/p.k.NR)*p.tileFloats())
		}
	}
	return alignUp(p.kc*p.nc) + alignUp(tiles) + p.k.NR // a store may begin inside a tile and read beyond its end
}

// operands is where a product's As and B come from and its tiles go.
type operands interface {
	// packedA returns the panels of A number a of the given B.
	packedA(b, a int) []float32

	// panelsOfB returns part r of a B as panels of NR columns, the first at 0 and the next ones stride apart. It may
	// pack them in scratch, which holds (k1-k0)*cols floats, cols rounded up to NR.
	panelsOfB(scratch []float32, b int, r block) (panels []float32, stride int)

	// store takes a finished tile, [rows][NR]. It may use the tile as scratch, and read NR floats beyond it.
	store(tile []float32, at spot)
}

// block is the part [k0, k1) x [col, col+cols) of a B.
type block struct {
	k0, k1, col, cols int
}

// spot is where a tile belongs: C[row:row+rows, col:col+cols] of A number a of a B; cols <= NR.
type spot struct {
	b, a                 int
	row, rows, col, cols int
}

// runChunk makes chunk i of the partition with one worker's scratch. Neighbouring chunks share panels of A.
func (p *product) runChunk(q partition, i int, scratch []float32, o operands) {
	strip := i % q.strips
	i /= q.strips
	first := i % q.blocks * q.panels
	c := chunk{
		product: p, operands: o,
		b: i / q.blocks, first: first, last: min(first+q.panels, p.panels()),
		packed: scratch[:p.kc*p.nc],
		tiles:  scratch[alignUp(p.kc*p.nc):],
	}
	c.r = block{col: strip * q.nc, cols: min(q.nc, p.cols-strip*q.nc)}
	c.run()
}

// chunk is one chunk under way.
type chunk struct {
	*product
	operands
	b             int
	first, last   int // panels
	r             block
	packed, tiles []float32
}

func (c *chunk) run() {
	for c.r.k0 = 0; ; c.r.k0 = c.r.k1 {
		c.r.k1 = min(c.r.k0+c.kc, c.depth)
		b, stride := c.panelsOfB(c.packed, c.b, c.r)
		c.multiply(b, stride)
		if c.r.k1 == c.depth {
			return
		}
	}
}

// multiply adds the products of one block of k to all tiles of the chunk.
func (c *chunk) multiply(b []float32, stride int) {
	steps := c.r.k1 - c.r.k0
	size := 0 // of a tile that waits; one that does not is overwritten by the next
	if c.blocked() {
		size = c.tileFloats()
	}
	tiles := c.tiles
	for panel := c.first; panel < c.last; panel++ {
		number := panel / c.a.count()
		row, rows := c.a.at(panel % c.a.count())
		a := c.packedA(c.b, number)
		args := gemmArgs{
			a:    a[row*c.depth+c.r.k0*rows:][:steps*rows],
			rows: rows, k: steps, ldc: c.k.NR, accumulate: c.r.k0 > 0,
		}
		for j := 0; j < c.r.cols; j += c.k.NR {
			args.b = b[j/c.k.NR*stride:][:steps*c.k.NR]
			args.c = tiles[:rows*c.k.NR]
			c.k.gemm[rows](args)
			if c.r.k1 == c.depth {
				c.store(args.c, spot{c.b, number, row, rows, c.r.col + j, min(c.k.NR, c.r.cols-j)})
			}
			tiles = tiles[size:]
		}
	}
}

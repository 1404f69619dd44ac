package cpu

import "sync/atomic"

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
	kc    int  // steps of k per block
	nc    int  // most columns per strip, a multiple of NR
	room  int  // floats that the tiles of a chunk may take together, 0 for any number
	apart bool // every block of k has a sum of its own, added to those before
}

// Block sizes. On Zen 4 (1 MiB L2), over 3x3 convolutions of 32..512 channels, maxKC from 320 to 2048 and strips of 96
// to 512 KiB make no difference beyond noise.
const (
	maxKC       = 512
	stripFloats = 48 << 10 // a strip of B: 192 KiB
	tilesFloats = 48 << 10 // tiles that wait for the next block of k: 192 KiB
)

// newProduct chooses the block sizes. A block of k is as even as possible.
func newProduct(k *Kernels, m, depth, n int) product {
	p := product{k: k, a: panels{m, k.MR}, depth: depth, cols: n, pairs: 1}
	blocks := max(1, (depth+maxKC-1)/maxKC)
	p.kc = max(1, (depth+blocks-1)/blocks)
	p.nc = max(k.NR, min(stripFloats/p.kc/k.NR*k.NR, roundUp(n, k.NR)))
	if p.blocked() {
		p.room = tilesFloats
	}
	return p
}

// inBlocks cuts the sums at multiples of kc and gives every block a sum of its own.
func (p *product) inBlocks(kc int) {
	p.kc, p.apart = min(kc, max(1, p.depth)), true
	p.nc = max(p.k.NR, min(stripFloats/p.kc/p.k.NR*p.k.NR, roundUp(p.cols, p.k.NR)))
	p.room = 0
	if p.blocked() {
		p.room = tilesFloats
	}
}

// blocked says whether tiles wait for more than one block of k.
func (p *product) blocked() bool { return p.depth > p.kc }

// tileFloats is the room for one tile.
func (p *product) tileFloats() int { return p.k.MR * p.k.NR }

// panelsPerChunk is the most panels of A in a chunk whose strips have nc columns.
func (p *product) panelsPerChunk(nc int) int {
	if p.room == 0 {
		return p.a.count()
	}
	return max(1, min(p.a.count(), p.room/(p.tileFloats()*(nc/p.k.NR))))
}

// chunkFloats is the room for all tiles of the largest chunk.
func (p *product) chunkFloats() int {
	most := 0
	for nc := p.k.NR; nc <= p.nc; nc += p.k.NR {
		most = max(most, p.panelsPerChunk(nc)*(nc/p.k.NR)*p.tileFloats())
	}
	return most
}

// scratchFloats is the scratch memory of one worker.
func (p *product) scratchFloats() int {
	tiles := p.tileFloats()
	if p.blocked() {
		tiles = p.chunkFloats()
	}
	if p.apart {
		tiles += p.tileFloats()
	}
	return alignUp(p.kc*p.nc) + alignUp(tiles+p.k.NR) // a store may begin inside a tile and read beyond its end
}

// operands is where a product's A and B come from and its tiles go.
type operands interface {
	// packedA returns the A of a pair.
	packedA(pair int) []float32

	// panelsOfB returns part r of the B of a pair as panels of NR columns, the first at 0 and the next ones stride
	// apart. It may pack them in scratch, which holds (k1-k0)*cols floats, cols rounded up to NR.
	panelsOfB(scratch []float32, pair int, r block) (b []float32, stride int)

	// place returns where a tile may be made, from its first element on, and its pitch, if nothing is to be done with
	// its sums; else nil.
	place(at spot) (dst []float32, ld int)

	// store takes a finished tile, [rows][NR]. It may use the tile as scratch, and read NR floats beyond it.
	store(tile []float32, at spot)
}

// block is the part [k0, k1) x [col, col+cols) of a B.
type block struct {
	k0, k1, col, cols int
}

// spot is where a tile belongs: C[row:row+rows, col:col+cols] of a pair; cols <= NR.
type spot struct {
	pair                 int
	row, rows, col, cols int
}

// runChunk makes one chunk of the product with a worker's scratch. It gives up between blocks of k when stop, which
// may be nil, becomes true.
func (p *product) runChunk(part chunkPart, scratch []float32, o operands, stop *atomic.Bool) {
	c := chunk{
		product: p, operands: o, part: part, stop: stop,
		packed: scratch[:p.kc*p.nc],
		tiles:  scratch[alignUp(p.kc*p.nc):],
	}
	c.run()
}

// chunk is one chunk under way.
type chunk struct {
	*product
	operands
	part          chunkPart
	stop          *atomic.Bool
	packed, tiles []float32
}

func (c *chunk) run() {
	r := block{col: c.part.col, cols: c.part.cols}
	for {
		r.k1 = min(r.k0+c.kc, c.depth)
		b, stride := c.panelsOfB(c.packed, c.part.pair, r)
		c.multiply(r, b, stride)
		if r.k1 == c.depth || (c.stop != nil && c.stop.Load()) {
			return
		}
		r.k0 = r.k1
	}
}

// multiply adds the products of one block of k to all tiles of the chunk.
func (c *chunk) multiply(r block, b []float32, stride int) {
	steps, a := r.k1-r.k0, c.packedA(c.part.pair)
	size := 0 // of a tile that waits; one that does not is overwritten by the next
	if c.blocked() {
		size = c.tileFloats()
	}
	tiles := c.tiles
	for panel := c.part.first; panel < c.part.last; panel++ {
		row, rows := c.a.at(panel)
		args := gemmArgs{
			a:    a[row*c.depth+r.k0*rows:][:steps*rows],
			rows: rows, k: steps, ldc: c.k.NR, accumulate: r.k0 > 0 && !c.apart,
		}
		for j := 0; j < r.cols; j += c.k.NR {
			args.b = b[j/c.k.NR*stride:][:steps*c.k.NR]
			at := spot{c.part.pair, row, rows, r.col + j, min(c.k.NR, r.cols-j)}
			if c.inPlace(args, at) {
				continue
			}
			args.c = tiles[:rows*c.k.NR]
			if c.apart && r.k0 > 0 {
				c.addBlock(args, at.cols)
			} else {
				c.k.gemmFor(rows, at.cols)(args)
			}
			if r.k1 == c.depth {
				c.store(args.c, at)
			}
			tiles = tiles[size:]
		}
	}
}

// inPlace makes a tile that has one block of k where it belongs, if the operands let it and it has whole vectors.
func (c *chunk) inPlace(args gemmArgs, at spot) bool {
	if c.blocked() || at.cols != c.k.NR && (c.k.gemmHalf == nil || at.cols != c.k.NR/2) {
		return false
	}
	dst, ldc := c.place(at)
	if dst == nil {
		return false
	}
	raceWriteRows(dst, at.rows, at.cols, ldc)
	args.c, args.ldc = dst[:(at.rows-1)*ldc+at.cols], ldc
	c.k.gemmFor(at.rows, at.cols)(args)
	return true
}

// gemmFor is the kernel of so many rows and at least so many columns.
func (k *Kernels) gemmFor(rows, cols int) func(gemmArgs) {
	if k.gemmHalf != nil && cols <= k.NR/2 {
		return k.gemmHalf[rows]
	}
	return k.gemm[rows]
}

// addBlock computes a tile on its own, behind those that wait, and adds it to the one that waits.
func (c *chunk) addBlock(args gemmArgs, cols int) {
	sum := args.c
	args.c = c.tiles[len(c.tiles)-c.tileFloats()-c.k.NR:][:len(sum)]
	c.k.gemmFor(args.rows, cols)(args)
	for i, v := range args.c {
		sum[i] += v
	}
}

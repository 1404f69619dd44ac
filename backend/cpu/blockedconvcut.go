package cpu

// blockedItem is the smallest piece of work that has weights of its own: one pair of output groups of one part of one
// group of the convolution.
type blockedItem struct {
	part, group int
	column      int // first output lane within the group
	groups      int // output groups: 1 or 2
}

// blockedCut is a plan cut into chunks of a parallel region: strips of lines or segments of them (see blockedLines) by runs of items. It
// depends on the geometry alone.
type blockedCut struct {
	strips int
	items  []blockedItem
	ends   []int // chunk i of a strip makes the items [ends[i-1], ends[i])

	// stripsFirst is the order of chunks: neighbours are strips of the same items, which have the weights in common, instead
	// of items of a strip, which have the input in common. Then each thread makes output groups of its own, as depthwise
	// convolutions and elementwise steps do. Not where the weights are few too: each thread then keeps to rows of its own, as
	// Winograd convolutions do.
	stripsFirst bool
}

func (c *blockedCut) chunks() int { return c.strips * len(c.ends) }

// at returns the strip and the items of a chunk.
func (c *blockedCut) at(chunk int) (strip int, items []blockedItem) {
	strip, i := chunk/len(c.ends), chunk%len(c.ends)
	if c.stripsFirst {
		strip, i = chunk%c.strips, chunk/c.strips
	}
	first := 0
	if i > 0 {
		first = c.ends[i-1]
	}
	return strip, c.items[first:c.ends[i]]
}

// Sizes of chunks, measured on Zen 4 (1 MiB L2).
const (
	stripBytes  = 384 << 10 // input of a strip, which its items read one after the other: it stays in L2
	stripPixels = 112       // ... but at least so many outputs for each time the weights come from beyond L2
	itemTime    = 400e3     // most work of an item in a strip, in nanoseconds of one core
	chunkTime   = 10e3      // least work of a chunk
	cutChunks   = 32        // chunks that even out the load of several threads
	fewWeights  = 64 << 10  // of all items: they stay near in any order of chunks
)

// What a core does in a nanosecond, measured on Zen 4.
const (
	productRate   = 100 // products and sums of a convolution whose outputs have all inputs
	depthwiseRate = 33  // ... of a depthwise one, which waits for its loads
	weightRate    = 20  // bytes of weights from beyond L2
)

// newCut cuts the plan.
func (p *BlockedConvPlan) newCut() blockedCut {
	c := blockedCut{items: p.items()}
	pixels, work := 0, 0.0
	for i := range p.parts {
		pixels = max(pixels, p.geom.N*volume(p.parts[i].grid))
	}
	for _, it := range c.items {
		work += p.itemWork(it)
	}
	if pixels == 0 || len(c.items) == 0 {
		return c
	}
	reuse := p.reuse(pixels)
	c.stripsFirst = p.depthwise || reuse <= 1 && floatSize*len(p.weights.data) > fewWeights
	c.strips = p.strips(pixels, reuse, work, len(c.items)/p.partsPerSum())
	c.group(p, work/float64(c.strips))
	return c
}

// items lists the items: those that read the same input follow each other. Parts that add up follow each other too.
func (p *BlockedConvPlan) items() (items []blockedItem) {
	columns := roundUp(p.out, p.k.Block)
	each := p.partsPerSum()
	for group := range p.groups {
		for first := 0; first < len(p.parts); first += each {
			for column := 0; column < columns; column += p.panel * p.k.Block {
				for i := first; i < first+each; i++ {
					if volume(p.parts[i].grid) > 0 {
						items = append(items, blockedItem{i, group, column, min(p.panel, (columns-column)/p.k.Block)})
					}
				}
			}
		}
	}
	return items
}

// addsUp says whether the parts add up to the same outputs.
func (p *BlockedConvPlan) addsUp() bool { return len(p.parts) > 0 && p.parts[0].unfinished }

// partsPerSum is how many parts one thread makes one after the other, since they add up to the same outputs.
func (p *BlockedConvPlan) partsPerSum() int {
	if p.addsUp() {
		return len(p.parts)
	}
	return 1
}

// itemWork is the work of an item over all pixels in nanoseconds of one core; the store counts too.
func (p *BlockedConvPlan) itemWork(it blockedItem) float64 {
	part := &p.parts[it.part]
	lanes, columns := float64(len(part.taps)*p.in), float64(it.groups*p.k.Block)
	flops, rate := 2*float64(p.geom.N*volume(part.grid))*(lanes+8)*columns, float64(productRate)
	if p.depthwise {
		rate = depthwiseRate
	}
	return flops/rate + floatSize*lanes*columns/weightRate
}

// reuse is how many strips there should be so that what the items of one read stays in the cache: 1 if all of it does.
func (p *BlockedConvPlan) reuse(pixels int) float64 {
	if p.depthwise { // items have nothing in common
		return 1
	}
	input := floatSize * float64(p.geom.N*p.geom.C/p.groups*volume(p.geom.In))
	return max(1, min(input/stripBytes, float64(pixels)/stripPixels))
}

// strips is into how many strips the outputs are cut, given what reuse says, the outputs and the work of all items.
func (p *BlockedConvPlan) strips(pixels int, reuse, work float64, items int) int {
	n := max(reuse, work/float64(items)/itemTime)
	if n*float64(items) < cutChunks {
		n = max(n, min(cutChunks/float64(items), work/float64(items)/chunkTime))
	}
	if p.addsUp() {
		pixels = p.geom.Out[bandAxis(p.geom.Out)]
	}
	return max(1, min(int(n+0.5), pixels))
}

// group joins items to chunks of at least chunkTime; work is the work of a strip.
func (c *blockedCut) group(p *BlockedConvPlan, work float64) {
	sum := 0.0
	for i, it := range c.items {
		sum += p.itemWork(it) / float64(c.strips)
		if p.parts[it.part].unfinished {
			continue
		}
		last := i == len(c.items)-1
		if last || sum >= chunkTime || it.group != c.items[i+1].group && work > 2*chunkTime && sum > chunkTime/2 {
			c.ends = append(c.ends, i+1)
			sum = 0
		}
	}
}

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
}

func (c *blockedCut) chunks() int { return c.strips * len(c.ends) }

// at returns the strip and the items of a chunk. Neighbours share the strip's input.
func (c *blockedCut) at(chunk int) (strip int, items []blockedItem) {
	strip, i := chunk/len(c.ends), chunk%len(c.ends)
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
	itemFlops   = 40e6      // most work of an item in a strip: some 400 us of one core
	chunkFlops  = 4e6       // least work of a chunk
	cutChunks   = 32        // chunks that even out the load of several threads
)

// newCut cuts the plan.
func (p *BlockedConvPlan) newCut() blockedCut {
	c := blockedCut{items: p.items()}
	pixels, flops := 0, 0.0
	for i := range p.parts {
		pixels = max(pixels, p.geom.N*volume(p.parts[i].grid))
	}
	for _, it := range c.items {
		flops += p.itemFlops(it)
	}
	if pixels == 0 || len(c.items) == 0 {
		return c
	}
	c.strips = p.strips(pixels, flops, len(c.items))
	c.group(p, flops/float64(c.strips))
	return c
}

// items lists the items: those that read the same input follow each other.
func (p *BlockedConvPlan) items() (items []blockedItem) {
	columns := roundUp(p.out, p.k.Block)
	for group := range p.groups {
		for i := range p.parts {
			if volume(p.parts[i].grid) == 0 {
				continue
			}
			for column := 0; column < columns; column += p.panel * p.k.Block {
				items = append(items, blockedItem{i, group, column, min(p.panel, (columns-column)/p.k.Block)})
			}
		}
	}
	return items
}

// itemFlops is the work of an item over all pixels; the store counts too.
func (p *BlockedConvPlan) itemFlops(it blockedItem) float64 {
	part := &p.parts[it.part]
	lanes := len(part.taps)*p.in + 8
	return 2 * float64(p.geom.N*volume(part.grid)) * float64(lanes) * float64(it.groups*p.k.Block)
}

// strips is into how many strips the outputs are cut, given the outputs and the work of all items.
func (p *BlockedConvPlan) strips(pixels int, flops float64, items int) int {
	input := 4 * float64(p.geom.N*p.geom.C/p.groups*volume(p.geom.In))
	n := min(input/stripBytes, float64(pixels)/stripPixels)
	n = max(n, flops/float64(items)/itemFlops)
	if n*float64(items) < cutChunks {
		n = max(n, min(cutChunks/float64(items), flops/float64(items)/chunkFlops))
	}
	return max(1, min(int(n+0.5), pixels))
}

// group joins items to chunks of at least chunkFlops; flops is the work of a strip.
func (c *blockedCut) group(p *BlockedConvPlan, flops float64) {
	sum := 0.0
	for i, it := range c.items {
		sum += p.itemFlops(it) / float64(c.strips)
		last := i == len(c.items)-1
		if last || sum >= chunkFlops || it.group != c.items[i+1].group && flops > 2*chunkFlops && sum > chunkFlops/2 {
			c.ends = append(c.ends, i+1)
			sum = 0
		}
	}
}

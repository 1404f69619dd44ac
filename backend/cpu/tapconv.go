package cpu

import "sync/atomic"

// TapConvPlan is a forward convolution over channel-blocked maps made tap by tap: each tap adds its products to the
// outputs for which it meets the input. Where a dilation or the kernel is of the size of the map, many taps meet only
// padding for many outputs: with a dilation of 12 on a map of 14 there are 5.4 times fewer products than a kernel makes
// for which all outputs have all taps. The weights of a tap are read once for all its outputs, and the input needs no halo.
type TapConvPlan struct{ plan *BlockedConvPlan }

// mostTaps bounds the parts of a TapConvPlan.
const mostTaps = 64

// manyChannels are enough for the products of a tap to outweigh that it loads and stores sums. On Zen 4, 7x7 on a map of
// 8x8, of which the padding is 38 % of the products, takes 29 % less time with 256 channels, the same with 128 and a tenth
// more with 64.
const manyChannels = 256

// ChooseTaps says whether a forward convolution of geometry g is made tap by tap: whether that saves half of the products
// of a dilated one, or a quarter of those of many channels, as a large kernel on a small map does.
func ChooseTaps(g ConvGeom) bool {
	if g.Group > 1 || volume(g.Kernel) > mostTaps {
		return false
	}
	products := 1
	for a := range 3 {
		sum := 0
		for tap := range g.Kernel[a] {
			first, end := g.meets(a, tap)
			sum += end - first
		}
		products *= sum
	}
	all := volume(g.Kernel) * volume(g.Out)
	return 2*products <= all && g.Dilation != [3]int{1, 1, 1} || 4*products <= 3*all && g.C >= manyChannels
}

// meets gives the outputs [first, end) along axis a that meet an input through a tap; end = first where none does.
func (g *ConvGeom) meets(a, tap int) (first, end int) {
	at := tap*g.Dilation[a] - g.PadBegin[a] // what output 0 sees
	if at < 0 {
		first = ceilDiv(-at, g.Stride[a])
	}
	if last := g.In[a] - 1 - at; last >= 0 {
		end = min(g.Out[a], last/g.Stride[a]+1)
	}
	return first, max(first, end)
}

// tapParts are the taps of a forward convolution that meet an input, as parts that add up. The first part is of all
// outputs, if need be without a tap. So is the last one where finish is true: it has no tap.
func (g *ConvGeom) tapParts(finish bool) []blockedPart {
	whole := func() blockedPart { return blockedPart{grid: g.Out, stride: g.Stride, step: [3]int{1, 1, 1}} }
	parts := []blockedPart{whole()}
	eachTap(g.Kernel, func(tap [3]int) {
		p := whole()
		p.residue, p.taps = tap, make([][3]int, 1)
		for a := range 3 {
			first, end := g.meets(a, tap[a])
			p.first[a], p.grid[a] = first, end-first
			p.taps[0][a] = first*g.Stride[a] + tap[a]*g.Dilation[a] - g.PadBegin[a]
		}
		p.setReach()
		switch {
		case volume(p.grid) == 0:
		case p.grid == g.Out && len(parts[0].taps) == 0:
			parts[0] = p
		default:
			parts = append(parts, p)
		}
	})
	if finish && len(parts) > 1 {
		parts = append(parts, whole())
	}
	for i := range parts {
		parts[i].adds, parts[i].unfinished = i > 0, i < len(parts)-1
	}
	return parts
}

// PackTapConvWeights packs w [M, C, Kernel...] for NewTapConv; only C, M and Kernel of g are read.
func PackTapConvWeights(k *Kernels, g ConvGeom, w []float32) *PackedBlockedWeights {
	p, _ := newConvPacker(k, g, w, k.Block)
	taps := map[[3]int][]int{}
	eachTap(g.Kernel, func(tap [3]int) { taps[tap] = []int{len(taps)} })
	return p.pack(taps)
}

// NewTapConv returns a plan of a forward convolution of one group on weights packed by PackTapConvWeights for k.
func NewTapConv(k *Kernels, g ConvGeom, w *PackedBlockedWeights, ep Epilogue) *TapConvPlan {
	return &TapConvPlan{newBlockedPlan(k, g, g.tapParts(ep.Act.Kind != ActNone), w, ep)}
}

// Run is [BlockedConvPlan.Run]; x needs no halo, and y may be residual too.
func (p *TapConvPlan) Run(pool *Pool, stop *atomic.Bool, x, residual, y *Map) {
	p.plan.Run(pool, stop, x, residual, y)
}

// band narrows the lines of a part that adds up to the strip-th of so many strips of the outputs, cut along the first
// axis that has more than one.
func (l *blockedLines) band(part *blockedPart, out [3]int, strip, strips int) {
	a := bandAxis(out)
	from := max(0, strip*out[a]/strips-part.first[a])
	to := max(from, min(part.grid[a], (strip+1)*out[a]/strips-part.first[a]))
	l.src, l.dst, l.residual = l.src+from*l.in[a+1], l.dst+from*l.out[a+1], l.residual+from*l.res[a+1]
	l.extent[a+1] = to - from
	l.setAxis()
}

// bandAxis is the axis along which outputs are cut into strips where parts add up.
func bandAxis(out [3]int) int {
	for a := range 2 {
		if out[a] > 1 {
			return a
		}
	}
	return 2
}

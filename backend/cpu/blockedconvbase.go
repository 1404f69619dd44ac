package cpu

import (
	"fmt"
	"sync/atomic"
)

// blockedShape is how the channels of a convolution lie in lanes.
type blockedShape struct {
	groups    int // of the convolution, each with its own channels
	in, out   int // channels of a group of the convolution
	inBlock   int // channels per group of the input map: Block, or 1 if it is planar
	panel     int // output groups per panel of weights
	depthwise bool
}

// shape is a blockedShape for an input with inBlock channels per group. A depthwise convolution is one group whose
// outputs have one input each.
func (k *Kernels) shape(g ConvGeom, inBlock int) blockedShape {
	if g.lanewise() {
		return blockedShape{groups: 1, in: 1, out: g.M, inBlock: inBlock, panel: 1, depthwise: true}
	}
	return blockedShape{groups: g.Group, in: g.channelsIn(), out: g.channelsOut(), inBlock: inBlock, panel: tileGroups}
}

// blockedBase is what plans with a blocked input share.
type blockedBase struct {
	blockedShape
	k     *Kernels
	geom  ConvGeom
	parts []blockedPart
	halo  Halo
	steps atomic.Pointer[blockedSteps]
}

// setUp sets the fields of a new plan.
func (p *blockedBase) setUp(k *Kernels, g ConvGeom, parts []blockedPart, inBlock int) {
	p.blockedShape, p.k, p.geom, p.parts, p.halo = k.shape(g, inBlock), k, g, parts, haloOf(parts, g.In)
}

// checkPacked panics where the weights of a part, which packed has by residue, are missing.
func (p *blockedBase) checkPacked(packed map[[3]int]int) {
	for _, part := range p.parts {
		if _, ok := packed[part.residue]; !ok && len(part.taps) > 0 {
			panic("BUG: weights packed for other strides, dilations or single inputs")
		}
	}
}

// Halo is the halo of zeros that the input of Run must have at least.
func (p *blockedBase) Halo() Halo { return p.halo }

// checkInput panics where x is not what the geometry says: the kernels trust it.
func (p *blockedBase) checkInput(x *Map) {
	x.check("x", p.inBlock, p.geom.N, p.geom.C, p.geom.In)
	for a := range 3 {
		if x.Halo.Before[a] < p.halo.Before[a] || x.Halo.After[a] < p.halo.After[a] {
			panic(fmt.Sprintf("BUG: x has the halo %v, want %v", x.Halo, p.halo))
		}
	}
}

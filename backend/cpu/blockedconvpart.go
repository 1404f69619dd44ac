package cpu

// blockedPart is one convolution with the blocked micro-kernel: a grid of outputs that all have the same taps. A forward
// convolution is one part; each phase of a transposed convolution is one (see axisPhase). The parts of a convolution made
// tap by tap (see TapConvPlan) add up; all others have outputs of their own.
type blockedPart struct {
	residue     [3]int   // of the phase, which names the packed weights; zeros in a forward convolution
	taps        [][3]int // input position that output 0 of the grid sees through each tap, in the order of the weights
	low, high   [3]int   // the smallest and the largest coordinates of taps
	grid        [3]int   // number of outputs
	stride      [3]int   // input pixels from output to output
	first, step [3]int   // where output 0 is stored and how far apart outputs are
	adds        bool     // to what the parts before it stored
	unfinished  bool     // a later part adds to what it stores
}

// setReach sets low and high from taps.
func (p *blockedPart) setReach() {
	for i, tap := range p.taps {
		for a, at := range tap {
			if i == 0 {
				p.low[a], p.high[a] = at, at
			}
			p.low[a], p.high[a] = min(p.low[a], at), max(p.high[a], at)
		}
	}
}

// addHalo enlarges h to what the part reads around an input of the given size.
func (p *blockedPart) addHalo(h Halo, size [3]int) Halo {
	if len(p.taps) == 0 || volume(p.grid) == 0 {
		return h
	}
	for a := range 3 {
		h.Before[a] = max(h.Before[a], -p.low[a])
		h.After[a] = max(h.After[a], (p.grid[a]-1)*p.stride[a]+p.high[a]-(size[a]-1))
	}
	return h
}

func haloOf(parts []blockedPart, size [3]int) Halo {
	var h Halo
	for i := range parts {
		h = parts[i].addHalo(h, size)
	}
	return h
}

// convParts is the single part of a forward convolution.
func (g *ConvGeom) convParts() []blockedPart {
	p := blockedPart{grid: g.Out, stride: g.Stride, step: [3]int{1, 1, 1}}
	eachTap(g.Kernel, func(at [3]int) {
		for a := range at {
			at[a] = at[a]*g.Dilation[a] - g.PadBegin[a]
		}
		p.taps = append(p.taps, at)
	})
	p.setReach()
	return []blockedPart{p}
}

// spread returns the geometry with the strides that tell phases apart. Along an axis with a single input, an output
// receives one tap at most, and any stride describes the same: the kernel's extent makes each tap a phase of its own,
// so that a 1x1 input is a plain product without zeros.
func (g ConvGeom) spread() ConvGeom {
	for a := range 3 {
		if g.In[a] == 1 {
			g.Stride[a] = (g.Kernel[a]-1)*g.Dilation[a] + 1
		}
	}
	return g
}

// transposeParts are the phases of a transposed convolution.
func (g ConvGeom) transposeParts() []blockedPart {
	g = g.spread()
	var parts []blockedPart
	axes := [3][]axisPhase{g.axisPhases(0), g.axisPhases(1), g.axisPhases(2)}
	eachTap([3]int{len(axes[0]), len(axes[1]), len(axes[2])}, func(at [3]int) {
		parts = append(parts, g.phasePart(axes[0][at[0]], axes[1][at[1]], axes[2][at[2]]))
	})
	return parts
}

// phasePart is the part of one phase.
func (g *ConvGeom) phasePart(z, y, x axisPhase) blockedPart {
	p := blockedPart{
		residue: [3]int{z.residue, y.residue, x.residue},
		grid:    [3]int{z.count, y.count, x.count},
		stride:  [3]int{1, 1, 1},
		first:   [3]int{z.first, y.first, x.first},
		step:    g.Stride,
	}
	eachTap([3]int{len(z.offsets), len(y.offsets), len(x.offsets)}, func(at [3]int) {
		p.taps = append(p.taps, [3]int{z.offsets[at[0]], y.offsets[at[1]], x.offsets[at[2]]})
	})
	p.setReach()
	return p
}

// BlockedConvHalo is the halo of zeros that a blocked convolution needs around its input.
func BlockedConvHalo(g ConvGeom) Halo { return haloOf(g.convParts(), g.In) }

// BlockedConvTransposeHalo is the halo of zeros that a blocked transposed convolution needs around its input.
func BlockedConvTransposeHalo(g ConvGeom) Halo { return haloOf(g.transposeParts(), g.In) }

// FitsBlocked says whether the blocked kernels of k can make a convolution of geometry g: one group of any channels,
// groups that fill whole vectors, or one channel per group.
func (k *Kernels) FitsBlocked(g ConvGeom) bool {
	return g.Group == 1 || g.lanewise() || g.channelsIn()%k.Block == 0 && g.channelsOut()%k.Block == 0
}

// maxPhases bounds what a plan remembers of phases. A kernel of 64x64 with stride 32 has 1024.
const maxPhases = 4096

// FitsBlockedTranspose is FitsBlocked for a transposed convolution: it must not have too many phases either.
func (k *Kernels) FitsBlockedTranspose(g ConvGeom) bool {
	return fewPhases(g) && k.FitsBlocked(g)
}

// fewPhases says whether a transposed convolution has at most maxPhases.
func fewPhases(g ConvGeom) bool {
	phases, spread := 1, g.spread()
	for a := range 3 {
		phases *= min(maxPhases+1, spread.Stride[a], max(1, g.Out[a]))
	}
	return phases <= maxPhases
}

// lanewise says whether each output channel reads the input channel of its own number only.
func (g *ConvGeom) lanewise() bool { return g.Group > 1 && g.Group == g.C && g.Group == g.M }

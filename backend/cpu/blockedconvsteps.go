package cpu

// blockedSteps are the offsets of all parts' steps for an input map with certain pitches.
type blockedSteps struct {
	group, plane, row int
	offsets           [][]int // by part: bytes from the input at low, one per input group and tap, or row of taps
}

// stepsFor returns the offsets for x, remembering the last ones.
func (p *blockedBase) stepsFor(x *Map) *blockedSteps {
	if s := p.steps.Load(); s != nil && s.group == x.Group && s.plane == x.Plane && s.row == x.Row {
		return s
	}
	s := &blockedSteps{group: x.Group, plane: x.Plane, row: x.Row}
	groups := ceilDiv(p.in, p.inBlock)
	for i := range p.parts {
		part := &p.parts[i]
		offsets := make([]int, 0, groups*len(part.taps))
		for g := range groups {
			for i := 0; i < len(part.taps); i += p.tapsPerStep() {
				tap := part.taps[i]
				z, y, c := tap[0]-part.low[0], tap[1]-part.low[1], tap[2]-part.low[2]
				offsets = append(offsets, 4*(g*x.Group+z*x.Plane+y*x.Row+c*x.Block))
			}
		}
		s.offsets = append(s.offsets, offsets)
	}
	p.steps.Store(s)
	return s
}

// tapsPerStep is how many taps a step makes. In a planar input, the taps of a row of the kernel see consecutive floats,
// like the channels of a blocked one, unless the kernel is dilated.
func (p *blockedBase) tapsPerStep() int {
	if p.inBlock == 1 && p.geom.Dilation[2] == 1 && !p.depthwise {
		return p.geom.Kernel[2]
	}
	return 1
}

// stepLanes tells how many of n steps have a whole vector of lanes, and how many lanes - rows of weights - each of the
// others has.
func (p *blockedBase) stepLanes(n int) (full, tailLanes int) {
	switch {
	case p.depthwise:
		return n, 0
	case p.inBlock == 1:
		return 0, p.tapsPerStep()
	}
	groups := ceilDiv(p.in, p.inBlock)
	return n / groups * (p.in / p.inBlock), p.in % p.inBlock
}

package cpu

// blockedSteps are the offsets of all parts' steps for an input map with certain pitches.
type blockedSteps struct {
	group, plane, row int
	offsets           [][]int // by part: bytes from the input at low, one per input group and tap
}

// stepsFor returns the offsets for x, remembering the last ones.
func (p *BlockedConvPlan) stepsFor(x *Map) *blockedSteps {
	if s := p.steps.Load(); s != nil && s.group == x.Group && s.plane == x.Plane && s.row == x.Row {
		return s
	}
	s := &blockedSteps{group: x.Group, plane: x.Plane, row: x.Row}
	groups := ceilDiv(p.geom.channelsIn(), x.Block)
	for i := range p.parts {
		part := &p.parts[i]
		offsets := make([]int, 0, groups*len(part.taps))
		for g := range groups {
			for _, tap := range part.taps {
				z, y, c := tap[0]-part.low[0], tap[1]-part.low[1], tap[2]-part.low[2]
				offsets = append(offsets, 4*(g*x.Group+z*x.Plane+y*x.Row+c*x.Block))
			}
		}
		s.offsets = append(s.offsets, offsets)
	}
	p.steps.Store(s)
	return s
}

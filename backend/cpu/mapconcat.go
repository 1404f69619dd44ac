package cpu

import (
	"sync/atomic"
	"unsafe"
)

// MapConcat puts maps side by side along their channels.
type MapConcat struct {
	k      *Kernels
	groups []laneGroup // of the result
}

// NewMapConcat plans the concatenation of maps of so many channels.
func NewMapConcat(k *Kernels, channels []int) *MapConcat {
	p := &MapConcat{k: k}
	lane := 0 // of the result
	for source, count := range channels {
		for c := range count {
			if lane%k.Block == 0 {
				p.groups = append(p.groups, laneGroup{})
			}
			g := &p.groups[len(p.groups)-1]
			g.add(k.Block, laneTerm{source: source, group: c / k.Block}, lane%k.Block, c%k.Block)
			lane++
		}
	}
	for i := range p.groups {
		p.groups[i].whole = p.groups[i].isWhole()
	}
	return p
}

// isWhole reports whether the lanes of the only term stay where they are: the padding lanes of the last group are
// zeros in source and result.
func (g *laneGroup) isWhole() bool {
	for lane, from := range g.index {
		if from >= 0 && int(from) != lane {
			return false
		}
	}
	return len(g.terms) == 1
}

// Run writes the concatenation of src to dst. Groups of sources that lie in dst already stay. Halos may differ.
func (p *MapConcat) Run(pool *Pool, stop *atomic.Bool, dst *Map, src []Map) {
	dst.stretches(2).run(pool, stop, func(w *mapScratch, s mapStrip) {
		group, dst := &p.groups[s.g], dst.columns(s)
		if group.whole {
			t := group.terms[0]
			from := src[t.source].columns(s)
			copyRows(&dst, &from, s, t.group)
			return
		}
		w.rows = grown(w.rows, len(group.terms))
		for row := s.first; row < s.last; row++ {
			for i, t := range group.terms {
				w.rows[i] = pointer(src[t.source].pixels(s.n, t.group, row)[s.left*dst.Block:])
			}
			to := dst.pixels(s.n, s.g, row)
			raceWrite(to)
			w.permute = mapPermuteArgs{
				dst: pointer(to), src: &w.rows[0], index: &group.index[0], terms: len(group.terms), pixels: dst.Size[2],
				dstStep: floatSize * dst.Block, srcStep: floatSize * dst.Block,
			}
			p.k.maps.permute(&w.permute)
		}
	})
}

// floatSize is the number of bytes of a float32.
const floatSize = 4

// copyRows copies a strip from a group of a source, unless it lies where it belongs.
func copyRows(dst, src *Map, s mapStrip, group int) {
	for row := s.first; row < s.last; row++ {
		to, from := dst.pixels(s.n, s.g, row), src.pixels(s.n, group, row)
		if unsafe.SliceData(to) == unsafe.SliceData(from) {
			return
		}
		copy(to, from)
	}
}

package cpu

import "sync/atomic"

// MapPad makes maps whose pixels are pixels of another map or a constant: padding and cropping of spatial axes.
type MapPad struct {
	deep, high []int32 // the source of each plane and row, -1: the constant
	wide       []padRun
	value      float32
}

// padRun is neighbouring pixels of a row that come from neighbouring pixels, or from the constant (from is -1).
type padRun struct{ at, from, n int }

// NewMapPad plans the result whose pixel (z, y, x) is pixel (deep[z], high[y], wide[x]) of the source, or value where
// one of them is -1. With a value other than 0 padding lanes get it too.
func NewMapPad(axes [3][]int32, value float32) *MapPad {
	p := &MapPad{deep: axes[0], high: axes[1], value: value}
	for at, source := range axes[2] {
		from := int(source)
		if n := len(p.wide); n > 0 {
			last := &p.wide[n-1]
			if from < 0 && last.from < 0 || from >= 0 && last.from >= 0 && from == last.from+last.n {
				last.n++
				continue
			}
		}
		p.wide = append(p.wide, padRun{at, from, 1})
	}
	return p
}

// Run computes y.
func (p *MapPad) Run(pool *Pool, stop *atomic.Bool, x, y *Map) {
	y.strips(2).run(pool, stop, func(_ *mapScratch, s mapStrip) {
		for row := s.first; row < s.last; row++ {
			dst := y.pixels(s.n, s.g, row)
			deep, high := p.deep[row/y.Size[1]], p.high[row%y.Size[1]]
			if deep < 0 || high < 0 {
				p.fill(dst)
				continue
			}
			src := x.pixels(s.n, s.g, int(deep)*x.Size[1]+int(high))
			for _, r := range p.wide {
				to := dst[r.at*y.Block:][:r.n*y.Block]
				if r.from < 0 {
					p.fill(to)
				} else {
					copy(to, src[r.from*y.Block:])
				}
			}
		}
	})
}

// RunAround computes the pixels of y that lie around those of the source, which y holds already, the first one at
// begin.
func (p *MapPad) RunAround(pool *Pool, stop *atomic.Bool, begin [3]int, y *Map) {
	y.strips(2).run(pool, stop, func(_ *mapScratch, s mapStrip) {
		for row := s.first; row < s.last; row++ {
			z, line := row/y.Size[1], row%y.Size[1]
			deep, high := p.deep[z], p.high[line]
			dst := y.pixels(s.n, s.g, row)
			if deep < 0 || high < 0 {
				p.fill(dst)
				continue
			}
			from := (int(deep)+begin[0])*y.Size[1] + int(high) + begin[1]
			src := y.pixels(s.n, s.g, from)[begin[2]*y.Block:]
			for _, r := range p.wide {
				to := dst[r.at*y.Block:][:r.n*y.Block]
				switch {
				case r.from < 0:
					p.fill(to)
				case row != from || r.at != r.from+begin[2]:
					copy(to, src[r.from*y.Block:])
				}
			}
		}
	})
}

func (p *MapPad) fill(x []float32) {
	for i := range x {
		x[i] = p.value
	}
}

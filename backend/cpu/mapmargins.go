package cpu

import "sync"

// marginFloats is the least margins for which another thread is asked to help: some 3 us.
const marginFloats = 16 << 10

// marginRun is a call of ZeroMargins that several threads take part in.
type marginRun struct {
	m           Map
	halo, lanes bool
	chunks      int
	body        func(i int)
}

// marginRuns are those at rest, so that a call in the steady state allocates nothing.
var marginRuns = sync.Pool{New: func() any {
	r := &marginRun{}
	r.body = r.chunk
	return r
}}

// chunk makes one chunk: neighbouring groups.
func (r *marginRun) chunk(i int) {
	groups := r.m.N * r.m.Groups()
	r.m.zeroMargins(i*groups/r.chunks, (i+1)*groups/r.chunks, r.halo, r.lanes)
}

// ZeroMargins makes the halo zero, the padding lanes of the last group, or both.
func (m *Map) ZeroMargins(pool *Pool, halo, lanes bool) {
	groups := m.N * m.Groups()
	chunks := min(groups, groups*(m.Group-volume(m.Size)*m.Block)/marginFloats)
	if chunks < 2 || pool.Threads() == 1 {
		m.zeroMargins(0, groups, halo, lanes)
		return
	}
	r := marginRuns.Get().(*marginRun)
	r.m, r.halo, r.lanes, r.chunks = *m, halo, lanes, chunks
	pool.Run(chunks, r.body)
	r.m.Data = nil
	marginRuns.Put(r)
}

// zeroMargins is ZeroMargins of the groups [first, last) of all images.
func (m *Map) zeroMargins(first, last int, halo, lanes bool) {
	for i := first; i < last; i++ {
		n, g := i/m.Groups(), i%m.Groups()
		if halo {
			m.zeroHalo(m.Data[n*m.Image+g*m.Group:][:m.Group])
		}
		if lanes && g == m.Groups()-1 && m.C%m.Block != 0 {
			m.zeroLanes(n)
		}
	}
}

// zeroHalo clears what lies around the pixels of one group.
func (m *Map) zeroHalo(group []float32) {
	clear(group[:m.Halo.Before[0]*m.Plane])
	clear(group[(m.Halo.Before[0]+m.Size[0])*m.Plane:])
	for z := range m.Size[0] {
		plane := group[(m.Halo.Before[0]+z)*m.Plane:][:m.Plane]
		clear(plane[:m.Halo.Before[1]*m.Row])
		clear(plane[(m.Halo.Before[1]+m.Size[1])*m.Row:])
		left, right := m.Halo.Before[2]*m.Block, (m.Halo.Before[2]+m.Size[2])*m.Block
		for y := range m.Size[1] {
			row := plane[(m.Halo.Before[1]+y)*m.Row:][:m.Row]
			clear(row[:left])
			clear(row[right:])
		}
	}
}

// zeroLanes clears the channels beyond C of one image.
func (m *Map) zeroLanes(n int) {
	used := m.C % m.Block
	for z := range m.Size[0] {
		for y := range m.Size[1] {
			row := m.Data[m.At(n, m.Groups()-1, z, y, 0):][:m.Size[2]*m.Block]
			for ; len(row) > 0; row = row[m.Block:] {
				clear(row[used:m.Block])
			}
		}
	}
}

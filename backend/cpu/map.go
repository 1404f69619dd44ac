package cpu

// Halo is how many pixels of zeros lie around a map, along depth, height and width.
type Halo struct{ Before, After [3]int }

// Max is the smallest halo that holds both.
func (h Halo) Max(o Halo) Halo {
	for i := range 3 {
		h.Before[i] = max(h.Before[i], o.Before[i])
		h.After[i] = max(h.After[i], o.After[i])
	}
	return h
}

// Add is the halo around a map that lies amid the halo o.
func (h Halo) Add(o Halo) Halo {
	for i := range 3 {
		h.Before[i] += o.Before[i]
		h.After[i] += o.After[i]
	}
	return h
}

// Sub is the halo o such that o.Add(p) is h, which is at least p.
func (h Halo) Sub(p Halo) Halo {
	for i := range 3 {
		h.Before[i] -= p.Before[i]
		h.After[i] -= p.After[i]
	}
	return h
}

// Map is a channel-blocked feature map as kernels see it: addresses and pitches. The element of channel c at pixel
// (z, y, x) of image n is
//
//	Data[Origin + n·Image + c/Block·Group + z·Plane + y·Row + x·Block + c%Block]
//
// A 2-D map has one plane, a 1-D map one row of one plane. Around the pixels lie Halo pixels of zeros; coordinates
// there are negative or beyond the size. Channels beyond C in the last group - padding lanes - are zeros too.
// Whoever writes a map may leave anything in halo and padding lanes, and then calls ZeroMargins.
type Map struct {
	Data  []float32
	N, C  int
	Size  [3]int // depth, height, width in pixels
	Halo  Halo
	Block int // channels per group: lanes of one vector

	Origin                   int // of pixel (0, 0, 0) of channel 0 of image 0
	Image, Group, Plane, Row int // pitches in floats
}

// NewMap describes a map of n images of c channels that lies in data, from its start, without gaps.
// len(data) must be MapFloats of the same arguments.
func NewMap(data []float32, block, n, c int, size [3]int, halo Halo) Map {
	m := MapLike(block, n, c, size, halo)
	m.Data = data
	if len(data) != n*m.Image {
		panic("BUG: the memory of a map has another size")
	}
	return m
}

// MapLike describes a map without its memory.
func MapLike(block, n, c int, size [3]int, halo Halo) Map {
	m := Map{N: n, C: c, Size: size, Halo: halo, Block: block}
	var full [3]int
	for i := range 3 {
		full[i] = halo.Before[i] + size[i] + halo.After[i]
	}
	m.Row = full[2] * block
	m.Plane = full[1] * m.Row
	m.Group = full[0] * m.Plane
	m.Image = m.Groups() * m.Group
	m.Origin = halo.Before[0]*m.Plane + halo.Before[1]*m.Row + halo.Before[2]*block
	return m
}

// MapFloats is the number of floats of a map, margins included.
func MapFloats(block, n, c int, size [3]int, halo Halo) int {
	floats := n * ceilDiv(c, block) * block
	for i := range 3 {
		floats *= halo.Before[i] + size[i] + halo.After[i]
	}
	return floats
}

// Window describes the pixels from begin on, size of them, of the same memory: a map without a halo of its own.
func (m *Map) Window(begin, size [3]int) Map {
	w := *m
	w.Origin = m.At(0, 0, begin[0], begin[1], begin[2])
	w.Size, w.Halo = size, Halo{}
	return w
}

// Groups is the number of channel groups of one image.
func (m *Map) Groups() int { return ceilDiv(m.C, m.Block) }

// At is the index of lane 0 of a pixel of a group of an image. The pixel may lie in the halo.
func (m *Map) At(n, group, z, y, x int) int {
	return m.Origin + n*m.Image + group*m.Group + z*m.Plane + y*m.Row + x*m.Block
}

// SameLayout reports whether o's elements lie at the same indices as m's.
func (m *Map) SameLayout(o *Map) bool {
	return m.N == o.N && m.C == o.C && m.Size == o.Size && m.Halo == o.Halo && m.Block == o.Block &&
		m.Image == o.Image && m.Group == o.Group
}

// FromPlanar copies a planar [N, C, size...] array into the map, margins included.
func (m *Map) FromPlanar(pool *Pool, src []float32) {
	pixels := volume(m.Size)
	pool.Run(m.N*m.Groups(), func(i int) {
		n, g := i/m.Groups(), i%m.Groups()
		m.zeroHalo(m.Data[n*m.Image+g*m.Group:][:m.Group])
		channels := min(m.Block, m.C-g*m.Block)
		from := src[(n*m.C+g*m.Block)*pixels:][:channels*pixels]
		m.eachRow(n, g, func(row []float32, pixel int) { interleave(row, from[pixel:], pixels, channels, m.Block) })
	})
}

// ToPlanar copies the map into a planar [N, C, size...] array.
func (m *Map) ToPlanar(pool *Pool, dst []float32) {
	pixels := volume(m.Size)
	pool.Run(m.N*m.Groups(), func(i int) {
		n, g := i/m.Groups(), i%m.Groups()
		channels := min(m.Block, m.C-g*m.Block)
		to := dst[(n*m.C+g*m.Block)*pixels:][:channels*pixels]
		m.eachRow(n, g, func(row []float32, pixel int) { deinterleave(to[pixel:], row, pixels, channels, m.Block) })
	})
}

// eachRow calls f with the pixels of every row of a group and the row's first pixel number.
func (m *Map) eachRow(n, group int, f func(row []float32, pixel int)) {
	for z := range m.Size[0] {
		for y := range m.Size[1] {
			f(m.Data[m.At(n, group, z, y, 0):][:m.Size[2]*m.Block], (z*m.Size[1]+y)*m.Size[2])
		}
	}
}

// interleave writes a row of pixels of block lanes from planes that lie pitch floats apart; lanes beyond the planes
// become zero.
func interleave(row, planes []float32, pitch, channels, block int) {
	width := len(row) / block
	for c := range block {
		if c >= channels {
			for x := range width {
				row[x*block+c] = 0
			}
			continue
		}
		plane := planes[c*pitch:][:width]
		for x, v := range plane {
			row[x*block+c] = v
		}
	}
}

// deinterleave is the reverse of interleave.
func deinterleave(planes, row []float32, pitch, channels, block int) {
	width := len(row) / block
	for c := range channels {
		plane := planes[c*pitch:][:width]
		for x := range plane {
			plane[x] = row[x*block+c]
		}
	}
}

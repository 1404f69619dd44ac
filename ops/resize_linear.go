package ops

// interpolator computes modes linear and cubic for one element type.
type interpolator struct {
	plain     func(o *resizeOp, c *Call, p []axisPlan, x, y *Tensor) error
	antialias func(o *resizeOp, c *Call, p []axisPlan, x, y *Tensor) error
}

// Integers of up to 32 bits are weighted with floats, as onnxruntime does.
var interpolators = map[DType]interpolator{
	Float32: {resizeFloats[float32], antialiasFloats[float32]},
	Float64: {resizeFloats[float64], antialiasFloats[float64]},
	Int8:    {resizeBytes[int8], antialiasBytes[int8]},
	Uint8:   {resizeBytes[uint8], antialiasBytes[uint8]},
	Int16:   {resizeIntegers[int16, float32], antialiasIntegers[int16, float32]},
	Uint16:  {resizeIntegers[uint16, float32], antialiasIntegers[uint16, float32]},
	Int32:   {resizeIntegers[int32, float32], antialiasIntegers[int32, float32]},
	Uint32:  {resizeIntegers[uint32, float32], antialiasIntegers[uint32, float32]},
	Int64:   {resizeIntegers[int64, float64], antialiasIntegers[int64, float64]},
	Uint64:  {resizeIntegers[uint64, float64], antialiasIntegers[uint64, float64]},
}

// maxRowTaps bounds the rows of X that one row of Y may be made of when all axes
// are interpolated at once: three axes outside the rows, in mode cubic.
const maxRowTaps = 64

// maxCachedRow bounds the rows, in elements, that every thread keeps some of.
const maxCachedRow = 1 << 20

// rowPlan is how Y is made row by row. A row runs along the innermost resized
// axis; where that has many elements inside it, the row is one block of those and
// only the axes outside it are interpolated.
type rowPlan[F Float] struct {
	outer   Shape           // the axes of Y outside the rows
	tables  []*axisTable[F] // of outer; nil: the axis is whole
	strides []int           // of outer, in elements of X
	along   *axisTable[F]   // along the row; nil: rows of X are taken as they are
	in, out int             // elements along the row, in blocks
	block   int             // elements inside the row's axis
	taps    int             // rows of X that make a row of Y
}

// wideBlock is the number of elements inside the innermost resized axis from
// which on the loops over a block are long enough to be rows themselves.
const wideBlock = 32

// newRowPlan makes the tables.
func newRowPlan[F Float](c *Call, o *resizeOp, p []axisPlan) (*rowPlan[F], error) {
	var err error
	last := len(p) - 1
	r := &rowPlan[F]{block: 1, in: 1, out: 1, taps: 1}
	for ; !p[last].resized(); last-- {
		r.block *= p[last].in
	}
	stride := r.block
	if r.block < wideBlock {
		if r.along, err = interpolationTable[F](c, o, &p[last]); err != nil {
			return nil, err
		}
		r.in, r.out = p[last].in, p[last].out
		stride *= r.in
		last--
	}
	n := last + 1
	r.outer, r.tables, r.strides = make(Shape, n), make([]*axisTable[F], n), make([]int, n)
	for k := last; k >= 0; k-- {
		r.outer[k], r.strides[k] = p[k].out, stride
		if p[k].resized() {
			if r.tables[k], err = interpolationTable[F](c, o, &p[k]); err != nil {
				return nil, err
			}
			r.taps = min(r.taps*r.tables[k].taps, maxRowTaps+1)
		}
		stride *= p[k].in
	}
	return r, nil
}

// rowTap is one row of X that a row of Y is made of.
type rowTap[F Float] struct {
	from   int // its first element
	slot   int // tells the taps of neighbouring rows of Y apart
	weight F
	axes   []F // the weight along each interpolated axis, the innermost first
}

// tapSpace is the memory of rowTaps, so that a row of Y allocates nothing.
type tapSpace[F Float] struct {
	lists [2][]rowTap[F]
	axes  []F // what the taps' axes are slices of
}

// rowTaps lists the rows of X for the row of Y at index, the outermost axis
// varying slowest. outside: the row takes extrapolation_value. The list lies in
// space, until the next call.
func (r *rowPlan[F]) rowTaps(space *tapSpace[F], index []int) (taps []rowTap[F], outside bool) {
	space.axes = space.axes[:0]
	list, wide := append(space.lists[0][:0], rowTap[F]{weight: 1}), space.lists[1]
	defer func() { space.lists = [2][]rowTap[F]{list, wide} }()
	for k, i := range index {
		t := r.tables[k]
		if t == nil {
			for j := range list {
				list[j].from += i * r.strides[k]
			}
			continue
		}
		if t.outside != nil && t.outside[i] {
			return list, true
		}
		wide = wide[:0]
		for _, tap := range list {
			for j, at := range t.index[i*t.taps:][:t.taps] {
				w, first := t.weight[i*t.taps+j], len(space.axes)
				space.axes = append(append(space.axes, w), tap.axes...)
				wide = append(wide, rowTap[F]{
					from: tap.from + int(at)*r.strides[k], slot: tap.slot*t.taps + int(at)%t.taps,
					weight: tap.weight * w, axes: space.axes[first:len(space.axes):len(space.axes)],
				})
			}
		}
		list, wide = wide, list
	}
	return list, false
}

// resizeFloats computes Y row by row. A row of X is interpolated along itself once
// and kept for the rows of Y that follow.
func resizeFloats[T Float](o *resizeOp, c *Call, p []axisPlan, x, y *Tensor) error {
	r, err := newRowPlan[T](c, o, p)
	if err != nil {
		return err
	}
	row := r.out * r.block
	if r.taps > maxRowTaps || r.along != nil && r.taps > 1 && row > maxCachedRow {
		return resizeAxes[T](o, c, p, x, y)
	}
	xs, ys, extra := Data[T](x), Data[T](y), T(o.extra)
	c.Parallel(r.outer.Elements(), row*(r.taps+1)/2+20, func(lo, hi int) {
		cache := newRowCache(r, xs)
		walk := newOdometer(lo, r.outer)
		var space tapSpace[T]
		for i := lo; i < hi; i++ {
			dst := ys[i*row : (i+1)*row]
			taps, outside := r.rowTaps(&space, walk.index)
			if outside {
				fill(dst, extra)
			} else {
				cache.blend(dst, taps)
				if r.along != nil {
					fillOutside(dst, r.along.outside, r.block, extra)
				}
			}
			walk.next()
		}
	})
	return nil
}

// fillOutside puts extrapolation_value where the row's own axis wants it.
func fillOutside[T any](dst []T, outside []bool, block int, extra T) {
	for i, out := range outside {
		if out {
			fill(dst[i*block:(i+1)*block], extra)
		}
	}
}

// rowCache holds rows of X that were interpolated along themselves, one for each
// slot that a tap can have.
type rowCache[F Float] struct {
	plan *rowPlan[F]
	x    []F
	from []int // which row of X a slot holds; -1: none
	rows [][]F
}

func newRowCache[F Float](r *rowPlan[F], x []F) *rowCache[F] {
	c := &rowCache[F]{plan: r, x: x, from: make([]int, r.taps), rows: make([][]F, r.taps)}
	fill(c.from, -1)
	return c
}

// row is a row of X, interpolated along itself.
func (c *rowCache[F]) row(t rowTap[F]) []F {
	r := c.plan
	src := c.x[t.from : t.from+r.in*r.block]
	if r.along == nil {
		return src
	}
	if c.from[t.slot] != t.from {
		if c.rows[t.slot] == nil {
			c.rows[t.slot] = make([]F, r.out*r.block)
		}
		interpolateRow(c.rows[t.slot], src, r.along, r.block)
		c.from[t.slot] = t.from
	}
	return c.rows[t.slot]
}

// blend computes one row of Y: the weighted sum of rows of X.
func (c *rowCache[F]) blend(dst []F, taps []rowTap[F]) {
	switch len(taps) {
	case 1: // no axis outside the row is interpolated
		interpolateRow(dst, c.x[taps[0].from:][:c.plan.in*c.plan.block], c.plan.along, c.plan.block)
		return
	case 2:
		a, b := c.row(taps[0])[:len(dst)], c.row(taps[1])[:len(dst)]
		u, v := taps[0].weight, taps[1].weight
		for i := range dst {
			dst[i] = u*a[i] + v*b[i]
		}
		return
	case 4:
		a0, a1, a2, a3 := c.row(taps[0])[:len(dst)], c.row(taps[1])[:len(dst)], c.row(taps[2])[:len(dst)], c.row(taps[3])[:len(dst)]
		w0, w1, w2, w3 := taps[0].weight, taps[1].weight, taps[2].weight, taps[3].weight
		for i := range dst {
			dst[i] = w0*a0[i] + w1*a1[i] + w2*a2[i] + w3*a3[i]
		}
		return
	}
	clear(dst)
	for _, t := range taps {
		a, w := c.row(t)[:len(dst)], t.weight
		for i := range dst {
			dst[i] += w * a[i]
		}
	}
}

// interpolateRow computes one row along its own axis, in blocks:
//
//	dst[i][j] = Σ weight[i][k] · src[index[i][k]][j]
func interpolateRow[F Float](dst, src []F, t *axisTable[F], block int) {
	switch {
	case block > 1:
		interpolateBlocks(dst, src, t, block)
	case t.taps == 2:
		index, weight := t.index[:2*len(dst)], t.weight[:2*len(dst)]
		for i := range dst {
			dst[i] = weight[2*i]*src[index[2*i]] + weight[2*i+1]*src[index[2*i+1]]
		}
	default:
		index, weight := t.index[:4*len(dst)], t.weight[:4*len(dst)]
		for i := range dst {
			j, w := index[4*i:4*i+4], weight[4*i:4*i+4]
			dst[i] = w[0]*src[j[0]] + w[1]*src[j[1]] + w[2]*src[j[2]] + w[3]*src[j[3]]
		}
	}
}

func interpolateBlocks[F Float](dst, src []F, t *axisTable[F], block int) {
	for i := range len(dst) / block {
		d := dst[i*block : (i+1)*block]
		for k, at := range t.index[i*t.taps:][:t.taps] {
			s, w := src[int(at)*block:][:block], t.weight[i*t.taps+k]
			for j := range d {
				if k == 0 {
					d[j] = w * s[j]
				} else {
					d[j] += w * s[j]
				}
			}
		}
	}
}

// resizeAxes interpolates one axis after the other, the innermost first: for
// tensors of which so many axes are resized that doing all at once would multiply
// the work.
func resizeAxes[T Float](o *resizeOp, c *Call, p []axisPlan, x, y *Tensor) error {
	from, shape := x, x.Shape().Clone()
	todo := 0
	for i := range p {
		if p[i].resized() {
			todo++
		}
	}
	for k := len(p) - 1; k >= 0; k-- {
		if !p[k].resized() {
			continue
		}
		single := make([]axisPlan, len(p))
		for i, d := range shape {
			single[i] = axisPlan{in: d, out: d, scale: 1, end: 1}
		}
		single[k], shape[k] = p[k], p[k].out
		to := y
		if todo--; todo > 0 {
			var err error
			if to, err = c.New(x.DType(), shape.Clone()); err != nil {
				return err
			}
		}
		if err := resizeFloats[T](o, c, single, from, to); err != nil {
			return err
		}
		from = to
	}
	return fillCropped(c, o, p, Data[T](y), T(o.extra))
}

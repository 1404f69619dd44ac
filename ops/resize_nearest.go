package ops

// runNearest moves elements: y[i, j, ...] = x[index0[i], index1[j], ...].
func (o *resizeOp) runNearest(c *Call, p []axisPlan, x, y *Tensor) error {
	extra := elementOf(x.DType(), float64(o.extra))
	switch x.DType().Bits() {
	case 0:
		return nearestRows(c, o, p, x.Strings(), y.Strings(), "")
	case 8:
		return nearestRows(c, o, p, units[uint8](x), units[uint8](y), units[uint8](extra)[0])
	case 16:
		return nearestRows(c, o, p, units[uint16](x), units[uint16](y), units[uint16](extra)[0])
	case 32:
		return nearestRows(c, o, p, units[uint32](x), units[uint32](y), units[uint32](extra)[0])
	case 64:
		return nearestRows(c, o, p, units[uint64](x), units[uint64](y), units[uint64](extra)[0])
	case 128:
		return nearestRows(c, o, p, units[[2]uint64](x), units[[2]uint64](y), units[[2]uint64](extra)[0])
	}
	return nil
}

// nearestRows walks Y in rows of its innermost resized axis, whose elements are
// blocks of the axes inside it. A row from the same place as the row before it is
// a copy of that row.
func nearestRows[T any](c *Call, o *resizeOp, p []axisPlan, x, y []T, extra T) error {
	last := len(p) - 1
	block := 1
	for ; last > 0 && !p[last].resized(); last-- {
		block *= p[last].in
	}
	tables := make([][]int32, last+1)
	outer := make(Shape, last)
	strides := make([]int, last+1)
	stride := block
	for k := last; k >= 0; k-- {
		if p[k].resized() {
			var err error
			if tables[k], err = o.nearestTable(c, &p[k]); err != nil {
				return err
			}
		}
		if k < last {
			outer[k] = p[k].out
		}
		strides[k] = stride
		stride *= p[k].in
	}
	index := tables[last] // not nil: an operator that moves nothing does not come here
	row := len(index) * block
	c.Parallel(outer.Elements(), row/2+8, func(lo, hi int) {
		walk := newOdometer(lo, outer)
		before := -2 // where the row before began
		for r := lo; r < hi; r++ {
			from := 0
			for k, i := range walk.index {
				if tables[k] != nil {
					i = int(tables[k][i])
				}
				if i < 0 {
					from = -1
					break
				}
				from += i * strides[k]
			}
			dst := y[r*row : (r+1)*row]
			switch {
			case from == before:
				copy(dst, y[(r-1)*row:r*row])
			case from < 0:
				fill(dst, extra)
			default:
				nearestRow(dst, x[from:from+p[last].in*block], index, block, extra)
			}
			before = from
			walk.next()
		}
	})
	return nil
}

// nearestRow gathers one row, in blocks.
func nearestRow[T any](dst, src []T, index []int32, block int, extra T) {
	if block > 1 {
		for i, at := range index {
			d := dst[i*block : (i+1)*block]
			if at < 0 {
				fill(d, extra)
				continue
			}
			copy(d, src[int(at)*block:])
		}
		return
	}
	for i, at := range index {
		if at < 0 {
			dst[i] = extra
			continue
		}
		dst[i] = src[at]
	}
}

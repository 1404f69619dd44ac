package ops

import "math"

// resizeIntegers weighs all neighbours at once, the weights and the terms in
// onnxruntime's order, because the fraction of the sum is cut off: another order
// would give another integer now and then.
func resizeIntegers[T Integer, F Float](o *resizeOp, c *Call, p []axisPlan, x, y *Tensor) error {
	return resizeIntegerRows(o, c, o.joinAxes(p), x, y, func(dst, x []T, r *rowPlan[F], taps []rowTap[F]) {
		integerRow(dst, x, r, taps, o.mode == "cubic")
	})
}

// resizeBytes is resizeIntegers for integers of 8 bits: maps [N, H, W, C] are
// weighted with fixed-point numbers.
func resizeBytes[T int8 | uint8](o *resizeOp, c *Call, p []axisPlan, x, y *Tensor) error {
	if o.mode == "linear" && channelsLast(p) {
		return resizeIntegerRows(o, c, o.joinAxes(p), x, y, fixedRow[T])
	}
	return resizeIntegers[T, float32](o, c, p, x, y)
}

// channelsLast reports whether axes 1 and 2 of four are the ones to interpolate.
func channelsLast(p []axisPlan) bool {
	return len(p) == 4 && p[1].resized() && !p[0].resized() && !p[3].resized()
}

// joinAxes marks the axes that onnxruntime interpolates in mode linear also when
// their scale is 1, which shows in the rounding: two of ranks 2 and 4, three of
// ranks 3 and 5.
func (o *resizeOp) joinAxes(p []axisPlan) []axisPlan {
	if o.mode != "linear" || len(p) < 2 || len(p) > 5 {
		return p
	}
	first, n := len(p)-2-len(p)%2, 2+len(p)%2
	if channelsLast(p) {
		first = 1
	}
	joined := append([]axisPlan(nil), p...)
	for k := first; k < first+n; k++ {
		joined[k].joins = true
	}
	return joined
}

// integerRowFunc computes a row of Y from the rows of X that taps lists.
type integerRowFunc[T Integer, F Float] func(dst, x []T, r *rowPlan[F], taps []rowTap[F])

// resizeIntegerRows computes Y row by row.
func resizeIntegerRows[T Integer, F Float](o *resizeOp, c *Call, p []axisPlan, x, y *Tensor, compute integerRowFunc[T, F]) error {
	r, err := newRowPlan[F](c, o, p)
	if err != nil {
		return err
	}
	if r.taps > maxRowTaps {
		return unsupportedf("mode %s of tensor(%v) along so many axes, want float or double", o.mode, x.DType())
	}
	if r.along == nil {
		r.along = identityTable[F](r.block)
		r.in, r.out, r.block = r.block, r.block, 1
	}
	xs, ys, extra := Data[T](x), Data[T](y), saturate[T](float64(o.extra))
	row := r.out * r.block
	c.Parallel(r.outer.Elements(), 2*row*r.taps*r.along.taps+20, func(lo, hi int) {
		walk := newOdometer(lo, r.outer)
		var space tapSpace[F]
		for i := lo; i < hi; i++ {
			dst := ys[i*row : (i+1)*row]
			taps, outside := r.rowTaps(&space, walk.index)
			if outside {
				fill(dst, extra)
			} else {
				compute(dst, xs, r, taps)
				fillOutside(dst, r.along.outside, r.block, extra)
			}
			walk.next()
		}
	})
	return nil
}

// identityTable takes every element as it is.
func identityTable[F Float](n int) *axisTable[F] {
	t := &axisTable[F]{taps: 1, index: make([]int32, n), weight: make([]F, n)}
	for i := range n {
		t.index[i], t.weight[i] = int32(i), 1
	}
	return t
}

// integerRow sums real numbers, then rounds to the nearest even or cuts off.
func integerRow[T Integer, F Float](dst, x []T, r *rowPlan[F], taps []rowTap[F], round bool) {
	t := r.along
	for i := range dst {
		at, j := i/r.block, i%r.block
		sum := F(0)
		for _, tap := range taps {
			for k, from := range t.index[at*t.taps:][:t.taps] {
				w := t.weight[at*t.taps+k]
				for _, a := range tap.axes {
					w *= a
				}
				sum += w * F(x[tap.from+int(from)*r.block+j])
			}
		}
		v := float64(sum)
		if round {
			v = math.RoundToEven(v)
		}
		dst[i] = saturate[T](v)
	}
}

// fixedOne is 1 among the weights along one axis in fixedRow.
const fixedOne = 1 << 10

// fixedRow sums fixed-point numbers along two axes, then cuts the fraction off.
func fixedRow[T int8 | uint8](dst, x []T, r *rowPlan[float32], taps []rowTap[float32]) {
	t := r.along
	for i := range dst {
		at, j := i/r.block, i%r.block
		sum := int32(0)
		for n, tap := range taps {
			for k, from := range t.index[at*t.taps:][:t.taps] {
				w := int32(1)
				if t.taps == 2 {
					w = fixedWeight(t.weight[at*2:], k)
				}
				for a := range tap.axes {
					w *= fixedWeight([]float32{taps[n&^(1<<a)].axes[a], taps[n|1<<a].axes[a]}, n>>a&1)
				}
				sum += w * int32(x[tap.from+int(from)*r.block+j])
			}
		}
		dst[i] = T(sum / (fixedOne * fixedOne))
	}
}

// fixedWeight is the weight of neighbour k of two: the second one's is cut off,
// the first one's completes it to 1.
func fixedWeight(w []float32, k int) int32 {
	second := int32(w[1] * fixedOne)
	if k == 1 {
		return second
	}
	return fixedOne - second
}

package cpu

import "unsafe"

// The largest portable pixel kernel: one vector is what amd64 has registers for; the outputs only save calls.
const genericPixelOutputs = 8

// pixelGeneric holds the portable pixel kernels.
var pixelGeneric = func() pixelKernels {
	k := pixelKernels{nil}
	for outputs := 1; outputs <= genericPixelOutputs; outputs++ {
		k = append(k, []func(*pixelArgs){nil, func(a *pixelArgs) { pixel8Generic(a, outputs) }})
	}
	return k
}()

// pixel8Generic is the kernel of one vector and any number of outputs, one after the other.
func pixel8Generic(a *pixelArgs, outputs int) {
	if a.phases > 0 {
		pixel8ZipGeneric(a, outputs)
		return
	}
	pixels := genericBlock
	if a.whole == 0 {
		pixels = 0
		for pixels < genericBlock && *(*int32)(unsafe.Add(a.mask, 4*pixels)) < 0 {
			pixels++
		}
	}
	for t := range a.tiles {
		for m := range outputs {
			at := t*a.dstTile + m*a.plane
			sum := a.startGeneric(at, m, pixels)
			a.sumGeneric(&sum, unsafe.Add(a.base, t*a.srcTile), m, outputs)
			a.activateGeneric(&sum, m)
			copy(unsafe.Slice((*float32)(unsafe.Add(a.dst, at)), pixels), sum[:])
		}
	}
}

// pixel8ZipGeneric is pixel8Generic for the phases of a transposed convolution.
func pixel8ZipGeneric(a *pixelArgs, outputs int) {
	segments := unsafe.Slice(a.segments, a.nsegments)
	for t := range a.tiles {
		for m := range outputs {
			sum := a.startGeneric(0, m, genericBlock)
			a.sumGeneric(&sum, unsafe.Add(a.base, t*a.srcTile), m, outputs)
			a.activateGeneric(&sum, m)
			for i := range segments {
				a.storeGeneric(&segments[i], &sum, t*a.dstTile, m)
			}
		}
	}
}

// storeGeneric stores those sums of output m that a segment has, at byte offset at.
func (a *pixelArgs) storeGeneric(s *pixelSegment, sum *[8]float32, at, m int) {
	row := s.rows[m/a.phases]
	if row == pixelNoRow {
		return
	}
	for i, v := range sum {
		if x := i*a.wide + m%a.phases; a.whole > 0 || int(s.lo) <= x && x < int(s.end) {
			*(*float32)(unsafe.Add(a.dst, at+row+i*a.pixel+floatSize*(m%a.phases))) = v
		}
	}
}

// startGeneric is bias + residual of output m of the pixels at byte offset at.
func (a *pixelArgs) startGeneric(at, m, pixels int) (sum [8]float32) {
	bias := *(*float32)(unsafe.Add(a.bias, 4*m))
	for i := range sum {
		sum[i] = bias
	}
	if a.residual != nil {
		for i, r := range unsafe.Slice((*float32)(unsafe.Add(a.residual, at)), pixels) {
			sum[i] += r
		}
	}
	return sum
}

// sumGeneric adds all products of output m for the pixels at base.
func (a *pixelArgs) sumGeneric(sum *[8]float32, base unsafe.Pointer, m, outputs int) {
	s0, s1, s2, s3, s4, s5, s6, s7 := sum[0], sum[1], sum[2], sum[3], sum[4], sum[5], sum[6], sum[7]
	weights := unsafe.Slice((*float32)(a.weights), a.nsteps*outputs)
	for i, step := range unsafe.Slice(a.steps, a.nsteps) {
		x, w := vector8(base, step), weights[i*outputs+m]
		s0 += x[0] * w
		s1 += x[1] * w
		s2 += x[2] * w
		s3 += x[3] * w
		s4 += x[4] * w
		s5 += x[5] * w
		s6 += x[6] * w
		s7 += x[7] * w
	}
	*sum = [8]float32{s0, s1, s2, s3, s4, s5, s6, s7}
}

// activateGeneric applies the activation to a sum of output m.
func (a *pixelArgs) activateGeneric(sum *[8]float32, m int) {
	switch a.act {
	case tileClamp:
		applyClip(sum[:], a.lo, a.hi)
	case tileLeaky:
		applyLeaky(sum[:], *(*float32)(unsafe.Add(a.slope, 4*m)))
	}
}

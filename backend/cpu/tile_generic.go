package cpu

import "unsafe"

// genericBlock is the number of channels in a group of the portable kernels: 8 sums are what amd64 has registers for.
const genericBlock = 8

// genericTileRows is the height of the portable tiles; it only saves calls.
const genericTileRows = 8

// tileGeneric holds the portable kernels.
var tileGeneric = [tileGroups]tileFuncs{newTileGeneric(1), newTileGeneric(2)}

func newTileGeneric(groups int) tileFuncs {
	t := tileFuncs{nil}
	for rows := 1; rows <= genericTileRows; rows++ {
		t = append(t, func(a *tileArgs) { tile8Generic(a, rows, groups) })
	}
	return t
}

// depthwiseGeneric holds the portable depthwise kernels.
var depthwiseGeneric = func() tileFuncs {
	t := tileFuncs{nil}
	for rows := 1; rows <= genericTileRows; rows++ {
		t = append(t, func(a *tileArgs) { depthwise8Generic(a, rows) })
	}
	return t
}()

// tile8Generic is the kernel of any number of rows and groups, one pixel of one group after the other.
func tile8Generic(a *tileArgs, rows, groups int) {
	for r := range rows {
		src, dst, res := a.pixelGeneric(r, rows)
		for g := range groups {
			sum := a.startGeneric(res, g)
			a.sumGeneric(&sum, src, g, groups*genericBlock*4)
			a.activateGeneric(&sum, g)
			*vector8(a.dst, dst+g*a.dstGroup) = sum
		}
	}
}

// depthwise8Generic is the depthwise kernel of any number of rows.
func depthwise8Generic(a *tileArgs, rows int) {
	for {
		for r := range rows {
			src, dst, res := a.pixelGeneric(r, rows)
			sum := a.startGeneric(res, 0)
			a.depthwiseGeneric(&sum, src)
			a.activateGeneric(&sum, 0)
			*vector8(a.dst, dst) = sum
		}
		if a.tiles--; a.tiles <= 0 {
			return
		}
		a.base, a.dst = unsafe.Add(a.base, rows*a.srcPixel), unsafe.Add(a.dst, rows*a.dstPixel)
		if a.residual != nil {
			a.residual = unsafe.Add(a.residual, rows*a.resPixel)
		}
	}
}

// pixelGeneric returns the byte offsets of pixel r in input, output and residual.
func (a *tileArgs) pixelGeneric(r, rows int) (src, dst, res int) {
	if half := (rows + 1) / 2; r >= half {
		r -= half
		return a.srcHalf + r*a.srcPixel, a.dstHalf + r*a.dstPixel, a.resHalf + r*a.resPixel
	}
	return r * a.srcPixel, r * a.dstPixel, r * a.resPixel
}

// startGeneric is bias + residual of group g of the pixel whose residual is at byte offset res.
func (a *tileArgs) startGeneric(res, g int) [8]float32 {
	sum := *vector8(a.bias, g*genericBlock*4)
	if a.residual != nil {
		add8(&sum, vector8(a.residual, res+g*a.resGroup))
	}
	return sum
}

// depthwiseGeneric adds the products of a depthwise convolution.
func (a *tileArgs) depthwiseGeneric(sum *[8]float32, src int) {
	for i, step := range unsafe.Slice(a.steps, a.nsteps) {
		x, w := vector8(a.base, src+step), vector8(a.weights, 4*genericBlock*i)
		for j := range sum {
			sum[j] += x[j] * w[j]
		}
	}
}

// vector8 is the vector at a byte offset from p.
func vector8(p unsafe.Pointer, off int) *[8]float32 { return (*[8]float32)(unsafe.Add(p, off)) }

func add8(sum, v *[8]float32) {
	for i := range sum {
		sum[i] += v[i]
	}
}

// sumGeneric adds all steps' products of the pixel at byte offset src to the sum of group g; pitch is the bytes between
// weights of consecutive lanes.
func (a *tileArgs) sumGeneric(sum *[8]float32, src, g, pitch int) {
	base, w := unsafe.Add(a.base, src), unsafe.Add(a.weights, g*genericBlock*4)
	for i, step := range unsafe.Slice(a.steps, a.nsteps+a.tailSteps) {
		lanes := genericBlock
		if i >= a.nsteps {
			lanes = a.tailLanes
		}
		x := unsafe.Slice((*float32)(unsafe.Add(base, step)), lanes)
		sumStepGeneric(sum, x, unsafe.Slice((*float32)(w), lanes*pitch/4), pitch/4)
		w = unsafe.Add(w, lanes*pitch)
	}
}

// sumStepGeneric adds the products of one step. The weights are a slice whose length is checked in the middle of each
// lane: that parts the two halves' products, which amd64 has no registers to hold at the same time.
func sumStepGeneric(sum *[8]float32, x, w []float32, pitch int) {
	s0, s1, s2, s3, s4, s5, s6, s7 := sum[0], sum[1], sum[2], sum[3], sum[4], sum[5], sum[6], sum[7]
	for _, x := range x {
		v := (*[4]float32)(w)
		s0 += x * v[0]
		s1 += x * v[1]
		s2 += x * v[2]
		s3 += x * v[3]
		v = (*[4]float32)(w[4:])
		s4 += x * v[0]
		s5 += x * v[1]
		s6 += x * v[2]
		s7 += x * v[3]
		w = w[pitch:]
	}
	sum[0], sum[1], sum[2], sum[3], sum[4], sum[5], sum[6], sum[7] = s0, s1, s2, s3, s4, s5, s6, s7
}

// activateGeneric applies the activation to a sum of group g.
func (a *tileArgs) activateGeneric(sum *[8]float32, g int) {
	switch a.act {
	case tileClamp:
		applyClip(sum[:], a.lo, a.hi)
	case tileLeaky:
		for i, s := range vector8(a.slope, g*genericBlock*4) {
			if sum[i] < 0 {
				sum[i] *= s
			}
		}
	case tileGate:
		for i, x := range sum {
			sum[i] = x * clampUnit(float32(a.lo*x)+a.hi)
		}
	}
}

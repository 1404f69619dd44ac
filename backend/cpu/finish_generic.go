package cpu

import "math"

// finishArgs are the operands of a finish kernel, which brings a tile of sums to its place:
//
//	for i := range rows {
//		for j := range cols {
//			x := tile[i*ldt+j]
//			if bias != nil { x += bias[i] }
//			if residual != nil { x += residual[i*ldd+j] }
//			if leaky { if x < 0 { x *= slope } } else { x = min(hi, max(lo, x)), NaN stays NaN }
//			dst[i*ldd+j] = x
//		}
//	}
//
// residual may be dst; the tile overlaps nothing and is scratch afterwards. 1 <= cols <= NR, rows >= 1; NR floats are
// read from each row of the tile. It is assembly because products of little
// depth (1x1 convolutions) would spend as long here as in their products.
type finishArgs struct {
	dst, tile      []float32
	bias, residual []float32
	ldd, ldt       int
	rows, cols     int
	lo, hi         float32
	slope          float32
	leaky          bool
}

// setActivation sets the activation where the kernels know it and says whether they do.
func (f *finishArgs) setActivation(act *Activation) bool {
	f.lo, f.hi, f.leaky = float32(math.Inf(-1)), float32(math.Inf(1)), false
	switch act.Kind {
	case ActNone:
	case ActRelu:
		f.lo = 0
	case ActClip:
		f.lo, f.hi = act.A, act.B
	case ActLeakyRelu:
		f.slope, f.leaky = act.A, true
	default:
		return false
	}
	return true
}

// finish8Generic is the kernel for tiles of 8 columns.
func finish8Generic(f finishArgs) {
	for i := range f.rows {
		dst := f.dst[i*f.ldd:][:f.cols]
		src := f.tile[i*f.ldt:][:len(dst)]
		if f.bias != nil {
			bias := f.bias[i]
			for j, x := range src {
				src[j] = x + bias
			}
		}
		if f.residual != nil {
			residual := f.residual[i*f.ldd:][:len(dst)]
			for j, x := range src {
				src[j] = x + residual[j]
			}
		}
		switch {
		case f.leaky:
			applyLeaky(src, f.slope)
		case !math.IsInf(float64(f.lo), -1) || !math.IsInf(float64(f.hi), 1):
			applyClip(src, f.lo, f.hi)
		}
		copy(dst, src)
	}
}

// finish stores a tile whose rows belong to consecutive output channels, the first of them channel. args.bias is
// taken from the epilogue.
func (k *Kernels) finish(args finishArgs, ep *Epilogue, channel int) {
	if ep.Bias != nil {
		args.bias = ep.Bias[channel:][:args.rows]
	}
	known := args.setActivation(&ep.Act)
	k.storeTile(args)
	if known {
		return
	}
	for i := range args.rows {
		row := args.dst[i*args.ldd:][:args.cols]
		k.Map(ep.Act.vector(channel+i), row, row)
	}
}

// storeTile checks that the operands reach as far as the kernel does, then runs it.
func (k *Kernels) storeTile(args finishArgs) {
	last := (args.rows-1)*args.ldd + args.cols
	_, _ = args.dst[:last], args.tile[:(args.rows-1)*args.ldt+k.NR]
	if args.residual != nil {
		_ = args.residual[:last]
	}
	if args.bias != nil {
		_ = args.bias[:args.rows]
	}
	raceWriteRows(args.dst, args.rows, args.cols, args.ldd)
	k.finishTile(args)
}

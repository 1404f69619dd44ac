package cpu

// axpyArgs are the operands of an axpy kernel, which equals
//
//	for i := range dst {
//		dst[i] = fma(a, src[i], dst[i]) // the generic kernel rounds the product
//	}
//
// src is at least as long as dst and does not overlap it. Callers keep a call below 2^20 elements (200 us).
type axpyArgs struct {
	dst, src []float32
	a        float32
}

func axpyGeneric(args axpyArgs) {
	src := args.src[:len(args.dst)]
	for i, v := range args.dst {
		args.dst[i] = v + args.a*src[i]
	}
}

// addScaled adds a*src to dst.
func (k *Kernels) addScaled(dst, src []float32, a float32) {
	const most = 1 << 18 // elements of one call, which nothing can interrupt
	for len(dst) > 0 {
		n := min(len(dst), most)
		raceWrite(dst[:n])
		raceRead(src[:n])
		k.axpy(axpyArgs{dst[:n], src[:n], a})
		dst, src = dst[n:], src[n:]
	}
}

package cpu

// gatherArgs are the operands of a gather kernel, which copies count rows of NR floats:
//
//	for i := range count {
//		copy(dst[i*dstStride:][:NR], src[i*srcStride:])
//	}
//
// dst and src do not overlap. It packs the right operand of a product where a whole row of a panel lies together in
// memory; a Go loop with copy takes 4 to 8 times as long.
type gatherArgs struct {
	dst, src             []float32
	dstStride, srcStride int
	count                int
}

func gather8Generic(args gatherArgs) {
	for i := range args.count {
		*(*[8]float32)(args.dst[i*args.dstStride:]) = [8]float32(args.src[i*args.srcStride:])
	}
}

// copyRows checks that both operands reach as far as the kernel does, then runs it.
func (k *Kernels) copyRows(args gatherArgs) {
	if args.count > 0 {
		_ = args.dst[:(args.count-1)*args.dstStride+k.NR]
		_ = args.src[:(args.count-1)*args.srcStride+k.NR]
		k.gather(args)
	}
}

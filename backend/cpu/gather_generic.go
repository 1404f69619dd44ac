package cpu

// gatherArgs are the operands of a gather kernel, which copies rows of NR floats:
//
//	for c := range count {
//		for t, offset := range offsets {
//			copy(dst[c*dstStride+t*NR:][:NR], src[start+c*srcStride+offset:])
//		}
//	}
//
// dst and src do not overlap; count >= 1 and there is an offset. It packs the right operand of a product where a
// whole row of a panel lies together in memory: offsets are the taps of a convolution. Channels are the outer loop
// since the taps of one channel read the same lines; a Go loop with copy takes 4 to 8 times as long.
type gatherArgs struct {
	dst, src             []float32
	offsets              []int
	start                int
	dstStride, srcStride int
	count                int
}

func gather8Generic(args gatherArgs) {
	for c := range args.count {
		for t, offset := range args.offsets {
			*(*[8]float32)(args.dst[c*args.dstStride+t*8:]) = [8]float32(args.src[args.start+c*args.srcStride+offset:])
		}
	}
}

// copyRows checks that both operands reach as far as the kernel does, then runs it. Offsets ascend or descend.
func (k *Kernels) copyRows(args gatherArgs) {
	last := len(args.offsets) - 1
	raceWrite(args.dst[:(args.count-1)*args.dstStride+last*k.NR+k.NR])
	lo := args.start + min(args.offsets[0], args.offsets[last])
	hi := args.start + max(args.offsets[0], args.offsets[last])
	raceRead(args.src[lo : hi+(args.count-1)*args.srcStride+k.NR])
	k.gather(args)
}

// noOffset is the offsets of rows that lie one stride apart.
var noOffset = []int{0}

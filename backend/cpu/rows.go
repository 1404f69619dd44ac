package cpu

// rowTable holds the kernels of a tier over the rows of a matrix. One call takes many rows: with a call for each pass
// of each row, Softmax along 49 elements takes 280 ns instead of 30 on one core of a Zen 4.
type rowTable struct {
	softmax   func(rowArgs) // dst = e^(x-m) / Σ e^(x-m), m the greatest of the row
	layerNorm func(rowArgs) // dst = (x - mean) / √(variance + epsilon) · scale + bias
	rmsNorm   func(rowArgs) // dst = x / √(mean of x² + epsilon) · scale
}

// rowArgs are the operands of a kernel over rows. dst may be src, but must not overlap it otherwise.
type rowArgs struct {
	dst, src    []float32 // [rows, n]
	scale, bias []float32 // [n], of norms
	n, rows     int       // at least 1
	epsilon     float32   // of norms
	inverse     float32   // 1/n
}

// The longest rows of the kernels, whose sums are in float32: at most 128 elements in a lane, as of vecSumCall.
const (
	longestSoftmaxRow = 1 << 11
	LongestNormRow    = 1 << 12
)

// eachRows calls a kernel over rows for as many rows at a time as nothing needs to interrupt.
func eachRows(kernel func(rowArgs), args rowArgs) {
	mustMatch(len(args.dst), len(args.src))
	raceWrite(args.dst)
	raceRead(args.src)
	dst, src, most := args.dst, args.src, max(1, vecCall/args.n)*args.n
	args.inverse = 1 / float32(args.n)
	for len(dst) > 0 {
		size := min(len(dst), most)
		args.dst, args.src, args.rows = dst[:size], src[:size], size/args.n
		kernel(args)
		dst, src = dst[size:], src[size:]
	}
}

// softmaxRows is Softmax along rows of n elements, at most longestSoftmaxRow.
func (k *Kernels) softmaxRows(dst, src []float32, n int) {
	eachRows(k.rows.softmax, rowArgs{dst: dst, src: src, n: n})
}

package cpu

import "sync/atomic"

// RowNorm normalises the rows of a matrix: with Mean
//
//	y = (x - mean) / √(mean of (x - mean)² + Epsilon) · Scale + Bias
//
// and without it y = x / √(mean of x² + Epsilon) · Scale. A row has as many elements as Scale, at most LongestNormRow. Sums are
// in float32: where squares of x - mean are beyond its range the result is, too.
type RowNorm struct {
	Mean        bool
	Scale, Bias []float32 // Bias only with Mean
	Epsilon     float32
}

// normChunk is the elements of a chunk, some 10 us.
const normChunk = 1 << 14

// Run normalises the rows of src. dst may be src.
func (r *RowNorm) Run(k *Kernels, pool *Pool, stop *atomic.Bool, dst, src []float32) {
	args := rowArgs{scale: r.Scale, n: len(r.Scale), epsilon: r.Epsilon}
	kernel := k.rows.rmsNorm
	if r.Mean {
		mustMatch(args.n, len(r.Bias))
		kernel, args.bias = k.rows.layerNorm, r.Bias
	}
	each := max(1, normChunk/args.n) * args.n
	pool.RunUntil(stop, ceilDiv(len(src), each), func(_, chunk int) {
		part := args
		part.dst, part.src = dst[chunk*each:min(len(dst), (chunk+1)*each)], src[chunk*each:min(len(src), (chunk+1)*each)]
		eachRows(kernel, part)
	})
}

package cpu

import (
	"math"
	"sync/atomic"
)

// SoftmaxRows computes Softmax, or LogSoftmax, along the rows of a [rows, len(src)/rows] matrix. dst may be src. A NaN or
// +Inf makes its row NaN.
func SoftmaxRows(k *Kernels, pool *Pool, stop *atomic.Bool, dst, src []float32, rows int, log bool) {
	n := len(src) / rows
	each := max(1, softmaxChunk/n)
	pool.RunUntil(stop, ceilDiv(rows, each), func(_, chunk int) {
		from, to := chunk*each*n, min(rows, (chunk+1)*each)*n
		if n <= longestSoftmaxRow && !log {
			k.softmaxRows(dst[from:to], src[from:to], n)
			return
		}
		for ; from < to; from += n {
			if y, x := dst[from:][:n], src[from:][:n]; log {
				k.logSoftmaxRow(y, x)
			} else {
				k.softmaxRow(y, x)
			}
		}
	})
}

// softmaxChunk is the elements of a chunk, some 10 us.
const softmaxChunk = 1 << 13

// softmaxRow is Softmax along one row of any length.
func (k *Kernels) softmaxRow(y, x []float32) {
	k.Map(VecFunc{Kind: VecExp, A: k.Max(x)}, y, x)
	scale := [1]float32{float32(1 / k.Sum(y))}
	k.PairsLanes(PairMul, y, y, scale[:])
}

func (k *Kernels) logSoftmaxRow(y, x []float32) {
	m := [1]float32{k.Max(x)}
	var sum float64
	var piece [1024]float32
	for at := 0; at < len(x); at += len(piece) {
		e := piece[:min(len(piece), len(x)-at)]
		k.Map(VecFunc{Kind: VecExp, A: m[0]}, e, x[at:][:len(e)])
		sum += k.Sum(e)
	}
	k.PairsLanes(PairSub, y, x, m[:])
	l := [1]float32{float32(math.Log(sum))}
	k.PairsLanes(PairSub, y, y, l[:])
}

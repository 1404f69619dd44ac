package cpu

import (
	"runtime"
	"sync/atomic"
)

// RowProduct is a constant matrix B[K x N] packed for products with single rows, as a recurrent network makes one at
// each step. It takes as long as reading B does: there is one product for each element.
type RowProduct struct {
	k       *Kernels
	n, cols int // columns, and with those that fill up the last panel
	depth   int
	*weightMemory
}

// NewRowProduct packs B[depth x n], row-major with rows ldb floats apart, or B transposed: [n x depth].
func NewRowProduct(k *Kernels, depth, n int, b []float32, ldb int, transposed bool) *RowProduct {
	cols := roundUp(n, k.rowCols)
	p := &RowProduct{k, n, cols, depth, newWeightMemory(nil, cols*depth)}
	if depth > 0 {
		k.packColumns(p.data, viewOf(b, ldb, transposed), depth, n, k.rowCols)
	}
	return p
}

// Columns is the length of y in AddTo: N or somewhat more.
func (p *RowProduct) Columns() int { return p.cols }

const (
	rowDepth   = 4096    // most rows of B in one call of a kernel: 16 us
	rowPanels  = 1 << 17 // products for which another worker is asked to help: some 4 us
	rowsSerial = 2       // so many panels are not shared
)

// AddTo computes y += x·B for x of K floats and y of Columns, of which those beyond N stay what they are. Its result does
// not depend on the number of threads. It stops early, leaving y undefined, when stop becomes true; pool and stop may be
// nil.
func (p *RowProduct) AddTo(pool *Pool, stop *atomic.Bool, y, x []float32) {
	mustMatch(len(y), p.cols)
	mustMatch(len(x), p.depth)
	raceWrite(y)
	panels := p.cols / p.k.rowCols
	if chunks := min(panels, p.cols*p.depth/rowPanels); chunks >= rowsSerial && pool.Threads() > 1 {
		pool.RunUntil(stop, chunks, func(_, i int) { p.panels(y, x, i*panels/chunks, (i+1)*panels/chunks) })
	} else {
		p.panels(y, x, 0, panels)
	}
	runtime.KeepAlive(p) // see weightMemory
}

// panels makes the panels [first, last).
func (p *RowProduct) panels(y, x []float32, first, last int) {
	cols := p.k.rowCols
	for i := first; i < last; i++ {
		args := gemmArgs{c: y[i*cols:][:cols], rows: 1, ldc: cols, accumulate: true}
		b := p.data[i*cols*p.depth:][:cols*p.depth]
		for at := 0; at < p.depth; at += args.k {
			args.k = min(rowDepth, p.depth-at)
			args.a, args.b = x[at:at+args.k], b[at*cols:]
			p.k.gemmRow(args)
		}
	}
}

package cpu

import (
	"fmt"
	"runtime"
	"sync/atomic"
)

// Gemm describes C = Alpha*A*B + Beta*C for float32 matrices, row-major: A is [M x K] with rows LDA apart, or [K x M]
// where TransA; B is [K x N] with rows LDB apart, or [N x K] where TransB; C is [M x N] with rows LDC apart.
// Where Beta is 0, C is not read.
type Gemm struct {
	M, N, K        int
	TransA, TransB bool
	LDA, LDB, LDC  int
	Alpha, Beta    float32

	// Batch places the matrices of a batch; nil is one product at the start of each slice. Any broadcasting is a
	// pattern of offsets. The Cs must not overlap.
	Batch []GemmOffsets
}

// GemmOffsets is where one product of a batch has its matrices, in floats.
type GemmOffsets struct {
	A, B, C int
}

// GemmPlan is a product ready to run, any number of times and by several goroutines at once. Its result does not
// depend on the number of threads.
type GemmPlan struct {
	Gemm
	product
	constA *PackedA // or nil
	constB *PackedB // or nil
	sameA  bool     // all products of the batch have the same A
}

// NewGemm returns a plan. packedA and packedB are operands packed for k with PackA and PackB, or nil where the
// operand is given to Run; a packed operand serves all products of a batch.
func NewGemm(k *Kernels, g Gemm, packedA *PackedA, packedB *PackedB) *GemmPlan {
	if len(g.Batch) == 0 {
		g.Batch = []GemmOffsets{{}}
	}
	p := &GemmPlan{Gemm: g, product: newProduct(k, g.M, g.K, g.N), constA: packedA, constB: packedB}
	p.pairs = len(g.Batch)
	if packedA != nil && (packedA.panels != p.a || packedA.depth != g.K) {
		panic(fmt.Sprintf("BUG: packed A is %dx%d, want %dx%d for tiles of %d rows", packedA.rows, packedA.depth, g.M, g.K, k.MR))
	}
	if packedB != nil && (packedB.cols != g.N || packedB.depth != g.K || packedB.nr != k.NR) {
		panic(fmt.Sprintf("BUG: packed B is %dx%d, want %dx%d for tiles of %d columns", packedB.depth, packedB.cols, g.K, g.N, k.NR))
	}
	p.sameA = true
	for _, at := range g.Batch {
		p.sameA = p.sameA && at.A == g.Batch[0].A
	}
	return p
}

// WorkspaceFloats is the workspace that Run needs with a pool of up to that many threads.
func (p *GemmPlan) WorkspaceFloats(threads int) int {
	return p.packFloats() + threads*p.scratchFloats()
}

// packFloats is the room for the packed As of the batch.
func (p *GemmPlan) packFloats() int {
	switch {
	case p.constA != nil:
		return 0
	case p.sameA:
		return alignUp(p.M * p.K)
	}
	return alignUp(p.M * p.K * len(p.Batch))
}

// Run computes the product. ws holds WorkspaceFloats; a and b are ignored where packed. It stops early, leaving c
// undefined, when stop becomes true; stop may be nil. c overlaps neither a, b nor ws.
func (p *GemmPlan) Run(pool *Pool, stop *atomic.Bool, ws, a, b, c []float32) {
	threads := pool.Threads()
	if need := p.WorkspaceFloats(threads); len(ws) < need {
		panic(fmt.Sprintf("BUG: workspace of %d floats, want %d", len(ws), need))
	}
	run := &gemmRun{GemmPlan: p, b: b, c: c}
	run.packA(pool, stop, ws[:p.packFloats()], a)
	scratch, size := ws[p.packFloats():], p.scratchFloats()
	q := p.partition(chunksFor(threads))
	pool.RunUntil(stop, q.chunks, func(worker, i int) {
		p.runChunk(q.part(i), scratch[worker*size:][:size], run, stop)
	})
	runtime.KeepAlive(p) // see weightMemory
}

// gemmRun is a plan with the operands of one run.
type gemmRun struct {
	*GemmPlan
	packed []float32 // A
	b, c   []float32
}

// packA packs the As that are not constant.
func (r *gemmRun) packA(pool *Pool, stop *atomic.Bool, ws, a []float32) {
	if r.constA != nil {
		r.packed = r.constA.data
		return
	}
	r.packed = ws
	size, count := r.M*r.K, r.product.a.count()
	if size == 0 {
		return
	}
	matrices := len(r.Batch)
	if r.sameA {
		matrices = 1
	}
	pool.RunUntil(stop, matrices*count, func(_, i int) {
		m := i / count
		packed := PackedA{r.product.a, r.K, ws[m*size:][:size]}
		packed.packPanel(r.k, i%count, viewOf(a[r.Batch[m].A:], r.LDA, r.TransA))
	})
}

func (r *gemmRun) packedA(b int) []float32 {
	if r.constA != nil || r.sameA {
		return r.packed
	}
	return r.packed[b*r.M*r.K:]
}

func (r *gemmRun) panelsOfB(scratch []float32, b int, at block) ([]float32, int) {
	nr := r.k.NR
	if r.constB != nil {
		return r.constB.data[at.col*r.K+at.k0*nr:], r.K * nr
	}
	steps := at.k1 - at.k0
	if steps > 0 {
		view := viewOf(r.b[r.Batch[b].B:], r.LDB, r.TransB).from(at.k0, at.col)
		r.k.packColumns(scratch, view, steps, at.cols, nr)
	}
	return scratch, steps * nr
}

func (r *gemmRun) place(at spot) ([]float32, int) {
	if r.Alpha != 1 || r.Beta != 0 {
		return nil, 0
	}
	return r.c[r.Batch[at.pair].C+at.row*r.LDC+at.col:], r.LDC
}

// store writes Alpha*tile + Beta*C. A Beta of 1 is the kernels' residual.
func (r *gemmRun) store(tile []float32, at spot) {
	if r.Alpha != 1 {
		for i := range tile {
			tile[i] *= r.Alpha
		}
	}
	f := finishArgs{
		dst: r.c[r.Batch[at.pair].C+at.row*r.LDC+at.col:], tile: tile,
		ldd: r.LDC, ldt: r.k.NR, rows: at.rows, cols: at.cols,
	}
	f.setActivation(&Activation{})
	switch r.Beta {
	case 0:
	case 1:
		f.residual = f.dst
	default:
		r.addScaled(&f)
	}
	r.k.storeTile(f)
}

// addScaled adds Beta*C to a tile.
func (r *gemmRun) addScaled(f *finishArgs) {
	for i := range f.rows {
		tile := f.tile[i*r.k.NR:][:f.cols]
		for j, old := range f.dst[i*f.ldd:][:f.cols] {
			tile[j] += r.Beta * old
		}
	}
}

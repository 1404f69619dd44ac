package cpu

import (
	"sort"
	"sync/atomic"
)

// ConvTransposePlan is a transposed convolution ready to run, any number of times and by several goroutines at once.
// Its result does not depend on the number of threads. It has no column buffer: each phase of the output is a
// convolution with stride 1 (see axisPhase).
type ConvTransposePlan struct {
	geom    ConvGeom
	weights *PackedConvTransposeWeights
	ep      Epilogue
	bands   []*transposeBand
	plane   *depthwisePlan // instead of the bands
	last    atomic.Pointer[transposeCut]
}

// NewConvTranspose packs the weights and returns a plan.
func NewConvTranspose(k *Kernels, g ConvGeom, weights []float32, ep Epilogue) *ConvTransposePlan {
	return NewConvTransposePacked(k, g, PackConvTransposeWeights(k, g, weights), ep)
}

// NewConvTransposePacked returns a plan on weights packed for k.
func NewConvTransposePacked(k *Kernels, g ConvGeom, w *PackedConvTransposeWeights, ep Epilogue) *ConvTransposePlan {
	checkWeights(w.Floats(), g.weights())
	p := &ConvTransposePlan{geom: g, weights: w, ep: ep}
	if g.depthwise() {
		p.plane = &depthwisePlan{k: k, geom: g, weights: w.raw, ep: ep, transposed: true}
		return p
	}
	p.bands = p.geom.bands(k)
	return p
}

// WorkspaceFloats is the workspace that Run needs with a pool of up to that many threads.
func (p *ConvTransposePlan) WorkspaceFloats(threads int) int { return threads * p.scratchFloats() }

func (p *ConvTransposePlan) scratchFloats() int {
	if p.plane != nil {
		return p.plane.scratchFloats()
	}
	size := 0
	for _, b := range p.bands {
		size = max(size, b.scratchFloats())
	}
	return size
}

// transposeCut is how the bands are cut for a number of chunks: ends[i] is the number of chunks of bands 0..i.
type transposeCut struct {
	want int
	cuts []partition
	ends []int
}

// cut returns the partition of all bands, remembering the last one. The phases of a band have the same cut, that of
// its first.
func (p *ConvTransposePlan) cut(want int) *transposeCut {
	if t := p.last.Load(); t != nil && t.want == want {
		return t
	}
	t := &transposeCut{want: want}
	end := 0
	for _, b := range p.bands {
		q := b.phases[0].product.partition(ceilDiv(want, len(p.bands)))
		end += q.chunks
		t.cuts, t.ends = append(t.cuts, q), append(t.ends, end)
	}
	p.last.Store(t)
	return t
}

// Run computes y = act(convTranspose(x) + bias + residual). residual is nil or of y's shape, and may be y; apart from
// that y overlaps nothing. ws holds WorkspaceFloats, best aligned to 64 bytes. Run stops early, leaving y undefined,
// when stop becomes true; stop may be nil.
func (p *ConvTransposePlan) Run(pool *Pool, stop *atomic.Bool, ws, x, residual, y []float32) {
	p.geom.checkOperands(x, residual, y)
	checkWorkspace(ws, p.WorkspaceFloats(pool.Threads()))
	if p.plane != nil {
		p.plane.run(pool, stop, ws, x, residual, y)
		return
	}
	if len(y) == 0 {
		return
	}
	t, size := p.cut(chunksFor(pool.Threads())), p.scratchFloats()
	chunks := make([]bandChunk, pool.Threads()) // one per worker
	pool.RunUntil(stop, t.ends[len(t.ends)-1], func(worker, i int) {
		band := sort.SearchInts(t.ends, i+1)
		if band > 0 {
			i -= t.ends[band-1]
		}
		c := &chunks[worker]
		c.plan, c.x, c.residual, c.y = p, x, residual, y
		c.transposeBand = p.bands[band]
		c.run(&t.cuts[band], i, ws[worker*size:][:size], stop)
	})
}

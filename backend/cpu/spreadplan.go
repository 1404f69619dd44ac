package cpu

import (
	"sync"
	"sync/atomic"
	"unsafe"
)

// SpreadPlan is a transposed depthwise convolution of planes: each channel has its own small kernel, and lanes are
// neighbouring outputs, so that nothing is brought into blocks. A chunk of a parallel region is a band of rows of one
// plane; their inputs are copied to scratch that has a halo of zeros. Its result does not depend on the number of threads.
type SpreadPlan struct {
	k       *Kernels
	geom    ConvGeom
	ep      Epilogue
	weights *SpreadWeights
	spreadShape
	steps [][]int // by row phase: bytes from the first row of the strip that its output 0 sees
	rows  int     // of the grid per band
	bands int
	left  int   // zeros before a row of the input in a strip
	pitch int   // floats of a row of a strip
	whole []int // where the pieces of a row begin that a gather kernel copies
	tail  [maxBlock]int32
	idle  sync.Pool // *spreadRun
}

// spreadShape is what plan and packed weights know of a geometry.
type spreadShape struct {
	rowPhases []axisPhase
	slots     int     // most taps of a lane along the width
	least     int     // input column that the first slot of output 0 may see, at least
	index     []int32 // see spreadArgs
	some      int32   // 1 where a lane has fewer taps than slots
	top, low  int     // rows above and below a row that its taps reach
}

// Limits of FitsSpread and sizes of bands.
const (
	spreadTaps   = 1 << 10 // of the kernel
	spreadRow    = 1 << 20 // products of a row
	spreadFloats = 4 << 10 // outputs of a band: 16 KiB, which stay in L1 with their input
)

// FitsSpread says whether a SpreadPlan of k can make a transposed convolution of geometry g: one channel per group, one
// or two axes, and a stride along the width, not 1, that divides the lanes of a vector which see one vector of inputs.
func (k *Kernels) FitsSpread(g ConvGeom) bool {
	if g.Group != g.C || g.Group != g.M || g.In[0] != 1 || g.Out[0] != 1 || g.Kernel[0] != 1 || g.PadBegin[0] != 0 {
		return false
	}
	if g.Stride[2] == 1 || k.Block%g.Stride[2] != 0 || volume(g.Kernel) > spreadTaps || !fewPhases(g) {
		return false
	}
	if g.Out[2]*volume(g.Kernel)/g.Stride[2] > spreadRow {
		return false
	}
	s := k.spreadShape(g)
	for _, from := range s.index {
		if int(from) >= k.Block {
			return false
		}
	}
	return true
}

// spreadShape finds the taps of lanes and rows.
func (k *Kernels) spreadShape(g ConvGeom) spreadShape {
	s := spreadShape{rowPhases: g.axisPhases(1)}
	for _, p := range s.rowPhases {
		for _, o := range p.offsets {
			s.top, s.low = max(s.top, -o), max(s.low, o)
		}
	}
	phases := g.axisPhases(2)
	found := false
	for _, p := range phases {
		s.slots = max(s.slots, len(p.offsets))
		for _, o := range p.offsets {
			if !found || o < s.least {
				s.least, found = o, true
			}
		}
	}
	for slot := range s.slots {
		order, marks := make([]int32, k.Block), make([]int32, k.Block)
		for l := range k.Block {
			if p := l % g.Stride[2]; p < len(phases) && slot < len(phases[p].offsets) {
				order[l], marks[l] = int32(l/g.Stride[2]+phases[p].offsets[slot]-s.least), -1
			} else {
				s.some = 1
			}
		}
		s.index = append(append(s.index, order...), marks...)
	}
	return s
}

// SpreadWeights are the weights of a SpreadPlan in the order in which its kernels read them. They serve every plan with
// the same C, Kernel, Stride, Dilation, PadBegin and, where they are below the strides, sizes of Out.
type SpreadWeights struct {
	data    []float32 // [C][row phase][its taps][slots][lanes]
	phase   []int     // where a row phase begins
	channel int       // floats of a channel
}

// Floats returns the size of the packed form.
func (p *SpreadWeights) Floats() int { return len(p.data) }

// PackSpreadWeights packs w [C, 1, Kernel...]; g must fit.
func PackSpreadWeights(k *Kernels, g ConvGeom, w []float32) *SpreadWeights {
	checkWeights(len(w), g.weights())
	s := k.spreadShape(g)
	p := &SpreadWeights{}
	for _, rows := range s.rowPhases {
		p.phase = append(p.phase, p.channel)
		p.channel += len(rows.offsets) * s.slots * k.Block
	}
	p.data = AlignedFloats(g.C * p.channel)
	at := p.data
	phases := g.axisPhases(2)
	for c := range g.C {
		taps := w[c*volume(g.Kernel):][:volume(g.Kernel)]
		for _, rows := range s.rowPhases {
			for step := range rows.offsets {
				row := taps[g.tapAt(1, rows, step)*g.Kernel[2]:]
				for slot := range s.slots {
					for l := range k.Block {
						if x := l % g.Stride[2]; x < len(phases) && slot < len(phases[x].offsets) {
							at[l] = row[g.tapAt(2, phases[x], slot)]
						}
					}
					at = at[k.Block:]
				}
			}
		}
	}
	return p
}

// tapAt is the tap that a phase reads at its i-th offset.
func (g *ConvGeom) tapAt(axis int, p axisPhase, i int) int {
	return (p.first + g.PadBegin[axis] - p.offsets[i]*g.Stride[axis]) / g.Dilation[axis]
}

// NewSpread returns a plan on weights packed by PackSpreadWeights for k and g. g must fit (see FitsSpread).
func NewSpread(k *Kernels, g ConvGeom, w *SpreadWeights, ep Epilogue) *SpreadPlan {
	if !k.FitsSpread(g) {
		panic("BUG: a geometry that does not fit the kernels")
	}
	p := &SpreadPlan{k: k, geom: g, ep: ep, weights: w, spreadShape: k.spreadShape(g)}
	if len(w.phase) != len(p.rowPhases) {
		panic("BUG: weights packed for another geometry")
	}
	row := g.Out[2] * g.Stride[1]
	grid := ceilDiv(g.Out[1], g.Stride[1])
	p.rows = max(1, min(grid, spreadFloats/max(1, row)))
	p.bands = ceilDiv(grid, p.rows)
	p.left = max(0, -p.least)
	reads := max(0, ceilDiv(g.Out[2], k.Block)-1)*k.Block/g.Stride[2] + k.Block // of a row, from column least on
	p.pitch = roundUp(p.left+max(g.In[2], p.least+reads), k.Block)
	for at := 0; at+k.NR <= g.In[2]; at += k.NR {
		p.whole = append(p.whole, at)
	}
	for _, rows := range p.rowPhases {
		steps := make([]int, len(rows.offsets))
		for i, o := range rows.offsets {
			steps[i] = floatSize * (p.top + o) * p.pitch
		}
		p.steps = append(p.steps, steps)
	}
	p.tail = laneMask(g.Out[2] % k.Block)
	return p
}

// scratchFloats is the strip of one worker.
func (p *SpreadPlan) scratchFloats() int { return alignUp((p.top + p.rows + p.low) * p.pitch) }

// WorkspaceFloats is the workspace that Run needs with a pool of up to that many threads.
func (p *SpreadPlan) WorkspaceFloats(threads int) int { return threads * p.scratchFloats() }

// Run computes y = act(convTranspose(x) + bias) of planar x [N, C, In...] and y [N, C, Out...], which do not overlap. ws
// holds WorkspaceFloats. Run stops early, leaving y undefined, when stop becomes true; stop may be nil.
func (p *SpreadPlan) Run(pool *Pool, stop *atomic.Bool, ws, x, y []float32) {
	p.geom.checkOperands(x, nil, y)
	checkWorkspace(ws, p.WorkspaceFloats(pool.Threads()))
	if len(y) == 0 {
		return
	}
	r, _ := p.idle.Get().(*spreadRun)
	if r == nil {
		r = &spreadRun{plan: p}
		r.body = r.chunk
	}
	r.begin(pool.Threads(), ws, x, y)
	pool.RunUntil(stop, p.geom.N*p.geom.C*p.bands, r.body)
	r.x, r.y = nil, nil
	clear(r.workers)
	p.idle.Put(r)
}

// spreadRun is a plan with the operands of one run.
type spreadRun struct {
	plan    *SpreadPlan
	x, y    []float32
	workers []spreadWorker
	body    func(worker, chunk int)
}

// spreadWorker is what one worker writes.
type spreadWorker struct {
	args  spreadArgs
	strip []float32
	fresh bool // the strip is not zero yet where no input goes
	_     [128]byte
}

func (r *spreadRun) begin(threads int, ws, x, y []float32) {
	r.x, r.y = x, y
	if len(r.workers) < threads {
		r.workers = make([]spreadWorker, threads)
	}
	size := r.plan.scratchFloats()
	for i := range threads {
		r.workers[i].strip, r.workers[i].fresh = ws[i*size:][:size], true
	}
}

// chunk makes one band of one plane.
func (r *spreadRun) chunk(worker, chunk int) {
	p, w := r.plan, &r.workers[worker]
	g := &p.geom
	plane, first := chunk/p.bands, chunk%p.bands*p.rows
	w.fill(p, r.x[plane*volume(g.In):][:volume(g.In)], first)
	y := r.y[plane*volume(g.Out):][:volume(g.Out)]
	from := first * g.Stride[1]
	band := y[from*g.Out[2] : min(g.Out[1], (first+p.rows)*g.Stride[1])*g.Out[2]]
	raceWrite(band)
	for phase := range p.rowPhases {
		w.spread(p, phase, plane%g.C, first, band)
	}
	if p.ep.Act.Kind != ActNone {
		p.k.Map(p.ep.Act.vector(plane%g.C), band, band)
	}
}

// fill copies what a band from grid row first on sees of a plane to the strip.
func (w *spreadWorker) fill(p *SpreadPlan, x []float32, first int) {
	g, pitch, left := &p.geom, p.pitch, p.left
	if w.fresh {
		clear(w.strip)
		w.fresh = false
	}
	rows := p.top + p.rows + p.low
	lo := min(rows, max(0, p.top-first))
	hi := max(lo, min(rows, g.In[1]+p.top-first))
	clear(w.strip[:lo*pitch])
	clear(w.strip[hi*pitch : rows*pitch])
	if lo == hi {
		return
	}
	strip, x := w.strip[lo*pitch+left:hi*pitch], x[(first+lo-p.top)*g.In[2]:]
	rest := 0 // the gather kernel copies rows of NR floats
	if n := len(p.whole); n > 0 {
		rest = n * p.k.NR
		p.k.copyRows(gatherArgs{dst: strip, dstStride: pitch, src: x, srcStride: g.In[2], offsets: p.whole, count: hi - lo})
	}
	if rest == g.In[2] {
		return
	}
	for row := range hi - lo {
		copy(strip[row*pitch+rest:][:g.In[2]-rest], x[row*g.In[2]+rest:])
	}
}

// spread makes the rows of one phase of a band.
func (w *spreadWorker) spread(p *SpreadPlan, phase, channel, first int, band []float32) {
	g, f := &p.geom, &p.rowPhases[phase]
	rows := min(p.rows, f.count-first)
	if rows <= 0 {
		return
	}
	a := &w.args
	*a = spreadArgs{
		dst: unsafe.Pointer(&band[f.first*g.Out[2]]), dstRow: floatSize * g.Stride[1] * g.Out[2],
		src: unsafe.Pointer(&w.strip[p.left+p.least]), srcRow: floatSize * p.pitch,
		rows: rows, vectors: g.Out[2] / p.k.Block, advance: floatSize * p.k.Block / g.Stride[2],
		bias: p.ep.bias(channel), some: p.some,
	}
	if len(f.offsets) > 0 && p.slots > 0 {
		a.nsteps, a.slots = len(f.offsets), p.slots
		a.steps, a.index = &p.steps[phase][0], &p.index[0]
		a.weights = &p.weights.data[channel*p.weights.channel+p.weights.phase[phase]]
	}
	if g.Out[2]%p.k.Block != 0 {
		a.tail = &p.tail[0]
	}
	p.k.spread(a)
}

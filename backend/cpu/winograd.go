package cpu

import (
	"fmt"
	"math"
	"sync"
	"sync/atomic"
)

// WinogradConv is a convolution or transposed convolution of channel-blocked maps by Winograd's minimal filtering, ready
// to run any number of times and by several goroutines at once. Its result does not depend on the number of threads.
//
// Tiles are numbered along the rows of all images. A block of them is transformed, multiplied point by point with the
// weights, and transformed back while it stays in the L2 cache (for other orders see winoOrder):
//
//	for each block of tiles:                         one chunk of a parallel region
//		v[point][group][tile] = Bᵀ x B
//		for each phase (of a transposed convolution):
//			for each point, pair of output groups:   m[point][group][tile] = v[point] · weights[point]
//			y = act(Aᵀ m A + bias + residual)
//
// With several depth taps, a block goes through the planes and keeps as many transformed planes as there are taps. With
// several segments of taps along the columns, see Algorithm.tile, the products of tile t go over tiles t, t+1, ... of v.
// Where phases have tiles apart, a chunk is a block of one phase.
//
// Where one input is NaN or infinite, so are all outputs of the tiles that read it.
type WinogradConv struct {
	k       *Kernels
	geom    ConvGeom
	weights *WinogradWeights
	ep      Epilogue
	rows    winoGrid
	cols    winoGrid

	input        func(*winoInputArgs)
	output       func(*winoOutputArgs)
	bias, slopes []float32 // whole groups; slopes are nil unless the activation is leaky
	lo, hi       float32
	later        bool // the activation is applied after the transform

	spaces sync.Map  // *winoSpace by the number of threads
	idle   sync.Pool // *winoRun
}

// NewWinogradConv returns a plan of a convolution with the weights of PackWinogradWeights.
func NewWinogradConv(k *Kernels, g ConvGeom, w *WinogradWeights, ep Epilogue) *WinogradConv {
	return newWinogradConv(k, g, false, w, ep)
}

// NewWinogradConvTranspose returns a plan of a transposed convolution with the weights of PackWinogradTransposeWeights.
func NewWinogradConvTranspose(k *Kernels, g ConvGeom, w *WinogradWeights, ep Epilogue) *WinogradConv {
	return newWinogradConv(k, g, true, w, ep)
}

func newWinogradConv(k *Kernels, g ConvGeom, transposed bool, w *WinogradWeights, ep Epilogue) *WinogradConv {
	f, ok := newWinoFilter(&g, transposed, w.filter.algorithm)
	if !ok || f != w.filter || k.Block != w.block {
		panic("BUG: the weights are of another convolution")
	}
	p := &WinogradConv{k: k, geom: g, weights: w, ep: ep}
	p.input = k.wino.input[[2]int{f.tile.rows.points(), f.tile.cols.points()}]
	p.output = k.wino.output[f.tile]
	p.rows, p.cols = f.grids(&g)
	p.setEpilogue()
	return p
}

// setEpilogue prepares bias and activation for the transforms.
func (p *WinogradConv) setEpilogue() {
	p.bias = AlignedFloats(p.weights.width())
	copy(p.bias, p.ep.Bias)
	p.lo, p.hi = float32(math.Inf(-1)), float32(math.Inf(1))
	act := &p.ep.Act
	switch act.Kind {
	case ActNone:
	case ActRelu:
		p.lo = 0
	case ActClip:
		p.lo, p.hi = act.A, act.B
	case ActLeakyRelu, ActPRelu:
		p.slopes = AlignedFloats(p.weights.width())
		for i := range p.geom.M {
			p.slopes[i] = act.A
		}
		copy(p.slopes, act.Slope)
	default:
		p.later = true
	}
}

// Halo is the halo that the input must have. It is wider than the pads where the size is not a multiple of the tile.
func (p *WinogradConv) Halo() Halo { return winoHalo(&p.geom, &p.rows, &p.cols) }

// WorkspaceFloats is the workspace that Run needs with a pool of that many threads.
func (p *WinogradConv) WorkspaceFloats(threads int) int {
	s := p.spaceFor(threads)
	return s.shared() + threads*s.own()
}

// Run computes y = act(conv(x) + bias + residual). residual is nil or of y's shape, and may be y; apart from that y
// overlaps nothing. It writes y's pixels, and in their padding lanes anything; see Map.ZeroMargins. ws holds
// WorkspaceFloats, best aligned to 64 bytes. Run stops early, leaving y undefined, when stop becomes true; stop may be nil.
func (p *WinogradConv) Run(pool *Pool, stop *atomic.Bool, ws []float32, x, residual, y *Map) {
	p.checkMaps(x, residual, y)
	checkWorkspace(ws, p.WorkspaceFloats(pool.Threads()))
	if volume(p.geom.Out) == 0 {
		return
	}
	r, _ := p.idle.Get().(*winoRun)
	if r == nil {
		r = newWinoRun(p)
	}
	r.begin(pool.Threads(), stop, ws, x, residual, y)
	r.run(pool)
	r.end()
	p.idle.Put(r)
}

// phases is the number of phases.
func (p *WinogradConv) phases() int { return len(p.rows.phases) * len(p.cols.phases) }

// phase is the phase along the rows and the one along the columns.
func (p *WinogradConv) phase(i int) (y, x int) { return i / len(p.cols.phases), i % len(p.cols.phases) }

// inputPhases is into how many forms the input is transformed: one, or one for each phase that has tiles of its own.
func (p *WinogradConv) inputPhases() int {
	if p.weights.filter.apart {
		return p.phases()
	}
	return 1
}

// tiles is the number of tiles of one plane of all images, for each phase.
func (p *WinogradConv) tiles() int {
	return p.geom.N * len(p.rows.lattices) * len(p.cols.lattices) * p.rows.tiles * p.cols.tiles
}

// checkMaps panics where a map is not what the plan was made for: the kernels trust it.
func (p *WinogradConv) checkMaps(x, residual, y *Map) {
	g := &p.geom
	x.check("x", p.k.Block, g.N, g.C, g.In)
	y.check("y", p.k.Block, g.N, g.M, g.Out)
	if residual != nil {
		residual.check("residual", p.k.Block, g.N, g.M, g.Out)
	}
	if want := p.Halo(); x.Halo.Max(want) != x.Halo {
		panic(fmt.Sprintf("BUG: x has the halo %v, want %v", x.Halo, want))
	}
}

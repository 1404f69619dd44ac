package cpu

import (
	"sync"
	"sync/atomic"
)

// PlanarConvPlan is a forward convolution from a planar input to a channel-blocked map: the first layer of a network,
// with few channels. It copies the input into planes with a halo, from which the micro-kernel broadcasts.
type PlanarConvPlan struct {
	BlockedConvPlan
	fills sync.Pool // *planarFill at rest
}

// planarFill copies planes into a map of one channel per group.
type planarFill struct {
	m    Map
	x    []float32
	body func(i int)
}

// NewPlanarConv returns a plan on weights packed by PackPlanarConvWeights for k. g must fit (see FitsPlanar).
func NewPlanarConv(k *Kernels, g ConvGeom, w *PackedBlockedWeights, ep Epilogue) *PlanarConvPlan {
	p := &PlanarConvPlan{}
	p.init(k, g, g.convParts(), w, ep)
	return p
}

// FitsPlanar says whether a PlanarConvPlan of k can make a convolution of geometry g: one group, or groups whose
// outputs fill whole vectors.
func (k *Kernels) FitsPlanar(g ConvGeom) bool {
	return g.Group == 1 || !g.lanewise() && g.channelsOut()%k.Block == 0
}

// WorkspaceFloats is the workspace that Run needs with any number of threads.
func (p *PlanarConvPlan) WorkspaceFloats() int {
	return MapFloats(1, p.geom.N, p.geom.C, p.geom.In, p.halo)
}

// Run computes y = act(conv(x) + bias + residual) of a planar x [N, C, In...]; see BlockedConvPlan.Run. ws holds
// WorkspaceFloats.
func (p *PlanarConvPlan) Run(pool *Pool, stop *atomic.Bool, ws, x []float32, residual, y *Map) {
	g := &p.geom
	checkWorkspace(ws, p.WorkspaceFloats())
	checkWeights(len(x), g.N*g.C*volume(g.In))
	f, _ := p.fills.Get().(*planarFill)
	if f == nil {
		f = &planarFill{}
		f.body = f.plane
	}
	f.m, f.x = NewMap(ws[:p.WorkspaceFloats()], 1, g.N, g.C, g.In, p.halo), x
	pool.Run(g.N*g.C, f.body)
	p.BlockedConvPlan.Run(pool, stop, &f.m, residual, y)
	f.m.Data, f.x = nil, nil
	p.fills.Put(f)
}

// plane copies plane i, margins included.
func (f *planarFill) plane(i int) {
	n, c := i/f.m.C, i%f.m.C
	pixels := volume(f.m.Size)
	src := f.x[i*pixels:][:pixels]
	f.m.zeroHalo(f.m.Data[n*f.m.Image+c*f.m.Group:][:f.m.Group])
	for z := range f.m.Size[0] {
		for y := range f.m.Size[1] {
			copy(f.m.Data[f.m.At(n, c, z, y, 0):], src[:f.m.Size[2]])
			src = src[f.m.Size[2]:]
		}
	}
}

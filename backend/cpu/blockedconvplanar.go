package cpu

import "sync/atomic"

// PlanarConvPlan is a forward convolution from a planar input to a channel-blocked map: the first layer of a network,
// with few channels. It copies the input into planes with a halo, from which the micro-kernel broadcasts.
type PlanarConvPlan struct {
	BlockedConvPlan
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
	m := NewMap(ws[:p.WorkspaceFloats()], 1, g.N, g.C, g.In, p.halo)
	pool.Run(g.N*g.C, func(i int) { m.fillPlane(i, x[i*volume(g.In):][:volume(g.In)]) })
	p.BlockedConvPlan.Run(pool, stop, &m, residual, y)
}

// fillPlane copies plane i of a planar map, margins included.
func (m *Map) fillPlane(i int, src []float32) {
	n, c := i/m.C, i%m.C
	m.zeroHalo(m.Data[n*m.Image+c*m.Group:][:m.Group])
	m.eachRow(n, c, func(row []float32, pixel int) { copy(row, src[pixel:]) })
}

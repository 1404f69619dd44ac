package ops

import "github.com/tconv/tconv/backend/cpu"

// mostPlanar is the most channels of a result that DepthToSpace gives planar:
// channel blocks would hold more padding than channels.
const mostPlanar = 4

// maxShuffle is the largest blocksize with tables for channel blocks.
const maxShuffle = 16

// Blocked moves channels in blocks. The heads of super-resolution networks, a few
// channels, become planar at once.
func (o *depthToSpaceOp) Blocked(in, out []Spec, _ *cpu.Kernels) (Choice, bool) {
	if !allBlockable(in) || o.block > maxShuffle || product(in[0].Shape[1:]) > 1<<28 {
		return Choice{}, false
	}
	return Choice{In: []bool{true}, Out: []bool{o.inverse || out[0].Shape[1] > mostPlanar}}, true
}

// channel gives the channel of X that becomes pixel (i, j) of the blocks of channel
// c of Y, which has so many.
func (o *depthToSpaceOp) channel(channels int) func(c, i, j int) int {
	if o.crd {
		return func(c, i, j int) int { return (c*o.block+i)*o.block + j }
	}
	return func(c, i, j int) int { return (i*o.block+j)*channels + c }
}

// Bind takes the kernels for channel blocks.
func (o *depthToSpaceOp) Bind(b *Binding) (Step, error) {
	x, y := b.In[0], b.Out[0]
	switch {
	case x.Layout.Planar():
		return plainStep{o}, nil
	case o.inverse:
		return &shuffleStep{shuffle: cpu.NewSpaceToDepth(b.Kernels, o.block, x.Shape[1])}, nil
	case !y.Layout.Planar():
		return &shuffleStep{shuffle: cpu.NewDepthToSpace(b.Kernels, o.block, y.Shape[1], o.channel(y.Shape[1]))}, nil
	}
	like := cpu.MapLike(x.Layout.Block, x.Shape[0], x.Shape[1], mapSize(x.Shape), x.Layout.Halo)
	return &shuffleStep{planes: cpu.NewDepthToPlanes(b.Kernels, o.block, y.Shape[1], &like, o.channel(y.Shape[1]))}, nil
}

// shuffleStep moves channels of channel-blocked maps into pixels or back.
type shuffleStep struct {
	shuffle *cpu.MapShuffle
	planes  *cpu.DepthToPlanes // the result is planar
}

func (s *shuffleStep) Needs() Needs { return Needs{} }

func (s *shuffleStep) Kernel() string {
	if s.planes != nil {
		return "shuffle to planar"
	}
	return "shuffle blocked"
}

// Run computes Y.
func (s *shuffleStep) Run(c *Call, in, out []*Tensor) error {
	x := in[0].Map()
	if s.planes != nil {
		s.planes.Run(c.Pool(), c.Stop(), &x, Data[float32](out[0]))
		return nil
	}
	y := out[0].Map()
	s.shuffle.Run(c.Pool(), c.Stop(), &x, &y)
	return nil
}

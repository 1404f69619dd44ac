package ops

import (
	"math"

	"github.com/tconv/tconv/backend/cpu"
)

// blockedNormChoice says that a normalization of channels works on blocks.
func blockedNormChoice(in, out []Spec) (Choice, bool) {
	if !allBlockable(in[:1]) {
		return Choice{}, false
	}
	c := Choice{In: make([]bool, len(in)), Out: make([]bool, len(out)), Alike: []int{0}}
	c.In[0], c.Out[0] = true, true
	return c, true
}

// Blocked normalizes channels in blocks.
func (o instanceNormalization) Blocked(in, out []Spec, _ *cpu.Kernels) (Choice, bool) {
	return blockedNormChoice(in, out)
}

// Bind takes the kernels for floats, in channel blocks or planes.
func (o instanceNormalization) Bind(b *Binding) (Step, error) {
	if b.In[0].DType != Float32 || b.In[0].Shape.Elements() == 0 {
		return sharingStep{plainStep{o}, o.Share(b.In)}, nil
	}
	return newNormStep(b, "instancenormalization", cpu.MapNorm{PerStat: 1, PerGain: 1, Epsilon: o.epsilon, Act: o.act.kernel()}), nil
}

// Blocked normalizes groups of channels in blocks.
func (o groupNormalization) Blocked(in, out []Spec, _ *cpu.Kernels) (Choice, bool) {
	return blockedNormChoice(in, out)
}

// Bind takes the kernels for floats, in channel blocks or planes.
func (o groupNormalization) Bind(b *Binding) (Step, error) {
	if b.In[0].DType != Float32 || b.In[0].Shape.Elements() == 0 {
		return sharingStep{plainStep{o}, o.Share(b.In)}, nil
	}
	perGroup := b.In[0].Shape[1] / o.groups
	norm := cpu.MapNorm{PerStat: perGroup, PerGain: perGroup, Epsilon: o.epsilon, Act: o.act.kernel()}
	if o.perChannel {
		norm.PerGain = 1
	}
	return newNormStep(b, "groupnormalization", norm), nil
}

// sharingStep is a plain step whose outputs may share memory with inputs.
type sharingStep struct {
	plainStep
	needs Needs
}

func (s sharingStep) Needs() Needs { return s.needs }

// normStep normalizes maps, in channel blocks or planar, by their own statistics.
type normStep struct {
	name    string
	kernels *cpu.Kernels
	norm    cpu.MapNorm
	needs   Needs
}

func newNormStep(b *Binding, name string, norm cpu.MapNorm) *normStep {
	x := b.In[0]
	if x.Layout.Planar() {
		return &normStep{name: name + " " + string(b.Kernels.Tier), kernels: b.Kernels, norm: norm, needs: elementwiseShare()}
	}
	s := &normStep{name: name + " blocked " + string(b.Kernels.Tier), kernels: b.Kernels, norm: norm}
	s.needs.Workspace = floatBytes * norm.WorkspaceFloats(x.Layout.Block, x.Shape[0], x.Shape[1], mapSize(x.Shape))
	s.needs.DirtyLanes = norm.Act.DirtiesZero()
	if x.Layout == b.Out[0].Layout {
		s.needs.InPlace = []Pair{{0, 0}}
	}
	return s
}

func (s *normStep) Kernel() string { return s.name }
func (s *normStep) Needs() Needs   { return s.needs }

// Run computes the output.
func (s *normStep) Run(c *Call, in, out []*Tensor) error {
	gain, bias := Data[float32](in[1]), Data[float32](in[2])
	if shape := in[0].shape; in[0].Layout().Planar() {
		s.norm.RunPlanes(s.kernels, c.Pool(), c.Stop(), Data[float32](in[0]), Data[float32](out[0]), shape[1], product(shape[2:]), gain, bias)
		return nil
	}
	x, y := in[0].Map(), out[0].Map()
	s.norm.Run(s.kernels, c.Pool(), c.Stop(), workspaceFloats(c), &x, &y, gain, bias)
	return nil
}

// Blocked normalizes channels in blocks where the statistics are given.
func (o *batchNormalization) Blocked(in, out []Spec, _ *cpu.Kernels) (Choice, bool) {
	if o.training || o.elementwise {
		return Choice{}, false
	}
	for _, s := range out[1:] {
		if !s.Omitted() {
			return Choice{}, false
		}
	}
	return blockedNormChoice(in, out)
}

// Bind takes the kernels for channel blocks.
func (o *batchNormalization) Bind(b *Binding) (Step, error) {
	if b.In[0].Layout.Planar() {
		return sharingStep{plainStep{o}, o.Share(b.In)}, nil
	}
	s := &blockedBatchNormStep{op: o, kernels: b.Kernels}
	if b.In[0].Layout == b.Out[0].Layout {
		s.needs.InPlace = []Pair{{0, 0}}
	}
	return s, nil
}

// blockedBatchNormStep is a BatchNormalization of channel-blocked maps.
type blockedBatchNormStep struct {
	op      *batchNormalization
	kernels *cpu.Kernels
	needs   Needs
}

func (s *blockedBatchNormStep) Kernel() string {
	return "batchnormalization blocked " + string(s.kernels.Tier)
}
func (s *blockedBatchNormStep) Needs() Needs { return s.needs }

// Run computes Y.
func (s *blockedBatchNormStep) Run(c *Call, in, out []*Tensor) error {
	x, y := in[0].Map(), out[0].Map()
	gain, bias, mean, variance := Data[float32](in[1]), Data[float32](in[2]), Data[float32](in[3]), Data[float32](in[4])
	scale := make([]float32, len(gain))
	for i := range scale {
		scale[i] = float32(float64(gain[i]) / math.Sqrt(float64(variance[i])+s.op.epsilon))
	}
	cpu.ScaleMap(s.kernels, c.Pool(), c.Stop(), &x, &y, mean, scale, bias, cpu.Activation{})
	return nil
}

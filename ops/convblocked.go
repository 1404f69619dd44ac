package ops

import (
	"fmt"

	"github.com/tconv/tconv/backend/cpu"
)

// Blocked takes X and R and gives Y in channel blocks.
func (o *conv) Blocked(in, out []Spec, k *cpu.Kernels) (Choice, bool) {
	axes, err := o.geometry(in[0].Shape, in[1].Shape)
	if err != nil {
		return Choice{}, false
	}
	g := convGeom(&Binding{In: in, Out: out}, axes, o.group)
	return blockedConvChoice(in, g, k, cpu.BlockedConvHalo)
}

// Blocked takes X and R and gives Y in channel blocks.
func (o *convTranspose) Blocked(in, out []Spec, k *cpu.Kernels) (Choice, bool) {
	axes, err := o.geometry(in[0].Shape, in[1].Shape)
	if err != nil {
		return Choice{}, false
	}
	g := convGeom(&Binding{In: in, Out: out}, axes, o.group)
	if phases(g) > mostPhases {
		return Choice{}, false
	}
	return blockedConvChoice(in, g, k, cpu.BlockedConvTransposeHalo)
}

// blockedConvChoice says how a convolution works on blocks: with constant weights
// and bias, on floats, where groups fill blocks.
func blockedConvChoice(in []Spec, g cpu.ConvGeom, k *cpu.Kernels, halo func(cpu.ConvGeom) cpu.Halo) (Choice, bool) {
	b := input(in, 2)
	if !Blockable(in[0]) || in[0].Shape.Elements() == 0 || in[1].Const == nil || !b.Omitted() && b.Const == nil || !k.FitsBlocked(g) {
		return Choice{}, false
	}
	c := Choice{In: make([]bool, len(in)), Out: []bool{true}, Halo: make([]cpu.Halo, len(in)), Wants: true}
	c.In[0] = true
	c.Halo[0] = halo(g)
	if len(in) > 3 {
		c.In[3] = true
	}
	return c, true
}

// blockedConvStep is a convolution over channel-blocked maps.
type blockedConvStep struct {
	name     string
	plan     *cpu.BlockedConvPlan
	residual bool
}

// bindBlocked packs the weights, once for all plans that share the form, and makes
// the plan.
func bindBlocked(b *Binding, name string, g cpu.ConvGeom, act activation,
	pack func(*cpu.Kernels, cpu.ConvGeom, []float32) *cpu.PackedBlockedWeights,
	plan func(*cpu.Kernels, cpu.ConvGeom, *cpu.PackedBlockedWeights, cpu.Epilogue) *cpu.BlockedConvPlan) *blockedConvStep {
	form := fmt.Sprintf("blocked %s %s group %d stride %v dilation %v", name, b.Kernels.Tier, g.Group, g.Stride, g.Dilation)
	packed := b.Packed.Form(b.In[1].Const, form, func() (any, int) {
		p := pack(b.Kernels, g, Data[float32](b.In[1].Const))
		return p, p.Floats() * floatBytes
	}).(*cpu.PackedBlockedWeights)
	ep := cpu.Epilogue{Act: act.kernel()}
	if bias := input(b.In, 2); !bias.Omitted() {
		ep.Bias = Data[float32](bias.Const)
	}
	return &blockedConvStep{
		name: name + " blocked " + string(b.Kernels.Tier), plan: plan(b.Kernels, g, packed, ep),
		residual: !input(b.In, 3).Omitted(),
	}
}

func (s *blockedConvStep) Kernel() string { return s.name }

// Needs lets Y take the residual's memory.
func (s *blockedConvStep) Needs() Needs {
	n := Needs{DirtyLanes: true}
	if s.residual {
		n.InPlace = []Pair{{Out: 0, In: 3}}
	}
	return n
}

// Run computes Y.
func (s *blockedConvStep) Run(c *Call, in, out []*Tensor) error {
	x, y := in[0].Map(), out[0].Map()
	if !s.residual {
		s.plan.Run(c.Pool(), c.Stop(), &x, nil, &y)
		return nil
	}
	r := in[3].Map()
	s.plan.Run(c.Pool(), c.Stop(), &x, &r, &y)
	return nil
}

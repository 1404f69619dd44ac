package ops

import (
	"context"

	"github.com/tconv/tconv/backend/cpu"
)

// Blocked resizes spatial axes in channel blocks, in every mode but antialias and
// tf_crop_and_resize. The result may be planar.
func (o *resizeOp) Blocked(in, out []Spec, _ *cpu.Kernels) (Choice, bool) {
	if !allBlockable(in[:1]) || out[0].Shape.Elements() == 0 || o.antialias || o.needsRoi() {
		return Choice{}, false
	}
	p, ok := o.constantPlan(in)
	if !ok || p[0].resized() || p[1].resized() {
		return Choice{}, false
	}
	c := Choice{In: make([]bool, len(in)), Out: []bool{true}, PlanarOut: true}
	c.In[0] = true
	return c, true
}

// constantPlan is the plan where scales or sizes are constants.
func (o *resizeOp) constantPlan(in []Spec) ([]axisPlan, bool) {
	scales, sizes := input(in, o.inputs.scales), input(in, o.inputs.sizes)
	if given(scales) && scales.Const == nil || given(sizes) && sizes.Const == nil {
		return nil, false
	}
	p, err := o.plan(in[0].Shape, nil, scales.Const, sizes.Const)
	return p, err == nil
}

// Bind makes the tables of the kernels for channel blocks.
func (o *resizeOp) Bind(b *Binding) (Step, error) {
	if b.In[0].Layout.Planar() {
		return plainStep{o}, nil
	}
	p, _ := o.constantPlan(b.In)
	axes := [3]cpu.ResizeAxis{cpu.Identity(1), cpu.Identity(1), cpu.Identity(1)}
	for i := range p[2:] {
		axis, err := o.blockedAxis(&p[2+i])
		if err != nil {
			return nil, err
		}
		axes[3-len(p[2:])+i] = axis
	}
	return &blockedResizeStep{"resize blocked " + string(b.Kernels.Tier), cpu.NewMapResize(b.Kernels, axes)}, nil
}

// blockedAxis is the table of one axis, the same that the plain definition uses.
func (o *resizeOp) blockedAxis(p *axisPlan) (cpu.ResizeAxis, error) {
	if !p.resized() {
		return cpu.Identity(p.in), nil
	}
	c := NewCall(context.Background(), nil)
	if o.mode == "nearest" {
		index, err := o.nearestTable(c, p)
		return cpu.ResizeAxis{In: p.in, Taps: 1, Index: index}, err
	}
	t, err := interpolationTable[float32](c, o, p)
	if err != nil {
		return cpu.ResizeAxis{}, err
	}
	return cpu.ResizeAxis{In: p.in, Taps: t.taps, Index: t.index, Weight: t.weight}, nil
}

// blockedResizeStep is a resize of channel-blocked maps.
type blockedResizeStep struct {
	name   string
	resize *cpu.MapResize
}

func (s *blockedResizeStep) Kernel() string { return s.name }
func (s *blockedResizeStep) Needs() Needs   { return Needs{} }

// Run computes Y.
func (s *blockedResizeStep) Run(c *Call, in, out []*Tensor) error {
	x := in[0].Map()
	if out[0].Layout().Planar() {
		s.resize.RunToPlanar(c.Pool(), c.Stop(), &x, Data[float32](out[0]))
		return nil
	}
	y := out[0].Map()
	s.resize.Run(c.Pool(), c.Stop(), &x, &y)
	return nil
}

package ops

import "github.com/tconv/tconv/backend/cpu"

// Blocked pads spatial axes in channel blocks, in every mode.
func (o *padOp) Blocked(in, out []Spec, _ *cpu.Kernels) (Choice, bool) {
	if !allBlockable(in[:1]) || out[0].Shape.Elements() == 0 {
		return Choice{}, false
	}
	p, _, ok := o.constantPlan(in)
	if !ok || p[0] != (padAxis{in: p[0].in}) || p[1] != (padAxis{in: p[1].in}) {
		return Choice{}, false
	}
	c := Choice{In: make([]bool, len(in)), Out: []bool{true}, Around: padsAround(p)}
	c.In[0] = true
	return c, true
}

// padsAround is what is added around the spatial axes, 0 all over where some of them are cut.
func padsAround(p []padAxis) (h cpu.Halo) {
	for i, a := range p[2:] {
		if a.begin < 0 || a.end < 0 {
			return cpu.Halo{}
		}
		at := 3 - len(p[2:]) + i
		h.Before[at], h.After[at] = a.begin, a.end
	}
	return h
}

// constantPlan gives what happens to every axis, and the constant, where pads, axes
// and the constant are known.
func (o *padOp) constantPlan(in []Spec) (p []padAxis, value float32, ok bool) {
	pads, axes, constant := in[1], input(in, 3), input(in, 2)
	if pads.Const == nil || !axes.Omitted() && axes.Const == nil || !constant.Omitted() && constant.Const == nil {
		return nil, 0, false
	}
	var list []int
	if !axes.Omitted() {
		list = axes.Const.Ints()
	}
	if value = o.value; !constant.Omitted() {
		value = Data[float32](constant.Const)[0]
	}
	p, err := o.plan(in[0].Shape, pads.Const.Ints(), list)
	return p, value, err == nil
}

// Bind makes the tables of the kernels for channel blocks.
func (o *padOp) Bind(b *Binding) (Step, error) {
	if b.In[0].Layout.Planar() {
		return plainStep{o}, nil
	}
	p, value, _ := o.constantPlan(b.In)
	axes := [3][]int32{{0}, {0}, {0}}
	for i, a := range p[2:] {
		table := make([]int32, a.out())
		for k := range table {
			table[k] = int32(o.source(a, k))
		}
		axes[3-len(p[2:])+i] = table
	}
	s := &blockedPadStep{pad: cpu.NewMapPad(axes, value), needs: Needs{DirtyLanes: value != 0}}
	around := padsAround(p)
	s.around = around.Before
	if x, y := b.In[0].Layout.Halo, b.Out[0].Layout.Halo; around != (cpu.Halo{}) && x == y.Add(around) && b.In[0].Bytes() == b.Out[0].Bytes() {
		s.needs.Around = []Pair{{0, 0}}
	}
	return s, nil
}

// blockedPadStep pads channel-blocked maps.
type blockedPadStep struct {
	pad    *cpu.MapPad
	needs  Needs
	around [3]int // where the input begins in the output
}

func (s *blockedPadStep) Kernel() string { return "pad blocked" }
func (s *blockedPadStep) Needs() Needs   { return s.needs }

// Run computes Y, or what lies around X where both have the same memory.
func (s *blockedPadStep) Run(c *Call, in, out []*Tensor) error {
	x, y := in[0].Map(), out[0].Map()
	if &x.Data[0] == &y.Data[0] {
		s.pad.RunAround(c.Pool(), c.Stop(), s.around, &y)
		return nil
	}
	s.pad.Run(c.Pool(), c.Stop(), &x, &y)
	return nil
}

package ops

import "github.com/tconv/tconv/backend/cpu"

// overChannels reports whether x is normalised along axis 1 alone, of several
// pixels.
func (o *softmax) overChannels(x Spec) bool {
	outer, count, _, err := o.split(x.Shape)
	return err == nil && x.Shape.Rank() > 2 && outer == x.Shape[0] && count == x.Shape[1] && x.Shape.Elements() > 0
}

// Blocked normalises over channels in blocks; the result may be planar.
func (o *softmax) Blocked(in, out []Spec, _ *cpu.Kernels) (Choice, bool) {
	if !allBlockable(in) || !o.overChannels(in[0]) {
		return Choice{}, false
	}
	return Choice{In: []bool{true}, Out: []bool{true}, PlanarOut: true}, true
}

// Bind takes the kernels where floats are normalised over channels.
func (o *softmax) Bind(b *Binding) (Step, error) {
	x := b.In[0]
	if x.DType != Float32 || !o.overChannels(x) {
		return sharingStep{plainStep{o}, o.Share(b.In)}, nil
	}
	s := &softmaxStep{op: o, kernels: b.Kernels}
	if x.Layout == b.Out[0].Layout {
		s.needs.InPlace = []Pair{{0, 0}}
	}
	return s, nil
}

// softmaxStep normalises over channels.
type softmaxStep struct {
	op      *softmax
	kernels *cpu.Kernels
	needs   Needs
}

func (s *softmaxStep) Kernel() string { return "softmax " + string(s.kernels.Tier) }
func (s *softmaxStep) Needs() Needs   { return s.needs }

// Run computes the output.
func (s *softmaxStep) Run(c *Call, in, out []*Tensor) error {
	x, y, log := in[0], out[0], s.op.log
	switch {
	case x.Layout().Planar():
		cpu.SoftmaxPlanes(s.kernels, c.Pool(), c.Stop(), Data[float32](y), Data[float32](x), x.shape[0], x.shape[1], log)
	case y.Layout().Planar():
		from := x.Map()
		cpu.SoftmaxMap(s.kernels, c.Pool(), c.Stop(), &from, nil, Data[float32](y), log)
	default:
		from, to := x.Map(), y.Map()
		cpu.SoftmaxMap(s.kernels, c.Pool(), c.Stop(), &from, &to, nil, log)
	}
	return nil
}

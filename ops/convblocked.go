package ops

import (
	"fmt"
	"sync/atomic"

	"github.com/tconv/tconv/backend/cpu"
)

// Blocked takes X and R and gives Y in channel blocks.
func (o *conv) Blocked(in, out []Spec, k *cpu.Kernels) (Choice, bool) {
	axes, err := o.geometry(in[0].Shape, in[1].Shape)
	if err != nil {
		return Choice{}, false
	}
	g, _ := trimTaps(convGeom(&Binding{In: in, Out: out}, axes, o.group))
	return blockedConvChoice(in, g, k, false)
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
	return blockedConvChoice(in, g, k, true)
}

// blockedConvChoice says how a convolution works on blocks: with constant weights
// and bias, on floats, where groups fill blocks.
func blockedConvChoice(in []Spec, g cpu.ConvGeom, k *cpu.Kernels, transposed bool) (Choice, bool) {
	b := input(in, 2)
	if !Blockable(in[0]) || in[0].Shape.Elements() == 0 || in[1].Const == nil || !b.Omitted() && b.Const == nil || !k.FitsBlocked(g) {
		return Choice{}, false
	}
	c := Choice{In: make([]bool, len(in)), Out: []bool{true}, Halo: make([]cpu.Halo, len(in)), Wants: true}
	c.In[0] = true
	c.Halo[0] = blockedConvHalo(k, g, transposed)
	if len(in) > 3 {
		c.In[3] = true
	}
	return c, true
}

// blockedConvHalo is the halo that the chosen algorithm reads around X.
func blockedConvHalo(k *cpu.Kernels, g cpu.ConvGeom, transposed bool) cpu.Halo {
	if halo, ok := cpu.WinogradHalo(g, transposed, cpu.ChooseConv(k, g, transposed)); ok {
		return halo
	}
	if transposed {
		return cpu.BlockedConvTransposeHalo(g)
	}
	return cpu.BlockedConvHalo(g)
}

// blockedPlan is a convolution over channel-blocked maps by one of the algorithms.
type blockedPlan interface {
	WorkspaceFloats(threads int) int
	Run(pool *cpu.Pool, stop *atomic.Bool, ws []float32, x, residual, y *cpu.Map)
}

// directPlan is the direct algorithm, which needs no workspace.
type directPlan struct{ plan *cpu.BlockedConvPlan }

func (directPlan) WorkspaceFloats(int) int { return 0 }

func (d directPlan) Run(pool *cpu.Pool, stop *atomic.Bool, _ []float32, x, residual, y *cpu.Map) {
	d.plan.Run(pool, stop, x, residual, y)
}

// blockedConvStep is a convolution over channel-blocked maps bound to its kernels.
type blockedConvStep struct {
	name     string
	plan     blockedPlan
	floats   int // of workspace
	residual bool
}

// bindBlocked makes the plan of a convolution over channel-blocked maps.
func bindBlocked(b *Binding, g cpu.ConvGeom, act activation, transposed bool) *blockedConvStep {
	name := "conv"
	if transposed {
		name = "convtranspose"
	}
	ep := cpu.Epilogue{Act: act.kernel()}
	if bias := input(b.In, 2); !bias.Omitted() {
		ep.Bias = Data[float32](bias.Const)
	}
	w := &convWeights{b: b, full: g.Kernel}
	if !transposed {
		g, w.first = trimTaps(g)
	}
	w.geom = g
	alg := cpu.ChooseConv(b.Kernels, g, transposed)
	s := &blockedConvStep{
		name:     fmt.Sprintf("%s %s %s", name, alg, b.Kernels.Tier),
		residual: !input(b.In, 3).Omitted(),
	}
	if alg == cpu.Direct {
		s.plan = bindDirect(w, ep, transposed)
	} else {
		s.plan = bindWinograd(w, ep, transposed, alg)
	}
	s.floats = s.plan.WorkspaceFloats(b.Threads)
	return s
}

// convWeights are the constant weights of a convolution: those of the taps that
// its geometry still has.
type convWeights struct {
	b     *Binding
	geom  cpu.ConvGeom
	full  [3]int // the kernel before trimTaps
	first [3]int // the first tap that is left
}

// packedWeights gives a packed form of the weights, packed once for all plans that
// share it. Forms depend on strides and dilations where phases do; never on sizes
// and pads.
func packedWeights[P packedConv](w *convWeights, name string, pack func(w []float32) P) P {
	g := &w.geom
	form := fmt.Sprintf("%s %s group %d stride %v dilation %v taps %v from %v", name, w.b.Kernels.Tier, g.Group, g.Stride, g.Dilation, g.Kernel, w.first)
	source := w.b.In[1].Const
	return w.b.Packed.Form(source, form, func() (any, int) {
		p := pack(trimWeights(Data[float32](source), w.full, g.Kernel, w.first))
		return p, p.Floats() * floatBytes
	}).(P)
}

func bindDirect(w *convWeights, ep cpu.Epilogue, transposed bool) blockedPlan {
	pack, plan, name := cpu.PackBlockedConvWeights, cpu.NewBlockedConv, "direct conv"
	if transposed {
		pack, plan, name = cpu.PackBlockedConvTransposeWeights, cpu.NewBlockedConvTranspose, "direct convtranspose"
	}
	k := w.b.Kernels
	packed := packedWeights(w, name, func(data []float32) *cpu.PackedBlockedWeights { return pack(k, w.geom, data) })
	return directPlan{plan(k, w.geom, packed, ep)}
}

func bindWinograd(w *convWeights, ep cpu.Epilogue, transposed bool, alg cpu.Algorithm) blockedPlan {
	pack, plan, name := cpu.PackWinogradWeights, cpu.NewWinogradConv, "conv"
	if transposed {
		pack, plan, name = cpu.PackWinogradTransposeWeights, cpu.NewWinogradConvTranspose, "convtranspose"
	}
	k := w.b.Kernels
	packed := packedWeights(w, string(alg)+" "+name, func(data []float32) *cpu.WinogradWeights {
		return pack(w.b.Pool, k, w.geom, alg, data)
	})
	return plan(k, w.geom, packed, ep)
}

func (s *blockedConvStep) Kernel() string { return s.name }

// Needs lets Y take the residual's memory.
func (s *blockedConvStep) Needs() Needs {
	n := Needs{Workspace: s.floats * floatBytes, DirtyLanes: true}
	if s.residual {
		n.InPlace = []Pair{{Out: 0, In: 3}}
	}
	return n
}

// Run computes Y.
func (s *blockedConvStep) Run(c *Call, in, out []*Tensor) error {
	x, y := in[0].Map(), out[0].Map()
	var residual *cpu.Map
	if s.residual {
		r := in[3].Map()
		residual = &r
	}
	s.plan.Run(c.Pool(), c.Stop(), workspaceFloats(c), &x, residual, &y)
	return nil
}

package ops

import (
	"sync/atomic"

	"github.com/tconv/tconv/backend/cpu"
)

// convPlan is a convolution or a transposed convolution ready to run.
type convPlan interface {
	WorkspaceFloats(threads int) int
	Run(pool *cpu.Pool, stop *atomic.Bool, ws, x, residual, y []float32)
}

// convKind is what differs between the two.
type convKind struct {
	name string
	pack func(k *cpu.Kernels, g cpu.ConvGeom, w []float32) packedConv
	plan func(k *cpu.Kernels, g cpu.ConvGeom, w packedConv, ep cpu.Epilogue) convPlan
}

// packedConv is the packed form of the weights of one kind.
type packedConv interface{ Floats() int }

var forwardConv = convKind{
	name: "conv",
	pack: func(k *cpu.Kernels, g cpu.ConvGeom, w []float32) packedConv { return cpu.PackConvWeights(k, g, w) },
	plan: func(k *cpu.Kernels, g cpu.ConvGeom, w packedConv, ep cpu.Epilogue) convPlan {
		return cpu.NewConvPacked(k, g, w.(*cpu.PackedConvWeights), ep)
	},
}

var transposedConv = convKind{
	name: "convtranspose",
	pack: func(k *cpu.Kernels, g cpu.ConvGeom, w []float32) packedConv {
		return cpu.PackConvTransposeWeights(k, g, w)
	},
	plan: func(k *cpu.Kernels, g cpu.ConvGeom, w packedConv, ep cpu.Epilogue) convPlan {
		return cpu.NewConvTransposePacked(k, g, w.(*cpu.PackedConvTransposeWeights), ep)
	},
}

// Bind computes floats with the convolution kernels.
func (o *conv) Bind(b *Binding) (Step, error) {
	axes, err := o.geometry(b.In[0].Shape, b.In[1].Shape)
	if err != nil {
		return nil, err
	}
	if !kernelsTake(b) {
		return plainStep{o}, nil
	}
	g := convGeom(b, axes, o.group)
	trimmed, _ := trimTaps(g)
	if onBlocks(b) || byPixels(b.In, trimmed, b.Kernels) {
		return bindBlocked(b, g, o.act, false), nil
	}
	return bindConv(&forwardConv, b, g, o.act), nil
}

// mostPhases bounds the number of products into which a transposed convolution is
// split, one for each place that an output can have between two input pixels
// (strides 64x64 still fit). The plain definition takes over there.
const mostPhases = 4096

// Bind computes floats with the convolution kernels.
func (o *convTranspose) Bind(b *Binding) (Step, error) {
	axes, err := o.geometry(b.In[0].Shape, b.In[1].Shape)
	if err != nil {
		return nil, err
	}
	g := convGeom(b, axes, o.group)
	if onBlocks(b) {
		return bindBlocked(b, g, o.act, true), nil
	}
	if !kernelsTake(b) || phases(g) > mostPhases {
		return plainStep{o}, nil
	}
	if c, ok := blockedConvChoice(b.In, g, b.Kernels, true); ok && c.PlanarBoth {
		return bindBlocked(b, g, o.act, true), nil
	}
	return bindConv(&transposedConv, b, g, o.act), nil
}

// onBlocks reports whether the layout pass chose blocks for X or Y.
func onBlocks(b *Binding) bool { return !b.In[0].Layout.Planar() || !b.Out[0].Layout.Planar() }

// phases is the number of products into which a transposed convolution is split:
// the stride along each axis. Where an axis has a single input the kernels make
// each tap a product, and each place between two taps an empty one.
func phases(g cpu.ConvGeom) int64 {
	var counts [3]int
	for a := range counts {
		stride := g.Stride[a]
		if g.In[a] == 1 {
			stride = (g.Kernel[a]-1)*g.Dilation[a] + 1
		}
		counts[a] = min(stride, g.Out[a])
	}
	return multiplied(counts[:]...)
}

// mostLooseWeights is how many elements a W that is no constant may have for the
// kernels, which pack it anew in every run, in memory that no plan counts.
const mostLooseWeights = 1 << 20

// kernelsTake reports whether the kernels can compute: floats, something of
// everything, and a W that is constant or small.
func kernelsTake(b *Binding) bool {
	return b.In[0].DType == Float32 && b.In[0].Shape.Elements() > 0 && b.Out[0].Shape.Elements() > 0 &&
		(b.In[1].Const != nil || b.In[1].Shape.Elements() <= mostLooseWeights)
}

// convGeom is the geometry in the terms of the kernels.
func convGeom(b *Binding, axes []spatialAxis, group int) cpu.ConvGeom {
	x, y := b.In[0].Shape, b.Out[0].Shape
	g := cpu.ConvGeom{N: x[0], C: x[1], M: y[1], Group: group}
	for i, a := range volume(axes) {
		g.In[i], g.Out[i] = a.in, a.out
		g.Kernel[i], g.Stride[i], g.Dilation[i], g.PadBegin[i] = a.kernel, a.stride, a.dilation, a.padBegin
	}
	return g
}

// convStep is a float convolution bound to the kernels.
type convStep struct {
	kind     *convKind
	kernels  *cpu.Kernels
	geom     cpu.ConvGeom
	act      cpu.Activation
	packed   packedConv // nil: W comes with the run
	plan     convPlan   // nil: W or B comes with the run
	floats   int        // of workspace
	residual bool
}

// bindConv packs a constant W, once for all plans that share the form, and makes
// the plan where B is constant or missing too.
func bindConv(kind *convKind, b *Binding, g cpu.ConvGeom, act activation) *convStep {
	s := &convStep{
		kind: kind, kernels: b.Kernels, geom: g, act: act.kernel(),
		residual: !input(b.In, 3).Omitted(),
	}
	w, bias := b.In[1], input(b.In, 2)
	if w.Const == nil {
		// The workspace depends on the geometry alone.
		zeros := make([]float32, w.Shape.Elements())
		s.floats = s.newPlan(kind.pack(s.kernels, g, zeros), nil).WorkspaceFloats(b.Threads)
		return s
	}
	s.packed = packedWeights(&convWeights{b: b, geom: g, full: g.Kernel}, "planar "+kind.name, func(w []float32) packedConv { return kind.pack(s.kernels, g, w) })
	plan := s.newPlan(s.packed, bias.Const)
	s.floats = plan.WorkspaceFloats(b.Threads)
	if bias.Omitted() || bias.Const != nil {
		s.plan = plan
	}
	return s
}

// newPlan makes a plan for packed weights and a bias, which may be nil.
func (s *convStep) newPlan(w packedConv, bias *Tensor) convPlan {
	ep := cpu.Epilogue{Act: s.act}
	if bias != nil {
		ep.Bias = Data[float32](bias)
	}
	return s.kind.plan(s.kernels, s.geom, w, ep)
}

func (s *convStep) Kernel() string { return s.kind.name + " " + string(s.kernels.Tier) }

// Needs lets Y take the residual's memory.
func (s *convStep) Needs() Needs {
	n := Needs{Workspace: s.floats * floatBytes}
	if s.residual {
		n.InPlace = []Pair{{Out: 0, In: 3}}
	}
	if s.packed != nil {
		n.Unread = append(n.Unread, 1)
	}
	if s.plan != nil {
		n.Unread = append(n.Unread, 2)
	}
	return n
}

// Run computes Y. What only the run knows of W and B is packed first.
func (s *convStep) Run(c *Call, in, out []*Tensor) error {
	plan := s.plan
	if plan == nil {
		packed := s.packed
		if packed == nil {
			packed = s.kind.pack(s.kernels, s.geom, Data[float32](in[1]))
		}
		var bias *Tensor
		if len(in) > 2 {
			bias = in[2]
		}
		plan = s.newPlan(packed, bias)
	}
	var residual []float32
	if s.residual {
		residual = Data[float32](in[3])
	}
	plan.Run(c.Pool(), c.Stop(), workspaceFloats(c), Data[float32](in[0]), residual, Data[float32](out[0]))
	return nil
}

// kernel is the activation in the terms of the kernels.
func (a activation) kernel() cpu.Activation {
	return cpu.Activation{Kind: activationKinds[a.kind], A: float32(a.alpha), B: float32(a.beta)}
}

var activationKinds = map[string]cpu.ActKind{
	"": cpu.ActNone, "Relu": cpu.ActRelu, "LeakyRelu": cpu.ActLeakyRelu, "Clip": cpu.ActClip, "Sigmoid": cpu.ActSigmoid,
	"Tanh": cpu.ActTanh, "HardSwish": cpu.ActHardSwish, "HardSigmoid": cpu.ActHardSigmoid, "Swish": cpu.ActSiLU,
}

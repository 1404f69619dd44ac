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
	g, _ := trimTaps(convGeom(&Binding{In: in, Out: out}, axes, o.group))
	if byPixels(in, g, k) {
		c := Choice{In: make([]bool, len(in)), Out: []bool{false}, Either: true}
		c.In[0] = true
		return c, true
	}
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
	if !blockableConv(in) {
		return Choice{}, false
	}
	c := Choice{In: make([]bool, len(in)), Out: []bool{true}, Halo: make([]cpu.Halo, len(in)), Wants: true}
	residual := !input(in, 3).Omitted()
	if residual {
		c.In[3], c.Alike = true, []int{3}
	}
	fewOut := !residual && byDots(g, k, transposed)
	if !transposed && g.C <= cpu.FewChannels && k.FitsPlanar(g) {
		return c, g.M > cpu.FewChannels || residual || !k.FitsToPlanar(g) // few in, few out: planar altogether
	}
	if !k.FitsBlocked(g) {
		return Choice{}, false
	}
	c.In[0] = true
	c.Halo[0] = blockedConvHalo(k, g, transposed)
	if fewOut { // the form that writes planes is direct, whatever the other one is
		c.Halo[0] = c.Halo[0].Max(directHalo(g, transposed))
	}
	direct := cpu.ChooseConv(k, g, transposed) == cpu.Direct && (transposed || !cpu.ChooseTaps(g))
	c.PlanarOut = fewOut || direct && !residual && k.FitsStaged(g, transposed)
	if alg, ok := bySubPixels(g, k, transposed, residual); ok { // if the output is planar
		c.PlanarOut, c.Halo[0] = true, c.Halo[0].Max(cpu.SubPixelHalo(g, alg))
		return c, true
	}
	if transposed && !residual && k.ChoosePixelTranspose(g) { // if the output is planar
		c.PlanarOut, c.PlanarBoth = true, true
		return c, true
	}
	c.PlanarBoth = transposed && direct && !residual && (k.FitsSpread(g) || !fewOut && k.FitsPlanes(g))
	return c, true
}

// blockableConv reports whether X can lie in blocks, and W and B are constant.
func blockableConv(in []Spec) bool {
	b := input(in, 2)
	return Blockable(in[0]) && in[0].Shape.Elements() > 0 && in[1].Const != nil && (b.Omitted() || b.Const != nil)
}

// byPixels reports whether a convolution is made by the kernels whose lanes are
// pixels: from blocks or planes to planes.
func byPixels(in []Spec, g cpu.ConvGeom, k *cpu.Kernels) bool {
	return blockableConv(in) && g.Out[0]*g.Out[1]*g.Out[2] > 0 && !cpu.ChooseTaps(g) && k.ChoosePixels(g)
}

// byDots reports whether a convolution to planes is made by the kernels whose lanes
// are input channels.
func byDots(g cpu.ConvGeom, k *cpu.Kernels, transposed bool) bool {
	return g.M <= cpu.FewChannels && k.FitsToPlanar(g) && k.ChooseDots(g, transposed)
}

// bySubPixels reports whether a transposed convolution from blocks to planes is made
// as a sub-pixel convolution, and by which algorithm.
func bySubPixels(g cpu.ConvGeom, k *cpu.Kernels, transposed, residual bool) (cpu.Algorithm, bool) {
	if !transposed || residual {
		return cpu.Direct, false
	}
	return k.ChooseSubPixel(g)
}

// blockedConvHalo is the halo that the chosen algorithm reads around X.
func blockedConvHalo(k *cpu.Kernels, g cpu.ConvGeom, transposed bool) cpu.Halo {
	if halo, ok := cpu.WinogradHalo(g, transposed, cpu.ChooseConv(k, g, transposed)); ok {
		return halo
	}
	if !transposed && cpu.ChooseTaps(g) {
		return cpu.Halo{}
	}
	return directHalo(g, transposed)
}

// directHalo is the halo that the direct algorithm reads around X.
func directHalo(g cpu.ConvGeom, transposed bool) cpu.Halo {
	if transposed {
		return cpu.BlockedConvTransposeHalo(g)
	}
	return cpu.BlockedConvHalo(g)
}

// blockedPlan is a convolution by one of the algorithms over channel-blocked maps;
// X or Y may be planar. r is nil where there is no residual.
type blockedPlan interface {
	WorkspaceFloats(threads int) int
	run(c *Call, x, r, y *Tensor)
}

// mapOf is the map of a tensor; nil where there is none.
func mapOf(t *Tensor) *cpu.Map {
	if t == nil {
		return nil
	}
	m := t.Map()
	return &m
}

// directPlan is the direct algorithm, which needs no workspace.
type directPlan struct{ *cpu.BlockedConvPlan }

// WorkspaceFloats is 0.
func (directPlan) WorkspaceFloats(int) int { return 0 }

func (p directPlan) run(c *Call, x, r, y *Tensor) {
	p.Run(c.Pool(), c.Stop(), mapOf(x), mapOf(r), mapOf(y))
}

// tapPlan is the direct algorithm tap by tap.
type tapPlan struct{ *cpu.TapConvPlan }

// WorkspaceFloats is 0.
func (tapPlan) WorkspaceFloats(int) int { return 0 }

func (p tapPlan) run(c *Call, x, r, y *Tensor) {
	p.Run(c.Pool(), c.Stop(), mapOf(x), mapOf(r), mapOf(y))
}

// stagedPlan is the direct algorithm that writes a planar Y of many channels by way
// of blocks that stay in the cache.
type stagedPlan struct{ *cpu.BlockedConvPlan }

func (p stagedPlan) WorkspaceFloats(threads int) int { return p.StagedWorkspaceFloats(threads) }

func (p stagedPlan) run(c *Call, x, _, y *Tensor) {
	p.RunToPlanar(c.Pool(), c.Stop(), workspaceFloats(c), mapOf(x), nil, Data[float32](y))
}

// planesPlan is the direct algorithm from planes to planes.
type planesPlan struct{ *cpu.BlockedConvPlan }

func (p planesPlan) WorkspaceFloats(threads int) int { return p.PlanesWorkspaceFloats(threads) }

func (p planesPlan) run(c *Call, x, _, y *Tensor) {
	p.RunPlanes(c.Pool(), c.Stop(), workspaceFloats(c), Data[float32](x), nil, Data[float32](y))
}

// pixelTransposePlan is a transposed convolution from planes or blocks to planes, by pixels.
type pixelTransposePlan struct{ *cpu.PixelConvTransposePlan }

func (p pixelTransposePlan) run(c *Call, x, _, y *Tensor) {
	if x.Layout().Planar() {
		p.Run(c.Pool(), c.Stop(), workspaceFloats(c), Data[float32](x), Data[float32](y))
		return
	}
	p.RunBlocks(c.Pool(), c.Stop(), workspaceFloats(c), mapOf(x), Data[float32](y))
}

// subPixelPlan is a transposed convolution from blocks to planes as a sub-pixel one.
type subPixelPlan struct{ *cpu.SubPixelPlan }

func (p subPixelPlan) run(c *Call, x, _, y *Tensor) {
	p.Run(c.Pool(), c.Stop(), workspaceFloats(c), mapOf(x), Data[float32](y))
}

// spreadPlan is a transposed depthwise convolution of planes.
type spreadPlan struct{ *cpu.SpreadPlan }

func (p spreadPlan) run(c *Call, x, _, y *Tensor) {
	p.Run(c.Pool(), c.Stop(), workspaceFloats(c), Data[float32](x), Data[float32](y))
}

// winogradPlan is one of Winograd's algorithms.
type winogradPlan struct{ *cpu.WinogradConv }

func (p winogradPlan) run(c *Call, x, r, y *Tensor) {
	p.Run(c.Pool(), c.Stop(), workspaceFloats(c), mapOf(x), mapOf(r), mapOf(y))
}

// fromPlanarPlan reads a planar X of few channels.
type fromPlanarPlan struct{ *cpu.PlanarConvPlan }

func (p fromPlanarPlan) WorkspaceFloats(int) int { return p.PlanarConvPlan.WorkspaceFloats() }

func (p fromPlanarPlan) run(c *Call, x, r, y *Tensor) {
	p.Run(c.Pool(), c.Stop(), workspaceFloats(c), Data[float32](x), mapOf(r), mapOf(y))
}

// pixelPlan has pixels in its lanes: R and Y are planar.
type pixelPlan struct{ *cpu.PixelConvPlan }

func (p pixelPlan) run(c *Call, x, r, y *Tensor) {
	var residual []float32
	if r != nil {
		residual = Data[float32](r)
	}
	if x.Layout().Planar() {
		p.Run(c.Pool(), c.Stop(), workspaceFloats(c), Data[float32](x), residual, Data[float32](y))
		return
	}
	p.RunBlocks(c.Pool(), c.Stop(), workspaceFloats(c), mapOf(x), residual, Data[float32](y))
}

// toPlanarPlan writes a planar Y of few channels.
type toPlanarPlan struct{ *cpu.ToPlanarConvPlan }

func (p toPlanarPlan) run(c *Call, x, _, y *Tensor) {
	p.Run(c.Pool(), c.Stop(), workspaceFloats(c), mapOf(x), nil, Data[float32](y))
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
	s := &blockedConvStep{residual: !input(b.In, 3).Omitted()}
	alg := cpu.ChooseConv(b.Kernels, g, transposed)
	how := string(alg)
	subPixels, ok := bySubPixels(g, b.Kernels, transposed, s.residual)
	switch {
	case ok && !b.In[0].Layout.Planar() && b.Out[0].Layout.Planar():
		how = "sub-pixel " + string(subPixels)
		s.plan = bindSubPixel(w, ep, subPixels)
	case b.Out[0].Layout.Planar() && !transposed && byPixels(b.In, g, b.Kernels):
		how = "by pixels"
		s.plan = bindPixels(w, ep)
	case transposed && !onBlocks(b) && b.Kernels.FitsSpread(g):
		how = "depthwise planes"
		s.plan = bindSpread(w, ep)
	case transposed && b.Out[0].Layout.Planar() && b.Kernels.ChoosePixelTranspose(g):
		how = "by pixels"
		s.plan = bindPixelTranspose(w, ep)
	case transposed && !onBlocks(b):
		how = "planes to planes"
		s.plan = planesPlan{bindDirect(w, ep, transposed).(directPlan).BlockedConvPlan}
	case b.In[0].Layout.Planar():
		how = "from planar"
		s.plan = bindFromPlanar(w, ep)
	case b.Out[0].Layout.Planar() && byDots(g, b.Kernels, transposed):
		how = "to planar"
		s.plan = bindToPlanar(w, ep, transposed)
	case b.Out[0].Layout.Planar():
		how = "direct to planar"
		s.plan = stagedPlan{bindDirect(w, ep, transposed).(directPlan).BlockedConvPlan}
	case alg == cpu.Direct && !transposed && cpu.ChooseTaps(g):
		how = "direct by taps"
		s.plan = bindTaps(w, ep)
	case alg == cpu.Direct:
		s.plan = bindDirect(w, ep, transposed)
	default:
		s.plan = bindWinograd(w, ep, transposed, alg)
	}
	s.name = fmt.Sprintf("%s %s %s", name, how, b.Kernels.Tier)
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
// share it. Forms depend on strides and dilations where phases do, and on which
// sizes are 1; never on other sizes or pads.
func packedWeights[P packedConv](w *convWeights, name string, pack func(w []float32) P) P {
	g := &w.geom
	ones := [3]bool{g.In[0] == 1, g.In[1] == 1, g.In[2] == 1}
	form := fmt.Sprintf("%s %s group %d stride %v dilation %v taps %v from %v ones %v",
		name, w.b.Kernels.Tier, g.Group, g.Stride, g.Dilation, g.Kernel, w.first, ones)
	source := w.b.In[1].Const
	return w.b.Packed.Form(source, form, func() (any, int) {
		var p P
		w.b.Scratch.Lend(source, func(t *Tensor) { p = pack(trimWeights(Data[float32](t), w.full, g.Kernel, w.first)) })
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

func bindTaps(w *convWeights, ep cpu.Epilogue) blockedPlan {
	k := w.b.Kernels
	packed := packedWeights(w, "conv by taps", func(data []float32) *cpu.PackedBlockedWeights {
		return cpu.PackTapConvWeights(k, w.geom, data)
	})
	return tapPlan{cpu.NewTapConv(k, w.geom, packed, ep)}
}

func bindFromPlanar(w *convWeights, ep cpu.Epilogue) blockedPlan {
	k := w.b.Kernels
	packed := packedWeights(w, "from planar", func(data []float32) *cpu.PackedBlockedWeights {
		return cpu.PackPlanarConvWeights(k, w.geom, data)
	})
	return fromPlanarPlan{cpu.NewPlanarConv(k, w.geom, packed, ep)}
}

func bindPixels(w *convWeights, ep cpu.Epilogue) blockedPlan {
	k := w.b.Kernels
	packed := packedWeights(w, "pixels", func(data []float32) *cpu.PackedPixelWeights {
		return cpu.PackPixelConvWeights(k, w.geom, data)
	})
	return pixelPlan{cpu.NewPixelConv(k, w.geom, packed, ep, !w.b.In[0].Layout.Planar())}
}

func bindToPlanar(w *convWeights, ep cpu.Epilogue, transposed bool) blockedPlan {
	pack, plan, name := cpu.PackToPlanarConvWeights, cpu.NewToPlanarConv, "to planar conv"
	if transposed {
		pack, plan, name = cpu.PackToPlanarConvTransposeWeights, cpu.NewToPlanarConvTranspose, "to planar convtranspose"
	}
	k := w.b.Kernels
	packed := packedWeights(w, name, func(data []float32) *cpu.PackedToPlanarWeights { return pack(k, w.geom, data) })
	return toPlanarPlan{plan(k, w.geom, packed, ep)}
}

func bindPixelTranspose(w *convWeights, ep cpu.Epilogue) blockedPlan {
	k := w.b.Kernels
	packed := packedWeights(w, "pixels transposed", func(data []float32) *cpu.PackedPixelWeights {
		return cpu.PackPixelConvTransposeWeights(k, w.geom, data)
	})
	return pixelTransposePlan{cpu.NewPixelConvTranspose(k, w.geom, packed, ep, !w.b.In[0].Layout.Planar())}
}

func bindSubPixel(w *convWeights, ep cpu.Epilogue, alg cpu.Algorithm) blockedPlan {
	k, g := w.b.Kernels, w.geom
	form := fmt.Sprintf("sub-pixel %s, pads %v of a stride", alg, [2]int{g.PadBegin[1] % g.Stride[1], g.PadBegin[2] % g.Stride[2]})
	packed := packedWeights(w, form, func(data []float32) *cpu.WinogradWeights {
		return cpu.PackSubPixelWeights(w.b.Pool, k, g, alg, data)
	})
	return subPixelPlan{cpu.NewSubPixel(k, g, packed, ep)}
}

func bindSpread(w *convWeights, ep cpu.Epilogue) blockedPlan {
	k, g := w.b.Kernels, w.geom
	form := fmt.Sprintf("depthwise planes, pads %v, %v outputs", g.PadBegin, [2]int{min(g.Out[1], g.Stride[1]), min(g.Out[2], g.Stride[2])})
	packed := packedWeights(w, form, func(data []float32) *cpu.SpreadWeights { return cpu.PackSpreadWeights(k, g, data) })
	return spreadPlan{cpu.NewSpread(k, g, packed, ep)}
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
	return winogradPlan{plan(k, w.geom, packed, ep)}
}

func (s *blockedConvStep) Kernel() string { return s.name }

// Needs lets Y take the residual's memory.
func (s *blockedConvStep) Needs() Needs {
	n := Needs{Workspace: s.floats * floatBytes, DirtyLanes: true, Unread: []int{1, 2}}
	if s.residual {
		n.InPlace = []Pair{{Out: 0, In: 3}}
	}
	return n
}

// Run computes Y.
func (s *blockedConvStep) Run(c *Call, in, out []*Tensor) error {
	var residual *Tensor
	if s.residual {
		residual = in[3]
	}
	s.plan.run(c, in[0], residual, out[0])
	return nil
}

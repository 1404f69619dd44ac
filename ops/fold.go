package ops

import (
	"math"
	"slices"

	"github.com/tconv/tconv/backend/cpu"
)

// foldStep is an operator f(f(x0, x1), x2)... with numpy broadcasting on floats,
// planar or in channel blocks.
type foldStep struct {
	kernels *cpu.Kernels
	f       cpu.VecPair
	count   []float32 // what the result is divided by, one element; nil: nothing
	name    string
	cost    int // of vecChunk elements, in nanoseconds
	needs   Needs

	operands []foldOperand // of the blocked form
	byRow    bool          // of the blocked form: some operand needs to know rows
	byGroup  bool          // of the blocked form: some operand is of channels; depthwise convolutions go the same way
}

// foldOperand is an operand of the blocked form.
type foldOperand struct {
	kind operandKind

	// Of operandLanes:
	shape  Shape
	out    Spec
	images int       // for which it has elements: 1 or all
	floats int       // of the packed form: Block for each group of those images
	packed []float32 // nil: a run packs it into the workspace
	at     int       // in the workspace, in floats
	pad    float32   // what padding lanes hold
}

// operandKind is how an operand broadcasts over a blocked value.
type operandKind uint8

const (
	operandFull   operandKind = iota // it has every element, in blocks
	operandScalar                    // planar, one element
	operandLanes                     // planar, one element for each channel, image, or both
	operandPixels                    // planar, one element for each pixel, of all images or one
	operandPlanar                    // it does not work on blocks
)

// operandOf says how x broadcasts over a blocked value.
func operandOf(x, y Shape) operandKind {
	full := make(Shape, len(y))
	for i := range full {
		full[i] = 1
		if k := i - (len(y) - len(x)); k >= 0 {
			full[i] = x[k]
		}
	}
	one := func(d int) bool { return d == 1 }
	pixels := !slices.ContainsFunc(full[2:], func(d int) bool { return d != 1 })
	switch {
	case x.Equal(y):
		return operandFull
	case x.Elements() == 1:
		return operandScalar
	case pixels:
		return operandLanes
	case one(full[1]) && full[2:].Equal(y[2:]):
		return operandPixels
	}
	return operandPlanar
}

// foldChoice is the Choice of an operator with numpy broadcasting: it takes the
// inputs of the output's shape in blocks, the others planar.
func foldChoice(in []Spec, out Spec) (Choice, bool) {
	if !Blockable(out) || out.Shape.Elements() == 0 || len(in) < 2 {
		return Choice{}, false
	}
	c := Choice{In: make([]bool, len(in)), Out: []bool{true}}
	for i, s := range in {
		switch operandOf(s.Shape, out.Shape) {
		case operandFull:
			c.In[i], c.Alike = true, append(c.Alike, i)
		case operandPlanar:
			return Choice{}, false
		case operandPixels:
			if len(in) != 2 {
				return Choice{}, false
			}
		}
	}
	// The first two make a value of the output's shape, which the others join.
	return c, c.In[0] || c.In[1]
}

// bindFold binds a function of the vector kernels. needs is what the plain
// definition allows of memory.
func bindFold(b *Binding, f cpu.VecPair, mean bool, needs Needs) Step {
	s := &foldStep{kernels: b.Kernels, f: f, name: "vec " + string(b.Kernels.Tier), cost: vecCost(b.Kernels, 2*len(b.In)), needs: needs}
	if mean {
		s.count = []float32{float32(len(b.In))}
	}
	if b.Out[0].Layout.Planar() {
		return s
	}
	s.needs.InPlace = slices.DeleteFunc(slices.Clone(needs.InPlace), func(p Pair) bool { return b.In[p.In].Layout != b.Out[0].Layout })
	s.bindOperands(b)
	return s
}

// bindOperands prepares the operands of the blocked form.
func (s *foldStep) bindOperands(b *Binding) {
	y := b.Out[0]
	s.operands = make([]foldOperand, len(b.In))
	lanes := make([][]float32, len(b.In)) // what padding lanes hold
	for i, x := range b.In {
		o := &s.operands[i]
		o.kind = operandOf(x.Shape, y.Shape)
		lanes[i] = []float32{0}
		switch {
		case o.kind == operandLanes:
			s.byGroup = true
			o.shape, o.out = x.Shape, y
			if s.f == cpu.PairDiv && i == 1 {
				o.pad = 1
			}
			lanes[i][0] = o.pad
			s.bindLanes(o, x.Const)
		case o.kind == operandPixels:
			s.byRow, s.needs.InPlace = true, nil // the output holds the operand for a while
			lanes[i][0] = float32(math.NaN())
		case o.kind == operandScalar && x.Const != nil:
			lanes[i][0] = Data[float32](x.Const)[0]
		case o.kind == operandScalar:
			lanes[i][0] = float32(math.NaN())
		}
	}
	s.row(lanes[0], lanes)
	s.needs.DirtyLanes = lanes[0][0] != 0
}

// bindLanes packs an operand that is known, or plans where a run packs it.
func (s *foldStep) bindLanes(o *foldOperand, known *Tensor) {
	o.images = 1
	if len(o.shape) == len(o.out.Shape) {
		o.images = o.shape[0]
	}
	o.floats = cpu.MapFloats(o.out.Layout.Block, o.images, o.out.Shape[1], [3]int{1, 1, 1}, cpu.Halo{})
	if known != nil {
		o.packed = make([]float32, o.floats)
		o.pack(o.packed, Data[float32](known))
		return
	}
	o.at = s.needs.Workspace / floatBytes
	s.needs.Workspace += (o.floats*floatBytes + dataAlignment - 1) / dataAlignment * dataAlignment
}

// pack writes Block lanes for each group.
func (o *foldOperand) pack(packed, x []float32) {
	channels, perImage := o.out.Shape[1], len(x)/o.images
	lanes := o.floats / o.images
	for i := range packed {
		c := i % lanes
		packed[i] = o.pad
		if c < channels {
			packed[i] = x[i/lanes*perImage+c%perImage]
		}
	}
}

func (s *foldStep) Needs() Needs   { return s.needs }
func (s *foldStep) Kernel() string { return s.name }

// Run computes the output.
func (s *foldStep) Run(c *Call, in, out []*Tensor) error {
	if !out[0].Layout().Planar() {
		s.runBlocked(c, in, out[0])
		return nil
	}
	if full, short, ok := repeats(in, out[0].shape); ok {
		s.runRepeated(c, in, out[0], full, short)
		return nil
	}
	shapes, data := make([]Shape, len(in)), make([][]float32, len(in))
	for i, x := range in {
		shapes[i], data[i] = x.Shape(), Data[float32](x)
	}
	z := Data[float32](out[0])
	w := newRowWalk(out[0].Shape(), shapes...)
	w.parallel(c, 1, func(at, n int, from []int) {
		x := make([][]float32, len(data))
		for i := range x {
			x[i] = rowOf(data[i], from[i], n, w.still[i])
		}
		s.row(z[at:at+n], x)
	})
	return nil
}

// runBlocked computes an output that lies in channel blocks.
func (s *foldStep) runBlocked(c *Call, in []*Tensor, y *Tensor) {
	full := []*Tensor{y}
	data := make([][]float32, len(in)) // of operands that are planar
	for i, x := range in {
		o := &s.operands[i]
		switch {
		case o.kind == operandFull:
			full = append(full, x)
		case o.kind == operandLanes && o.packed != nil:
			data[i] = o.packed
		case o.kind == operandLanes:
			data[i] = workspaceFloats(c)[o.at:][:o.floats]
			o.pack(data[i], Data[float32](x))
		default:
			data[i] = Data[float32](x)
		}
	}
	w := newBlockWalk(s.byRow, full...)
	walk := w.parallelPixels
	if s.byGroup {
		walk = w.parallel
	}
	walk(c, s.cost*max(1, w.maps[0].Block/vecChunk), func(r blockRun) {
		z, next := w.of(0, r), 1
		x := make([][]float32, len(in))
		for i := range x {
			switch s.operands[i].kind {
			case operandFull:
				x[i] = w.of(next, r)
				next++
			case operandScalar:
				x[i] = data[i]
			case operandLanes:
				at := w.group(r.row) * w.maps[0].Block % len(data[i])
				x[i] = data[i][at:][:w.maps[0].Block]
			case operandPixels:
				spread(z, w.pixelsOf(data[i], r))
				x[i] = z
			}
		}
		s.row(z, x)
	})
}

// pixelsOf gives the elements of a run in planar data with one element for each
// pixel of every image, or of one. The walk must be by rows.
func (w *blockWalk) pixelsOf(data []float32, r blockRun) []float32 {
	m := &w.maps[0]
	rows := m.Size[0] * m.Size[1]
	image := r.row / rows / m.Groups() * rows
	at := (image+r.row%rows)*m.Size[2] + r.pixel
	return data[at%len(data):][:r.n]
}

// spread writes each of x into as many elements of z that lie side by side.
func spread(z, x []float32) {
	block := len(z) / len(x)
	for i, v := range x {
		lanes := z[i*block:][:block]
		for l := range lanes {
			lanes[l] = v
		}
	}
}

// row folds operands into z. An operand has as many elements as z or repeats: one
// element, or Block lanes. Only the first two may be z.
func (s *foldStep) row(z []float32, x [][]float32) {
	a := x[0]
	for _, b := range x[1:] {
		s.pair(z, a, b)
		a = z
	}
	if s.count != nil {
		s.kernels.PairsLanes(cpu.PairDiv, z, z, s.count)
	}
}

func (s *foldStep) pair(z, a, b []float32) {
	k := s.kernels
	switch {
	case len(a) == len(z) && len(b) == len(z):
		k.Pairs(s.f, z, a, b)
	case len(a) == len(z):
		k.PairsLanes(s.f, z, a, b)
	case len(b) == len(z):
		k.PairsLanes(s.f.Reversed(), z, b, a)
	default:
		for i := range z {
			z[i] = a[i%len(a)]
		}
		k.PairsLanes(s.f, z, z, b)
	}
}

package ops

import "fmt"

// Conv: a convolution (correlation, as all frameworks mean it) over 1, 2 or 3
// spatial axes.
//
//	X: T [N, C, D1...].  W: T [M, C/group, k1...].  B: T [M], optional.
//	Y: T [N, M, E1...],
//
//	Y[n, m, o] = B[m] + sum over c, t of X[n, g·C/group + c, o·strides - pads + t·dilations] · W[m, c, t]
//
// where g = m / (M/group), and X is 0 outside. The sum is kept in float64 and
// rounded once. auto_pad SAME_UPPER and SAME_LOWER give ceil(D/stride) outputs,
// an odd pad at the end or at the begin, also with dilations; negative pads are
// refused.
//
//	T: float, double.
//
// The operator Conv of the internal domain has two things more: the input R?, of
// the shape of Y, which is added, and the attributes activation (a string: the
// name of the operator), activation_alpha and activation_beta, applied last.
//
// https://onnx.ai/onnx/operators/onnx__Conv.html (versions 1, 11, 22).
type conv struct {
	windowAttrs
	group int
	act   activation
}

func init() {
	Register(
		Def{Name: "Conv", Since: 1, Inputs: []string{"X", "W", "B?"}, Outputs: []string{"Y"}, New: newConv},
		Def{Name: "Conv", Domain: InternalDomain, Since: 1, Inputs: []string{"X", "W", "B?", "R?"}, Outputs: []string{"Y"}, New: newFusedConv},
	)
}

func newConv(n *Node) (Op, error) {
	o := &conv{windowAttrs: readWindow(n), group: readGroup(n)}
	o.readDilations(n)
	refusePadsWithAuto(n, &o.windowAttrs)
	return o, n.Err()
}

func newFusedConv(n *Node) (Op, error) {
	act := readActivation(n)
	o, err := newConv(n)
	if err != nil {
		return nil, err
	}
	o.(*conv).act = act
	return o, nil
}

// readGroup reads the attribute group.
func readGroup(n *Node) int {
	group := n.Int("group", 1)
	if group < 1 {
		n.Fail("group is %d: group must be at least 1", group)
	}
	return group
}

// refusePadsWithAuto refuses pads that auto_pad would override; zeros are let
// through, as exporters write them.
func refusePadsWithAuto(n *Node, w *windowAttrs) {
	for _, p := range w.pads {
		if p != 0 && w.autoPad != padNotSet {
			n.Fail("pads %v and auto_pad %s are both given", w.pads, w.autoPad)
		}
	}
}

// Infer checks the inputs and gives Y.
func (o *conv) Infer(in []Spec) ([]Spec, error) {
	x, w := in[0].Shape, in[1].Shape
	if err := o.checkInputs(in); err != nil {
		return nil, err
	}
	if x[1]%o.group != 0 || x[1]/o.group != w[1] {
		if o.group == 1 {
			return nil, fmt.Errorf("X has %d channels, W wants %d", x[1], w[1])
		}
		return nil, fmt.Errorf("X has %d channels, W wants %d in each of %d groups", x[1], w[1], o.group)
	}
	if w[0]%o.group != 0 {
		return nil, fmt.Errorf("group %d does not divide %d output channels", o.group, w[0])
	}
	axes, err := o.geometry(x, w)
	if err != nil {
		return nil, err
	}
	return inferConv(in, outShape(x[0], w[0], axes))
}

// geometry is the placement of the kernel along each spatial axis.
func (o *conv) geometry(x, w Shape) ([]spatialAxis, error) { return o.slideAll(x, w[2:]) }

// checkInputs checks the types and ranks of X, W and B and the kernel's shape: what Conv
// and ConvTranspose have in common.
func (w *windowAttrs) checkInputs(in []Spec) error {
	x, k := in[0], in[1]
	err := firstError(
		wantType("X", x, Float32, Float64),
		wantSameType("X", x, "W", k),
		wantSpatial(x.Shape))
	if err != nil {
		return err
	}
	if len(x.Shape) != len(k.Shape) {
		return fmt.Errorf("X has rank %d, W rank %d, want the same", len(x.Shape), len(k.Shape))
	}
	kernel := k.Shape[2:]
	if w.kernelShape != nil && !Shape(w.kernelShape).Equal(kernel) {
		return fmt.Errorf("kernel_shape differs from W: %v and %v", Shape(w.kernelShape), kernel)
	}
	for _, d := range kernel {
		if d < 1 {
			return fmt.Errorf("W has the kernel %v, want sizes of at least 1", kernel)
		}
	}
	return nil
}

// inferConv checks bias and residual against the shape of Y and gives Y.
func inferConv(in []Spec, y Shape) ([]Spec, error) {
	if b := input(in, 2); !b.Omitted() {
		if err := wantSameType("X", in[0], "B", b); err != nil {
			return nil, err
		}
		if len(b.Shape) != 1 {
			return nil, fmt.Errorf("B has shape %v, want rank 1", b.Shape)
		}
		if b.Shape[0] != y[1] {
			return nil, fmt.Errorf("bias has %d values, %d output channels", b.Shape[0], y[1])
		}
	}
	if r := input(in, 3); !r.Omitted() {
		if err := wantSameType("X", in[0], "R", r); err != nil {
			return nil, err
		}
		if !r.Shape.Equal(y) {
			return nil, fmt.Errorf("R has shape %v, want that of Y, %v", r.Shape, y)
		}
	}
	return one(in[0].DType, y)
}

// MACs counts the products of a direct convolution, padding included.
func (o *conv) MACs(in, out []Spec) int64 {
	return multiplied(append([]int{out[0].Shape.Elements()}, in[1].Shape[1:]...)...)
}

// Run computes Y.
func (o *conv) Run(c *Call, in, out []*Tensor) error {
	axes, err := o.geometry(in[0].Shape(), in[1].Shape())
	if err != nil {
		return err
	}
	p := newConvPlain(in, out[0], axes, o.group, o.act)
	switch in[0].DType() {
	case Float32:
		convRows(c, p, convRow[float32])
	case Float64:
		convRows(c, p, convRow[float64])
	}
	return nil
}

// convPlain is a plain convolution or transposed convolution under way.
type convPlain struct {
	x, w, b, r, y *Tensor // b and r may be nil
	axes          [3]spatialAxis
	groups        int
	channels      int // of X
	outputs       int // channels of Y
	taps          int // of the kernel
	act           activation
}

func newConvPlain(in []*Tensor, y *Tensor, axes []spatialAxis, groups int, act activation) *convPlain {
	p := &convPlain{x: in[0], w: in[1], y: y, axes: volume(axes), groups: groups, act: act}
	if len(in) > 2 {
		p.b = in[2]
	}
	if len(in) > 3 {
		p.r = in[3]
	}
	p.channels, p.outputs = p.x.Shape()[1], y.Shape()[1]
	p.taps = product(p.w.Shape()[2:])
	return p
}

// place is where a piece of an output row lies: outputs [first, end) of the row at
// depth d and height h of channel m of image n.
type place struct{ n, m, d, h, first, end int }

// at is the offset of the piece in Y.
func (p *convPlain) at(o place) int {
	return (((o.n*p.outputs+o.m)*p.axes[0].out+o.d)*p.axes[1].out+o.h)*p.axes[2].out + o.first
}

// convRows calls row for pieces of at most rowTile outputs that together cover Y.
func convRows(c *Call, p *convPlain, row func(p *convPlain, o place)) {
	d, h, w := p.axes[0].out, p.axes[1].out, p.axes[2].out
	tiles := (w + rowTile - 1) / rowTile
	n := product(p.y.Shape()[:2]) * d * h * tiles
	cost := int(min(1<<30, multiplied(min(w, rowTile), p.channels/p.groups, p.taps)))
	c.Parallel(n, cost, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			line, plane := i/tiles, i/tiles/h/d
			first := i % tiles * rowTile
			row(p, place{
				n: plane / p.outputs, m: plane % p.outputs, d: line / h % d, h: line % h,
				first: first, end: min(first+rowTile, w),
			})
		}
	})
}

// convRow computes one piece of Y.
func convRow[T Float](p *convPlain, o place) {
	x, w := Data[T](p.x), Data[T](p.w)
	ad, ah, aw := &p.axes[0], &p.axes[1], &p.axes[2]
	perGroup := p.channels / p.groups
	firstChannel := o.m / (p.outputs / p.groups) * perGroup
	d0, d1 := ad.taps(o.d)
	h0, h1 := ah.taps(o.h)
	var sums rowSums
	for c := range perGroup {
		kernel := w[(o.m*perGroup+c)*p.taps:]
		image := x[(o.n*p.channels+firstChannel+c)*ad.in*ah.in*aw.in:]
		for kd := d0; kd < d1; kd++ {
			for kh := h0; kh < h1; kh++ {
				id, ih := o.d*ad.stride-ad.padBegin+kd*ad.dilation, o.h*ah.stride-ah.padBegin+kh*ah.dilation
				xs := image[(id*ah.in+ih)*aw.in:][:aw.in]
				ws := kernel[(kd*ah.kernel+kh)*aw.kernel:][:aw.kernel]
				for kw, weight := range ws {
					start := o.first*aw.stride - aw.padBegin + kw*aw.dilation
					lo, hi := inside(start, aw.stride, aw.in, o.end-o.first)
					for i := lo; i < hi; i++ {
						sums[i] += float64(weight) * float64(xs[start+i*aw.stride])
					}
				}
			}
		}
	}
	at, n := p.at(o), o.end-o.first
	finish(Data[T](p.y)[at:at+n], sums[:n], elementOr[T](p.b, o.m), sliceOf[T](p.r, at, at+n), p.act)
}

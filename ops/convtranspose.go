package ops

import "fmt"

// ConvTranspose: the transpose of Conv's linear map (for the same W, strides,
// pads and dilations), over 1, 2 or 3 spatial axes. Every input pixel adds its
// multiple of the kernel to the output.
//
//	X: T [N, C, D1...].  W: T [C, M/group, k1...].  B: T [M], optional.
//	Y: T [N, M, E1...],
//
//	Y[n, m, i·strides - pads + t·dilations] += X[n, c, i] · W[c, m mod (M/group), t]
//
// over all i and t and the channels c of m's group, on top of B[m]. Along each axis
//
//	E = (D-1)·stride + (k-1)·dilation + 1 + output_padding - pad_begin - pad_end
//
// and output_padding is below stride or dilation. output_shape gives E itself, for
// the spatial axes alone; the pads follow from it, the odd one at the end for
// SAME_UPPER and at the begin otherwise, and are never negative: what E exceeds the
// formula without pads counts as output_padding. Without output_shape, SAME_UPPER
// and SAME_LOWER do that for E = D·stride, or for the formula's E where that is
// less (as onnxruntime does; the ONNX text leaves the case open).
//
//	T: float, double.
//
// The operator ConvTranspose of the internal domain has a residual R? and an
// activation more, as Conv has.
//
// https://onnx.ai/onnx/operators/onnx__ConvTranspose.html (versions 1, 11, 22).
type convTranspose struct {
	windowAttrs
	outputPadding []int
	outputShape   []int
	group         int
	act           activation
}

func init() {
	Register(
		Def{Name: "ConvTranspose", Since: 1, Inputs: []string{"X", "W", "B?"}, Outputs: []string{"Y"}, New: newConvTranspose},
		Def{Name: "ConvTranspose", Domain: InternalDomain, Since: 1, Inputs: []string{"X", "W", "B?", "R?"}, Outputs: []string{"Y"}, New: newFusedConvTranspose},
	)
}

func newConvTranspose(n *Node) (Op, error) {
	o := &convTranspose{
		windowAttrs:   readWindow(n),
		outputPadding: n.Ints("output_padding"),
		outputShape:   n.Ints("output_shape"),
		group:         readGroup(n),
	}
	o.readDilations(n)
	n.wantEach("output_padding", "output_padding", o.outputPadding, 0)
	n.wantEach("output_shape", "size", o.outputShape, 1)
	if o.outputShape == nil { // which overrides pads
		refusePadsWithAuto(n, &o.windowAttrs)
	}
	return o, n.Err()
}

func newFusedConvTranspose(n *Node) (Op, error) {
	act := readActivation(n)
	o, err := newConvTranspose(n)
	if err != nil {
		return nil, err
	}
	o.(*convTranspose).act = act
	return o, nil
}

// Infer checks the inputs and gives Y.
func (o *convTranspose) Infer(in []Spec) ([]Spec, error) {
	x, w := in[0].Shape, in[1].Shape
	if err := o.checkInputs(in); err != nil {
		return nil, err
	}
	if x[1] != w[0] {
		return nil, fmt.Errorf("X has %d channels, W wants %d", x[1], w[0])
	}
	if x[1]%o.group != 0 {
		return nil, fmt.Errorf("group %d does not divide %d channels", o.group, x[1])
	}
	axes, err := o.geometry(x, w)
	if err != nil {
		return nil, err
	}
	if w[1] > MaxElements/o.group {
		return nil, fmt.Errorf("%d groups of %d output channels: %w", o.group, w[1], ErrLimit)
	}
	return inferConv(in, outShape(x[0], w[1]*o.group, axes))
}

// geometry is the placement of the kernel along each spatial axis. The axes are
// those of the convolution whose transpose this is, but in is the size of X and
// out that of Y.
func (o *convTranspose) geometry(x, w Shape) ([]spatialAxis, error) {
	axes, err := o.axes(x, w[2:])
	if err != nil {
		return nil, err
	}
	rank := len(axes)
	err = firstError(
		wantValues("output_padding", o.outputPadding, rank, rank),
		wantValues("output_shape", o.outputShape, rank, rank))
	if err != nil {
		return nil, err
	}
	for i := range axes {
		outputPadding, size := 0, 0
		if o.outputPadding != nil {
			outputPadding = o.outputPadding[i]
		}
		if o.outputShape != nil {
			size = o.outputShape[i]
		}
		if err := o.spread(&axes[i], outputPadding, size); err != nil {
			return nil, fmt.Errorf("spatial axis %d: %w", i, err)
		}
	}
	return axes, nil
}

// spread computes the output size, and the pads where size (the value of
// output_shape, or 0) or auto_pad decide them.
func (o *convTranspose) spread(a *spatialAxis, outputPadding, size int) error {
	slack := max(a.stride, a.dilation)
	if outputPadding >= slack {
		return fmt.Errorf("output_padding %d is not below stride %d or dilation %d: output_padding must be below stride or dilation",
			outputPadding, a.stride, a.dilation)
	}
	if a.in == 0 {
		return fmt.Errorf("the input is empty, want at least one pixel")
	}
	full := int64(a.in-1)*int64(a.stride) + a.extent() + int64(outputPadding)
	if full > maxExtent {
		return fmt.Errorf("the output without pads is %d, want at most %d: %w", full, maxExtent, ErrLimit)
	}
	same := o.autoPad == padSameUpper || o.autoPad == padSameLower
	switch {
	case size > 0:
		if most := full - int64(outputPadding) + int64(slack); int64(size) >= most {
			return fmt.Errorf("output_shape is %d, want less than %d: the input of %d does not reach further", size, most, a.in)
		}
		a.splitPads(max(0, full-int64(size)), o.autoPad == padSameUpper)
		a.out = size
		return nil
	case same:
		a.splitPads(max(0, full-int64(a.in)*int64(a.stride)), o.autoPad == padSameUpper)
	}
	out := full - int64(a.padBegin) - int64(a.padEnd)
	if out < 1 {
		return fmt.Errorf("padding leaves no output: pads %d and %d of %d", a.padBegin, a.padEnd, full)
	}
	a.out = int(out)
	return nil
}

// MACs counts the products of scattering every input pixel, cropped ones included.
func (o *convTranspose) MACs(in, out []Spec) int64 {
	return multiplied(append([]int{in[0].Shape.Elements()}, in[1].Shape[1:]...)...)
}

// Run computes Y.
func (o *convTranspose) Run(c *Call, in, out []*Tensor) error {
	axes, err := o.geometry(in[0].Shape(), in[1].Shape())
	if err != nil {
		return err
	}
	p := newConvPlain(in, out[0], axes, o.group, o.act)
	switch in[0].DType() {
	case Float32:
		convRows(c, p, convTransposeRow[float32])
	case Float64:
		convRows(c, p, convTransposeRow[float64])
	}
	return nil
}

// convTransposeRow computes one piece of Y: for each tap, the input row that it
// carries to the row of Y (if any), and the inputs that fall into the piece.
func convTransposeRow[T Float](p *convPlain, o place) {
	x, w := Data[T](p.x), Data[T](p.w)
	ad, ah, aw := &p.axes[0], &p.axes[1], &p.axes[2]
	perGroup, outputsPerGroup := p.channels/p.groups, p.outputs/p.groups
	firstChannel := o.m / outputsPerGroup * perGroup
	var sums rowSums
	for c := firstChannel; c < firstChannel+perGroup; c++ {
		kernel := w[(c*outputsPerGroup+o.m%outputsPerGroup)*p.taps:]
		image := x[(o.n*p.channels+c)*ad.in*ah.in*aw.in:]
		for kd := range ad.kernel {
			id, ok := ad.source(o.d, kd)
			if !ok {
				continue
			}
			for kh := range ah.kernel {
				ih, ok := ah.source(o.h, kh)
				if !ok {
					continue
				}
				xs := image[(id*ah.in+ih)*aw.in:][:aw.in]
				ws := kernel[(kd*ah.kernel+kh)*aw.kernel:][:aw.kernel]
				for kw, weight := range ws {
					start := kw*aw.dilation - aw.padBegin - o.first
					lo, hi := inside(start, aw.stride, o.end-o.first, aw.in)
					for i := lo; i < hi; i++ {
						sums[start+i*aw.stride] += float64(weight) * float64(xs[i])
					}
				}
			}
		}
	}
	at, n := p.at(o), o.end-o.first
	finish(Data[T](p.y)[at:at+n], sums[:n], elementOr[T](p.b, o.m), sliceOf[T](p.r, at, at+n), p.act)
}

// source is the input position that tap k of a transposed convolution carries to
// output o; ok is false when there is none.
func (a *spatialAxis) source(o, k int) (i int, ok bool) {
	at := o + a.padBegin - k*a.dilation
	if at < 0 || at%a.stride != 0 {
		return 0, false
	}
	i = at / a.stride
	return i, i < a.in
}

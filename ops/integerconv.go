package ops

import "fmt"

// integerConv is the convolution that ConvInteger, QLinearConv and their like have in
// common: products of values of 8 bits less their zero points, summed in int32,
//
//	sum[n, m, o] = sum over c, t of (x[n, c, ...] - x_zero_point) · (w[m, c, t] - w_zero_point[m])
//
// where a pixel outside x is its zero point. int32 wraps around.
type integerConv struct {
	float        conv // the same on floats
	xZero, wZero int  // the places of the zero points among the inputs
	w            int  // the place of w
}

// newIntegerConv reads the attributes of a convolution.
func newIntegerConv(n *Node, w, xZero, wZero int) integerConv {
	o := integerConv{float: conv{windowAttrs: readWindow(n), group: readGroup(n)}, w: w, xZero: xZero, wZero: wZero}
	o.float.readDilations(n)
	refusePadsWithAuto(n, &o.float.windowAttrs)
	return o
}

// inferSums checks x, w and their zero points and gives the shape of the result.
func (o *integerConv) inferSums(in []Spec) (Shape, error) {
	x, w := in[0], in[o.w]
	xZero, wZero := input(in, o.xZero), input(in, o.wZero)
	err := firstError(
		wantType("x", x, Uint8, Int8),
		wantType("w", w, Uint8, Int8),
		wantZeroPoint("x_zero_point", xZero, x, 1),
		wantRank("w", w.Shape, len(x.Shape)),
		wantSpatial(x.Shape))
	if err != nil {
		return nil, err
	}
	if err := wantZeroPoint("w_zero_point", wZero, w, w.Shape[0]); err != nil {
		return nil, err
	}
	// Everything else is as with floats.
	y, err := o.float.Infer([]Spec{tensorSpec(Float32, x.Shape), tensorSpec(Float32, w.Shape)})
	if err != nil {
		return nil, err
	}
	return y[0].Shape, nil
}

// wantRank refuses a shape of another rank.
func wantRank(name string, s Shape, rank int) error {
	if len(s) != rank {
		return fmt.Errorf("%s has shape %v, want rank %d", name, s, rank)
	}
	return nil
}

// wantZeroPoint refuses a zero point of another type than its values, or with
// another number of elements than 1 or n.
func wantZeroPoint(name string, zero, values Spec, n int) error {
	if zero.Omitted() {
		return nil
	}
	if zero.DType != values.DType {
		return unsupportedf("%s is tensor(%v), want tensor(%v) like its values", name, zero.DType, values.DType)
	}
	return wantPerIndex(name, zero, n)
}

// wantPerIndex refuses a vector that has neither 1 nor n elements.
func wantPerIndex(name string, s Spec, n int) error {
	if k := product(s.Shape); len(s.Shape) > 1 && k != 1 || k != 1 && k != n {
		if n == 1 {
			return unsupportedf("%s has shape %v, want one value", name, s.Shape)
		}
		return unsupportedf("%s has shape %v, want one value or %d", name, s.Shape, n)
	}
	return nil
}

// MACs counts the products of a direct convolution, padding included.
func (o *integerConv) MACs(in, out []Spec) int64 {
	return multiplied(append([]int{out[0].Shape.Elements()}, in[o.w].Shape[1:]...)...)
}

// sums computes the sums and hands them to finish in pieces of an output row: m is
// the channel, at the place of the first in the result.
func (o *integerConv) sums(c *Call, in []*Tensor, y *Tensor, finish func(m, at int, sums []int32)) error {
	x, w := in[0], in[o.w]
	axes, err := o.float.geometry(x.shape, w.shape)
	if err != nil {
		return err
	}
	xs, err := lessZero(c, x, tensorAt(in, o.xZero))
	if err != nil {
		return err
	}
	ws, err := lessZero(c, w, tensorAt(in, o.wZero))
	if err != nil {
		return err
	}
	p := newConvPlain([]*Tensor{xs, ws}, y, axes, o.float.group, activation{})
	convRows(c, p, func(p *convPlain, at place) {
		var sums [rowTile]int32
		integerConvRow(p, at, &sums)
		finish(at.m, p.at(at), sums[:at.end-at.first])
	})
	return nil
}

// lessZero gives values of 8 bits less their zero point, one for all or one for
// each index of axis 0, as int16.
func lessZero(c *Call, x, zero *Tensor) (*Tensor, error) {
	y, err := c.New(Int16, x.shape)
	if err != nil {
		return nil, err
	}
	rows := 1
	if zero != nil {
		rows = zero.Len()
	}
	size := x.Len() / max(1, rows)
	for row := range rows {
		lo, hi := row*size, (row+1)*size
		ys := Data[int16](y)[lo:hi]
		if x.dtype == Int8 {
			subtractZero(c, ys, Data[int8](x)[lo:hi], int16(zeroPoint(zero, row)))
		} else {
			subtractZero(c, ys, Data[uint8](x)[lo:hi], int16(zeroPoint(zero, row)))
		}
	}
	return y, nil
}

func subtractZero[T byteInt](c *Call, y []int16, x []T, zero int16) {
	c.Parallel(len(x), 1, func(lo, hi int) {
		for i, v := range x[lo:hi] {
			y[lo+i] = int16(v) - zero
		}
	})
}

// integerConvRow computes the sums of a piece of an output row; x and w are int16.
func integerConvRow(p *convPlain, o place, sums *[rowTile]int32) {
	x, w := Data[int16](p.x), Data[int16](p.w)
	ad, ah, aw := &p.axes[0], &p.axes[1], &p.axes[2]
	perGroup := p.channels / p.groups
	firstChannel := o.m / (p.outputs / p.groups) * perGroup
	d0, d1 := ad.taps(o.d)
	h0, h1 := ah.taps(o.h)
	for c := range perGroup {
		kernel := w[(o.m*perGroup+c)*p.taps:]
		image := x[(o.n*p.channels+firstChannel+c)*ad.in*ah.in*aw.in:]
		for kd := d0; kd < d1; kd++ {
			for kh := h0; kh < h1; kh++ {
				id, ih := o.d*ad.stride-ad.padBegin+kd*ad.dilation, o.h*ah.stride-ah.padBegin+kh*ah.dilation
				xs := image[(id*ah.in+ih)*aw.in:][:aw.in]
				for kw, weight := range kernel[(kd*ah.kernel+kh)*aw.kernel:][:aw.kernel] {
					start := o.first*aw.stride - aw.padBegin + kw*aw.dilation
					lo, hi := inside(start, aw.stride, aw.in, o.end-o.first)
					if lo < hi {
						addScaledRow(sums[lo:hi], xs[start+lo*aw.stride:], int32(weight), aw.stride)
					}
				}
			}
		}
	}
}

// addScaledRow is y[i] += weight · x[i·stride].
func addScaledRow(y []int32, x []int16, weight int32, stride int) {
	if stride != 1 {
		for i := range y {
			y[i] += weight * int32(x[i*stride])
		}
		return
	}
	for i, v := range x[:len(y)] {
		y[i] += weight * int32(v)
	}
}

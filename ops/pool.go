package ops

import "fmt"

// poolAttrs are the attributes that all pools have; pads are without effect when
// auto_pad decides them.
type poolAttrs struct{ windowAttrs }

// readPool reads the attributes that all pools have. dilationsSince is the version
// that added dilations; ceil_mode came with version 10 (18 to LpPool).
func readPool(n *Node, dilationsSince int) poolAttrs {
	p := poolAttrs{readWindow(n)}
	if p.kernelShape == nil {
		n.Fail("kernel_shape is missing")
	}
	ceilSince := 10
	if n.Op == "LpPool" {
		ceilSince = 18
	}
	if n.Opset >= ceilSince {
		p.ceilMode = n.Bool("ceil_mode", false)
	}
	if n.Opset >= dilationsSince {
		p.readDilations(n)
	}
	return p
}

// geometry is the placement of the kernel along each spatial axis of X.
func (p *poolAttrs) geometry(x Shape) ([]spatialAxis, error) {
	if err := wantSpatial(x); err != nil {
		return nil, err
	}
	rank := len(x) - 2
	if err := wantValues("kernel_shape", p.kernelShape, rank, rank); err != nil {
		return nil, err
	}
	axes, err := p.slideAll(x, p.kernelShape)
	if err != nil {
		return nil, err
	}
	for i, a := range axes {
		if a.in == 0 {
			return nil, fmt.Errorf("spatial axis %d is empty, want at least one pixel", i)
		}
		if p.autoPad == padNotSet && max(a.padBegin, a.padEnd) >= a.kernel {
			return nil, fmt.Errorf("pads %v reach the kernel_shape %v: a pad must be smaller than the kernel", p.pads, p.kernelShape)
		}
	}
	return axes, nil
}

// outShape is the shape of Y.
func (p *poolAttrs) outShape(x Shape) (Shape, error) {
	axes, err := p.geometry(x)
	if err != nil {
		return nil, err
	}
	return outShape(x[0], x[1], axes), nil
}

// poolRows is the walk of a pool over the rows of Y.
type poolRows struct {
	planes int // N·C
	axes   [3]spatialAxis
}

// poolRow is one row of Y: its first element, its plane, depth and height.
type poolRow struct{ at, plane, d, h int }

func (p *poolAttrs) rows(x Shape) (*poolRows, error) {
	axes, err := p.geometry(x)
	if err != nil {
		return nil, err
	}
	return &poolRows{planes: x[0] * x[1], axes: volume(axes)}, nil
}

// parallel calls row for every row of Y. cost is the rough time of one tap in
// nanoseconds.
func (p *poolRows) parallel(c *Call, cost int, row func(r poolRow)) {
	ad, ah, aw := &p.axes[0], &p.axes[1], &p.axes[2]
	// Taps that lie outside the input cost nothing.
	taps := multiplied(aw.out, min(ad.kernel, ad.in), min(ah.kernel, ah.in), min(aw.kernel, aw.in))
	c.Parallel(p.planes*ad.out*ah.out, cost*int(min(1<<20, taps)), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			row(poolRow{at: i * aw.out, plane: i / ah.out / ad.out, d: i / ah.out % ad.out, h: i % ah.out})
		}
	})
}

// eachLine calls f with the offset in X of every input row under a row of Y.
func (p *poolRows) eachLine(r poolRow, f func(line int)) {
	ad, ah, aw := &p.axes[0], &p.axes[1], &p.axes[2]
	d0, d1 := ad.taps(r.d)
	h0, h1 := ah.taps(r.h)
	for kd := d0; kd < d1; kd++ {
		for kh := h0; kh < h1; kh++ {
			d, h := r.d*ad.stride-ad.padBegin+kd*ad.dilation, r.h*ah.stride-ah.padBegin+kh*ah.dilation
			f(((r.plane*ad.in+d)*ah.in + h) * aw.in)
		}
	}
}

// spanLimit is the most pixels along the last axis that a piece of an output row
// may cover: the pools fold their columns on the stack.
const spanLimit = 1024

// pieceWidth is the number of outputs whose windows cover at most spanLimit pixels
// together; 0 where one window alone covers more.
func (a *spatialAxis) pieceWidth() int {
	if a.extent() > spanLimit {
		return 0
	}
	return (spanLimit-int(a.extent()))/a.stride + 1
}

// span is the range of inputs under count outputs from first on.
func (a *spatialAxis) span(first, count int) (from, to int) {
	from = max(0, first*a.stride-a.padBegin)
	to = min(a.in, (first+count-1)*a.stride-a.padBegin+int(a.extent()))
	return from, max(from, to)
}

// columnMajor turns a position in X into the one that storage_order 1 counts: the
// first spatial axis runs fastest. -1 stays.
func (p *poolRows) columnMajor(index int) int {
	if index < 0 {
		return index
	}
	d, h, w := p.axes[0].in, p.axes[1].in, p.axes[2].in
	plane, rest := index/(d*h*w), index%(d*h*w)
	return ((plane*w+rest%w)*h+rest/w%h)*d + rest/w/h
}

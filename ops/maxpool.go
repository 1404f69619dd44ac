package ops

import "math"

// MaxPool: the largest pixel under a kernel that moves over 1, 2 or 3 spatial
// axes; padding takes no part.
//
//	X: T [N, C, D1...].  Y: T [N, C, E1...].  Indices: int64, the shape of Y, optional.
//
//	Y[n, c, o] = max over t of X[n, c, o·strides - pads + t·dilations]
//
// Indices are positions in the whole of X, flattened row-major; with storage_order
// 1 the spatial axes count column-major within their plane. The first of equal
// pixels wins. NaN is larger than everything, so it propagates. A window without
// any pixel, which dilations make possible, gives the least value of T and -1.
// With ceil_mode a last window that would start behind the input is left out.
//
//	T: float, double and, since version 12, int8 and uint8.
//
// https://onnx.ai/onnx/operators/onnx__MaxPool.html (versions 1, 8, 10, 11, 12, 22).
type maxPool struct {
	poolAttrs
	columnMajor bool
}

func init() {
	Register(
		Def{Name: "MaxPool", Since: 1, Inputs: []string{"X"}, Outputs: []string{"Y"}, Exact: true, New: newMaxPool},
		Def{Name: "MaxPool", Since: 8, Inputs: []string{"X"}, Outputs: []string{"Y", "Indices"}, Exact: true, New: newMaxPool},
	)
}

func newMaxPool(n *Node) (Op, error) {
	o := &maxPool{poolAttrs: readPool(n, 10)}
	if n.Opset >= 8 {
		o.columnMajor = n.Bool("storage_order", false)
	}
	return o, n.Err()
}

// Infer checks the input and gives Y and Indices.
func (o *maxPool) Infer(in []Spec) ([]Spec, error) {
	x := in[0]
	if err := wantType("X", x, Float32, Float64, Int8, Uint8); err != nil {
		return nil, err
	}
	y, err := o.outShape(x.Shape)
	if err != nil {
		return nil, err
	}
	specs, err := one(x.DType, y)
	return append(specs, tensorSpec(Int64, y)), err
}

// Run computes Y and Indices.
func (o *maxPool) Run(c *Call, in, out []*Tensor) error {
	switch in[0].DType() {
	case Float32:
		return runMaxPool(c, o, float32(math.Inf(-1)), in, out)
	case Float64:
		return runMaxPool(c, o, math.Inf(-1), in, out)
	case Int8:
		return runMaxPool(c, o, int8(math.MinInt8), in, out)
	default:
		return runMaxPool(c, o, uint8(0), in, out)
	}
}

func runMaxPool[T Number](c *Call, o *maxPool, least T, in, out []*Tensor) error {
	x, y := in[0], out[0]
	rows, err := o.rows(x.Shape())
	if err != nil {
		return err
	}
	xs := Data[T](x)
	var ys []T
	if y != nil {
		ys = Data[T](y)
	}
	if len(out) < 2 || out[1] == nil {
		rows.parallel(c, 1, func(r poolRow) { maxRow(rows, r, xs, ys[r.at:][:rows.axes[2].out], least) })
		return nil
	}
	indices := Data[int64](out[1])
	rows.parallel(c, 3, func(r poolRow) {
		for i := range rows.axes[2].out {
			best, index := maxWindow(rows, r, i, xs, least)
			if ys != nil {
				ys[r.at+i] = best
			}
			if o.columnMajor {
				index = rows.columnMajor(index)
			}
			indices[r.at+i] = int64(index)
		}
	})
	return nil
}

// maxRow computes one row of Y: for a piece of it, first the largest of every
// column under the kernel, then the largest of the columns under each output.
func maxRow[T Number](p *poolRows, r poolRow, x, y []T, least T) {
	a := &p.axes[2]
	width := a.pieceWidth()
	if width == 0 {
		for i := range y {
			y[i], _ = maxWindow(p, r, i, x, least)
		}
		return
	}
	var columns [spanLimit]T
	for first := 0; first < a.out; first += width {
		piece := y[first:min(first+width, a.out)]
		from, to := a.span(first, len(piece))
		c, lines := columns[:to-from], 0
		p.eachLine(r, func(line int) {
			if lines++; lines == 1 {
				copy(c, x[line+from:line+to])
			} else {
				maxInto(c, x[line+from:line+to], 1)
			}
		})
		for i := range piece {
			piece[i] = least
		}
		if lines == 0 {
			continue
		}
		for k := range a.kernel {
			start := first*a.stride - a.padBegin + k*a.dilation
			if lo, hi := inside(start, a.stride, a.in, len(piece)); lo < hi {
				maxInto(piece[lo:hi], c[start+lo*a.stride-from:], a.stride)
			}
		}
	}
}

// maxInto is y[i] = max(y[i], x[i·step]).
func maxInto[T Number](y, x []T, step int) {
	if step == 1 {
		x = x[:len(y)]
		for i, v := range x {
			y[i] = max(y[i], v)
		}
		return
	}
	from := 0
	for i := range y {
		y[i] = max(y[i], x[from])
		from += step
	}
}

// maxWindow gives the largest pixel under output i of a row and its position in X.
func maxWindow[T Number](p *poolRows, r poolRow, i int, x []T, least T) (best T, index int) {
	a := &p.axes[2]
	best, index = least, -1
	k0, k1 := a.taps(i)
	p.eachLine(r, func(line int) {
		at := line + i*a.stride - a.padBegin + k0*a.dilation
		for range k1 - k0 {
			if v := x[at]; index < 0 || v > best || v != v && best == best {
				best, index = v, at
			}
			at += a.dilation
		}
	})
	return best, index
}

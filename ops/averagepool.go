package ops

// AveragePool: the mean of the pixels under a kernel that moves over 1, 2 or 3
// spatial axes.
//
//	X: T [N, C, D1...].  Y: T [N, C, E1...].
//
//	Y[n, c, o] = (sum over t of X[n, c, o·strides - pads + t·dilations]) / count
//
// where pixels outside X are 0 and count is the number of taps inside X, or, with
// count_include_pad, inside X and its padding; taps behind the padding, which
// ceil_mode makes possible, never count. Sums are kept in float64 and rounded
// once. A window without any pixel gives 0.
//
//	T: float, double.
//
// https://onnx.ai/onnx/operators/onnx__AveragePool.html (versions 1, 7, 10, 11, 19, 22).
type averagePool struct {
	poolAttrs
	countPad bool
}

func init() {
	Register(Def{
		Name: "AveragePool", Since: 1, Inputs: []string{"X"}, Outputs: []string{"Y"},
		New: func(n *Node) (Op, error) {
			o := &averagePool{poolAttrs: readPool(n, 19)}
			if n.Opset >= 7 {
				o.countPad = n.Bool("count_include_pad", false)
			}
			return o, n.Err()
		},
	})
}

// Infer checks the input and gives Y.
func (o *averagePool) Infer(in []Spec) ([]Spec, error) { return o.inferFloat(in[0]) }

// Run computes Y.
func (o *averagePool) Run(c *Call, in, out []*Tensor) error {
	rows, err := o.rows(in[0].Shape())
	if err != nil {
		return err
	}
	if in[0].DType() == Float32 {
		runAveragePool[float32](c, rows, o.countPad, in[0], out[0])
	} else {
		runAveragePool[float64](c, rows, o.countPad, in[0], out[0])
	}
	return nil
}

func runAveragePool[T Float](c *Call, rows *poolRows, countPad bool, x, y *Tensor) {
	count := func(a *spatialAxis, o int) int {
		lo, hi := a.taps(o)
		if countPad {
			lo, hi = a.paddedTaps(o)
		}
		return hi - lo
	}
	sumPool(c, rows, Data[T](x), Data[T](y), nil, func(sum float64, r poolRow, o int) float64 {
		n := count(&rows.axes[0], r.d) * count(&rows.axes[1], r.h) * count(&rows.axes[2], o)
		return sum / float64(max(1, n))
	})
}

// inferFloat gives the Y of a pool over float or double.
func (p *poolAttrs) inferFloat(x Spec) ([]Spec, error) {
	if err := wantType("X", x, Float32, Float64); err != nil {
		return nil, err
	}
	y, err := p.outShape(x.Shape)
	if err != nil {
		return nil, err
	}
	return one(x.DType, y)
}

// sumPool computes y = finish(sum of each(x)) for every window; each is the
// identity when it is nil. finish is told the row of Y and the output in it.
func sumPool[T Float](c *Call, p *poolRows, x, y []T, each func(float64) float64, finish func(sum float64, r poolRow, o int) float64) {
	cost := 1
	if each != nil {
		cost = 10
	}
	width := p.axes[2].out
	p.parallel(c, cost, func(r poolRow) {
		var sums rowSums
		for first := 0; first < width; first += rowTile {
			tile := sums[:min(rowTile, width-first)]
			clear(tile)
			sumTile(p, r, first, tile, x, each)
			for i, s := range tile {
				y[r.at+first+i] = T(finish(s, r, first+i))
			}
		}
	})
}

// sumTile adds to sums[i] the pixels under output first+i of a row. It goes tap by
// tap where a tap serves many outputs, else output by output, so that a kernel
// much larger than the input costs no more than the input.
func sumTile[T Float](p *poolRows, r poolRow, first int, sums []float64, x []T, each func(float64) float64) {
	a := &p.axes[2]
	p.eachLine(r, func(line int) {
		xs := x[line:][:a.in]
		if len(sums) < a.kernel {
			for i := range sums {
				lo, hi := a.taps(first + i)
				from := (first+i)*a.stride - a.padBegin + lo*a.dilation
				sums[i] += sumStrided(xs, from, a.dilation, hi-lo, each)
			}
			return
		}
		for k := range a.kernel {
			start := first*a.stride - a.padBegin + k*a.dilation
			lo, hi := inside(start, a.stride, a.in, len(sums))
			addStrided(sums[lo:hi], xs, start+lo*a.stride, a.stride, each)
		}
	})
}

// sumStrided is the sum of each(x[from + i·step]) for i < n.
func sumStrided[T Float](x []T, from, step, n int, each func(float64) float64) (sum float64) {
	for range n {
		v := float64(x[from])
		if each != nil {
			v = each(v)
		}
		sum += v
		from += step
	}
	return sum
}

// addStrided is sums[i] += each(x[from + i·step]).
func addStrided[T Float](sums []float64, x []T, from, step int, each func(float64) float64) {
	if each != nil {
		for i := range sums {
			sums[i] += each(float64(x[from]))
			from += step
		}
		return
	}
	for i := range sums {
		sums[i] += float64(x[from])
		from += step
	}
}

package ops

import (
	"fmt"
	"math"
)

// DeformConv: a convolution whose taps are moved, each at every place by its own
// offset, and weighed.
//
//	X: T [N, C, D1...].  W: T [M, C/group, k1...].  B?: T [M].
//	offset: T [N, offset_group·K·r, E1...], in pixels, r the number of spatial axes and
//	K that of the taps: for each group the taps in order, for each tap the axes in order.
//	mask?: T [N, offset_group·K, E1...], ones when absent.
//	Y: T [N, M, E1...],
//
//	Y[n, m, o] = B[m] + sum over c, t of X[n, g·C/group + c, p] · mask[n, t, o] · W[m, c, t]
//	p = o·strides - pads + t·dilations + offset[n, t, o]
//
// where g = m / (M/group), and X between pixels is their linear interpolation and 0
// outside. The channels of X are divided among offset_group groups of offsets. Sums
// are kept in float64.
//
//	T: float, double.
//
// https://onnx.ai/onnx/operators/onnx__DeformConv.html (versions 19, 22).
type deformConv struct {
	conv    *conv
	offsets int // groups of them
}

// The inputs of DeformConv.
const (
	deformX = iota
	deformW
	deformOffset
	deformB
	deformMask
)

func init() {
	Register(Def{
		Name: "DeformConv", Since: 19, Inputs: []string{"X", "W", "offset", "B?", "mask?"}, Outputs: []string{"Y"},
		New: func(n *Node) (Op, error) {
			if n.Has("auto_pad") {
				n.Fail("attribute auto_pad is given, which DeformConv does not have")
			}
			o := &deformConv{offsets: n.Int("offset_group", 1)}
			if o.offsets < 1 {
				n.Fail("offset_group is %d, want 1 or more", o.offsets)
			}
			plain, err := newConv(n)
			if err != nil {
				return nil, err
			}
			o.conv = plain.(*conv)
			return o, nil
		},
	})
}

// Infer checks the inputs and gives Y.
func (o *deformConv) Infer(in []Spec) ([]Spec, error) {
	x, w, offset, mask := in[deformX], in[deformW], in[deformOffset], input(in, deformMask)
	y, err := o.conv.Infer([]Spec{x, w, input(in, deformB)})
	if err != nil {
		return nil, err
	}
	if x.Shape[1]%o.offsets != 0 {
		return nil, fmt.Errorf("offset_group %d does not divide %d channels", o.offsets, x.Shape[1])
	}
	taps, places := product(w.Shape[2:]), y[0].Shape[2:]
	for _, s := range []struct {
		name string
		Spec
		perTap int
	}{{"offset", offset, len(places)}, {"mask", mask, 1}} {
		if s.Omitted() {
			continue
		}
		if err := wantSameType("X", x, s.name, s.Spec); err != nil {
			return nil, err
		}
		if want := append(Shape{x.Shape[0], o.offsets * taps * s.perTap}, places...); !s.Shape.Equal(want) {
			return nil, fmt.Errorf("%s has shape %v, want %v", s.name, s.Shape, want)
		}
	}
	return y, nil
}

// MACs counts those of the convolution.
func (o *deformConv) MACs(in, out []Spec) int64 { return o.conv.MACs(in, out) }

// deformPlan is DeformConv on operands of known shapes. The samples that the taps read
// are gathered as the columns of a matrix, a row for each channel and tap and a column
// for each place; W times it is Y.
type deformPlan struct {
	*deformConv
	axes              []spatialAxis
	in, out           Shape // the spatial axes of X and Y
	batch             int
	channels, outputs int
	taps              int
	planeIn, planeOut int
	width             int // the places of one matrix
}

// deformColumns is the size of the matrix of columns, in elements: 4 MiB of floats.
const deformColumns = 1 << 20

// deformRun is the number of neighbouring places whose taps are found together.
const deformRun = 256

func (o *deformConv) plan(x, w Shape) (*deformPlan, error) {
	axes, err := o.conv.geometry(x, w)
	if err != nil {
		return nil, err
	}
	p := &deformPlan{
		deformConv: o, axes: axes, in: x[2:], out: outShape(x[0], w[0], axes)[2:],
		batch: x[0], channels: x[1], outputs: w[0], taps: product(w[2:]),
	}
	p.planeIn, p.planeOut = product(p.in), product(p.out)
	p.width = min(p.planeOut, max(deformRun, deformColumns/max(1, p.depth())))
	return p, nil
}

// depth is the number of rows of the matrix.
func (p *deformPlan) depth() int { return p.channels * p.taps }

// Run gathers the columns of some places, then multiplies.
func (o *deformConv) Run(c *Call, in, out []*Tensor) error {
	if out[0].Len() == 0 {
		return nil
	}
	p, err := o.plan(in[deformX].shape, in[deformW].shape)
	if err != nil {
		return err
	}
	columns, err := c.New(in[deformX].dtype, Shape{p.depth(), p.width})
	if err != nil {
		return err
	}
	if in[0].dtype == Float32 {
		runDeformConv[float32](c, p, in, columns, out[0])
	} else {
		runDeformConv[float64](c, p, in, columns, out[0])
	}
	return nil
}

func runDeformConv[T Float](c *Call, p *deformPlan, in []*Tensor, columns, out *Tensor) {
	matrix, ys := Data[T](columns), Data[T](out)
	depth := p.depth() / p.conv.group
	weights := rowMajor(Data[T](in[deformW]), depth)
	p.each(c, func(n, first, count int) {
		deformSamples(c, p, in, matrix, deformPlace{n, first, count})
		c.Parallel(p.outputs, int(min(1<<30, multiplied(depth, count))), func(lo, hi int) {
			for m := lo; m < hi; m++ {
				bias := 0.0
				if b := tensorAt(in, deformB); b != nil {
					bias = floatAt(b, m)
				}
				group := m / (p.outputs / p.conv.group)
				y := ys[(n*p.outputs+m)*p.planeOut+first:][:count]
				productRow(y, weights, rowMajor(matrix[group*depth*count:], count), m, depth, func(sum float64, _ int) T {
					return T(sum + bias)
				})
			}
		})
	})
}

// each walks the matrices: count places of image n from first on.
func (p *deformPlan) each(c *Call, f func(n, first, count int)) {
	for n := range p.batch {
		for first := 0; first < p.planeOut && !c.stop.Load(); first += p.width {
			f(n, first, min(p.width, p.planeOut-first))
		}
	}
}

// deformPlace is count places of image n from first on.
type deformPlace struct{ n, first, count int }

// deformSamples fills a matrix of at.count columns.
func deformSamples[T Float](c *Call, p *deformPlan, in []*Tensor, columns []T, at deformPlace) {
	perGroup, runs := p.channels/p.offsets, (at.count+deformRun-1)/deformRun
	xs := Data[T](in[deformX])[at.n*p.channels*p.planeIn:]
	corners := 1 << len(p.in)
	c.Parallel(p.offsets*p.taps*runs, deformRun*corners*(perGroup+10), func(lo, hi int) {
		t := &sampleTaps[T]{perPlace: corners, index: make([]int, deformRun*corners), weight: make([]T, deformRun*corners)}
		for ; lo < hi; lo++ {
			from, row := lo%runs*deformRun, lo/runs // row: of offsets·taps
			count := min(deformRun, at.count-from)
			deformTaps(p, t, in, deformPlace{at.n, at.first + from, count}, row)
			group, tap := row/p.taps, row%p.taps
			for ch := group * perGroup; ch < (group+1)*perGroup; ch++ {
				t.sum(columns[(ch*p.taps+tap)*at.count+from:][:count], xs[ch*p.planeIn:][:p.planeIn])
			}
		}
	})
}

// deformTaps finds from which pixels a tap is made at each place: row is its number
// among those of all groups of offsets.
func deformTaps[T Float](p *deformPlan, t *sampleTaps[T], in []*Tensor, at deformPlace, row int) {
	rank := len(p.in)
	offsets := Data[T](in[deformOffset])[((at.n*p.offsets*p.taps+row)*rank)*p.planeOut:]
	tap := newOdometer(row%p.taps, kernelOf(p.axes))
	place := newOdometer(at.first, p.out)
	var pixel [3]int
	var part [3]float64
	for i := range at.count {
		weight := 1.0
		if mask := tensorAt(in, deformMask); mask != nil {
			weight = float64(Data[T](mask)[(at.n*p.offsets*p.taps+row)*p.planeOut+at.first+i])
		}
		for k, a := range p.axes {
			moved := float64(place.index[k]*a.stride-a.padBegin+tap.index[k]*a.dilation) + float64(offsets[k*p.planeOut+at.first+i])
			if moved = min(moved, float64(a.in)+1); !(moved > -2) {
				moved = -2 // NaN as well: outside
			}
			floor := math.Floor(moved)
			pixel[k], part[k] = int(floor), moved-floor
		}
		t.corners(i, p.in, pixel[:rank], part[:rank], weight)
		place.next()
	}
}

// kernelOf is the shape of the kernel.
func kernelOf(axes []spatialAxis) Shape {
	s := Shape{}
	for _, a := range axes {
		s = append(s, a.kernel)
	}
	return s
}

// corners fills in the pixels around place i, which lies part behind pixel along each
// axis, for a linear interpolation times factor.
func (t *sampleTaps[T]) corners(i int, dims, pixel []int, part []float64, factor float64) {
	for corner := range t.perPlace {
		at, weight := 0, factor
		for k, d := range dims {
			q := pixel[k]
			if corner>>k&1 == 1 {
				q++
				weight *= part[k]
			} else {
				weight *= 1 - part[k]
			}
			if at = at*d + q; q < 0 || q >= d {
				at = -1
				break
			}
		}
		t.index[i*t.perPlace+corner], t.weight[i*t.perPlace+corner] = at, T(weight)
	}
}

package ops

import (
	"fmt"
	"slices"
)

// ReduceSum: reduced = Σ x over axes. ReduceMean: Σ x / n. ReduceMax, ReduceMin:
// the largest, the least x. ReduceProd: Π x. ReduceL1: Σ |x|. ReduceL2: √Σ x².
// ReduceSumSquare: Σ x². ReduceLogSum: log Σ x. ReduceLogSumExp: log Σ e^x.
//
//	data: T, any shape. axes: int64, rank 1; absent or empty: all axes, unless
//	noop_with_empty_axes is 1 - then every element is a set of its own.
//	reduced: T; the axes have extent 1 or, when keepdims is 0, are gone.
//	T: float, double, int32, int64, uint32, uint64; ReduceMax and ReduceMin also
//	int8, uint8 and bool.
//
// Floats are accumulated in double - by the kernels in float within pieces of a
// run -, in an order that depends on the shape alone.
// Integer sums wrap; results of integers that are not whole lose their fraction,
// by the rule of Cast. NaN makes its result NaN, the largest and the least too.
// Over no elements, sums are 0, the product 1, the mean 0 (as onnxruntime), the
// logarithms -Inf, the largest -Inf or the least value of the type, the least +Inf
// or the largest value of the type.
//
// Before version 18 (ReduceSum: 13) axes is an attribute.
//
// https://onnx.ai/onnx/operators/onnx__ReduceSum.html (versions 1, 11, 13) and the
// others (versions 1, 11, 13, 18; ReduceMax and ReduceMin also 12, 20).
func init() {
	for name, kernels := range reduceKernels {
		inputSince := 18
		if name == "ReduceSum" {
			inputSince = 13
		}
		Register(
			Def{
				Name: name, Since: 1, Inputs: []string{"data"}, Outputs: []string{"reduced"}, Exact: exactReductions[name],
				New: func(n *Node) (Op, error) {
					return &reduce{name: name, kernels: kernels, keepDims: n.Bool("keepdims", true)}, axesInput(n, 1, false)
				},
			},
			Def{
				Name: name, Since: inputSince, Inputs: []string{"data", "axes?"}, Outputs: []string{"reduced"}, Exact: exactReductions[name],
				New: func(n *Node) (Op, error) {
					o := &reduce{name: name, kernels: kernels, keepDims: n.Bool("keepdims", true), noop: n.Bool("noop_with_empty_axes", false)}
					return o, n.Err()
				},
			},
		)
	}
}

var exactReductions = map[string]bool{"ReduceMax": true, "ReduceMin": true}

type reduce struct {
	name     string // of the operator
	kernels  map[DType]reduceKernel
	keepDims bool
	noop     bool // without axes, reduce over none
}

// axes gives the axes to reduce over, ascending; known is false when only the run
// tells them.
func (o *reduce) axes(in []Spec) (axes []int, known bool, err error) {
	axes, known, err = intParameter("axes", in, 1)
	if err != nil || !known {
		return nil, false, err
	}
	rank := len(in[0].Shape)
	if len(axes) == 0 && !o.noop {
		axes = allAxes(rank)
	}
	axes, err = normAxes(axes, rank)
	return axes, true, err
}

// allAxes lists 0 to rank-1.
func allAxes(rank int) []int {
	axes := make([]int, rank)
	for i := range axes {
		axes[i] = i
	}
	return axes
}

// Infer drops the axes, or makes them 1.
func (o *reduce) Infer(in []Spec) ([]Spec, error) {
	data := in[0]
	if o.kernels[data.DType] == nil {
		return nil, wantType("data", data, sortedTypes(o.kernels)...)
	}
	axes, known, err := o.axes(in)
	if err != nil {
		return nil, err
	}
	if !known {
		return unknownShape(data.DType)
	}
	return one(data.DType, dropAxes(data.Shape, axes, o.keepDims))
}

// dropAxes gives a shape without some axes, or with extent 1 in their place.
func dropAxes(shape Shape, axes []int, keep bool) Shape {
	out := Shape{}
	for i, d := range shape {
		switch {
		case !slices.Contains(axes, i):
			out = append(out, d)
		case keep:
			out = append(out, 1)
		}
	}
	return out
}

// Run reduces.
func (o *reduce) Run(c *Call, in, out []*Tensor) error {
	return o.run(c, in, out, o.kernels[in[0].dtype])
}

// run reduces with a kernel for the type of in[0].
func (o *reduce) run(c *Call, in, out []*Tensor, kernel reduceKernel) error {
	axes, _, err := o.axes(specsOf(in))
	if err != nil {
		return err
	}
	x, y := in[0], out[0]
	if kept := dropAxes(x.shape, axes, true); kept.Elements() != y.Len() {
		return fmt.Errorf("BUG: %v reduced over %v is %v", x, axes, y)
	}
	kernel(c, x, y, axes)
	return nil
}

// reduceKernel reduces x over axes into y, for one element type.
type reduceKernel func(c *Call, x, y *Tensor, axes []int)

// fold is a reduction of elements of T with an accumulator of A.
type fold[T Element, A any] struct {
	start  A
	run    func(acc A, xs []T) A // takes in all of xs
	each   func(acc []A, xs []T) // takes xs[i] into acc[i]
	finish func(acc A, n int) T  // the result over n elements
}

// foldWidth is the number of neighbouring results that are accumulated together;
// foldRun the longest run between two looks at whether the call is canceled.
const (
	foldWidth = 256
	foldRun   = 1 << 15
)

// kernel makes the reduction of whole tensors.
func (f fold[T, A]) kernel() reduceKernel {
	return func(c *Call, x, y *Tensor, axes []int) {
		xs, ys := units[T](x), units[T](y)
		if len(xs) == 0 {
			fill(ys, f.finish(f.start, 0))
			return
		}
		if len(axes) == 0 {
			f.single(c, xs, ys)
			return
		}
		f.reduce(c, xs, ys, newReduceWalk(x.shape, axes))
	}
}

// single is the reduction over no axes: every element is a set of its own.
func (f fold[T, A]) single(c *Call, xs, ys []T) {
	c.Parallel(len(xs), 10, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			ys[i] = f.finish(f.run(f.start, xs[i:i+1]), 1)
		}
	})
}

// reduceWalk sees a tensor as kept and reduced axes, neighbours of one sort merged.
type reduceWalk struct {
	kept, over               Shape // the last axis apart
	keptStrides, overStrides []int
	run, width               int // the last axis: what is reduced, or what is kept of it; the other is 1
	count                    int // elements of one result
}

func newReduceWalk(shape Shape, axes []int) *reduceWalk {
	sort := make([]int, len(shape)) // strides of the result; 0 along reduced axes
	copy(sort, dropAxes(shape, axes, true).Strides())
	count := 1
	for _, a := range axes {
		sort[a] = 0
		count *= shape[a]
	}
	merged, strides := mergeAxes(shape, shape.Strides(), sort)
	if len(merged) == 0 {
		merged, strides = Shape{1}, [][]int{{1}, {0}}
	}
	w := &reduceWalk{run: 1, width: 1, count: count}
	last := len(merged) - 1
	for i, d := range merged[:last] {
		if strides[1][i] == 0 {
			w.over, w.overStrides = append(w.over, d), append(w.overStrides, strides[0][i])
		} else {
			w.kept, w.keptStrides = append(w.kept, d), append(w.keptStrides, strides[0][i])
		}
	}
	if strides[1][last] == 0 {
		w.run = merged[last]
	} else {
		w.width = merged[last]
	}
	return w
}

// reduce computes all results: foldWidth neighbours at a time where the last axis
// is kept, else one by one over contiguous runs.
func (f fold[T, A]) reduce(c *Call, xs, ys []T, w *reduceWalk) {
	if len(w.over) == 0 && w.width == 1 && w.run <= foldRun {
		f.neighbours(c, xs, ys, w.run)
		return
	}
	blocks := (w.width + foldWidth - 1) / foldWidth
	c.Parallel(product(w.kept)*blocks, min(w.width, foldWidth)*w.count, func(lo, hi int) {
		kept := newOdometer(lo/blocks, w.kept, w.keptStrides)
		for ; lo < hi; lo++ {
			from := lo % blocks * foldWidth
			n := min(foldWidth, w.width-from)
			at := lo/blocks*w.width + from
			if w.width == 1 {
				ys[at] = f.overRuns(c, xs[kept.offset[0]:], w)
			} else {
				f.overRows(c, ys[at:at+n], xs[kept.offset[0]+from:], w)
			}
			if lo%blocks == blocks-1 {
				kept.next()
			}
		}
	})
}

// neighbours reduces runs that lie one behind the other.
func (f fold[T, A]) neighbours(c *Call, xs, ys []T, run int) {
	c.Parallel(len(ys), run, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			ys[i] = f.finish(f.run(f.start, xs[i*run:][:run]), run)
		}
	})
}

// overRuns computes one result.
func (f fold[T, A]) overRuns(c *Call, xs []T, w *reduceWalk) T {
	acc := f.start
	over := newOdometer(0, w.over, w.overStrides)
	for range product(w.over) {
		for from := 0; from < w.run && !c.stop.Load(); from += foldRun {
			acc = f.run(acc, xs[over.offset[0]+from:][:min(foldRun, w.run-from)])
		}
		over.next()
	}
	return f.finish(acc, w.count)
}

// overRows computes neighbouring results.
func (f fold[T, A]) overRows(c *Call, ys, xs []T, w *reduceWalk) {
	var accs [foldWidth]A
	acc := accs[:len(ys)]
	fill(acc, f.start)
	over := newOdometer(0, w.over, w.overStrides)
	for k := range product(w.over) {
		if k%foldWidth == 0 && c.stop.Load() {
			return
		}
		f.each(acc, xs[over.offset[0]:][:len(ys)])
		over.next()
	}
	for i, a := range acc {
		ys[i] = f.finish(a, w.count)
	}
}

package ops

import "fmt"

// ArgMax, ArgMin: reduced = the place of the largest, the least element along axis.
//
//	data: T, rank 1 or more. reduced: int64; axis has extent 1 or, when keepdims
//	is 0, is gone. T: every number of 8 bits or more but the 16-bit floats.
//	axis: in [-rank, rank), default 0. Of equal elements the first counts or, when
//	select_last_index is 1 (since version 12), the last. NaN counts as the largest
//	and as the least, as numpy has it.
//
// https://onnx.ai/onnx/operators/onnx__ArgMax.html and onnx__ArgMin.html (versions 1, 11, 12, 13).
func init() {
	for name, largest := range map[string]bool{"ArgMax": true, "ArgMin": false} {
		for _, since := range []int{1, 12} {
			Register(Def{
				Name: name, Since: since, Inputs: []string{"data"}, Outputs: []string{"reduced"}, Exact: true,
				New: func(n *Node) (Op, error) {
					o := &argMax{axis: n.Int("axis", 0), keepDims: n.Bool("keepdims", true), least: !largest}
					if since >= 12 {
						o.last = n.Bool("select_last_index", false)
					}
					return o, n.Err()
				},
			})
		}
	}
}

type argMax struct {
	axis     int
	keepDims bool
	least    bool // ArgMin
	last     bool
}

var argMaxKernels = map[DType]func(o *argMax, c *Call, x *Tensor, y []int64, count, inner int){
	Float32: argMaxAll[float32], Float64: argMaxAll[float64],
	Int8: argMaxAll[int8], Int16: argMaxAll[int16], Int32: argMaxAll[int32], Int64: argMaxAll[int64],
	Uint8: argMaxAll[uint8], Uint16: argMaxAll[uint16], Uint32: argMaxAll[uint32], Uint64: argMaxAll[uint64],
}

// Infer drops the axis, or makes it 1.
func (o *argMax) Infer(in []Spec) ([]Spec, error) {
	data := in[0]
	if argMaxKernels[data.DType] == nil {
		return nil, wantType("data", data, sortedTypes(argMaxKernels)...)
	}
	axis, err := normAxis(o.axis, len(data.Shape))
	if err != nil {
		return nil, err
	}
	shape := dropAxes(data.Shape, []int{axis}, o.keepDims)
	if err := shape.Check(); err != nil {
		return nil, err
	}
	if data.Shape[axis] == 0 && shape.Elements() > 0 {
		return nil, fmt.Errorf("axis %d of data of shape %v is empty, want at least 1 element", axis, data.Shape)
	}
	return one(Int64, shape)
}

// Run looks for the places.
func (o *argMax) Run(c *Call, in, out []*Tensor) error {
	x := in[0]
	axis, err := normAxis(o.axis, len(x.shape))
	if err != nil || x.Len() == 0 {
		return err
	}
	argMaxKernels[x.dtype](o, c, x, Data[int64](out[0]), x.shape[axis], product(x.shape[axis+1:]))
	return nil
}

// argMaxAll walks neighbouring places along the inner axes together.
func argMaxAll[T Number](o *argMax, c *Call, x *Tensor, ys []int64, count, inner int) {
	const width = 64
	xs := Data[T](x)
	blocks := (inner + width - 1) / width
	c.Parallel(len(ys)/inner*blocks, 2*count*min(inner, width), func(lo, hi int) {
		var best [width]T
		for ; lo < hi; lo++ {
			from := lo % blocks * width
			n := min(width, inner-from)
			at := lo/blocks*count*inner + from
			places := ys[lo/blocks*inner+from:][:n]
			clear(places)
			copy(best[:n], xs[at:])
			for k := 1; k < count; k++ {
				for j, v := range xs[at+k*inner:][:n] {
					if wins(v, best[j], o.least, o.last) {
						best[j], places[j] = v, int64(k)
					}
				}
			}
		}
	})
}

// wins reports whether v, which stands behind best, takes its place.
func wins[T Number](v, best T, least, last bool) bool {
	switch {
	case v != v:
		return last || best == best
	case best != best:
		return false
	case v == best:
		return last
	}
	return v > best != least
}

package ops

// CumSum: y[i] = x[0] + .. + x[i] along axis. CumProd: y[i] = x[0] · .. · x[i].
//
//	x: T, rank 1 or more. axis: int32 or int64, one element, in [-rank, rank).
//	y: T, x's shape.
//	exclusive (0): 1 leaves x[i] out: y[0] is 0, or 1. reverse (0): 1 starts from
//	the end of the axis.
//	T: float, double, int32, int64, uint32, uint64. Floats are accumulated in double.
//
// https://onnx.ai/onnx/operators/onnx__CumSum.html (versions 11, 14) and
// onnx__CumProd.html (version 26).
func init() {
	for name, since := range map[string]int{"CumSum": 11, "CumProd": 26} {
		Register(Def{
			Name: name, Since: since, Inputs: []string{"x", "axis"}, Outputs: []string{"y"},
			New: func(n *Node) (Op, error) {
				return &cumulate{exclusive: n.Bool("exclusive", false), reverse: n.Bool("reverse", false), product: name == "CumProd"}, n.Err()
			},
		})
	}
}

type cumulate struct {
	exclusive, reverse, product bool
}

var cumulateKernels = map[DType]func(o *cumulate, c *Call, x, y *Tensor, axis int){
	Float32: cumulateAll[float32, float64], Float64: cumulateAll[float64, float64],
	Int32: cumulateAll[int32, int64], Int64: cumulateAll[int64, int64],
	Uint32: cumulateAll[uint32, uint64], Uint64: cumulateAll[uint64, uint64],
}

// Infer keeps type and shape.
func (o *cumulate) Infer(in []Spec) ([]Spec, error) {
	x := in[0]
	if cumulateKernels[x.DType] == nil {
		return nil, wantType("x", x, sortedTypes(cumulateKernels)...)
	}
	axes, known, err := intParameter("axis", in, 1)
	if err != nil {
		return nil, err
	}
	if known {
		if _, err := oneAxis(axes, len(x.Shape)); err != nil {
			return nil, err
		}
	}
	return one(x.DType, x.Shape)
}

// Run walks along the axis.
func (o *cumulate) Run(c *Call, in, out []*Tensor) error {
	x := in[0]
	axis, err := oneAxis(in[1].Ints(), len(x.shape))
	if err != nil || x.Len() == 0 {
		return err
	}
	cumulateKernels[x.dtype](o, c, x, out[0], axis)
	return nil
}

// cumulateAll walks each line along the axis.
func cumulateAll[T Number, A wide](o *cumulate, c *Call, x, y *Tensor, axis int) {
	xs, ys := Data[T](x), Data[T](y)
	n, inner := x.shape[axis], product(x.shape[axis+1:])
	c.Parallel(len(xs)/n, 3*n, func(lo, hi int) {
		for ; lo < hi; lo++ {
			at, step := lo/inner*n*inner+lo%inner, inner
			if o.reverse {
				at, step = at+(n-1)*inner, -inner
			}
			acc := A(0)
			if o.product {
				acc = 1
			}
			for range n {
				before := acc
				if o.product {
					acc *= A(xs[at])
				} else {
					acc += A(xs[at])
				}
				if o.exclusive {
					ys[at] = T(before)
				} else {
					ys[at] = T(acc)
				}
				at += step
			}
		}
	})
}

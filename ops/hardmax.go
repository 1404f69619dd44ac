package ops

// Hardmax: output = 1 at the first maximum along axis, 0 elsewhere.
//
//	input, output, axis: as Softmax. T: float, double.
//
// https://onnx.ai/onnx/operators/onnx__Hardmax.html (versions 1, 11, 13).
func init() {
	for _, since := range []int{1, 13} {
		Register(Def{
			Name: "Hardmax", Since: since, Inputs: []string{"input"}, Outputs: []string{"output"}, Exact: true,
			New: func(n *Node) (Op, error) { return &hardmax{readAxisOrTail(n)}, n.Err() },
		})
	}
}

type hardmax struct {
	axisOrTail
}

// Infer keeps type and shape.
func (o *hardmax) Infer(in []Spec) ([]Spec, error) {
	if err := wantType("input", in[0], Float32, Float64); err != nil {
		return nil, err
	}
	if _, _, _, err := o.split(in[0].Shape); err != nil {
		return nil, err
	}
	return one(in[0].DType, in[0].Shape)
}

// Run marks the maxima.
func (o *hardmax) Run(c *Call, in, out []*Tensor) error {
	outer, count, inner, err := o.split(in[0].shape)
	if err != nil || in[0].Len() == 0 {
		return err
	}
	if in[0].dtype == Float64 {
		hardmaxAll(c, Data[float64](out[0]), Data[float64](in[0]), outer, count, inner)
	} else {
		hardmaxAll(c, Data[float32](out[0]), Data[float32](in[0]), outer, count, inner)
	}
	return nil
}

func hardmaxAll[T Float](c *Call, ys, xs []T, outer, count, inner int) {
	c.Parallel(outer*inner, count*2, func(lo, hi int) {
		for ; lo < hi; lo++ {
			at := lo/inner*count*inner + lo%inner
			best := at
			for k := range count {
				i := at + k*inner
				ys[i] = 0
				if xs[i] > xs[best] {
					best = i
				}
			}
			ys[best] = 1
		}
	})
}

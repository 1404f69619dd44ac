package ops

// LpNormalization: each vector along one axis divided by its p-norm.
//
//	input: T, rank 1 or more.  output: the same type and shape.
//
//	output = input / norm,  norm = (sum along axis of |input|^p) ^ (1/p)
//
// p is 1 or 2 (the default); a vector of zeros stays one. Sums are kept in float64.
//
//	T: float, double.
//
// https://onnx.ai/onnx/operators/onnx__LpNormalization.html (versions 1, 22).
type lpNormalization struct{ axis, p int }

func init() {
	Register(Def{
		Name: "LpNormalization", Since: 1, Inputs: []string{"input"}, Outputs: []string{"output"},
		New: func(n *Node) (Op, error) {
			o := lpNormalization{n.Int("axis", -1), n.Int("p", 2)}
			if o.p != 1 && o.p != 2 {
				n.Fail("p is %d, want 1 or 2", o.p)
			}
			return o, n.Err()
		},
	})
}

// Infer checks the input and gives output.
func (o lpNormalization) Infer(in []Spec) ([]Spec, error) {
	if err := wantType("input", in[0], Float32, Float64); err != nil {
		return nil, err
	}
	if _, err := normAxis(o.axis, len(in[0].Shape)); err != nil {
		return nil, err
	}
	return one(in[0].DType, in[0].Shape)
}

// Share lets output take input's memory: a vector is read whole before it is written.
func (o lpNormalization) Share([]Spec) Needs { return elementwiseShare() }

// Run computes output.
func (o lpNormalization) Run(c *Call, in, out []*Tensor) error {
	if in[0].DType() == Float32 {
		runLpNormalization[float32](c, o, in[0], out[0])
	} else {
		runLpNormalization[float64](c, o, in[0], out[0])
	}
	return nil
}

func runLpNormalization[T Float](c *Call, o lpNormalization, in, out *Tensor) {
	x, y, shape := Data[T](in), Data[T](out), in.Shape()
	axis, _ := normAxis(o.axis, len(shape))
	if len(x) == 0 {
		return
	}
	n, step := shape[axis], product(shape[axis+1:])
	power, root := normPower(o.p)
	c.Parallel(len(x)/n, 4*n, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			first := i/step*n*step + i%step
			norm := root(sumStrided(x, first, step, n, power))
			if norm == 0 {
				norm = 1
			}
			for at := first; at < first+n*step; at += step {
				y[at] = T(float64(x[at]) / norm)
			}
		}
	})
}

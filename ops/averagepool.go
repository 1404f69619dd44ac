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
	s := &poolSums{poolRows: rows, countPad: o.countPad, counts: make([]int, rows.axes[2].out)}
	for i := range s.counts {
		s.counts[i] = s.count(2, i)
	}
	s.run(c, in[0], out[0])
	return nil
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

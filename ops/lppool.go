package ops

import "math"

// LpPool: the p-norm of the pixels under a kernel that moves over 1, 2 or 3
// spatial axes; padding is 0.
//
//	X: T [N, C, D1...].  Y: T [N, C, E1...].
//
//	Y[n, c, o] = (sum over t of |X[n, c, o·strides - pads + t·dilations]|^p) ^ (1/p)
//
// p is at least 1, 2 by default. Sums are kept in float64 and rounded once.
//
//	T: float, double.
//
// https://onnx.ai/onnx/operators/onnx__LpPool.html (versions 2, 11, 18, 22).
type lpPool struct {
	poolAttrs
	p int
}

func init() {
	Register(Def{
		Name: "LpPool", Since: 2, Inputs: []string{"X"}, Outputs: []string{"Y"},
		New: func(n *Node) (Op, error) { return &lpPool{readPool(n, 18), readNormP(n)}, n.Err() },
	})
}

// readNormP reads the attribute p of a p-norm.
func readNormP(n *Node) int {
	p := n.Int("p", 2)
	if p < 1 {
		n.Fail("p is %d, want at least 1", p)
	}
	return p
}

// Infer checks the input and gives Y.
func (o *lpPool) Infer(in []Spec) ([]Spec, error) { return o.inferFloat(in[0]) }

// Run computes Y.
func (o *lpPool) Run(c *Call, in, out []*Tensor) error {
	rows, err := o.rows(in[0].Shape())
	if err != nil {
		return err
	}
	power, root := normPower(o.p)
	(&poolSums{poolRows: rows, each: power, finish: root}).run(c, in[0], out[0])
	return nil
}

// normPower gives |x|^p and its inverse on positive numbers.
func normPower(p int) (power, root func(float64) float64) {
	switch p {
	case 1:
		return math.Abs, func(x float64) float64 { return x }
	case 2:
		return func(x float64) float64 { return x * x }, math.Sqrt
	}
	return func(x float64) float64 { return math.Pow(math.Abs(x), float64(p)) },
		func(x float64) float64 { return math.Pow(x, 1/float64(p)) }
}

package ops

import "fmt"

// DFT: the discrete Fourier transform along one axis, or its inverse.
//
//	input: T [D1, ..., Dn, 1] of real numbers, or [D1, ..., Dn, 2] of complex ones.
//	dft_length?: int32 or int64, one element. axis: before version 20 an attribute,
//	default 1, then an input, int64, one element, default -2; not the last axis.
//	output: T, the shape of input with N along axis and 2 as the last extent,
//
//	output[k] = Σ over j < N of e^(-2πi·jk/N) · input[j]
//
// where N is dft_length, the extent D of axis when absent: the input is cut or filled
// up with zeros. inverse has e^(2πi·jk/N)/N. onesided gives the first N/2+1 elements,
// of a real input; inverse and onesided reads as many, of a complex input, and gives N
// real ones: N is 2·(D-1) then when absent. Sums are in double.
//
//	T: float, double.
//
// https://onnx.ai/onnx/operators/onnx__DFT.html (versions 17, 20).
type dft struct{ inverse, oneSided bool }

func init() {
	Register(
		Def{
			Name: "DFT", Since: 17, Inputs: []string{"input", "dft_length?"}, Outputs: []string{"output"},
			New: func(n *Node) (Op, error) {
				n.ConstInput(2, OfInts([]int{n.Int("axis", 1)}))
				return newDFT(n)
			},
		},
		Def{
			Name: "DFT", Since: 20, Inputs: []string{"input", "dft_length?", "axis?"}, Outputs: []string{"output"},
			New: newDFT,
		},
	)
}

func newDFT(n *Node) (Op, error) {
	return &dft{n.Bool("inverse", false), n.Bool("onesided", false)}, n.Err()
}

// dftPlan is a DFT of known lengths: signals lie inner apart.
type dftPlan struct {
	*dft
	axis                int
	shape               Shape // of the output
	outer, count, inner int   // of the input; count: along the axis
	parts               int   // 1: real input
	length              int
}

// plan reads the inputs; it is nil when they are not known yet.
func (o *dft) plan(in []Spec) (*dftPlan, error) {
	shape := in[0].Shape
	rank := len(shape)
	if rank < 2 || shape[rank-1] != 1 && shape[rank-1] != 2 {
		return nil, fmt.Errorf("input has shape %v, want [D1, ..., 1] or [D1, ..., 2]", shape)
	}
	p := &dftPlan{dft: o, parts: shape[rank-1], axis: rank - 2}
	if o.oneSided && (p.parts == 2) != o.inverse {
		return nil, unsupportedf("input has shape %v: onesided wants real numbers, with inverse complex ones", shape)
	}
	length, lengthKnown, err := intParameter("dft_length", in, 1)
	if err != nil {
		return nil, err
	}
	axis, axisKnown, err := intParameter("axis", in, 2)
	if err != nil || !lengthKnown || !axisKnown {
		return nil, err
	}
	if axis != nil {
		if p.axis, err = oneAxis(axis, rank); err != nil {
			return nil, err
		}
		if p.axis == rank-1 {
			return nil, fmt.Errorf("axis is %d, the last, which holds the parts of complex numbers", axis[0])
		}
	}
	p.outer, p.count, p.inner = product(shape[:p.axis]), shape[p.axis], product(shape[p.axis+1:rank-1])
	switch {
	case length != nil && len(length) != 1:
		return nil, fmt.Errorf("dft_length is %v, want one number", length)
	case length != nil:
		p.length = length[0]
	case o.inverse && o.oneSided:
		p.length = 2 * (p.count - 1)
	default:
		p.length = p.count
	}
	if p.length < 1 || p.length > mostFourier {
		return nil, fmt.Errorf("the transform has the length %d, want 1 to %d", p.length, mostFourier)
	}
	p.shape = shape.Clone()
	p.shape[p.axis], p.shape[rank-1] = p.length, 2
	switch {
	case o.inverse && o.oneSided:
		p.shape[rank-1] = 1
	case o.oneSided:
		p.shape[p.axis] = p.length/2 + 1
	}
	return p, p.shape.Check()
}

// Infer gives the output its shape, if the parameters are known.
func (o *dft) Infer(in []Spec) ([]Spec, error) {
	if err := wantType("input", in[0], Float32, Float64); err != nil {
		return nil, err
	}
	p, err := o.plan(in)
	if err != nil {
		return nil, err
	}
	if p == nil {
		return unknownShape(in[0].DType)
	}
	return one(in[0].DType, p.shape)
}

// Run transforms signal by signal.
func (o *dft) Run(c *Call, in, out []*Tensor) error {
	p, err := o.plan(specsOf(in))
	if err != nil {
		return err
	}
	if out[0] == nil {
		if out[0], err = c.New(in[0].dtype, p.shape); err != nil {
			return err
		}
	}
	if out[0].Len() == 0 {
		return nil
	}
	f, err := newFourier(c, p.length)
	if err != nil {
		return err
	}
	if in[0].dtype == Float32 {
		runDFT[float32](c, p, f, in[0], out[0])
	} else {
		runDFT[float64](c, p, f, in[0], out[0])
	}
	return nil
}

func runDFT[T Float](c *Call, p *dftPlan, f *fourier, in, out *Tensor) {
	xs, ys := Data[T](in), Data[T](out)
	outputs, parts := p.shape[p.axis], p.shape[len(p.shape)-1]
	c.Parallel(p.outer*p.inner, f.cost(), func(lo, hi int) {
		signal, scratch := make([]complex128, p.length), make([]complex128, f.room())
		for ; lo < hi; lo++ {
			o, i := lo/p.inner, lo%p.inner
			clear(signal)
			for k := range min(p.length, p.count) {
				at := ((o*p.count+k)*p.inner + i) * p.parts
				v := complex(float64(xs[at]), 0)
				if p.parts == 2 {
					v += complex(0, float64(xs[at+1]))
				}
				signal[k] = v
			}
			p.transform(c, f, signal, scratch)
			for k, v := range signal[:outputs] {
				at := ((o*outputs+k)*p.inner + i) * parts
				ys[at] = T(real(v))
				if parts == 2 {
					ys[at+1] = T(imag(v))
				}
			}
		}
	})
}

// transform replaces a signal by its transform, or by the inverse one: that of the
// signal with its elements but the first in reverse, divided by their number.
func (p *dftPlan) transform(c *Call, f *fourier, signal, scratch []complex128) {
	if p.inverse && p.oneSided {
		mirror(signal)
	}
	f.transform(c, signal, scratch)
	if !p.inverse {
		return
	}
	for i, j := 1, len(signal)-1; i < j; i, j = i+1, j-1 {
		signal[i], signal[j] = signal[j], signal[i]
	}
	scale := complex(1/float64(len(signal)), 0)
	for i := range signal {
		signal[i] *= scale
	}
}

// mirror makes the transform of a real signal from the first half of it.
func mirror(signal []complex128) {
	n := len(signal)
	signal[0] = complex(real(signal[0]), 0)
	if n%2 == 0 {
		signal[n/2] = complex(real(signal[n/2]), 0)
	}
	for k := 1; k < n-k; k++ {
		signal[n-k] = complex(real(signal[k]), -imag(signal[k]))
	}
}

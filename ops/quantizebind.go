package ops

import "github.com/tconv/tconv/backend/cpu"

// Bind takes the vector kernels for floats to 8 bits.
func (o *quantizeLinear) Bind(b *Binding) (Step, error) {
	if b.In[0].DType != Float32 || !isByteInt(b.Out[0].DType) || o.precision != Undefined {
		return plainStep{o}, nil
	}
	return &quantizeStep{o, b.Kernels}, nil
}

// quantizeStep is QuantizeLinear from floats to 8 bits with vector kernels: the bytes
// are those of the plain definition.
type quantizeStep struct {
	*quantizeLinear
	kernels *cpu.Kernels
}

// Kernel names the step in plans and profiles.
func (s *quantizeStep) Kernel() string { return "quantize " + string(s.kernels.Tier) }

// Needs asks for nothing.
func (s *quantizeStep) Needs() Needs { return Needs{} }

// Run computes y.
func (s *quantizeStep) Run(c *Call, in, out []*Tensor) error {
	x, y := in[0], out[0]
	g, scales, zeros, err := readGranularity(x.shape, in, s.axis, s.block)
	if err != nil {
		return err
	}
	xs, ys := Data[float32](x), y.Bytes()
	c.Parallel(len(xs), 1, func(lo, hi int) {
		eachScale(g, lo, hi, func(k, lo, hi int) {
			q := newQuantizer(y.dtype, int32(zeros[k]))
			s.kernels.Quantize(ys[lo:hi], xs[lo:hi], cpu.ByteScale{Scale: scales[k], Least: q.least, Most: q.most, Zero: q.zero})
		})
	})
	return nil
}

// Bind takes the vector kernels for 8 bits to floats.
func (o *dequantizeLinear) Bind(b *Binding) (Step, error) {
	if !isByteInt(b.In[0].DType) || b.Out[0].DType != Float32 {
		return plainStep{o}, nil
	}
	return &dequantizeStep{o, b.Kernels}, nil
}

// dequantizeStep is DequantizeLinear from 8 bits to floats with vector kernels: the
// bits are those of the plain definition.
type dequantizeStep struct {
	*dequantizeLinear
	kernels *cpu.Kernels
}

// Kernel names the step in plans and profiles.
func (s *dequantizeStep) Kernel() string { return "dequantize " + string(s.kernels.Tier) }

// Needs asks for nothing.
func (s *dequantizeStep) Needs() Needs { return Needs{} }

// Run computes y.
func (s *dequantizeStep) Run(c *Call, in, out []*Tensor) error {
	x, y := in[0], out[0]
	g, scales, zeros, err := readGranularity(x.shape, in, s.axis, s.block)
	if err != nil {
		return err
	}
	xs, ys := x.Bytes(), Data[float32](y)
	c.Parallel(len(ys), 1, func(lo, hi int) {
		eachScale(g, lo, hi, func(k, lo, hi int) {
			s.kernels.Dequantize(ys[lo:hi], xs[lo:hi], scales[k], int32(zeros[k]), x.dtype == Int8)
		})
	})
	return nil
}

// readGranularity reads the scales and zero points of a node, its inputs 1 and 2, and
// which elements of x they belong to.
func readGranularity(x Shape, in []*Tensor, axis, block int) (*granularity, []float32, []float32, error) {
	g, err := newGranularity(x, in[1].shape, axis, block)
	n := in[1].Len()
	return &g, scaleReals(in[1], n), scaleReals(tensorAt(in, 2), n), err
}

// eachScale calls f for every stretch of the elements lo to hi that scale k holds for.
func eachScale(g *granularity, lo, hi int, f func(k, lo, hi int)) {
	for lo < hi {
		k, end := g.run(lo, hi)
		end = min(end, hi)
		f(k, lo, end)
		lo = end
	}
}

package ops

import "github.com/tconv/tconv/backend/cpu"

// ConvInBlocks, an operator of the internal domain, is Conv of floats with a stated
// order of sums, that of onnxruntime on processors with fused multiply-adds:
//
//	over the channels of the group and, for each, the taps of the kernel, one fused
//	multiply-add after the other; each 128 products in a sum of their own, which are
//	added up in order; then the bias. Pixels outside X count as products of 0.
//
// Where a result is quantised next, sums that differ in the last bit can fall to
// different integers, and layers behind them make much of it: a quantised network is
// computed bit for bit as onnxruntime does, or differently.
type convInBlocks struct{ conv conv }

// sumBlock is the number of products in a sum: onnxruntime's MLAS_SGEMM_STRIDEK.
const sumBlock = 128

func init() {
	Register(Def{
		Name: "ConvInBlocks", Domain: InternalDomain, Since: 1, Inputs: []string{"X", "W", "B?"}, Outputs: []string{"Y"},
		New: func(n *Node) (Op, error) {
			o, err := newConv(n)
			if err != nil {
				return nil, err
			}
			return &convInBlocks{*o.(*conv)}, nil
		},
	})
}

// Infer checks the inputs and gives Y.
func (o *convInBlocks) Infer(in []Spec) ([]Spec, error) {
	if err := wantType("X", in[0], Float32); err != nil {
		return nil, err
	}
	return o.conv.Infer(in)
}

// MACs counts the products of a direct convolution, padding included.
func (o *convInBlocks) MACs(in, out []Spec) int64 { return o.conv.MACs(in, out) }

// Run computes Y.
func (o *convInBlocks) Run(c *Call, in, out []*Tensor) error {
	axes, err := o.conv.geometry(in[0].Shape(), in[1].Shape())
	if err != nil {
		return err
	}
	convRows(c, newConvPlain(in, out[0], axes, o.conv.group, activation{}), convInBlocksRow)
	return nil
}

// convInBlocksRow computes one piece of Y.
func convInBlocksRow(p *convPlain, o place) {
	x, w := Data[float32](p.x), Data[float32](p.w)
	ad, ah, aw := &p.axes[0], &p.axes[1], &p.axes[2]
	perGroup := p.channels / p.groups
	firstChannel := o.m / (p.outputs / p.groups) * perGroup
	var total, sum [rowTile]float32
	block := 0
	p.eachTap(o, func(c, kd, kh, kw int) {
		k := ((c*ad.kernel+kd)*ah.kernel+kh)*aw.kernel + kw
		if k/sumBlock != block {
			block = k / sumBlock
			for i, s := range sum {
				total[i] += s
			}
			clear(sum[:])
		}
		weight := w[o.m*perGroup*p.taps+k]
		id, ih := o.d*ad.stride-ad.padBegin+kd*ad.dilation, o.h*ah.stride-ah.padBegin+kh*ah.dilation
		row := x[(((o.n*p.channels+firstChannel+c)*ad.in+id)*ah.in+ih)*aw.in:][:aw.in]
		start := o.first*aw.stride - aw.padBegin + kw*aw.dilation
		lo, hi := inside(start, aw.stride, aw.in, o.end-o.first)
		for i := lo; i < hi; i++ {
			sum[i] = fma32(weight, row[start+i*aw.stride], sum[i])
		}
	})
	at := p.at(o)
	bias := float32(elementOr[float32](p.b, o.m))
	for i := range Data[float32](p.y)[at : at+o.end-o.first] {
		Data[float32](p.y)[at+i] = total[i] + sum[i] + bias
	}
}

// eachTap calls f for every channel of the group and every tap that meets rows of X
// in a piece of an output row.
func (p *convPlain) eachTap(o place, f func(c, kd, kh, kw int)) {
	d0, d1 := p.axes[0].taps(o.d)
	h0, h1 := p.axes[1].taps(o.h)
	for c := range p.channels / p.groups {
		for kd := d0; kd < d1; kd++ {
			for kh := h0; kh < h1; kh++ {
				for kw := range p.axes[2].kernel {
					f(c, kd, kh, kw)
				}
			}
		}
	}
}

// blocksConv is forwardConv with sums in blocks.
var blocksConv = convKind{
	name: "conv in blocks",
	pack: forwardConv.pack,
	plan: func(k *cpu.Kernels, g cpu.ConvGeom, w packedConv, ep cpu.Epilogue) convPlan {
		return cpu.NewConvInBlocks(k, g, w.(*cpu.PackedConvWeights), ep, sumBlock)
	},
}

// Bind computes with the convolution kernels.
func (o *convInBlocks) Bind(b *Binding) (Step, error) {
	axes, err := o.conv.geometry(b.In[0].Shape, b.In[1].Shape)
	if err != nil {
		return nil, err
	}
	if !kernelsTake(b) || b.Kernels.Tier == cpu.Generic {
		return plainStep{o}, nil // the generic kernels do not fuse
	}
	return bindConv(&blocksConv, b, convGeom(b, axes, o.conv.group), activation{}), nil
}

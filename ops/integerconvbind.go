package ops

import (
	"fmt"
)

// exactSum bounds the sums of whole numbers that float32 holds exactly: below it
// the float kernels give the sums of int32, in any order, fused or not.
const exactSum = 1 << 24

// sumsFinish takes the sums of channel m for the results from element at on.
type sumsFinish func(m, at int, sums []float32)

// bindSums binds the sums to the float kernels where w and its zero point are
// constant and no sum can exceed exactSum, else to the plain definition. finish is
// asked once for each run.
func (o *integerConv) bindSums(b *Binding, op Op, finish func(in, out []*Tensor) sumsFinish) (Step, error) {
	x, w, y := b.In[0], b.In[o.w], b.Out[0]
	wZero := input(b.In, o.wZero)
	if w.Const == nil || !wZero.Omitted() && wZero.Const == nil || x.Shape.Elements() == 0 || y.Shape.Elements() == 0 {
		return plainStep{op}, nil
	}
	axes, err := o.float.geometry(x.Shape, w.Shape)
	if err != nil {
		return nil, err
	}
	form := fmt.Sprintf("less zero point %p", wZero.Const)
	weights := b.Packed.Form(w.Const, form, func() (any, int) {
		t := floatsLessZero(w.Const, wZero.Const)
		return t, len(t.Bytes())
	}).(*Tensor)
	least, most := offsetRange(x.DType, input(b.In, o.xZero))
	if !sumsExact(Data[float32](weights), w.Shape[0], least, most) {
		return plainStep{op}, nil
	}
	inner := *b
	inner.In = []Spec{tensorSpec(Float32, x.Shape), weights.Spec()}
	inner.Out = []Spec{tensorSpec(Float32, y.Shape)}
	s := &integerConvStep{
		op: o, finish: finish,
		step: bindConv(&forwardConv, &inner, convGeom(&inner, axes, o.float.group), activation{}),
		x:    alignFloats(x.Shape.Elements()), y: alignFloats(y.Shape.Elements()),
		channels: y.Shape[1], plane: product(y.Shape[2:]),
	}
	return s, nil
}

// floatsLessZero gives values of 8 bits less their zero point, one for all or one
// for each index of axis 0, as floats.
func floatsLessZero(x, zero *Tensor) *Tensor {
	y := NewTensor(Float32, x.shape)
	rows := 1
	if zero != nil {
		rows = zero.Len()
	}
	size := x.Len() / max(1, rows)
	for row := range rows {
		lo, hi := row*size, (row+1)*size
		offsetBytes(Data[float32](y)[lo:hi], x, lo, zeroPoint(zero, row))
	}
	return y
}

// offsetBytes is y[i] = x[at + i] - zero.
func offsetBytes(y []float32, x *Tensor, at int, zero int32) {
	if x.dtype == Int8 {
		for i, v := range Data[int8](x)[at:][:len(y)] {
			y[i] = float32(int32(v) - zero)
		}
		return
	}
	for i, v := range Data[uint8](x)[at:][:len(y)] {
		y[i] = float32(int32(v) - zero)
	}
}

// offsetRange is the range of values of 8 bits less their zero point.
func offsetRange(d DType, zero Spec) (least, most int32) {
	lim := integerLimits[d]
	switch {
	case zero.Omitted():
		return lim[0], lim[1]
	case zero.Const != nil && zero.Const.Len() == 1:
		z := zeroPoint(zero.Const, 0)
		return lim[0] - z, lim[1] - z
	}
	return lim[0] - lim[1], lim[1] - lim[0]
}

// sumsExact reports whether every partial sum of a row of weights, each times a
// value in [least, most], stays within exactSum.
func sumsExact(weights []float32, rows int, least, most int32) bool {
	size := len(weights) / max(1, rows)
	for row := range rows {
		var above, below float64 // the sums of the weights above and below 0
		for _, w := range weights[row*size : (row+1)*size] {
			above += float64(max(w, 0))
			below -= float64(min(w, 0))
		}
		lo, hi := float64(-least), float64(most)
		if max(above*hi+below*lo, above*lo+below*hi) > exactSum {
			return false
		}
	}
	return true
}

// integerConvStep is an integer convolution on the float kernels: x less its zero
// point and the sums lie in the workspace.
type integerConvStep struct {
	op              *integerConv
	finish          func(in, out []*Tensor) sumsFinish
	step            *convStep
	x, y            int // floats
	channels, plane int // of the result
}

func (s *integerConvStep) Kernel() string { return "integer " + s.step.Kernel() }

func (s *integerConvStep) Needs() Needs {
	return Needs{Workspace: (s.x+s.y)*floatBytes + s.step.Needs().Workspace}
}

// Run widens x, convolves, and hands the sums over.
func (s *integerConvStep) Run(c *Call, in, out []*Tensor) error {
	space := c.Workspace()
	ws := workspaceFloats(c)
	xs, sums := ws[:in[0].Len()], ws[s.x:][:out[0].Len()]
	zero := zeroPoint(tensorAt(in, s.op.xZero), 0)
	c.Parallel(len(xs), 1, func(lo, hi int) { offsetBytes(xs[lo:hi], in[0], lo, zero) })
	c.SetWorkspace(space[(s.x+s.y)*floatBytes:])
	err := s.step.Run(c, []*Tensor{floatsOver(xs, in[0].shape), in[s.op.w]}, []*Tensor{floatsOver(sums, out[0].shape)})
	c.SetWorkspace(space)
	if err != nil {
		return err
	}
	finish := s.finish(in, out)
	c.Parallel(len(sums)/s.plane, 2*s.plane, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			finish(i%s.channels, i*s.plane, sums[i*s.plane:(i+1)*s.plane])
		}
	})
	return nil
}

// floatsOver is a tensor over floats that lie somewhere else.
func floatsOver(data []float32, shape Shape) *Tensor {
	return &Tensor{dtype: Float32, shape: shape, mem: bytesOf(data)}
}

// alignFloats is n rounded up to a whole number of cache lines.
func alignFloats(n int) int {
	const line = dataAlignment / floatBytes
	return (n + line - 1) / line * line
}

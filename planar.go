package tconv

import "github.com/tconv/tconv/ops"

// Planar gives a tensor whose elements lie row-major, as every other method of
// Tensor reads them. Tensors that a caller makes or that a run returns do. What an
// observer sees in [Event].Outputs may lie in channel blocks: then the result is a
// copy, else t itself.
func (t *Tensor) Planar() *Tensor {
	if t.value.Kind() != ops.KindTensor || t.value.Layout().Planar() {
		return t
	}
	out := ops.NewTensor(t.value.DType(), t.value.Shape().Clone())
	m := t.value.Map()
	m.ToPlanar(nil, ops.Data[float32](out))
	return &Tensor{*out}
}

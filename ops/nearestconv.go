package ops

import "github.com/tconv/tconv/backend/cpu"

// NearestConvWeights gives the weights [C, M, k+s-1...] of the transposed
// convolution with strides s that computes a convolution with weights w
// [M, C, k...] of a map whose pixels were repeated s times along each spatial axis.
// See [cpu.NearestConv]; w is float and has 1 to 3 spatial axes.
func NearestConvWeights(w *Tensor, scale []int) *Tensor {
	s := w.Shape()
	g := cpu.ConvGeom{N: 1, C: s[1], M: s[0], Group: 1, Stride: [3]int{1, 1, 1}, Dilation: [3]int{1, 1, 1}}
	g.Kernel = mapSize(s)
	factors := [3]int{1, 1, 1}
	copy(factors[3-len(scale):], scale)
	g.In, g.Out = factors, factors
	t, data, ok := cpu.NearestConv(g, factors, Data[float32](w))
	if !ok {
		panic("BUG: weights that no nearest convolution has")
	}
	shape := append(Shape{s[1], s[0]}, t.Kernel[3-len(scale):]...)
	return Of(data, shape...)
}

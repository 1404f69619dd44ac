package ops

import "slices"

// repeatFloats is the size in floats of the piece that a short operand is repeated
// to: half of it at least is filled.
const repeatFloats = 2048

// repeats reports whether one of two operands has the result's shape and the other
// repeats along it with a short period: the bias of a matrix, one for each column.
func repeats(in []*Tensor, shape Shape) (full, short int, ok bool) {
	if len(in) != 2 {
		return 0, 0, false
	}
	for i, x := range in {
		tail := x.shape[leadingOnes(x.shape):]
		period, n := product(tail), len(tail)
		if period > 1 && period <= repeatFloats/2 && slices.Equal(tail, shape[len(shape)-n:]) && in[1-i].shape.Equal(shape) && !x.shape.Equal(shape) {
			return 1 - i, i, true
		}
	}
	return 0, 0, false
}

// leadingOnes is the number of axes of extent 1 before all others.
func leadingOnes(shape Shape) int {
	for i, d := range shape {
		if d != 1 {
			return i
		}
	}
	return len(shape)
}

// runRepeated computes a result of which one operand repeats: rows shorter than a
// call of a kernel is worth are taken together.
func (s *foldStep) runRepeated(c *Call, in []*Tensor, out *Tensor, full, short int) {
	z, a, b := Data[float32](out), Data[float32](in[full]), Data[float32](in[short])
	unit := repeatFloats / len(b) * len(b)
	c.Parallel((len(z)+unit-1)/unit, unit/8, func(lo, hi int) {
		var repeated [repeatFloats]float32
		for at := 0; at < unit; at += len(b) {
			copy(repeated[at:], b)
		}
		for ; lo < hi; lo++ {
			z, a := z[lo*unit:min(len(z), (lo+1)*unit)], a[lo*unit:min(len(a), (lo+1)*unit)]
			var x [2][]float32
			x[full], x[short] = a, repeated[:len(z)]
			s.row(z, x[:])
		}
	})
}

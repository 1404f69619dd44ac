package cpu

import "math"

// finishAngles computes the sines or cosines that the kernels left alone: an x of 2¹⁷ and beyond, for which three parts
// of π/2 are too few, an infinity and a NaN come back as they are. No sine is above 1, so a sum of squares tells in a
// fraction of the kernel's time that there are none.
func (k *Kernels) finishAngles(kind VecKind, y []float32) {
	if k.SumSquares(y, 0) <= 2*float64(len(y)) {
		return
	}
	f := math.Sin
	if kind == VecCos {
		f = math.Cos
	}
	for i, x := range y {
		if !(x >= -1 && x <= 1) {
			y[i] = float32(f(float64(x)))
		}
	}
}

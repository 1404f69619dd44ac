package ops

import (
	"math"
	"unsafe"
)

// expOf is e^x for a result of type T: for float32 the short form will do.
func expOf[T Float](x T) float64 {
	if unsafe.Sizeof(x) == 4 {
		return shortExp(float64(x))
	}
	return math.Exp(float64(x))
}

// shortExp is e^x with a relative error below 2⁻²⁷, in less than half of the time that
// math.Exp takes: float32 results need no more. It is 0 below -700 and infinite above
// 700; NaN stays NaN.
//
// e^x = 2^k·2^f with k + f = x·log2 e and |f| <= 1/2; 2^f is its Taylor polynomial
// of degree 7, whose rest is below (ln 2 / 2)⁸ / 8! = 2⁻²⁷·⁵.
func shortExp(x float64) float64 {
	if !(x >= -700 && x <= 700) {
		switch {
		case x < 0:
			return 0
		case x > 0:
			return math.Inf(1)
		}
		return x
	}
	const round = 3 << 51 // adding it leaves no bits for a fraction
	t := x * math.Log2E
	k := t + round - round
	f := t - k
	const (
		c1 = math.Ln2
		c2 = c1 * math.Ln2 / 2
		c3 = c2 * math.Ln2 / 3
		c4 = c3 * math.Ln2 / 4
		c5 = c4 * math.Ln2 / 5
		c6 = c5 * math.Ln2 / 6
		c7 = c6 * math.Ln2 / 7
	)
	f2 := f * f
	p := (1 + c1*f) + f2*((c2+c3*f)+f2*((c4+c5*f)+f2*(c6+c7*f)))
	return p * math.Float64frombits(uint64(int64(k)+1023)<<52)
}

package ops

import (
	"math"
	"math/bits"
	"math/cmplx"
)

// fourier computes discrete Fourier transforms of one length n,
//
//	y[k] = Σ x[j] · e^(-2πi·jk/n)
//
// in double: powers of two by halving (Cooley and Tukey), others as a convolution by
// transforms of a power of two (Bluestein).
type fourier struct {
	n     int
	size  int          // the power of two that is halved
	roots []complex128 // e^(-2πi·k/size) for k < size/2
	chirp []complex128 // e^(-πi·k²/n) for k < n; nil for powers of two
	bent  []complex128 // the transform of the conjugate chirp, around 0
}

// mostFourier bounds the length of a transform: tables of 4 times as many numbers are
// within what 32 bits address.
const mostFourier = 1 << 26

// newFourier plans transforms of length n, 1 to mostFourier. Its tables count against the
// budget of the call.
func newFourier(c *Call, n int) (*fourier, error) {
	f := &fourier{n: n, size: n}
	if n&(n-1) != 0 {
		f.size = 1 << bits.Len(uint(2*n-2))
	}
	table := func(n int) ([]complex128, error) {
		t, err := c.New(Complex128, Shape{n})
		if err != nil {
			return nil, err
		}
		return Data[complex128](t), nil
	}
	var err error
	if f.roots, err = table(f.size / 2); err != nil {
		return nil, err
	}
	for k := range f.roots {
		f.roots[k] = turn(k, f.size)
	}
	if f.size == n {
		return f, nil
	}
	if f.chirp, err = table(n); err != nil {
		return nil, err
	}
	if f.bent, err = table(f.size); err != nil {
		return nil, err
	}
	for k := range f.chirp {
		f.chirp[k] = turn(int(uint64(k)*uint64(k)%uint64(2*n)), 2*n)
		f.bent[k] = cmplx.Conj(f.chirp[k])
		f.bent[(f.size-k)%f.size] = f.bent[k]
	}
	f.halve(c, f.bent)
	return f, nil
}

// turn is e^(-2πi·k/n).
func turn(k, n int) complex128 {
	sin, cos := math.Sincos(-2 * math.Pi * float64(k) / float64(n))
	return complex(cos, sin)
}

// room is the length of the scratch memory that transform wants.
func (f *fourier) room() int {
	if f.chirp == nil {
		return 0
	}
	return f.size
}

// cost is the rough time of a transform in nanoseconds.
func (f *fourier) cost() int {
	passes := 1
	if f.chirp != nil {
		passes = 2
	}
	return 3 * passes * f.size * (1 + bits.Len(uint(f.size)))
}

// transform replaces x, of length n, by its transform. It leaves x undefined when the
// run is canceled.
func (f *fourier) transform(c *Call, x, scratch []complex128) {
	if f.chirp == nil {
		f.halve(c, x)
		return
	}
	w := scratch[:f.size]
	clear(w)
	for k, v := range x {
		w[k] = v * f.chirp[k]
	}
	f.halve(c, w)
	for k, v := range w { // the transform backwards is that of the conjugate
		w[k] = cmplx.Conj(v * f.bent[k])
	}
	f.halve(c, w)
	scale := complex(1/float64(f.size), 0)
	for k := range x {
		x[k] = cmplx.Conj(w[k]) * f.chirp[k] * scale
	}
}

// halve transforms x, whose length is a power of two, in place.
func (f *fourier) halve(c *Call, x []complex128) {
	n := len(x)
	if n < 2 {
		return
	}
	shift := bits.UintSize - bits.Len(uint(n-1))
	for i := range x {
		if j := int(bits.Reverse(uint(i)) >> shift); j > i {
			x[i], x[j] = x[j], x[i]
		}
	}
	for half := 1; half < n && !c.stop.Load(); half *= 2 {
		step := n / (2 * half)
		for block := 0; block < n; block += 2 * half {
			low, high := x[block:block+half], x[block+half:block+2*half]
			for k := range low {
				v := high[k] * f.roots[k*step]
				low[k], high[k] = low[k]+v, low[k]-v
			}
		}
	}
}
